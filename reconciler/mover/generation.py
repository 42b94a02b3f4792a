"""Builds the next generation of a table beside it, switches to it, and goes back if a person wants to.

Called by ``replacer`` in each pass. ``generation_phases.next_move`` decides every step from the record in the state
table and from what DescribeTable says, so any process continues after a kill at any call. ``follower`` moves the items.
The old table is deleted by ``generation_end.delete_left_table`` alone, through the deletion gate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from reconciler.engine.apply_step import create_table
from reconciler.engine.assess_generation import yielded_text
from reconciler.engine.assessment import PassContext, TableAssessment
from reconciler.engine.observe import observe_table
from reconciler.engine.send_call import TableResult
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import GenerationPhase, InventoryEntry
from reconciler.mover.generation_import import Imports
from reconciler.mover.generation_phases import GenerationEvent as Event
from reconciler.mover.generation_phases import GenerationMove as Move
from reconciler.mover.generation_phases import next_move
from reconciler.mover.generation_ports import GenerationPorts
from reconciler.mover.generation_work import PassEnded, StreamLost
from reconciler.mover.phases import Live
from reconciler.mover.sinks import Paused
from reconciler.planning import ownership
from reconciler.planning.shapes import key_texts
from reconciler.planning.text import several

MOST_MOVES = 100


def proceed(context: PassContext, assessment: TableAssessment, ports: GenerationPorts) -> TableResult:
    """Continue the work on the next generation of the table that is assessed. See ``TableReplacer``."""
    return _Work(context, assessment, ports).run()


def last_look(context: PassContext, assessment: TableAssessment, ports: GenerationPorts) -> TableResult | None:
    """Look at both tables directly before one of them is deleted. See ``EndsWork.last_look``."""
    return _Work(context, assessment, ports).last_look()


class _Work(Imports):
    """One pass over one generation."""

    __slots__ = ()

    def run(self) -> TableResult:
        """Go as far as possible now."""
        try:
            for _ in range(MOST_MOVES):
                if not self._move():
                    return self._result(self._finished())
                if self._late():
                    break
            return self._result(self._progress())
        except Paused:
            return self._result(self._progress())
        except StreamLost:
            return self._result(self._start_again())
        except PassEnded as ended:
            return self._result(ended.step)

    def _finished(self) -> Step:
        record = self.record
        if record.phase is GenerationPhase.FINISHED:
            kept = f"; {record.old} stays" if record.keep else ""
            items = f"{several(record.items, 'item')}{yielded_text(record)}"
            said = f"{record.new} has taken the place of {record.old}, with {items}{kept}"
        elif record.keep:
            said = f"its replacement was cancelled; {record.new} stays and is no longer managed"
        else:
            said = f"its replacement was cancelled; {record.old} has all items"
        given_up = record.phase is not GenerationPhase.FINISHED
        return replace(self.step, gives_up=given_up).done().with_message(said)

    def _start_again(self) -> Step | None:
        """Changes are gone: the copy starts again. In the hold nothing can be repeated any more."""
        record = self.record
        if record.phase is GenerationPhase.FENCE:
            self._open(self._observed(record.old))
            self._moved(Event.OPENED, switch=False)
        if record.phase is GenerationPhase.REVERT:
            self._open(self._observed(record.new))
            self._moved(Event.OPENED)
        if self.record.phase is GenerationPhase.HOLD:
            return self._stop(
                f"changes of {record.new} are older than 24 hours and were lost before they could be repeated on"
                f" {record.old}, so there is no way back. `--finish` deletes {record.old}, `--keep` keeps it"
            ).step
        if record.engine == "import":
            return self._begin_jobs_again(
                f"changes of {record.old} are older than 24 hours and were lost before they could be repeated"
            ).step
        self._moved(Event.STREAM_LOST, again=True)
        return self._progress()

    # One move

    def _move(self) -> bool:
        """Make the next move; ``False`` if it was the last one."""
        record = self.record
        old, new = self._observed(record.old), self._observed(record.new)
        following = next_move(record, _live(old), _live(new))
        if following.move is Move.WAIT:
            raise PassEnded(self.step.deferred(Reason.REPLACING, following.why))
        if following.move is Move.STOP:
            raise self._stop(following.why)
        if following.move is Move.END_CANCELLED:
            self._take_import(new)
        if following.move in (Move.FINISH, Move.END_CANCELLED):
            self._end(old, new)
            return False
        moves: Mapping[Move, Callable[[ObservedTable | None, ObservedTable | None], None]] = {
            Move.CREATE: lambda _, __: self._create(),
            Move.KNOW_NEW: lambda _, new: self._know_new(new),
            Move.CAPTURE: self._capture,
            Move.COPY: self._copy,
            Move.REPLAY: self._replay,
            Move.VERIFY: self._verify,
            Move.FOLLOW: self._follow,
            Move.BEGIN_SWITCH: lambda _, new: self._begin_switch(new),
            Move.FENCE: self._fence,
            Move.SWITCH: lambda _, __: self._switch(),
            Move.HOLD: self._hold,
            Move.REVERT: self._revert,
            Move.RETURN: lambda _, __: self._return(),
            Move.REMOVE_NEW: self._remove_new,
            # The former table has an assessment of its own, which goes through the deletion gate.
            Move.DELETE_OLD: lambda _, __: self._wait_for_deletion(),
            Move.DELETE_NEW: lambda old, _: self._open_then_wait(old),
        }
        moves[following.move](old, new)
        return True

    def _wait_for_deletion(self) -> None:
        raise PassEnded(None)

    # Creating

    def _create(self) -> None:
        """Create the new table without what would act on its items before the switch: its stream and time to live.

        Protection comes with the first pass after the switch too: until then the table may have to be removed.
        """
        record = self.record
        wanted = self._wanted(self.context.snapshot.set_aside.get(record.new))
        self._publish(record.old)
        result = create_table(self.context, wanted, Step(Action.CREATE, "table"))
        (step,), self.error = result.steps, result.error
        entry = result.assessment.entry
        if step.status is not StepStatus.DONE:
            raise PassEnded(replace(self.step, status=step.status, reason=step.reason, message=step.message))
        self._put(replace(record, new_identity=entry.identity if entry is not None else None))

    def _know_new(self, new: ObservedTable | None) -> None:
        """The new table is ACTIVE. Where the answer of its create was lost, its tag or its emptiness proves it."""
        record, entry = self.record, self.context.snapshot.set_aside.get(self.record.new)
        if new is None:
            return
        if record.new_identity is None:
            self._prove_new(entry, new)
        elif not new.identity.same(record.new_identity):
            raise self._stop(f"somebody deleted {record.new} and created it again; nothing was copied into it")
        self._moved(Event.CREATED, new_identity=new.identity)

    def _prove_new(self, entry: InventoryEntry | None, new: ObservedTable) -> None:
        """Prove that this work created the new table although the answer is not recorded, or stop."""
        record = self.record
        if entry is not None and ownership.is_ours(entry) and new.identity.same(entry.identity):
            return
        tagged = observe_table(self.ports, record.new, None, ask_owner=lambda _: True)
        tag = tagged.owner_tag if tagged is not None else None
        ours = entry is not None and ownership.has_our_tag(entry, tag, self.context.options.scope)
        empty = not self.ports.endpoint.flavor.has_tags and not self.ports.items.first_items(record.new, 1)
        if entry is None or not ownership.is_open(entry) or not (ours or empty):
            raise self._stop(
                f"{record.new} exists, and it is not proven that this stack created it: delete it, or run"
                f" `reconciler replace {record.name} --cancel`"
            )
        # Without tags it counts as adopted: it gets the items, and no cancellation removes it.
        event = ownership.Event.CREATE_PROVEN if ours else ownership.Event.FOUND
        self.ports.store.put_entry(ownership.advance(entry, event, identity=new.identity))


def _live(observed: ObservedTable | None) -> Live | None:
    return None if observed is None else Live(observed.identity, observed.status, key_texts(observed.spec.keys))
