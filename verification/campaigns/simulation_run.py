"""Run one case of the campaign ``simulation``: turns of trouble under a witness, then calm, and the declared state.

What is blocked at the end must be so for a reason that holds, as the service itself shows it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from campaigns.simulation_actions import Others
from campaigns.simulation_case import StormCase, Turn
from campaigns.simulation_final_state import Lacking, judge
from campaigns.simulation_monitor import Witness
from campaigns.simulation_store import ELSEWHERE, Session, State
from campaigns.simulation_transport import Crash, Wire, WiredItems, WiredTables
from campaigns.table_oracle import lacking
from simulation.clock import CountingRandom, OneByOne, VirtualClock
from simulation.items import Items
from simulation.simulated_dynamodb import ControlPlane
from simulation.simulated_engine import HERE, AllValid, ListSource, Silent, item
from support.table_settings import KEYS

from reconciler.aws.rate_limit import RateLimited
from reconciler.engine.context import EngineContext
from reconciler.engine.reconciler import Reconciler
from reconciler.model.desired import Declaration, Origin, Seed
from reconciler.model.identity import Endpoint
from reconciler.model.plan import StepStatus
from reconciler.model.report import PassReport, Verdict
from reconciler.seeding.digest import items_digest

CALM = 120
QUIET = 5
SEED_ITEMS = (item("1"), item("2"))
SEED = Seed("seeds/table.json", SEED_ITEMS, items_digest(SEED_ITEMS))
OPEN = (StepStatus.READY, StepStatus.DEFERRED, StepStatus.DONE)


class Storm:
    """The world of one case; processes come and go in it."""

    witness_of: ClassVar[type[Witness]] = Witness
    others_of: ClassVar[type[Others]] = Others
    raw: ClassVar[Lacking] = staticmethod(lacking)
    dated: ClassVar[tuple[str, ...]] = ()
    """Operations whose time may come while all is quiet."""

    def __init__(self, case: StormCase) -> None:
        self.case = case
        self.clock = VirtualClock()
        self.plane = ControlPlane(
            self.clock,
            delay=case.delay,
            has_tags=case.flavor.has_tags,
            table_ids=not case.flavor.emulator,
            strict=not case.flavor.emulator,
            stale=case.stale,
        )
        self.plane.aliases.update(KEYS)
        self.items = Items(self.plane)
        self.state = State(self.clock)
        self.source = ListSource()
        self.witness = self.witness_of(case, self.plane, self.state)
        self.others = self.others_of(case, self.plane, self.state, self.witness)
        self.wire = Wire(self.plane)
        self.random = CountingRandom()
        self.processes = 0
        self.reconciler = self.process()
        for stranger in case.strangers:
            self.others.create(stranger)
        self.plane.settle()

    def process(self) -> Reconciler:
        """A new process: it remembers nothing, and has a name of its own in the lease."""
        self.processes += 1
        case = self.case
        endpoint = Endpoint("http://localhost:8000", "eu-central-1", "111122223333", "aws", case.flavor)
        tables = WiredTables(self.wire, self.witness)
        api = tables if case.flavor.emulator else RateLimited(tables, self.clock)
        items = WiredItems(self.wire, self.items, self.witness)
        store = Session(self.state, f"process-{self.processes}", self.wire.through)
        world = EngineContext(
            api, items, store, self.source, self.clock, self.random, Silent(), OneByOne(), AllValid(), endpoint
        )
        return Reconciler(world, case.options, timedelta(seconds=60))

    def declare(self, turn: Turn) -> None:
        """The declarations of a turn."""
        plans = [(self.case.plans[at], version) for at, version in turn.declared if at < len(self.case.plans)]
        declared = []
        for plan, version in plans:
            spec = plan.spec(version)
            simple = [(key.attribute, key.type) for key in spec.keys] == [("pk", "S")]
            seed = SEED if plan.seeded and simple else None
            declared.append(Declaration(plan.name, spec, Origin(f"{plan.name}.yaml", 1), plan.lifecycle, seed=seed))
        self.source.declarations, self.source.broken = tuple(declared), turn.broken
        mode = "observe" if turn.observe else "enforce"
        self.reconciler.options = replace(self.case.options, mode=mode)
        there = ELSEWHERE if turn.elsewhere else HERE
        self.state.snapshot = replace(self.state.snapshot, actual_fingerprint=there)

    def turn(self, turn: Turn) -> None:
        """One pass, or one converging run, in trouble."""
        self.declare(turn)
        self.witness.begin(turn)
        deeds: dict[int, list[object]] = {}
        for deed in turn.deeds:
            deeds.setdefault(deed.at, []).append(self.others.bound(deed))
        self.wire.begin(turn.faults, deeds)  # type: ignore[arg-type]
        written = self.state.writes
        try:
            report = self.reconciler.converge("once") if turn.converge else self.reconciler.run_pass("interval")
            self.witness.forget_wishes(_through(report))
        except Crash:
            self.reconciler = self.process()
        if turn.broken or turn.observe or turn.elsewhere:
            assert self.state.writes == written, "records written in a pass that may write nothing"
        self.wire.begin((), {})
        for late in deeds.values():
            for deed in late:
                deed()  # type: ignore[operator]
        self.witness.after_pass()
        self.clock.seconds += turn.pause

    def calm(self, last: Turn) -> PassReport:
        """Passes without trouble until nothing is left to do or to wait for."""
        for _ in range(CALM):
            report = self.quiet_pass(last)
            open_steps = any(step.status in OPEN for table in report.tables for step in table.steps)
            if not open_steps and report.verdict is not Verdict.ERROR:
                return report
            self._wait(report)
        said = [(t.name, t.status, t.error, s.facet, s.status, s.message) for t in report.tables for s in t.steps]
        raise AssertionError(f"no end after {CALM} passes in calm: {report.error} {said}")

    def quiet_pass(self, turn: Turn) -> PassReport:
        """One pass that nothing disturbs."""
        self.witness.begin(turn)
        self.wire.begin((), {})
        report = self.reconciler.run_pass("interval")
        self.witness.forget_wishes(_through(report))
        self.witness.after_pass()
        return report

    def _wait(self, report: PassReport) -> None:
        now = self.clock.seconds
        times = [at for table in self.plane.tables.values() for at, _ in table.due]
        times += [table.visible_at for table in self.plane.tables.values()]
        if report.next_not_before:
            times.append(now + (report.next_not_before - self.clock.now()).total_seconds())
        later = [at for at in times if at > now]
        self.clock.seconds = min(later) + 0.01 if later else now + (1.0 if report.wrote else 61.0)


def _through(report: PassReport) -> set[str]:
    """The tables that a pass looked at."""
    return {t.name for t in report.tables if not t.error and t.observed is not None} if not report.error else set()


def run(case: StormCase, world: type[Storm] = Storm) -> Counter[str]:
    """Raises ``AssertionError`` where anything happens that may not, or the end is another one than declared."""
    storm = world(case)
    for turn in case.turns:
        storm.turn(turn)
    declaring = [turn for turn in case.turns if turn.declared and turn.declared[0][0] < len(case.plans)]
    if declaring:
        last = replace(declaring[-1], broken=False, observe=False, elsewhere=False, converge=False)
        storm.clock.seconds += 61 + case.stale
        storm.declare(last)
        storm.calm(last)
        storm.clock.seconds += 61 + case.stale
        report = storm.calm(last)
        figures = judge(case, last, report, storm.plane, storm.witness, raw=storm.raw)
        _still(storm, last, report)
    else:
        figures = Counter()
    figures.update(storm.witness.figures)
    figures.update({f"broken by {kind}": number for kind, number in storm.wire.hits.items()})
    figures["processes"] = storm.processes
    return figures


def _still(storm: Storm, last: Turn, before: PassReport) -> None:
    """Five passes a minute apart change nothing and say the same."""
    calls, puts = len(storm.plane.journal), storm.items.puts
    for _ in range(QUIET):
        storm.clock.seconds += 61
        report = storm.quiet_pass(last)
        due = any(call.operation in storm.dated for call in storm.plane.journal[calls:])
        assert due or report.verdict is before.verdict, f"quiet at first as {before.verdict}, then {report.verdict}"
    made = [call for call in storm.plane.journal[calls:] if call.operation not in storm.dated]
    assert not made, f"a pass over a settled world made {made}"
    assert storm.items.puts == puts, "a pass over a settled world wrote items"
