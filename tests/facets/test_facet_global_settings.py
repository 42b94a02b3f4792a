"""The facets global_table_settings and disassociation_protection."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_summary import summary
from support.responses import answers
from support.specs import declaration, observed, spec, stream

from reconciler.facets.disassociation_protection import DisassociationProtectionFacet
from reconciler.facets.global_table_settings import GlobalTableSettingsFacet
from reconciler.model.global_table import GlobalTableSettings, MultiRegionConsistency, Replica
from reconciler.model.plan import StepStatus
from reconciler.planning.create import create_call
from reconciler.planning.planner import plan

SETTINGS, PROTECTION = GlobalTableSettingsFacet(), DisassociationProtectionFacet()
SOURCE = "arn:aws:dynamodb:eu-west-1:999988887777:table/subject"
GLOBAL = {"stream": stream("NEW_AND_OLD_IMAGES"), "replicas": (Replica("eu-west-1"),)}


def mode(word: str | None, source: str | None = None) -> GlobalTableSettings:
    return GlobalTableSettings(word, source)  # type: ignore[arg-type]


def test_the_mode_is_read_and_the_source_is_not() -> None:
    assert SETTINGS.observe(answers(GlobalTableSettingsReplicationMode="ENABLED")) == mode("ENABLED")
    assert SETTINGS.observe(answers()) == mode(None)


@pytest.mark.parametrize(
    ("desired", "live", "call"),
    [
        ("ENABLED", spec(), "settings ENABLED"),
        ("DISABLED", spec(), None),
        ("DISABLED", spec(global_table_settings=mode("ENABLED")), "settings DISABLED"),
        ("ENABLED", spec(global_table_settings=mode("ENABLED")), None),
        ("ENABLED_WITH_OVERRIDES", spec(), None),
        ("ENABLED_WITH_OVERRIDES", spec(**GLOBAL), None),
    ],
)
def test_the_mode_is_written_where_it_differs(desired: str, live: Any, call: str | None) -> None:
    planned = plan(declaration(spec(global_table_settings=mode(desired))), observed(live))
    assert [summary(step.call) for step in planned if step.call] == ([call] if call else [])


@pytest.mark.parametrize("desired", ["ENABLED", "DISABLED"])
def test_the_mode_of_a_global_table_is_blocked_with_the_reason(desired: str) -> None:
    (step,) = plan(declaration(spec(global_table_settings=mode(desired))), observed(spec(**GLOBAL)))
    assert step.status is StepStatus.BLOCKED
    assert step.message == "settings replication is chosen for a table of one Region, before it has replicas (rule 29)"


def test_a_source_is_sent_only_in_create_table_and_never_differs() -> None:
    joined = spec(global_table_settings=mode("ENABLED", SOURCE))
    params = create_call(joined, None).params
    assert (params["GlobalTableSourceArn"], params["GlobalTableSettingsReplicationMode"]) == (SOURCE, "ENABLED")
    assert plan(declaration(joined), observed(spec(global_table_settings=mode("ENABLED")))) == ()


def test_a_mode_alone_comes_after_the_create() -> None:
    planned = plan(declaration(spec(global_table_settings=mode("ENABLED"))), None)
    assert [summary(step.call) for step in planned if step.call] == ["CreateTable", "settings ENABLED"]


@pytest.mark.parametrize(
    ("desired", "seen", "call"),
    [
        (False, None, "disassociation protection off"),
        (False, True, "disassociation protection off"),
        (True, False, "disassociation protection on"),
        (True, None, None),
        (False, False, None),
    ],
)
def test_protection_is_on_by_default_and_written_where_it_differs(desired, seen, call) -> None:
    live = observed(spec(**GLOBAL, disassociation_protection=seen))
    planned = plan(declaration(spec(disassociation_protection=desired)), live)
    assert [summary(step.call) for step in planned if step.call] == ([call] if call else [])


@pytest.mark.parametrize("desired", [False, True])
def test_a_table_of_one_region_has_no_such_protection_and_no_drift(desired: bool) -> None:
    assert PROTECTION.observe(answers()) is None
    assert plan(declaration(spec(disassociation_protection=desired)), observed(spec())) == ()


def test_strong_consistency_has_no_such_protection() -> None:
    live = spec(replicas=GLOBAL["replicas"], multi_region_consistency=MultiRegionConsistency("STRONG", "eu-west-2"))
    (step,) = plan(declaration(spec(disassociation_protection=False)), observed(live))
    assert step.status is StepStatus.BLOCKED


def test_no_difference_ever_takes_a_replica_out_of_its_global_table() -> None:
    live = observed(spec(**GLOBAL, disassociation_protection=False))
    for desired in (
        spec(replicas=()),
        spec(disassociation_protection=False),
        spec(global_table_settings=mode("DISABLED")),
    ):
        for step in plan(declaration(desired), live):
            assert "Disassociate" not in str(step.call)
