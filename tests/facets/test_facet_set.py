"""Every field of a table has exactly one facet, and every facet has the one shape."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from pathlib import Path

import pytest
from support.specs import WHEN, gsi, lsi, observed, policy, provisioned, spec, stream, ttl, vectors

import reconciler.facets
from reconciler.facets import FACETS
from reconciler.facets.base import Facet, InCreateTable
from reconciler.facets.rank import Rank
from reconciler.model.backups import Backups, TakenBackup
from reconciler.model.change import Call, Change, Hazard
from reconciler.model.global_table import GlobalTableSettings, MultiRegionConsistency, Replica
from reconciler.model.plan import Action, Step
from reconciler.model.scaling import AutoScaling, Scaling
from reconciler.model.table import (
    ContributorInsights,
    KinesisStreaming,
    OnDemandThroughput,
    PointInTimeRecovery,
    Sse,
    TableSpec,
    WarmThroughput,
)
from reconciler.planning.planner import rank

by_name = pytest.mark.parametrize("facet", FACETS, ids=[facet.name for facet in FACETS])


def test_every_field_of_a_table_has_one_facet_and_no_facet_has_none() -> None:
    owned = Counter(facet.name for facet in FACETS)
    assert owned == Counter(field.name for field in fields(TableSpec) if field.name != "name")


@by_name
def test_a_facet_has_a_file_of_its_name(facet: Facet) -> None:
    assert type(facet).__module__ == f"reconciler.facets.{facet.name}"
    assert (Path(reconciler.facets.__file__).parent / f"{facet.name}.py").is_file()


LOUD = replace(
    spec(
        billing=provisioned(5, 5),
        global_indexes=[gsi("by_email", "email S", units=(5, 5))],
        local_indexes=[lsi("by_date", "date S")],
        stream=stream("KEYS_ONLY"),
        ttl=ttl("expires"),
        tags={"team": "core"},
        vector_indexes=[vectors("by_meaning")],
    ),
    deletion_protection=True,
    auto_scaling=AutoScaling(Scaling(min=1, max=5)),
    table_class="STANDARD_INFREQUENT_ACCESS",
    on_demand_throughput=OnDemandThroughput(10, 10),
    warm_throughput=WarmThroughput(20_000, 8_000),
    sse=Sse(True, "alias/mine"),
    point_in_time_recovery=PointInTimeRecovery(True, 7),
    backups=Backups(taken=(TakenBackup("subject-2026-01-01T00-00-00Z", "arn:backup", WHEN, "AVAILABLE"),)),
    resource_policy=policy("dynamodb:GetItem"),
    stream_policy=policy("dynamodb:GetRecords"),
    contributor_insights=ContributorInsights(True, "THROTTLED_KEYS"),
    kinesis_streaming=KinesisStreaming("arn:aws:kinesis:us-east-1:123456789012:stream/changes"),
    replicas=(Replica("eu-west-1"),),
    multi_region_consistency=MultiRegionConsistency("STRONG"),
    global_table_settings=GlobalTableSettings("ENABLED_WITH_OVERRIDES"),
    disassociation_protection=True,
)
"""A table on which somebody switched on everything that there is."""


@by_name
def test_an_undeclared_facet_never_differs(facet: Facet) -> None:
    assert getattr(LOUD, facet.name) not in (None, getattr(observed(spec()).spec, facet.name)) or facet.name == "keys"
    assert list(facet.diff(spec(), LOUD)) == []


LATER = {
    *("ttl", "auto_scaling", "backups", "point_in_time_recovery"),
    *("stream_policy", "contributor_insights", "kinesis_streaming"),
    *("replicas", "multi_region_consistency", "disassociation_protection"),
}
READS = {
    "ttl": ("DescribeTimeToLive",),
    "tags": ("ListTagsOfResource",),
    "backups": ("ListBackups",),
    "auto_scaling": ("application-autoscaling:DescribeScalableTargets",),
    "point_in_time_recovery": ("DescribeContinuousBackups",),
    "resource_policy": ("GetResourcePolicy",),
    "contributor_insights": ("DescribeContributorInsights",),
    "kinesis_streaming": ("DescribeKinesisStreamingDestination",),
}


def test_each_member_of_create_table_comes_from_one_facet() -> None:
    riding = [facet for facet in FACETS if isinstance(facet, InCreateTable)]
    members = Counter(member for facet in riding for member in facet.create_members(LOUD))
    assert len(members) > 10
    assert [member for member, facets in members.items() if facets > 1] == []


def test_only_these_facets_are_not_part_of_create_table() -> None:
    assert {facet.name for facet in FACETS if not isinstance(facet, InCreateTable)} == LATER


def test_only_these_facets_need_reads_of_their_own() -> None:
    assert {facet.name: facet.reads for facet in FACETS if facet.reads} == READS


FACTS = {
    "runs alone": ({"global_indexes", "vector_indexes", "replicas", "multi_region_consistency"}, "exclusive"),
    "is refused while the table is UPDATING": ({"kinesis_streaming"}, "needs_active"),
    "depends on the time of the read": ({"backups"}, "time_dependent"),
    "forbids a replacement": ({"deletion_protection"}, "forbids_replacement"),
    "keeps the table empty": ({"multi_region_consistency"}, "seed_waits_because"),
    "may belong to a scalable target": ({"billing", "global_indexes"}, "scaled_paths"),
    "is counted by the service": ({"billing", "global_indexes", "ttl", "table_class"}, "quotas"),
    "resolves a name": ({"sse"}, "lookups"),
}


@pytest.mark.parametrize("fact", FACTS)
def test_each_facet_states_its_facts(fact: str) -> None:
    names, attribute = FACTS[fact]
    assert {facet.name for facet in FACETS if getattr(facet, attribute, None)} == names


def _step(facet: str, operation: str, after: object = True, hazard: Hazard = Hazard.NONE, **params: object) -> Step:
    change = Change(facet, facet, None, after, hazard)
    return Step(Action.UPDATE, facet, (change,), Call(operation, params))


SCALING = "application-autoscaling"
RANKS = {
    "protection goes on": (_step("deletion_protection", "UpdateTable"), Rank.PROTECT),
    "protection goes off": (_step("deletion_protection", "UpdateTable", False), Rank.UNPROTECT),
    "disassociation protection goes off": (_step("disassociation_protection", "UpdateTable", False), Rank.UNPROTECT),
    "a stream": (_step("stream", "UpdateTable"), Rank.STREAM),
    "another view of a stream": (_step("stream", "UpdateTable", hazard=Hazard.DISRUPTION), Rank.STREAM_VIEW),
    "a replica": (_step("replicas", "UpdateTable"), Rank.REPLICA),
    "a replica less": (_step("replicas", "UpdateTable", None, Hazard.DATA_LOSS), Rank.REPLICA_REMOVE),
    "strong consistency": (_step("multi_region_consistency", "UpdateTable"), Rank.REPLICA),
    "a new index": (
        _step("global_indexes", "UpdateTable", GlobalSecondaryIndexUpdates=[{"Create": {}}]),
        Rank.INDEX_CREATE,
    ),
    "a new index in place of another": (
        _step("global_indexes", "UpdateTable", hazard=Hazard.DISRUPTION, GlobalSecondaryIndexUpdates=[{"Create": {}}]),
        Rank.INDEX_CREATE_AFTER,
    ),
    "an index less": (
        _step("global_indexes", "UpdateTable", None, Hazard.DISRUPTION, GlobalSecondaryIndexUpdates=[{"Delete": {}}]),
        Rank.INDEX_DELETE,
    ),
    "the capacity of an index": (
        _step("global_indexes", "UpdateTable", 5, GlobalSecondaryIndexUpdates=[{"Update": {}}]),
        Rank.CAPACITY,
    ),
    "a vector index less": (
        _step("vector_indexes", "UpdateTable", None, Hazard.DISRUPTION, VectorIndexUpdates=[{"Delete": {}}]),
        Rank.INDEX_DELETE,
    ),
    "a target": (_step("auto_scaling", f"{SCALING}:RegisterScalableTarget"), Rank.SCALING_TARGET),
    "a target less": (_step("auto_scaling", f"{SCALING}:DeregisterScalableTarget", False), Rank.SCALING_TARGET),
    "a policy of a target": (_step("auto_scaling", f"{SCALING}:PutScalingPolicy"), Rank.SCALING_POLICY),
    "an action of a target": (_step("auto_scaling", f"{SCALING}:PutScheduledAction"), Rank.SCALING_ACTION),
    "an action of a target less": (_step("auto_scaling", f"{SCALING}:DeleteScheduledAction"), Rank.SCALING_ACTION),
    "a replacement": (replace(_step("keys", "DeleteTable"), action=Action.REPLACE), Rank.TABLE),
    "a wait": (replace(_step("billing", "UpdateTable"), call=None), Rank.WAIT),
}


@pytest.mark.parametrize("case", RANKS)
def test_the_rank_of_a_step(case: str) -> None:
    step, expected = RANKS[case]
    assert rank(step) is expected
