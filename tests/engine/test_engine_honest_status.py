"""No report, page or metric says in sync while the raw answers of the endpoint contradict the declaration (I11)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, simulate
from support.declared_state import violations
from support.scrape import samples
from support.spec_changes import SPEC_CHANGES, SpecChange
from support.specs import renamed
from support.table_settings import KEYS

from reconciler.engine.loop_status import LoopStatus
from reconciler.metrics import Metrics
from reconciler.model.errors import ApiError, Malformed, Unsupported
from reconciler.model.identity import Flavor
from reconciler.model.observed import Responses
from reconciler.model.report import PassReport, TableStatus, Verdict
from reconciler.model.table import TableSpec
from reconciler.planning.observe import extra_reads, read_params, reads

NAME = "subject"


def raw(sim: Sim, spec: TableSpec) -> Responses:
    """What an independent reader of the endpoint gets; operations that it lacks are named."""
    table = sim.dynamodb.tables[NAME].description
    answers: dict[str, Any] = {"DescribeTable": {"Table": table}}
    unsupported = set()
    wanted = [(op, op, read_params(op, NAME, table["TableArn"], table)) for op in reads(spec)]
    wanted += [(ask.key, ask.operation, ask.params) for ask in extra_reads(spec, table)]
    for key, operation, params in wanted:
        try:
            answers[key] = sim.dynamodb.read(operation, params)
        except Unsupported:
            unsupported.add(key)
    return Responses(answers, frozenset(unsupported))


def claims(report: PassReport) -> set[str]:
    """Where the table is said to be in sync: report, exit verdict, counts, metrics."""
    loop_status = LoopStatus("default")
    loop_status.finish(report)
    (table,) = (table for table in report.tables if table.name == NAME)
    shown = {labels["status"]: value for labels, value in samples(Metrics(loop_status), "table_status")}
    drift = [value for _, value in samples(Metrics(loop_status), "table_drift")]
    messages = {
        "report": table.status is TableStatus.IN_SYNC,
        "verdict": report.verdict is Verdict.IN_SYNC,
        "counts": report.summary()["in_sync"] == 1,
        "status metric": shown.get("in_sync") == 1,
    }
    assert shown[table.status.value] == 1
    assert sum(shown.values()) == 1
    assert table.status is not TableStatus.IN_SYNC or not any(drift)
    return {name for name, claimed in messages.items() if claimed}


def honest(sim: Sim, spec: TableSpec, report: PassReport) -> None:
    held = spec
    for table in report.tables:
        for step in table.steps:
            if step.status.value == "unsupported":
                held = replace(held, **{step.facet: None})
    if NAME in sim.dynamodb.tables and claims(report):
        assert violations(raw(sim, held), held) == []


def environment(case: SpecChange, **options: Any) -> Sim:
    sim = simulate(data_loss="allow", disruption="allow", timeout=7200, **options)
    sim.dynamodb.aliases.update(KEYS)
    sim.declare(declaration(NAME, **fields(case.before)))
    sim.once()
    return sim


def fields(spec: TableSpec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in TableSpec.__dataclass_fields__ if name != "name"}


@pytest.mark.parametrize("case", SPEC_CHANGES, ids=lambda case: case.name)
def test_who_only_observes_never_claims_in_sync_what_is_not(case: SpecChange) -> None:
    sim = environment(case)
    sim.declare(declaration(NAME, **fields(case.after)))
    report = sim.reconciler.preview()
    assert NAME in {table.name for table in report.tables}
    honest(sim, renamed(case.after, NAME), report)


@pytest.mark.parametrize("delay", [0.0, 7.0])
@pytest.mark.parametrize("case", SPEC_CHANGES, ids=lambda case: case.name)
def test_no_intermediate_pass_claims_in_sync_too_early(case: SpecChange, delay: float) -> None:
    sim = environment(case, delay=delay)
    sim.declare(declaration(NAME, **fields(case.after)))
    for _ in range(6):
        honest(sim, renamed(case.after, NAME), sim.run())
        sim.clock.seconds += 3


def nothing_sticks(sim: Sim) -> None:
    sim.dynamodb.sticky = {"DeletionProtectionEnabled"}


def answers_are_lost(sim: Sim) -> None:
    def lose(operation: str, params: Any) -> None:
        raise Malformed(operation, "x", "garbled")

    sim.dynamodb.after = lose


def reads_fail(sim: Sim) -> None:
    def fail(operation: str, params: Any) -> None:
        if operation == "DescribeTable":
            raise ApiError(operation, "x", "no")

    sim.dynamodb.faults = fail


def suspended(sim: Sim) -> None:
    sim.reconciler.suspend("test")


def declarations_break(sim: Sim) -> None:
    sim.run()
    sim.dynamodb.tables[NAME].description["DeletionProtectionEnabled"] = False
    sim.source.broken = True


@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.MOTO])
@pytest.mark.parametrize("trouble", [nothing_sticks, answers_are_lost, reads_fail, suspended, declarations_break])
def test_no_pass_claims_in_sync_after_a_failed_call(trouble: Any, flavor: Flavor) -> None:
    sim = simulate(flavor=flavor)
    sim.declare(declaration(NAME))
    sim.once()
    sim.clock.seconds += 3600
    sim.declare(declaration(NAME, deletion_protection=True))
    trouble(sim)
    desired = declaration(NAME, deletion_protection=True).spec
    for _ in range(4):
        honest(sim, desired, sim.run())
        sim.clock.seconds += 60
