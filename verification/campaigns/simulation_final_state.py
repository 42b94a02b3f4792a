"""Checks how a case of the campaign ``simulation`` ends: in sync, or blocked for a reason that the service confirms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from campaigns.simulation_calls import same_base
from campaigns.simulation_case import Phase, SimulationCase
from campaigns.simulation_monitor import Fact, Monitor
from simulation.simulated_dynamodb import SimulatedDynamoDB

from reconciler.model.desired import Lifecycle
from reconciler.model.identity import Flavor
from reconciler.model.options import permits
from reconciler.model.plan import Reason, Step, StepStatus
from reconciler.model.report import PassReport, TableReport
from reconciler.model.table import TableSpec

Lacking = Callable[[SimulatedDynamoDB, TableSpec, Flavor], list[str]]
SEED_KEYS = ("[{'S': '1'}]", "[{'S': '2'}]")


@dataclass(frozen=True)
class TableEvidence:
    """The evidence for a reason; ``fact`` is None where the table does not exist."""

    case: SimulationCase
    monitor: Monitor
    fact: Fact | None
    lifecycle: Lifecycle
    related: set[Reason | None]

    @property
    def emulator(self) -> bool:
        return self.case.flavor.emulator

    @property
    def protected(self) -> bool:
        return self.fact is not None and self.fact.table.description["DeletionProtectionEnabled"] is True

    @property
    def keeps_items(self) -> bool:
        options = self.case.options
        allowed = permits(options.data_loss, emulator=self.emulator) or self.lifecycle.allow_data_loss
        return not allowed or (options.one_shot and not self.emulator)

    @property
    def lacks_consent(self) -> bool:
        """Whether a replacement would lose items without consent."""
        declared = self.fact is not None and self.fact.table.name in self.monitor.specs
        agreed = self.case.options.data_loss == "allow" or self.lifecycle.allow_data_loss
        return declared and self.fixed and not agreed and bool(self.fact and self.fact.table.items)

    @property
    def perhaps_renamed(self) -> bool:
        """Whether this table may be one under its former name, with items that nobody agreed to lose."""
        fact = self.fact
        forgotten = fact is not None and fact.table.name not in self.monitor.specs and fact.perhaps_renamed
        agreed = self.case.options.data_loss == "allow" or self.lifecycle.allow_data_loss
        return forgotten and not agreed and bool(fact and fact.theirs)

    @property
    def carries(self) -> bool:
        """Whether replicas need its stream as it is (rule 26)."""
        return self.fact is not None and bool(self.fact.table.description.get("Replicas"))

    @property
    def fixed(self) -> bool:
        """Whether only a replacement would make the table what is declared."""
        spec = self.monitor.specs.get(self.fact.table.name) if self.fact else None
        return spec is None or self.fact is None or not same_base(self.fact.table, spec)


GROUNDS: dict[Reason | None, Callable[[TableEvidence], bool]] = {
    Reason.DATA_LOSS: lambda seen: seen.keeps_items or seen.lacks_consent or seen.perhaps_renamed,
    Reason.DISRUPTION: lambda seen: not permits(seen.case.options.disruption, emulator=seen.emulator),
    Reason.PROTECTED: lambda seen: seen.protected or seen.lifecycle.protect,
    Reason.PRUNE_OFF: lambda seen: seen.case.options.prune == "never",
    Reason.FOREIGN_DECLARATIONS: lambda seen: seen.fact is not None and seen.monitor.perhaps_foreign(seen.fact),
    Reason.ON_EXISTING: lambda seen: seen.lifecycle.on_existing == "observe",
    Reason.MAX_DELETES: lambda seen: seen.monitor.cap is not None,
    Reason.STATE_LOST: lambda seen: seen.monitor.state_lost or seen.monitor.jumped,
    Reason.NOT_OWNED: lambda seen: seen.fact is None or not seen.fact.ours or not seen.case.flavor.has_tags,
    Reason.IDENTITY: lambda seen: seen.fact is None or not seen.fact.ours,
    Reason.CONTESTED: lambda seen: not seen.emulator and seen.fact is not None and seen.fact.touched > 0,
    Reason.REJECTED: lambda seen: seen.fixed or seen.carries or seen.related != {Reason.REJECTED},
}
"""By reason: whether it holds. A step that only follows another one is blocked with it. After a jump of the clock, a
create that was sent before it may come to be when nobody waits for it any more.
"""


def check_final_state(
    case: SimulationCase,
    last: Phase,
    report: PassReport,
    dynamodb: SimulatedDynamoDB,
    monitor: Monitor,
    *,
    raw: Lacking,
) -> Counter[str]:
    """Every declared table is in sync or rightly blocked; every other owned table is deleted or rightly kept.

    ``raw`` reads what is not as declared.
    """
    figures: Counter[str] = Counter()
    reports = {table.name: table for table in report.tables}
    for name, spec in monitor.specs.items():
        table = reports[name]
        blocked = [step for step in table.steps if step.status is StepStatus.BLOCKED]
        missing = raw(dynamodb, spec, case.flavor)
        fact = monitor.fact(dynamodb.tables[name]) if name in dynamodb.tables else None
        for step in blocked:
            _justified(step, case, monitor, fact, {other.reason for other in blocked})
        figures["tables blocked"] += bool(blocked)
        unsupported = any(step.status is StepStatus.UNSUPPORTED for step in table.steps)
        excused = blocked or (unsupported and fact is not None and fact.touched)
        assert not missing or excused, f"{table.status} and yet: {missing}"
        figures["tables as declared"] += not missing
        _seeded(case, table, monitor, fact)
    for name, live in dynamodb.tables.items():
        fact = monitor.fact(live)
        if fact.ours and name not in monitor.specs and (fact.recorded or dynamodb.has_tags):
            spared = (
                [step for step in reports[name].steps if step.status is StepStatus.BLOCKED] if name in reports else []
            )
            assert spared or monitor.jumped, f"a table of ours that is not declared is left: {reports[name]}"
            for step in spared:
                _justified(step, case, monitor, fact, set())
            figures["tables spared"] += 1
    return figures


def _justified(
    step: Step, case: SimulationCase, monitor: Monitor, fact: Fact | None, related: set[Reason | None]
) -> None:
    """The reason of a blocked step holds; ``related`` are the reasons of all blocked steps of the table."""
    plan = monitor.plans[fact.table.name] if fact and fact.table.name in monitor.plans else None
    seen = TableEvidence(case, monitor, fact, plan.lifecycle if plan else Lifecycle(), related)
    holds = step.reason in GROUNDS and GROUNDS[step.reason](seen)
    assert holds, f"blocked as {step.reason} though that does not hold: {step.facet}, {step.message}"
    assert step.message, f"blocked without a word: {step}"


def _seeded(case: SimulationCase, table: TableReport, monitor: Monitor, fact: Fact | None) -> None:
    """A table that we created and nobody else wrote to holds its whole seed."""
    plan, spec = monitor.plans[table.name], monitor.specs[table.name]
    simple = [(key.attribute, key.type) for key in spec.keys] == [("pk", "S")]
    if not plan.seeded or not simple or case.options.seed == "never" or fact is None or not fact.ours or fact.theirs:
        return
    if table.ownership != "created" or plan.lifecycle.on_existing == "observe" or not same_base(fact.table, spec):
        return
    assert tuple(sorted(fact.table.items)) == SEED_KEYS, f"the seed is not whole: {sorted(fact.table.items)}"
