"""The command ``replace``: what a person may ask of a replacement. The passes that follow carry it out.

A person's decision is a member of the record, so it holds for every process that continues.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from reconciler.engine.assess_replacement import byte_text, progress_sentence
from reconciler.engine.commands import CommandContext
from reconciler.engine.context import EngineContext
from reconciler.engine.observe import observe_table
from reconciler.engine.reconciler import Reconciler
from reconciler.model.change import Hazard
from reconciler.model.desired import Declaration
from reconciler.model.errors import StateError, UsageError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import OnConflict, Phase, Replacement, StateSnapshot
from reconciler.model.report import PassReport, RunReport
from reconciler.mover.conflicts import ConflictRule
from reconciler.mover.phases import Event, advance
from reconciler.mover.preflight import Preflight
from reconciler.mover.replacement import examine_table, keeping_hint
from reconciler.planning.copy_names import copy_name
from reconciler.planning.shapes import key_texts, shape_of
from reconciler.planning.text import several

OVERCOME = frozenset({Reason.PRUNE_GRACE, Reason.DATA_LOSS, Reason.REPLACING})
"""What the request of a person settles: it needs no grace period, nothing is lost, and a cancellation is over."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A replacement before it begins: what the table holds, in items and bytes, and how long the reading took."""

    declaration: Declaration
    observed: ObservedTable
    found: Preflight
    rule: ConflictRule
    seconds: float
    missing: tuple[str, ...] = ()
    """Paths of indexes and other features that the table has and the new one will not have."""

    @property
    def sentence(self) -> str:
        """What will be done, for the question."""
        keeps = f"{self.declaration.spec.name} is replaced and keeps {self.kept()} ({byte_text(self.found.size)})."
        # Each item is read four times and written twice; a write takes about three times as long as a read.
        takes = f"That takes about {max(1, round(self.seconds * 10))} s."
        return f"{keeps}{self.yielding(self.dropped)}{self.lacking} {takes}"

    def kept(self, whose: str = "its") -> str:
        """``its 3 items``, or ``2 of its 3 items`` where the rule for conflicts keeps one of several."""
        items, lost = several(self.found.items, "item"), self.found.lost
        return f"{self.found.items - lost:,} of {whose} {items}" if lost else f"{whose} {items}"

    @property
    def dropped(self) -> str:
        """``1 item is dropped``: what becomes of items that yield where the old table is deleted."""
        return f"{several(self.found.lost, 'item')} {'is' if self.found.lost == 1 else 'are'} dropped"

    def yielding(self, what: str) -> str:
        """A sentence on the items that share a key of the new table; ``what`` becomes of all but one."""
        if not self.found.lost:
            return ""
        newest = self.rule.on_conflict == "newest"
        stays = f"the greatest {self.rule.newest_by}" if newest else "the first former key"
        return f" {what}: of items that share a key of the new table, the one with {stays} is kept."

    @property
    def lacking(self) -> str:
        """A sentence on what the new table will not have; empty if it has all."""
        return f" The new table will not have {' and '.join(self.missing)}." if self.missing else ""


def prepared(
    reconciler: Reconciler, declaration: Declaration, on_conflict: OnConflict, newest_by: str, planned: Iterable[Step]
) -> Prepared:
    """Read all items of a declared table, for which ``planned`` is the plan of a pass.

    Raises ``UsageError`` if it could not keep all of them.
    """
    ports, name = reconciler.ports, declaration.spec.name
    if on_conflict == "newest" and not newest_by:
        raise UsageError("--on-conflict newest needs --newest-by ATTRIBUTE, whose greatest value is the newest item")
    observed = observe_table(ports, name, None)
    if observed is None:
        raise UsageError(f"table {name} does not exist")
    rule = ConflictRule(on_conflict, tuple(element.attribute for element in observed.spec.keys), newest_by)
    began = ports.clock.monotonic()
    found = examine_table(ports, declaration, observed, rule)
    refusal = found.refusal(rule)
    if refusal is not None:
        refusal += keeping_hint(declaration, found)
        raise UsageError(f"{name} cannot keep its {several(found.items, 'item')}: {refusal}. Nothing was changed")
    return Prepared(declaration, observed, found, rule, ports.clock.monotonic() - began, _missing(planned))


def _missing(planned: Iterable[Step]) -> tuple[str, ...]:
    """The paths of what the new table lacks, of those that a plan marks as unsafe; none of what is only changed."""
    changes = (change for step in planned for change in step.changes)
    return tuple(
        dict.fromkeys(change.path for change in changes if change.hazard is not Hazard.NONE and change.after is None)
    )


def refuse_other_plans(reconciler: Reconciler, name: str, overcome: frozenset[Reason]) -> tuple[Step, ...]:
    """The plan of a pass for the table. Raises ``UsageError`` unless it is to replace the table.

    ``overcome`` are reasons to hold it back that do not matter.
    """
    report = reconciler.preview((name,))
    if report.error or report.problems:
        raise StateError(report.error or "\n".join(map(str, report.problems)))
    steps = [step for table in report.tables if table.name == name for step in table.steps]
    step = next((step for step in steps if step.action is Action.REPLACE), None)
    if step is None:
        _refuse_missing(report, name)
        why = next((step.message for step in steps if step.message), None)
        raise UsageError(f"{name} needs no replacement: its key and local indexes are as declared{_after(why)}")
    if step.status in (StepStatus.BLOCKED, StepStatus.DEFERRED) and step.reason not in overcome:
        raise UsageError(f"{name} cannot be replaced: {step.message}{_allow(step)}")
    return tuple(steps)


def _refuse_missing(report: PassReport, name: str) -> None:
    """Raise ``UsageError`` for a table that does not exist, or of which it is not decided whose it is."""
    table = next((table for table in report.tables if table.name == name), None)
    if table is None:
        return
    held = next((step for step in table.steps if step.status is StepStatus.BLOCKED), None)
    if table.identity is None and table.live_status is None and table.error is None:
        missing = f"{name} does not exist, so there is nothing to replace"
        if held is not None:
            raise UsageError(f"{missing}, and it is not created: {held.message}{_allow(held)}")
        raise UsageError(f"{missing}; `reconciler up {name}` creates it")
    if held is not None and held.facet == "ownership":
        raise UsageError(f"{name} cannot be replaced: {held.message}{_allow(held)}")


def note_cancelled(reconciler: Reconciler, table: str, name: str, shape: str | None = None) -> None:
    """Record that the replacement which the declaration of ``table`` asks for is not begun again by any pass.

    ``name`` is the table that stays; ``shape`` what was asked for when the work began, in case nothing is declared.
    """
    command = reconciler.command()
    declaration, store = command.declared(table), command.ports.store
    shape = shape_of(declaration) if declaration is not None else shape
    entry = store.load().inventory.get(name)
    if entry is not None and shape is not None and entry.cancelled_shape != shape:
        store.put_entry(replace(entry, cancelled_shape=shape))


def forget_cancelled(snapshot: StateSnapshot, ports: EngineContext, name: str) -> None:
    """A person asks again for a replacement that was cancelled."""
    entry = snapshot.inventory.get(name)
    if entry is not None and entry.cancelled_shape is not None:
        ports.store.put_entry(replace(entry, cancelled_shape=None))


@dataclass(frozen=True, slots=True)
class ReplaceTable:
    """The command on one table, by name or base name."""

    reconciler: Reconciler
    table: str

    def prepare(self, on_conflict: OnConflict, newest_by: str) -> Prepared | None:
        """Read all items. ``None`` if the replacement is under way already.

        Raises ``UsageError`` if the table cannot be replaced, needs no replacement, or could not keep all items.
        """
        ports, name = self.reconciler.ports, self._name()
        recorded = ports.store.load().replacements.get(name)
        if recorded is not None and recorded.under_way:
            return None
        planned = refuse_other_plans(self.reconciler, name, OVERCOME)
        return prepared(self.reconciler, self._declared(), on_conflict, newest_by, planned)

    def begin(self, prepared: Prepared, *, keep: bool) -> None:
        """Record what a person asked for. Raises ``StateError`` if writing is not allowed."""
        command, spec = self.reconciler.command(), prepared.declaration.spec
        snapshot = command.begin()
        command.refuse_foreign(snapshot, prepared.observed)
        standing = snapshot.replacements.get(spec.name)
        if standing is not None and standing.under_way:
            raise StateError(f"{spec.name} {progress_sentence(standing)}; run the command again")
        ports, rule = command.ports, prepared.rule
        forget_cancelled(snapshot, ports, spec.name)
        ports.store.put_replacement(
            Replacement(
                spec.name,
                Phase.COPYING,
                prepared.observed.identity,
                copy_name(spec.name, ports.random.token()),
                key_texts(spec.keys),
                ports.clock.now(),
                items=prepared.found.items,
                size=prepared.found.size,
                on_conflict=rule.on_conflict,
                newest_by=rule.newest_by,
                asked=True,
                keep=keep,
            )
        )

    def run(
        self,
        on_step: Callable[[str, Step], None] | None = None,
        on_wait: Callable[[str], None] | None = None,
    ) -> RunReport:
        """Passes over this table until it is replaced or the deadline is over."""
        return self.reconciler.converge("replace", (self._name(),), on_step, on_wait=on_wait)

    def pause(self) -> str:
        """Stop where it is. A pass that copies at this moment ends at its next request."""
        record = self._change(lambda record: replace(record, paused=True))
        return (
            f"Paused: {record.name} {progress_sentence(record)}. `reconciler replace {record.name} --resume` goes on."
        )

    def resume(self) -> None:
        """Go on after a pause, or try again after a problem."""
        self._change(_resumed)

    def keep(self) -> None:
        """Let the copy stay at the end, or end here where somebody deleted the table that was copied."""
        self._change(lambda record: _kept(record, self._tables(record)))

    def under_way(self) -> bool:
        """Whether the replacement is not finished."""
        record = self.reconciler.ports.store.load().replacements.get(self._name())
        return record is not None and record.under_way

    def cancel(self) -> str:
        """Give the replacement up. Raises ``UsageError`` where only the copy has the items."""
        record = self._change(lambda record: _cancelled(record, self._tables(record)))
        note_cancelled(self.reconciler, self.table, record.name)
        return f"The replacement of {record.name} is cancelled; the table is unchanged, and its copy is removed."

    def finish(self) -> None:
        """Accept the items that the new table has, after a problem: the copy is removed although it has others."""
        self._change(lambda record: _accepted(record, self._tables(record)))

    def _tables(self, record: Replacement) -> _Tables:
        ports = self.reconciler.ports
        table, copy = (observe_table(ports, name, None) for name in (record.name, record.aside))
        return _Tables(
            copied=table is not None and table.identity.same(record.identity),
            copy=copy is not None and (record.aside_identity is None or copy.identity.same(record.aside_identity)),
        )

    def _change(self, change: Callable[[Replacement], Replacement]) -> Replacement:
        name = self._name()
        # A running pass must neither write over the decision nor delete anything after it.
        self.reconciler.writable_state()
        self.reconciler.ports.store.revoke_lease()
        command: CommandContext = self.reconciler.command()
        snapshot: StateSnapshot = command.begin()
        record = snapshot.replacements.get(name)
        if record is None or not record.under_way:
            raise UsageError(f"{name} is not being replaced")
        changed = change(record)
        command.ports.store.put_replacement(changed)
        return changed

    def _declared(self) -> Declaration:
        declaration = self.reconciler.ports.source.load().named(self.table)
        if declaration is None:
            raise UsageError(f"no table {self.table!r} is declared, so there is nothing to replace it with")
        return declaration

    def _name(self) -> str:
        declaration = self.reconciler.command().declared(self.table)
        return declaration.spec.name if declaration is not None else self.table


def _resumed(record: Replacement) -> Replacement:
    # Items that are missing again after they were returned are returned once more.
    if record.problem is not None and record.phase is Phase.VERIFYING:
        record = advance(record, Event.RETURN_AGAIN)
    return replace(record, paused=False, problem=None)


@dataclass(frozen=True, slots=True)
class _Tables:
    """Whether the table that was copied is still there, and whether its copy is."""

    copied: bool
    copy: bool


def _kept(record: Replacement, there: _Tables) -> Replacement:
    if _copy_lost(record, there):
        raise UsageError(f"--keep: there is no copy to keep; {_copy_is_gone(record)}")
    if record.table_deleted or record.phase is Phase.DELETING or there.copied:
        return replace(record, keep=True)
    given_up = record if record.phase is Phase.CANCELLING else advance(record, Event.CANCEL)
    return replace(given_up, keep=True, paused=False, problem=None)


def _copy_lost(record: Replacement, there: _Tables) -> bool:
    """Whether somebody deleted the copy before all items were returned; at the end it is removed on purpose."""
    return record.table_deleted and record.phase is not Phase.CLEANING and not there.copy


def _copy_is_gone(record: Replacement) -> str:
    return (
        f"somebody deleted {record.aside}. `reconciler replace {record.name} --finish` goes on with the items that"
        f" {record.name} has"
    )


def _cancelled(record: Replacement, there: _Tables) -> Replacement:
    if _copy_lost(record, there):
        raise UsageError(f"{record.name} was deleted, and its copy cannot be returned: {_copy_is_gone(record)}")
    if there.copy and not (there.copied or record.table_deleted or record.phase is Phase.DELETING):
        raise UsageError(
            f"the table {record.name} that was copied does not exist any more, and {record.aside}, which has what was"
            f" copied until then, is not removed: `reconciler replace {record.name} --keep` ends the replacement and"
            f" leaves {record.aside} as a table of its own"
        )
    if record.phase is Phase.CANCELLING:
        return record
    if record.table_deleted or record.phase is Phase.DELETING:
        raise UsageError(
            f"{record.name} is deleted already, or about to be, and {record.aside} has its items:"
            f" `reconciler replace {record.name}` goes on"
        )
    return advance(record, Event.CANCEL, paused=False, problem=None, keep=False)


def _accepted(record: Replacement, there: _Tables) -> Replacement:
    returned = record.problem is not None and record.phase in (Phase.RETURNING, Phase.VERIFYING)
    if not (returned or _copy_lost(record, there)):
        raise UsageError(
            f"--finish accepts items that are missing after they were returned; {record.name}"
            f" {progress_sentence(record)}"
        )
    return replace(record, paused=False, problem=None, accepted=True)


def _after(why: str | None) -> str:
    return f" ({why})" if why else ""


def _allow(step: Step) -> str:
    return f". Allow it with {step.allow_with}" if step.allow_with else ""
