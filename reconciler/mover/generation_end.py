"""Removes what the work on a next generation leaves behind. A part of ``generation``.

The old table is deleted by ``delete_left_table`` alone, through the deletion gate and after a last comparison.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.engine.apply_step import delete_table
from reconciler.engine.assess_generation import hold_ways, return_ways
from reconciler.engine.assessment import PassContext, TableAssessment
from reconciler.engine.send_call import TableResult
from reconciler.model.change import Call
from reconciler.model.errors import Busy
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.records import Generation, GenerationPhase
from reconciler.mover.bulk_copy import bulk_put_of, end_bulk_put
from reconciler.mover.generation_items import has_stream
from reconciler.mover.generation_phases import GenerationEvent as Event
from reconciler.mover.generation_records import forget_checkpoints
from reconciler.mover.generation_switch import Switches
from reconciler.mover.generation_work import PassEnded, StreamLost
from reconciler.mover.sinks import Paused
from reconciler.planning import ownership
from reconciler.planning.observe import identity_of

IN_DELETION = frozenset({GenerationPhase.FINISH, GenerationPhase.CANCEL})


class EndsWork(Switches):
    """Ends the work, whichever table stays."""

    __slots__ = ()

    def _remove_new(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        """Remove a table that no application has written to. One that is not proven to be ours stays."""
        if old is None or not old.identity.same(self.record.old_identity):
            raise self._stop(f"{self.record.old} is gone, so {self.record.new} is not removed")
        self._open(old)
        self._end_jobs()
        entry = self.context.snapshot.set_aside.get(self.record.new)
        if new is None or not ownership.is_ours(entry) or new.spec.deletion_protection:
            self._put(replace(self.record, keep=True))
            return
        self._delete_new(new)

    def _delete_new(self, new: ObservedTable) -> None:
        answer = self._write(Call("DeleteTable", {"TableName": self.record.new}))
        if not identity_of(answer["TableDescription"]).same(new.identity):
            raise self._stop(f"DeleteTable reached another table than the planned one: {self.record.new}")

    def _end_jobs(self) -> None:
        """A bulk put into the new table ends first, also where the table stays. An export changes nothing."""
        part = bulk_put_of(self.ports.store.load().checkpoints, self.record.old)
        if part is None or self.beside.jobs is None:
            return
        if end_bulk_put(self.beside.jobs, part):
            why = f"waiting for the end of the bulk put into {self.record.new}"
            raise PassEnded(self.step.deferred(Reason.REPLACING, why))

    # The end

    def _end(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        """Remove what the work has left behind: the fence, its streams, its checkpoints and records."""
        record = self.record
        cancelled = record.phase is GenerationPhase.CANCEL
        self._open(old if old is not None and old.identity.same(record.old_identity) else None)
        stays, ours = (old, record.old_stream) if cancelled else (new, record.new_stream)
        if ours:
            self._stop_stream(stays)
        if not cancelled and record.keep and record.old_stream:
            self._stop_stream(old)
        for table in (record.old, record.new):
            forget_checkpoints(self.ports, table)
        self._settle_entries(cancelled=cancelled, kept=record.keep)
        if not cancelled and record.new == record.name:
            # Before the end: afterwards no process would know that they are left to be dropped.
            self._drop_former_names()
        event = Event.CANCELLED if cancelled else Event.FINISHED
        self._moved(event, finished=self.ports.clock.now())
        # A cancelled rename has no pointer to keep either: the declaration itself names the former table.
        if cancelled and record.name in (record.old, record.new):
            self.ports.store.drop_generation(record.name)

    def _drop_former_names(self) -> None:
        """Forget that the former name of a renamed table meant a generation, which has gone with it."""
        for each in self.ports.store.load().generations.values():
            if each.name != self.record.name and not each.under_way and each.current == self.record.old:
                self.ports.store.drop_generation(each.name)

    def _stop_stream(self, table: ObservedTable | None) -> None:
        """Turn off the stream that this work turned on; a declared one is turned on again by the next pass."""
        if table is None or not has_stream(table):
            return
        off = {"TableName": table.spec.name, "StreamSpecification": {"StreamEnabled": False}}
        try:
            self._write(Call("UpdateTable", off))
        except Busy as busy:
            raise PassEnded(self.step.deferred(Reason.BUSY, str(busy))) from busy

    def _settle_entries(self, *, cancelled: bool, kept: bool) -> None:
        """The table that is left behind is released if it is still there; a record of a missing one is dropped."""
        gone = self.record.new if cancelled else self.record.old
        entry = self.ports.store.load().inventory.get(gone)
        if entry is None:
            return
        if kept and not ownership.is_released(entry):
            self.ports.store.put_entry(ownership.advance(entry, ownership.Event.RELEASE, ending_at=None))
        elif not kept:
            self.ports.store.drop_entry(entry)

    # Before the table that is left behind is deleted

    def last_look(self) -> TableResult | None:
        """Compare once more, because the deletion may have waited for days; what ends the pass, or ``None``.

        ``None`` tells that the table that stays has every item of the one that is left behind.
        """
        old, new = self._observed(self.record.old), self._observed(self.record.new)
        try:
            if self.record.phase is GenerationPhase.FINISH:
                self._look_at_old(old, new)
            else:
                self._look_at_new(old, new)
        except Paused:
            return self._result(self._progress())
        except PassEnded as ended:
            return self._result(ended.step or self._progress())
        return None

    def _look_at_old(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        record = self.record
        if new is None or not new.identity.same(record.new_identity):
            # The hold knows the ways on: the old table still has the items up to the last change that was repeated.
            self._moved(Event.LATE_WRITES)
            raise PassEnded(self._progress())
        try:
            why = self._late_items(self._back(old, new))
        except StreamLost:
            why = (
                f"changes of {record.new} were lost before they could be repeated on {record.old}, so the tables can no"
                f" longer be compared. `reconciler replace {record.name} --keep` leaves {record.old}"
            )
        if why is not None:
            # The hold has a way back too.
            self._moved(Event.LATE_WRITES)
            raise self._stop(why, hold_ways(self.record))

    def _look_at_new(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        """After the way back, applications write to the old table, so that only changes of the new one tell."""
        record = self.record
        if old is None or not old.identity.same(record.old_identity):
            raise PassEnded(self.step.deferred(Reason.REPLACING, f"{record.old} is read again first"))
        keep = f"`reconciler replace {record.name} --keep` leaves {record.new}, no longer managed"
        ran = self._back(old, new).unrepeated(self.ports.clock.now())
        if ran.problems.any:
            raise self._stop(f"{ran.problems.sentence()}. {keep}", return_ways(record))
        try:
            self._ran(ran)
        except StreamLost:
            raise self._stop(
                f"changes of {record.new} were lost before anybody looked at them, so it may have items that"
                f" {record.old} lacks. {keep}",
                return_ways(record),
            ) from None


def delete_left_table(
    context: PassContext, assessment: TableAssessment, last_look: Callable[[TableAssessment], TableResult | None]
) -> TableResult:
    """Send DeleteTable for the table that is left behind, unless the work has changed since it was planned.

    ``last_look`` gets the assessment with the work, compares the tables and returns the result of a table that stays.
    """
    step = next(step for step in assessment.steps if step.moves_items and step.status is StepStatus.READY)
    stored = still_left(context, assessment)
    if stored is None:
        return TableResult(assessment, (step.with_message("the replacement went on; planning again"),))
    refused = last_look(replace(assessment, generation=stored))
    if refused is not None:
        # A look that wrote nothing is no reason for another pass at once.
        return replace(refused, assessment=assessment)
    applied = delete_table(context, assessment, step)
    # The new table is the one that counts as replaced.
    ended = tuple(each.as_deletion() if each.status is StepStatus.DONE else each for each in applied.steps)
    return replace(applied, steps=ended)


def still_left(context: PassContext, assessment: TableAssessment) -> Generation | None:
    """The stored record, if it still says that this table is to be deleted."""
    planned = context.snapshot.generation_with(assessment.name)
    stored = context.ports.store.load().generation_with(assessment.name)
    if stored is None or planned is None or stored.phase is not planned.phase:
        return None
    return stored if stored.phase in IN_DELETION and not stored.keep and stored.problem is None else None
