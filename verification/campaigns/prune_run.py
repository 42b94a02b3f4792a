"""Run one case of the campaign ``prune``: whatever is declared, every DeleteTable that is sent must be allowed.

The monitor decides by the ground truth of the case at the moment of the call, never by what the engine reports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from campaigns.prune_case import Phase, PruneCase
from campaigns.prune_setup import GroundTruth, build
from campaigns.simulation_store import ELSEWHERE
from simulation.copies import copied
from simulation.simulated_engine import HERE, Silent, Sim

from reconciler.model.desired import Declaration, DesiredState, Lifecycle, Origin, Undeclared
from reconciler.model.errors import DeclarationError, Problem
from reconciler.model.options import permits
from reconciler.model.records import InventoryEntry, StateSnapshot
from reconciler.model.table import KeyElement, TableSpec
from reconciler.planning.digest import approval

TEXT, NUMBER = (KeyElement("pk", "HASH", "S"),), (KeyElement("pk", "HASH", "N"),)
SLACK = 0.001
BEFORE_ALL = -2
"""The load at which the initial tables count as created."""


class PhasedSource:
    """The ``Source`` port: the declarations of a phase, and other ones from the second load on.

    ``forgotten`` holds the load since which a table is not declared, among the loads that a command may act on.
    """

    def __init__(self, case: PruneCase) -> None:
        self.case = case
        self.readings = 0
        self.forgotten = {live.name: -1 for live in case.live_tables if live.unwanted is not None}
        self.begin(Phase())

    def begin(self, phase: Phase) -> None:
        self.phase, self.loads = phase, 0
        self.declared: dict[str, Declaration] = {}
        self.ever: set[str] = set()

    def load(self) -> DesiredState:
        self.loads += 1
        self.declared = {}
        if self.phase.broken:
            raise DeclarationError((Problem("tables.yaml", 1, None, "changed while it was read", "Read it again"),))
        again = self.phase.then if self.loads > 1 else None
        positions = self.phase.declared if again is None else again
        found = [self._one(at) for at in positions if at < len(self.case.live_tables)]
        found += [
            _plain(f"{self.case.live_tables[at].name}-prod")
            for at in self.phase.renamed
            if at < len(self.case.live_tables)
        ]
        found += [_plain(name) for name in self.phase.unmanaged]
        self.declared = {each.spec.name: each for each in found}
        self.ever |= self.declared.keys()
        self._remember()
        return DesiredState(tuple(self.declared[name] for name in sorted(self.declared)), digest="d")

    def still(self, desired: DesiredState) -> bool:
        """The declarations change from one reading to the next, and not in between."""
        return not self.phase.broken and {each.spec.name: each for each in desired.declarations} == self.declared

    def remains(self, desired: DesiredState, undeclared: Sequence[Undeclared]) -> tuple[Problem, ...]:
        """There are no files."""
        return ()

    def stands_in(self, folder: str, file: str, desired: DesiredState) -> bool:
        """There are no files."""
        del folder, file, desired
        return False

    def _remember(self) -> None:
        self.readings += 1
        for name in self.declared:
            self.forgotten.pop(name, None)
        acting = self.phase.verb in ("pass", "once", "up") and not self.phase.elsewhere and self.declared
        for live in self.case.live_tables if acting else ():
            if live.name not in self.declared:
                self.forgotten.setdefault(live.name, self.readings)

    def _one(self, at: int) -> Declaration:
        live = self.case.live_tables[at]
        lifecycle = Lifecycle(protect=live.protect, on_existing="own" if at in self.phase.owned else "adopt")
        return _plain(live.name, NUMBER if at in self.phase.rekeyed else TEXT, lifecycle)


def _plain(name: str, keys: tuple[KeyElement, ...] = TEXT, lifecycle: Lifecycle | None = None) -> Declaration:
    return Declaration(name, TableSpec(name, keys), Origin(f"{name}.yaml", 1), lifecycle or Lifecycle())


@dataclass
class Monitor:
    """Checks every call before the service applies it. It is notified of every pass that begins."""

    case: PruneCase
    sim: Sim
    truths: dict[str, GroundTruth]
    source: PhasedSource
    deletes: int = 0
    begun: float = 0.0
    inventory: StateSnapshot | None = None
    made: dict[str, int] = field(default_factory=dict)
    """By name, at which reading of the declarations the engine created the first of its tables."""
    before: dict[str, int] = field(default_factory=dict)
    """The same as this pass found it."""
    shown: set[str] = field(default_factory=set)
    """Tables that a plan showed as going, before ``up`` carried it out."""
    existing: set[str] = field(default_factory=set)
    """Tables that we created and that existed when this pass began."""

    def pass_begins(self) -> None:
        """Resets the count of deletes."""
        self.deletes, self.begun = 0, self.sim.clock.seconds
        self.inventory = self.sim.store.snapshot
        self.before = dict(self.made)
        self.existing = {name for name in self._created() if self._exists(name)}

    def call(self, operation: str, params: Mapping[str, Any]) -> None:
        """``faults`` of the control plane: it comes before anything is done."""
        if operation.startswith(("Describe", "List", "Get", "kms:")):
            return
        name = str(params.get("TableName") or params.get("ResourceArn")).rsplit("/", 1)[-1]
        assert self.source.phase.verb not in ("preview", "observe"), f"a verb that writes nothing sent {operation}"
        assert not self.source.phase.elsewhere, f"foreign state table, and yet: {operation}"
        assert not self.source.phase.broken, f"declarations broken, and yet: {operation}"
        assert self.source.declared, f"nothing declared, and yet: {operation}"
        if operation == "DeleteTable":
            self._delete(name)
        else:
            if operation == "CreateTable":
                self._makes(name)
            assert name in self.source.declared, f"{operation} of a table that is not declared: {name}"

    def _makes(self, name: str) -> None:
        """A table that replaces an owned one counts as old as that one."""
        entry = self.inventory.inventory.get(name) if self.inventory else None
        if entry is None or entry.ownership not in ("created", "intent"):
            self.made[name] = self.source.readings
        else:
            self.made.setdefault(name, self.source.readings if entry.ownership == "intent" else BEFORE_ALL)

    def _delete(self, name: str) -> None:
        truth, table = self.truths.get(name), self.sim.dynamodb.tables.get(name)
        destroy, declared = self.source.phase.verb == "destroy", self.source.declared.get(name)
        options, found = self.case.options, truth is not None and table is truth.table
        up = self.source.phase.verb == "up"
        described = f"{name}: {truth.live if truth and found else 'made by this very run'}"
        assert table is not None, f"a table that is not there is deleted: {described}"
        assert not up or name in self.shown, f"up deleted what its plan did not show: {described}"
        assert table.description["TableStatus"] == "ACTIVE", f"deleted though {table.status}: {described}"
        assert not table.description["DeletionProtectionEnabled"], f"a protected table is deleted: {described}"
        if not destroy and declared is None:
            assert options.prune == "owned", f"pruned in spite of PRUNE=never: {described}"
            foreign = name in self.truths and self._foreign(name)
            assert up or not foreign, f"pruned for declarations of others: {described}"
        elif not destroy and declared is not None and truth is not None and found:
            assert declared.spec.keys != TEXT, f"replaced without need: {described}"
            others = truth.table.items and truth.live.items != "seed"
            assert not others or up or options.data_loss == "allow", f"replaced without consent: {described}"
        self.deletes += 1
        cap = self._cap()
        assert destroy or cap is None or self.deletes <= cap, f"more than {cap} deletes in a pass: {described}"
        if truth is None or not found:
            assert name in self.made, f"a table of others is deleted: {described}"
            return
        assert truth.ours, f"a table of others is deleted: {described}"
        assert not truth.live.protect, f"deleted in spite of lifecycle.protect: {described}"
        self._items(truth, described, destroy=destroy)

    def _items(self, truth: GroundTruth, described: str, *, destroy: bool) -> None:
        options, emulator = self.case.options, self.case.flavor.emulator
        grace, now = options.prune_grace / timedelta(seconds=1), self.sim.clock.seconds
        if truth.table.items:
            assert permits(options.data_loss, emulator=emulator), f"items lost without leave: {described}"
            since = truth.unwanted_since
            seeded = truth.live.items == "seed"
            waited = since is not None and now - since >= grace - SLACK
            assert destroy or seeded or not grace or waited, f"items lost before the grace was over: {described}"
            wanted = destroy or seeded or self.source.phase.verb == "up" or options.data_loss == "allow"
            renamed = not wanted and self._renamed(truth.live.name)
            assert not renamed, f"items lost though the file may have been renamed with its table: {described}"
        elif not emulator and options.data_loss != "allow":
            one_shot = options.one_shot or destroy
            assert not one_shot, f"emptiness seen once is not enough for a one-shot: {described}"
            since = truth.empty_since
            assert since is not None, f"never seen empty before: {described}"
            assert now - since >= grace - SLACK, f"seen empty for {now - since} s: {described}"

    def _foreign(self, name: str) -> bool:
        """Whether no existing table of ours is declared that is older than that; a single one may go without items."""
        created, since = self._created(), self.source.forgotten[name]
        declared = self.existing & self.source.declared.keys()
        kept = {each for each in declared if self.before.get(each, BEFORE_ALL) < since}
        truth = self.truths[name]
        others = bool(truth.table.items) and truth.live.items != "seed"
        return not kept and (len(created - self.source.declared.keys()) >= 2 or others)

    def _renamed(self, name: str) -> bool:
        """Whether a new table with its key is declared. Each file has one table, so its file is as new as the table."""
        held = self.inventory.inventory if self.inventory else {}
        if name in self.source.declared or name not in held or held[name].declared_in is None:
            return False
        return any(
            each.spec.keys == TEXT and self._is_new(each.spec.name, held.get(each.spec.name), name)
            for each in self.source.declared.values()
        )

    def _is_new(self, name: str, entry: InventoryEntry | None, removed: str) -> bool:
        """Whether a declared table has no record of ours from before the removal of another one."""
        if entry is None or entry.ownership not in ("created", "intent"):
            return entry is None
        return self.before.get(name, BEFORE_ALL) >= self.source.forgotten[removed]

    def _created(self) -> set[str]:
        held = self.inventory.inventory.values() if self.inventory else ()
        return {entry.name for entry in held if entry.ownership == "created"}

    def _exists(self, name: str) -> bool:
        """Whether the table that our record means is live, and not another one of its name.

        One that others made in the place of ours counts as that one did once a declaration took it over (``own``).
        """
        table, truth = self.sim.dynamodb.tables.get(name), self.truths.get(name)
        if table is None:
            return False
        return truth is None or table is not truth.table or truth.live.kind != "recreated" or truth.ours

    def _cap(self) -> int | None:
        options = self.case.options
        if options.max_deletes is not None or options.max_deletes_share is None:
            return options.max_deletes
        held = self.inventory.inventory.values() if self.inventory else ()
        return max(1, int(sum(entry.ownership == "created" for entry in held) * options.max_deletes_share))

    def phase_ends(self) -> None:
        """A deletion is pending since the first pass that planned it, and a pass that declares the table cancels it."""
        phase = self.source.phase
        idle = phase.broken or phase.elsewhere or phase.verb in ("preview", "observe") or not self.source.declared
        for name, truth in () if idle else self.truths.items():
            declared = self.source.declared.get(name)
            wanted = declared is not None and declared.spec.keys == TEXT
            if wanted and phase.then is None and phase.verb != "destroy":
                truth.unwanted_since = truth.empty_since = None
                continue
            if truth.unwanted_since is None:
                truth.unwanted_since = self.begun
            if truth.empty_since is None and not truth.table.items:
                truth.empty_since = self.begun


class MonitoredTelemetry(Silent):
    """The telemetry notifies the monitor when a pass begins."""

    monitor: Monitor

    def pass_started(self, pass_id: str, trigger: str) -> None:
        self.monitor.pass_begins()


def run(case: PruneCase) -> Counter[str]:
    """Raises ``AssertionError`` if a table is deleted that must not be, or a foreign table is touched."""
    sim, truths = build(case)
    source = PhasedSource(case)
    monitor = Monitor(case, sim, truths, source)
    telemetry = MonitoredTelemetry()
    telemetry.monitor = monitor
    sim.reconciler.ports = replace(sim.reconciler.ports, source=source, telemetry=telemetry)
    before = {name: (copied(truth.table.description), dict(truth.table.tags)) for name, truth in truths.items()}
    sim.dynamodb.faults = monitor.call
    figures: Counter[str] = Counter()
    declared: set[str] = set()
    for phase in case.phases:
        source.begin(phase)
        for name in _owned(case, phase):
            truths[name].ours = True
        _run_phase(sim, phase)
        monitor.phase_ends()
        declared |= source.ever
        sim.clock.seconds += phase.pause
        figures["verbs"] += 1
    sim.dynamodb.settle()
    for name, truth in truths.items():
        gone = sim.dynamodb.tables.get(name) is not truth.table
        assert not gone or truth.ours, f"a table of others is gone: {truth.live}"
        if not gone and name not in declared and truth.table.status != "DELETING":
            assert (truth.table.description, truth.table.tags) == before[name], f"changed: {truth.live}"
        figures["live tables"] += 1
        figures["deleted"] += gone
    return figures


def _owned(case: PruneCase, phase: Phase) -> list[str]:
    """Declared as if we had made them; an open intent makes no table ours where there are no tags."""
    return [case.live_tables[at].name for at in phase.owned if at < len(case.live_tables)]


def _run_phase(sim: Sim, phase: Phase) -> None:
    there = ELSEWHERE if phase.elsewhere else HERE
    sim.store.snapshot = replace(sim.store.snapshot, actual_fingerprint=there, suspension=None)
    mode = "observe" if phase.verb == "observe" else "enforce"
    sim.reconciler.options = replace(sim.reconciler.options, mode=mode)
    match phase.verb:
        case "once":
            sim.reconciler.converge("once")
        case "up":
            plan = sim.reconciler.preview(confirming=True)
            ending = [table.name for table in plan.tables if any(step.ends_table for step in table.steps)]
            sim.reconciler.ports.telemetry.monitor.shown = set(ending)  # type: ignore[attr-defined]
            sim.reconciler.converge("up", approved=approval(plan, only_this=False))
        case "destroy":
            sim.reconciler.destroy()
        case "preview":
            sim.reconciler.preview()
        case _:
            sim.reconciler.run_pass("interval")
