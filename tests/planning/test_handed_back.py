"""The line that removes a feature: it is a declaration of the facet, and it takes off what is reported."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.folders import SOUND, load, write
from support.reports import NOON
from support.specs import IDENTITY, declaration, gsi, lsi, observed, policy, provisioned, spec, stream, ttl, vectors

from reconciler.facets import BY_NAME, FACETS
from reconciler.facets.backup_names import backup_name
from reconciler.model.backups import PATTERN, Backups, TakenBackup
from reconciler.model.change import Change
from reconciler.model.global_table import GlobalTableSettings, MultiRegionConsistency, Replica
from reconciler.model.records import InventoryEntry, Managed
from reconciler.model.report import LeftInPlace
from reconciler.model.scaling import AutoScaling, IndexScaling, Scaling
from reconciler.model.table import (
    ContributorInsights,
    KinesisStreaming,
    OnDemandThroughput,
    PointInTimeRecovery,
    Sse,
    TableSpec,
    WarmThroughput,
)
from reconciler.planning.diff import diff
from reconciler.planning.handed_back import as_imported, hand_back, set_by_create, spec_to_read, with_tags

SCALED = Scaling(True, 1, 10, 70.0)
ON: dict[str, Any] = {
    "billing": provisioned(5, 5),
    "global_indexes": (gsi("by_a", "a S"),),
    "local_indexes": (lsi("by_b", "b S"),),
    "vector_indexes": (vectors("by_v"),),
    "auto_scaling": AutoScaling(SCALED, None, (IndexScaling("by_a", SCALED, SCALED),)),
    "stream": stream("KEYS_ONLY"),
    "ttl": ttl("expires"),
    "deletion_protection": True,
    "table_class": "STANDARD_INFREQUENT_ACCESS",
    "on_demand_throughput": OnDemandThroughput(100, None),
    "sse": Sse(True),
    "point_in_time_recovery": PointInTimeRecovery(True),
    "resource_policy": policy("dynamodb:GetItem"),
    "stream_policy": policy("dynamodb:GetRecords"),
    "contributor_insights": ContributorInsights(True),
    "kinesis_streaming": KinesisStreaming("arn:aws:kinesis:us-east-1:123456789012:stream/s"),
    "replicas": (Replica("eu-west-1"),),
}
WITHOUT = {
    "keys",
    "tags",
}
"""Facets that are never left in place as a whole."""
TAKEN = TakenBackup(backup_name(PATTERN, "subject", NOON), "arn:backup", NOON, "AVAILABLE")
STAYS: dict[str, tuple[Any, Any, str]] = {
    "warm_throughput": (
        WarmThroughput(20_000, 8_000),
        WarmThroughput(12_000, 4_000),
        "warm throughput can only be raised, never lowered or removed",
    ),
    "backups": (
        Backups(taken=(TAKEN,)),
        Backups(taken=(replace(TAKEN, name="by hand"),)),
        "no more backups are made; `aws dynamodb delete-backup` removes those there are",
    ),
    "multi_region_consistency": (
        MultiRegionConsistency("STRONG"),
        MultiRegionConsistency("EVENTUAL"),
        "the consistency of a global table never changes; `replicas: []` ends it",
    ),
    "global_table_settings": (
        GlobalTableSettings("ENABLED"),
        GlobalTableSettings("DISABLED"),
        "which settings replicas share never changes while the table has replicas",
    ),
}
"""What no line takes off a table: a value that is on, one that is off, and why (``docs/reference/declarations.md``)."""


def test_every_facet_has_a_line_or_is_known_to_have_none() -> None:
    known = {facet.name for facet in FACETS if facet.removal(spec()) is not None}
    assert known | WITHOUT == {facet.name for facet in FACETS}
    assert known & WITHOUT == set()
    assert known == ON.keys() | STAYS.keys() | {"disassociation_protection"}


@pytest.mark.parametrize("name", STAYS)
def test_what_nothing_removes_is_reported_with_the_reason_while_it_is_on(name: str) -> None:
    on, off, why = STAYS[name]
    replicas = (Replica("eu-west-1"),)
    entry = InventoryEntry("subject", "subject", "adopted", "", IDENTITY, managed=Managed(IDENTITY, (name,)))
    live = observed(spec(replicas=replicas, **{name: on}))
    handed = hand_back(entry, declaration(spec(replicas=replicas)), live, ())
    assert handed.left_in_place == (LeftInPlace(name, f"no longer declared, left in place: {why}"),)
    assert getattr(spec_to_read(spec(), entry), name) is not None
    gone = hand_back(entry, declaration(spec(replicas=replicas)), observed(spec(replicas=replicas, **{name: off})), ())
    assert gone.left_in_place == ()
    assert gone.managed is None or name not in gone.managed.features


def read(line: str, folder: Path) -> TableSpec:
    """The table that a declaration with this line declares."""
    text = json.dumps({**SOUND, "table_name": "subject"})[:-1]
    return load(write(folder, {"subject.yaml": f"{text}, {line}}}"})).declarations[0].spec


@pytest.mark.parametrize("name", ON)
def test_the_line_is_a_declaration_that_takes_the_feature_off(name: str, tmp_path: Path) -> None:
    live = spec(**{name: ON[name]})
    removal = BY_NAME[name].removal(live)
    assert removal is not None
    assert any(BY_NAME[name].diff(replace(spec(), **{name: removal.value}), live))
    if name != "auto_scaling":
        # An index with scaled capacity must be declared too.
        assert getattr(read(removal.line, tmp_path), name) == removal.value
    else:
        assert removal.line == (
            "auto_scaling: {read: {enabled: false}, indexes: [{index_name: by_a, read: {enabled: false}, "
            "write: {enabled: false}}]}"
        )


@pytest.mark.parametrize("name", ON)
def test_a_feature_that_is_on_is_recorded_and_reported(name: str) -> None:
    live = observed(spec(**{name: ON[name]}))
    entry = InventoryEntry("subject", "subject", "created", "n", live.identity)
    declared = declaration(spec(**{name: ON[name]}))
    first = hand_back(entry, declared, live, diff(declared.spec, live.spec))
    assert first.managed is not None
    assert name in first.managed.features
    later = hand_back(replace(entry, managed=first.managed), declaration(spec()), live, ())
    assert name in [left.path for left in later.left_in_place]
    assert later.managed == first.managed
    assert getattr(spec_to_read(spec(), replace(entry, managed=first.managed)), name) is not None


def test_a_differing_feature_is_not_recorded() -> None:
    live = observed(spec(ttl=ttl("other")))
    entry = InventoryEntry("subject", "subject", "adopted", "", live.identity)
    declared = declaration(spec(ttl=ttl("expires")))
    assert hand_back(entry, declared, live, (Change("ttl", "ttl.attribute", "other", "expires"),)).managed is None


def test_nothing_is_concluded_while_the_table_is_not_active() -> None:
    live = replace(observed(spec(ttl=ttl("expires"))), status="UPDATING")
    managed = Managed(live.identity, ("ttl",), {"team": "a"})
    entry = InventoryEntry("subject", "subject", "created", "n", live.identity, managed=managed)
    handed = hand_back(entry, declaration(spec()), live, ())
    assert (handed.managed, handed.steps, handed.left_in_place) == (managed, (), ())


def test_the_record_of_another_identity_says_nothing() -> None:
    live = observed(spec(tags={"team": "a"}))
    other = Managed(replace(IDENTITY, table_id="id-0", created="2025-01-01T00:00:00+00:00"), ("ttl",), {"team": "a"})
    entry = InventoryEntry("subject", "subject", "created", "n", live.identity, managed=other)
    handed = hand_back(entry, declaration(spec()), live, ())
    assert (handed.steps, handed.left_in_place) == ((), ())


def test_both_creates_with_one_nonce_may_have_set_the_tags() -> None:
    first = set_by_create(spec(tags={"a": "1", "b": "1"}), None)
    second = set_by_create(spec(tags={"b": "2"}, ttl=ttl("expires")), first)
    assert second == Managed(None, ("ttl",), {"a": "1", "b": "2"})


def test_an_imported_table_has_no_tag_of_ours() -> None:
    live = observed(spec(tags={"team": "a"}, ttl=ttl("expires")))
    assert as_imported(live) == Managed(live.identity, ("tags.team", "ttl"))
    assert as_imported(observed(spec())) is None


def test_the_answer_of_a_removal_ends_the_record_of_its_tags() -> None:
    live = observed(spec(tags={"a": "1", "b": "2"}))
    entry = InventoryEntry(
        "subject", "subject", "created", "n", live.identity, managed=Managed(live.identity, (), {"a": "1", "b": "2"})
    )
    (step,) = hand_back(entry, declaration(spec(tags={"b": "2"})), live, ()).steps
    assert with_tags(entry.managed, live.identity, step) == Managed(live.identity, (), {"b": "2"})
