"""Run one case of the campaign ``convergence``: reach the declared state by raw answers, then write nothing.

The only ways to end otherwise are those that safety asks for: a replacement of a table that is not ours, or of one that
is protected, is blocked and says so. Everything else that is declared must hold even then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from campaigns.convergence_case import EsrCase, Subject
from campaigns.table_oracle import lacking, supported_part
from simulation.simulated_engine import Sim, item, simulate
from simulation.table import Table
from support.table_settings import KEYS

from reconciler.model.desired import Declaration, Lifecycle, Origin, Seed
from reconciler.model.errors import ApiError
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import PassReport, Verdict
from reconciler.model.table import TableSpec
from reconciler.planning.create import create_call
from reconciler.seeding.digest import items_digest

PASSES = 150
QUIET = 5
SEED_ITEMS = (item("1"), item("2"))
SEED = Seed("seeds/table.json", SEED_ITEMS, items_digest(SEED_ITEMS))
KNOWN_ONLY_BY_REFUSAL = (
    "UpdateContinuousBackups: ContinuousBackupsUnavailableException",
    "UpdateTimeToLive: ValidationException: Time to live has been modified multiple times",
    "UpdateTable: LimitExceededException: Subscriber limit exceeded",
)
"""Only a refusal shows that a new table has no backups yet (rule 23), or how much of a quota others used."""
INVALID_CALLS = 2
"""Passes in a case that may end in such an error."""
DATED = ("CreateBackup", "DeleteBackup")
"""Operations that may become due during quiet passes."""
NOT_REPLACED = (Reason.NOT_OWNED, Reason.PROTECTED)


Ended = Callable[[Sim, EsrCase, PassReport, Iterable[TableSpec]], int]
"""Judges the end of a case: how many tables were spared a replacement."""


def run(case: EsrCase) -> Counter[str]:
    """Raises ``AssertionError`` where the case does not end as it must."""
    return run_with(case, ended)


def run_with(case: EsrCase, check_final_state: Ended, *, backups: bool = False) -> Counter[str]:
    """Like ``run`` with another final check. ``backups``: one may become due in any pass."""
    sim = simulate(flavor=case.flavor, delay=case.delay, stale=case.stale, data_loss="allow", disruption="allow")
    sim.dynamodb.table_ids = not case.flavor.emulator
    sim.dynamodb.aliases.update(KEYS)
    sim.dynamodb.has_backups = backups
    _make(sim, case)
    if case.rounds:
        sim.declare(*(declared(subject, subject.desired) for subject in case.subjects))
        for _ in range(case.rounds):
            step(sim, sim.run())
    last = {subject.desired.name: subject.then or subject.desired for subject in case.subjects}
    sim.declare(*(declared(subject, last[subject.desired.name]) for subject in case.subjects))
    passes, report = _settled(sim)
    if case.stale:
        sim.clock.seconds += case.stale + 1
        more, report = _settled(sim)
        passes += more
    spared = check_final_state(sim, case, report, last.values())
    _quiet(sim, report)
    calls = len(sim.dynamodb.journal)
    return Counter({"passes": passes + case.rounds + QUIET, "mutating calls": calls, "replacements refused": spared})


def declared(subject: Subject, spec: TableSpec) -> Declaration:
    """The table's declaration, with a seed where its key lets the same items fit."""
    simple = [(key.attribute, key.type) for key in spec.keys] == [("pk", "S")]
    seed = SEED if simple and subject.seeded else None
    lifecycle = Lifecycle(on_existing=subject.on_existing)
    return Declaration(spec.name, spec, Origin(f"{spec.name}.yaml", 1), lifecycle, seed=seed)


def step(sim: Sim, report: PassReport) -> None:
    """Time goes by as the daemon lets it: to what is under way, to a ``not_before``, or a minute."""
    now = sim.clock.seconds
    times = [at for table in sim.dynamodb.tables.values() for at, _ in table.due]
    times += [table.visible_at for table in sim.dynamodb.tables.values()]
    if report.next_not_before:
        times.append(now + (report.next_not_before - sim.clock.now()).total_seconds())
    later = [at for at in times if at > now]
    sim.clock.seconds = min(later) + 0.01 if later else now + (1.0 if report.wrote else 61.0)


def _make(sim: Sim, case: EsrCase) -> None:
    """What is live before anything is declared as the case wants it."""
    ours = [subject for subject in case.subjects if subject.live and subject.ours]
    if ours:
        sim.declare(*(declared(subject, subject.live) for subject in ours if subject.live))
        _settled(sim)
    for subject in case.subjects:
        if subject.live and not subject.ours:
            sim.clock.seconds += 1
            _foreign_table(sim, supported_part(subject.live, case.flavor))
        table = sim.dynamodb.tables.get(subject.desired.name)
        if table is not None:
            _filled(table, subject.items)
        for foreign in subject.foreign:
            attempt(sim, foreign.call.operation, dict(foreign.call.params))
            sim.clock.seconds += foreign.pause


def attempt(sim: Sim, operation: str, params: dict[str, object]) -> bool:
    """A foreign call, which the service may refuse."""
    try:
        sim.dynamodb.do(operation, params)
    except (ApiError, KeyError):
        return False
    return True


def _foreign_table(sim: Sim, spec: TableSpec) -> None:
    call = create_call(spec if sim.dynamodb.has_tags else replace(spec, tags=None))
    attempt(sim, call.operation, dict(call.params))
    sim.dynamodb.settle()


def _filled(table: Table, items: int) -> None:
    for number in range(items):
        table.items[f"theirs-{number}"] = {"pk": {"S": f"theirs-{number}"}}


def _settled(sim: Sim) -> tuple[int, PassReport]:
    """Passes until nothing is left to do or to wait for."""
    mistakes = 0
    for number in range(1, PASSES + 1):
        report = sim.run()
        if report.verdict is Verdict.ERROR:
            errors = [table.error for table in report.tables if table.error]
            known = errors and all(error.startswith(KNOWN_ONLY_BY_REFUSAL) for error in errors)
            assert known, f"an error: {report.error or errors}"
            assert mistakes < INVALID_CALLS, f"the same error again: {errors}"
            mistakes += 1
        open_steps = [
            s
            for t in report.tables
            for s in t.steps
            if s.status in (StepStatus.READY, StepStatus.DEFERRED, StepStatus.DONE)
        ]
        if not open_steps:
            return number, report
        step(sim, report)
    messages = [(t.name, s.facet, s.status, s.message) for t in report.tables for s in t.steps]
    raise AssertionError(f"no end after {PASSES} passes: {messages}")


def ended(sim: Sim, case: EsrCase, report: PassReport, specs: Iterable[TableSpec]) -> int:
    """All is as declared; where a table is spared a replacement, the rest of it. How many were spared."""
    refused = [refusal for refusal in sim.dynamodb.refused if not refusal.startswith(KNOWN_ONLY_BY_REFUSAL)]
    assert case.stale or not refused, f"a call was refused: {refused}"
    spared = 0
    for spec in specs:
        missing = lacking(sim.dynamodb, spec, case.flavor)
        table = next(table for table in report.tables if table.name == spec.name)
        blocked = [step for step in table.steps if step.status is StepStatus.BLOCKED]
        assert all(step.reason and step.message for step in blocked), f"blocked without a reason: {blocked}"
        if not blocked:
            assert missing == [], f"{spec.name} is {table.status} and yet: {missing}"
            continue
        entry = sim.store.snapshot.inventory.get(spec.name)
        live = sim.dynamodb.tables[spec.name].description
        allowed = (entry is None or entry.ownership != "created") or live["DeletionProtectionEnabled"]
        messages = [(step.facet, step.reason, step.message) for step in blocked]
        assert allowed, f"{spec.name} is blocked: {messages}"
        assert any(step.reason in NOT_REPLACED for step in blocked), (
            f"{spec.name} is blocked for another reason: {messages}"
        )
        assert _unchangeable(missing), f"{spec.name} is blocked though no part of it is fixed: {missing}, {messages}"
        spared += 1
    return spared


def _unchangeable(missing: list[str]) -> bool:
    """Whether the key or a local index, which only a replacement changes, is among what is missing."""
    return any(sentence.startswith(("key ", "LocalSecondaryIndexes", "projection of local")) for sentence in missing)


def _quiet(sim: Sim, before: PassReport) -> None:
    """Five passes a minute apart change nothing and say the same."""
    calls, puts = len(sim.dynamodb.journal), sim.items.puts
    for _ in range(QUIET):
        sim.clock.seconds += 61
        report = sim.run()
        due = any(call.operation in DATED for call in sim.dynamodb.journal[calls:])
        assert due or report.verdict is before.verdict, f"quiet at first as {before.verdict}, then {report.verdict}"
    made = [call for call in sim.dynamodb.journal[calls:] if call.operation not in DATED]
    assert not made, f"a pass over a converged table made {made}"
    assert sim.items.puts == puts, "a pass over a converged table wrote items"
