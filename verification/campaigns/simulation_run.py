"""Run one case of the campaign ``simulation``: phases with faults, then passes to the declared state.

What is blocked at the end must be so for a reason that holds, as the service itself shows it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from campaigns.simulation_actions import ForeignActor
from campaigns.simulation_case import Phase, SimulationCase
from campaigns.simulation_final_state import Lacking, check_final_state
from campaigns.simulation_monitor import Monitor
from campaigns.simulation_store import ELSEWHERE, Session, State
from campaigns.simulation_transport import Crash, FaultyItems, FaultyTables, Transport
from campaigns.table_oracle import lacking
from simulation.clock import CountingRandom, OneAfterTheOther, OneByOne, VirtualClock
from simulation.items import Items
from simulation.simulated_dynamodb import SimulatedDynamoDB
from simulation.simulated_engine import HERE, AllValid, ListSource, Silent, item
from support.table_settings import KEYS

from reconciler.aws.rate_limit import RateLimited
from reconciler.engine.context import EngineContext
from reconciler.engine.reconciler import Reconciler
from reconciler.model.desired import Declaration, Origin, Seed
from reconciler.model.identity import Endpoint
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.records import CAP_WINDOW
from reconciler.model.report import PassReport, Verdict
from reconciler.seeding.digest import items_digest

CALM = 120
QUIET = 5
SEED_ITEMS = (item("1"), item("2"))
SEED = Seed("seeds/table.json", SEED_ITEMS, items_digest(SEED_ITEMS))
OPEN = (StepStatus.READY, StepStatus.DEFERRED, StepStatus.DONE)


class Scenario:
    """The environment of one case; processes start and end in it."""

    monitor_of: ClassVar[type[Monitor]] = Monitor
    foreign_actor_of: ClassVar[type[ForeignActor]] = ForeignActor
    raw: ClassVar[Lacking] = staticmethod(lacking)
    dated: ClassVar[tuple[str, ...]] = ()
    """Operations that may become due during quiet passes."""

    def __init__(self, case: SimulationCase) -> None:
        self.case = case
        self.clock = VirtualClock()
        self.dynamodb = SimulatedDynamoDB(
            self.clock,
            delay=case.delay,
            has_tags=case.flavor.has_tags,
            table_ids=not case.flavor.emulator,
            strict=not case.flavor.emulator,
            stale=case.stale,
        )
        self.dynamodb.aliases.update(KEYS)
        self.items = Items(self.dynamodb)
        self.state = State(self.clock)
        self.source = ListSource()
        self.monitor = self.monitor_of(case, self.dynamodb, self.state)
        self.others = self.foreign_actor_of(case, self.dynamodb, self.state, self.monitor)
        self.transport = Transport(self.dynamodb)
        self.random = CountingRandom()
        self.processes = 0
        self.reconciler = self.process()
        for unmanaged_table in case.unmanaged:
            self.others.create(unmanaged_table)
        self.dynamodb.settle()

    def process(self) -> Reconciler:
        """A new process: it remembers nothing, and has a name of its own in the lease."""
        self.processes += 1
        case = self.case
        endpoint = Endpoint("http://localhost:8000", "eu-central-1", "111122223333", "aws", case.flavor)
        tables = FaultyTables(self.transport, self.monitor)
        api = tables if case.flavor.emulator else RateLimited(tables, self.clock)
        items = FaultyItems(self.transport, self.items, self.monitor)
        store = Session(self.state, f"process-{self.processes}", self.transport.through)
        make_scenario = EngineContext(
            api,
            items,
            store,
            self.source,
            self.clock,
            self.random,
            Silent(),
            OneByOne(),
            AllValid(),
            endpoint,
            many=OneAfterTheOther(api),
        )
        return Reconciler(make_scenario, case.options, timedelta(seconds=60))

    def declare(self, phase: Phase) -> None:
        """The declarations of a phase."""
        plans = [(self.case.plans[at], version) for at, version in phase.declared if at < len(self.case.plans)]
        declared = []
        for plan, version in plans:
            spec = plan.spec(version)
            simple = [(key.attribute, key.type) for key in spec.keys] == [("pk", "S")]
            seed = SEED if plan.seeded and simple else None
            declared.append(Declaration(plan.name, spec, Origin(f"{plan.name}.yaml", 1), plan.lifecycle, seed=seed))
        self.source.declarations, self.source.broken = tuple(declared), phase.broken
        mode = "observe" if phase.observe else "enforce"
        self.reconciler.options = replace(self.case.options, mode=mode)
        there = ELSEWHERE if phase.elsewhere else HERE
        self.state.snapshot = replace(self.state.snapshot, actual_fingerprint=there)

    def phase(self, phase: Phase) -> None:
        """One pass, or one converging run, in trouble."""
        self.declare(phase)
        self.monitor.begin(phase)
        actions: dict[int, list[object]] = {}
        for action in phase.actions:
            actions.setdefault(action.at, []).append(self.others.bound(action))
        self.transport.begin(phase.faults, actions)  # type: ignore[arg-type]
        written = self.state.writes
        try:
            report = self.reconciler.converge("once") if phase.converge else self.reconciler.run_pass("interval")
            self.monitor.clear_unwanted(_through(report))
        except Crash:
            self.reconciler = self.process()
        if phase.broken or phase.observe or phase.elsewhere:
            assert self.state.writes == written, "records written in a pass that may write nothing"
        self.transport.begin((), {})
        for late in actions.values():
            for action in late:
                action()  # type: ignore[operator]
        self.monitor.after_pass()
        self.clock.seconds += phase.pause

    def calm(self, last: Phase) -> PassReport:
        """Passes without trouble until nothing is left to do or to wait for."""
        for _ in range(CALM):
            report = self.quiet_pass(last)
            open_steps = any(step.status in OPEN for table in report.tables for step in table.steps)
            if not open_steps and report.verdict is not Verdict.ERROR:
                return report
            self._wait(report)
        messages = [(t.name, t.status, t.error, s.facet, s.status, s.message) for t in report.tables for s in t.steps]
        raise AssertionError(f"no end after {CALM} passes in calm: {report.error} {messages}")

    def quiet_pass(self, phase: Phase) -> PassReport:
        """One pass that nothing disturbs."""
        self.monitor.begin(phase)
        self.transport.begin((), {})
        report = self.reconciler.run_pass("interval")
        self.monitor.clear_unwanted(_through(report))
        self.monitor.after_pass()
        return report

    def _wait(self, report: PassReport) -> None:
        now = self.clock.seconds
        times = [at for table in self.dynamodb.tables.values() for at, _ in table.due]
        times += [table.visible_at for table in self.dynamodb.tables.values()]
        if report.next_not_before:
            times.append(now + (report.next_not_before - self.clock.now()).total_seconds())
        later = [at for at in times if at > now]
        self.clock.seconds = min(later) + 0.01 if later else now + (1.0 if report.wrote else 61.0)


def _through(report: PassReport) -> set[str]:
    """The tables that a pass looked at."""
    return {t.name for t in report.tables if not t.error and t.observed is not None} if not report.error else set()


def run(case: SimulationCase, make_scenario: type[Scenario] = Scenario) -> Counter[str]:
    """Raises ``AssertionError`` where anything happens that may not, or the end is another one than declared."""
    scenario = make_scenario(case)
    for phase in case.phases:
        scenario.phase(phase)
    declaring = [phase for phase in case.phases if phase.declared and phase.declared[0][0] < len(case.plans)]
    if declaring:
        last = replace(declaring[-1], broken=False, observe=False, elsewhere=False, converge=False)
        scenario.clock.seconds += 61 + case.stale
        scenario.declare(last)
        calmed = scenario.calm(last)
        # What the limit of deletions blocks for a table that ended a while ago is permitted an hour after that.
        limited = any(step.reason is Reason.MAX_DELETES for table in calmed.tables for step in table.steps)
        scenario.clock.seconds += 61 + case.stale + (CAP_WINDOW.total_seconds() if limited else 0)
        report = scenario.calm(last)
        figures = check_final_state(case, last, report, scenario.dynamodb, scenario.monitor, raw=scenario.raw)
        _still(scenario, last, report)
    else:
        figures = Counter()
    figures.update(scenario.monitor.figures)
    figures.update({f"broken by {kind}": number for kind, number in scenario.transport.hits.items()})
    figures["processes"] = scenario.processes
    return figures


def _still(scenario: Scenario, last: Phase, before: PassReport) -> None:
    """Five passes a minute apart change nothing and say the same."""
    calls, puts = len(scenario.dynamodb.journal), scenario.items.puts
    for _ in range(QUIET):
        scenario.clock.seconds += 61
        report = scenario.quiet_pass(last)
        due = any(call.operation in scenario.dated for call in scenario.dynamodb.journal[calls:])
        assert due or report.verdict is before.verdict, f"quiet at first as {before.verdict}, then {report.verdict}"
    made = [call for call in scenario.dynamodb.journal[calls:] if call.operation not in scenario.dated]
    assert not made, f"a pass over a settled world made {made}"
    assert scenario.items.puts == puts, "a pass over a settled world wrote items"
