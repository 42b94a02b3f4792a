"""The progress of index builds, as passes and ``rebuild-index`` report it."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest
from simulation.simulated_engine import PK, Sim, declaration, item, simulate

from reconciler.engine.index_builds import Seen, report_builds
from reconciler.engine.ports import WorkProgress
from reconciler.model.identity import Flavor, Identity
from reconciler.model.observed import IndexBuild, ObservedTable
from reconciler.model.table import GlobalIndex, KeyElement, Projection, TableSpec

INDEX = GlobalIndex("by_mail", (KeyElement("mail", "HASH", "S"),), Projection("KEYS_ONLY"))
WHAT = "building index by_mail"


def growing() -> Sim:
    """A table with items to which an index was declared; each change of a table takes 5 s."""
    sim = simulate(flavor=Flavor.AWS, delay=5.0)
    sim.declare(declaration("users", seed=(item("a"), item("b"))))
    sim.once()
    sim.declare(declaration("users", seed=(item("a"), item("b")), global_indexes=(INDEX,)))
    return sim


def test_a_run_reports_an_index_build_from_its_beginning_to_its_end() -> None:
    sim = growing()
    sim.once()
    reported = [each for each in sim.telemetry.work if each.what == WHAT]
    assert reported[0].seconds == 0.0
    assert [each.ended for each in reported] == [False] * (len(reported) - 1) + [True]
    seconds = [each.seconds for each in reported]
    assert seconds == sorted(seconds)
    assert seconds[-1] >= 4.0
    assert {each.table for each in reported} == {"users"}


def test_the_rebuild_of_an_index_reports_it_too() -> None:
    sim = growing()
    sim.once()
    sim.telemetry.work.clear()
    sim.reconciler.rebuild_index("users", "by_mail", "mail2", timedelta(0))
    reported = [each for each in sim.telemetry.work if each.what == "building index mail2"]
    assert [each.ended for each in reported] == [False] * (len(reported) - 1) + [True]


def test_a_pass_without_an_index_build_reports_nothing() -> None:
    sim = simulate()
    sim.declare(declaration("users", global_indexes=(INDEX,)))
    sim.once()
    sim.run()
    assert sim.telemetry.work == []


def observed(*building: IndexBuild, items: int = 0) -> ObservedTable:
    return ObservedTable(
        TableSpec("users", PK), Identity("id", "arn", "2026"), "UPDATING", item_count=items, building=building
    )


COUNTS = {
    "neither is known": (0, 0, None, None, None),
    "of the table alone": (0, 900, None, 900, None),
    "of both": (300, 900, 300, 900, 60.0),
    "of the index alone": (300, 0, None, None, None),
}


@pytest.mark.parametrize("case", COUNTS)
def test_counts_are_shown_where_the_endpoint_has_them(case: str) -> None:
    items, total, done, of, left = COUNTS[case]
    sim, builds = simulate(), cast("Seen", {})
    ports = sim.reconciler.ports
    report_builds(ports, builds, [("users", observed(IndexBuild("by_mail", True, 0), items=total))])
    sim.clock.seconds += 30
    report_builds(ports, builds, [("users", observed(IndexBuild("by_mail", True, items), items=total))])
    last = sim.telemetry.work[-1]
    assert last == WorkProgress("users", WHAT, 30.0, done, of)
    assert last.seconds_left == left


def test_a_build_ends_with_its_table() -> None:
    sim, builds = simulate(), cast("Seen", {})
    report_builds(sim.reconciler.ports, builds, [("users", observed(IndexBuild("by_mail", False, 0)))])
    report_builds(sim.reconciler.ports, builds, [("others", None)])
    assert [each.ended for each in sim.telemetry.work] == [False]
    report_builds(sim.reconciler.ports, builds, [("users", None)])
    assert sim.telemetry.work[-1].ended
    assert builds == {}


def test_a_build_of_a_table_that_is_not_declared_any_more_ends_with_a_whole_pass() -> None:
    sim, builds = simulate(), cast("Seen", {})
    report_builds(sim.reconciler.ports, builds, [("users", observed(IndexBuild("by_mail", False, 0)))])
    report_builds(sim.reconciler.ports, builds, [("others", None)], whole=True)
    assert sim.telemetry.work[-1].ended
    assert builds == {}
