"""Run one case of the campaign ``convergence-wide``: as ``convergence``, plus the resources related to the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from campaigns import convergence_run
from campaigns.convergence_case import EsrCase
from campaigns.related_oracle import related_differences, unscaled
from campaigns.table_oracle import lacking
from simulation.simulated_engine import Sim

from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import PassReport
from reconciler.model.table import TableSpec

KNOWN_ONLY_BY_REFUSAL = (
    *convergence_run.KNOWN_ONLY_BY_REFUSAL,
    "CreateBackup: ResourceInUseException: the table is UPDATING",
)
"""CreateBackup names no state but being created or deleted in which it refuses, so that it is asked for."""


def run(case: EsrCase) -> Counter[str]:
    """Raises ``AssertionError`` where the case does not end as it must."""
    return convergence_run.run_with(case, ended, backups=True)


def ended(sim: Sim, case: EsrCase, report: PassReport, specs: Iterable[TableSpec]) -> int:
    """Everything is as declared, except scaled capacity and foreign replicas, which are not touched."""
    refused = [refusal for refusal in sim.dynamodb.refused if not refusal.startswith(KNOWN_ONLY_BY_REFUSAL)]
    assert case.stale or not refused, f"a call was refused: {refused}"
    spared = 0
    for spec in specs:
        table = next(table for table in report.tables if table.name == spec.name)
        blocked = [step for step in table.steps if step.status is StepStatus.BLOCKED]
        assert all(step.reason and step.message for step in blocked), f"blocked without a reason: {blocked}"
        missing = [
            *lacking(sim.dynamodb, unscaled(sim.dynamodb, spec), case.flavor),
            *related_differences(sim.dynamodb, spec),
        ]
        if not blocked:
            assert missing == [], f"{spec.name} is {table.status} and yet: {missing}"
            continue
        entry = sim.store.snapshot.inventory.get(spec.name)
        protected = sim.dynamodb.tables[spec.name].description["DeletionProtectionEnabled"]
        messages = [(step.facet, step.reason, step.message) for step in blocked]
        assert protected or entry is None or entry.ownership != "created", f"{spec.name} is blocked: {messages}"
        reasons = {step.reason for step in blocked}
        assert reasons & {Reason.NOT_OWNED, Reason.PROTECTED}, f"{spec.name} is blocked for another reason: {messages}"
        spared += 1
    return spared
