"""Builds the next generation of a table beside it, switches to it, and goes back if a person wants to.

Called by ``replacer`` in each pass. ``generation_phases.next_move`` decides every step from the record in the state
table and from what DescribeTable says, so any process continues after a kill at any call. ``follower`` moves the items.
The old table is deleted by ``delete_left_table`` alone, through the deletion gate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Any

from reconciler.engine.apply_step import create_table, delete_table
from reconciler.engine.assess_generation import another_shape, progress_sentence, ready_sentence, yielded_text
from reconciler.engine.assessment import PassContext, TableAssessment
from reconciler.engine.context import EngineContext
from reconciler.engine.observe import observe_table
from reconciler.engine.seed_batches import lease_lost
from reconciler.engine.send_call import TableResult
from reconciler.model.change import Call
from reconciler.model.desired import Declaration
from reconciler.model.errors import ApiError, Busy, StateError, Unsupported
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import Generation, GenerationPhase, InventoryEntry
from reconciler.mover.conflicts import ConflictRule
from reconciler.mover.follower import Follower
from reconciler.mover.follower_types import Pair, Problems, Ran, Side, Verified
from reconciler.mover.generation_fence import Fence
from reconciler.mover.generation_phases import GenerationEvent as Event
from reconciler.mover.generation_phases import GenerationMove as Move
from reconciler.mover.generation_phases import advance, hold_is_over, next_move
from reconciler.mover.generation_ports import GenerationPorts
from reconciler.mover.generation_records import forget_checkpoints, move_records, places
from reconciler.mover.generation_yielded import recall, remember
from reconciler.mover.governor import limits_of
from reconciler.mover.phases import Live
from reconciler.mover.replacer import key_texts
from reconciler.mover.replay import RECORDS
from reconciler.mover.replay_pace import ReplayPace, caught_up
from reconciler.mover.sinks import Paused
from reconciler.planning import ownership
from reconciler.planning.observe import identity_of
from reconciler.planning.text import several

BUDGET = timedelta(seconds=45)
"""Of one pass of the daemon. Other tables are looked after in between, and the next pass goes on."""
ROUNDS = 5
"""Comparisons in one pass that find differences. After that a later pass goes on, or the fence is opened again."""
FENCED_FOR = timedelta(seconds=20)
"""How long every attempt at a write must have been denied, because a policy is eventually consistent."""
HOLD = timedelta(hours=24)
MOST_MOVES = 100
IN_DELETION = frozenset({GenerationPhase.FINISH, GenerationPhase.CANCEL})
SAVE_SECONDS = 1.0


class _Ended(Exception):
    """The pass ends here for this table, with this step, or with none."""

    def __init__(self, step: Step | None) -> None:
        self.step = step


class _StreamLost(Exception):
    """Changes are older than 24 hours and gone."""


def proceed(context: PassContext, assessment: TableAssessment, ports: GenerationPorts) -> TableResult:
    """Continue the work on the next generation of the table that is assessed. See ``TableReplacer``."""
    return _Work(context, assessment, ports).run()


@dataclass(slots=True)
class _Work:
    """One pass over one generation."""

    context: PassContext
    assessment: TableAssessment
    beside: GenerationPorts
    step: Step = field(init=False)
    ports: EngineContext = field(init=False)
    record: Generation = field(init=False)
    error: ApiError | None = None
    wrote: bool = False
    rounds: int = 0
    yielded: frozenset[int] = frozenset()
    pace: ReplayPace = field(init=False)
    _began: float = 0.0
    _saved: float = 0.0

    def __post_init__(self) -> None:
        self.ports = self.context.ports
        found = self.assessment.generation
        if found is None:
            raise ValueError("no generation is under way")
        self.record = found
        planned = next((s for s in self.assessment.steps if s.moves_items and s.status is StepStatus.READY), None)
        self.step = planned or Step(Action.REPLACE, "table", returns_items=True)
        self._began = self._saved = self.ports.clock.monotonic()
        self.pace = ReplayPace(self._began)

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
        except _StreamLost:
            return self._result(self._start_again())
        except _Ended as ended:
            return self._result(ended.step)

    def _result(self, step: Step | None) -> TableResult:
        under_way = self.record if self.record.under_way else None
        assessment = replace(self.assessment, generation=under_way)
        return TableResult(assessment, () if step is None else (step,), wrote=self.wrote, error=self.error)

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
        return self.step.done().with_message(said)

    def _progress(self) -> Step:
        return self.step.deferred(Reason.REPLACING, progress_sentence(self.record))

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
        self._moved(Event.STREAM_LOST, again=True)
        return self._progress()

    def _stop(self, why: str) -> _Ended:
        """End with a sentence that stays in the record: a person has to decide."""
        if self.record.problem != why:
            self._put(replace(self.record, problem=why))
        return _Ended(self.step.blocked(Reason.REPLACING, why, f"`reconciler replace {self.record.name} --resume`"))

    def _late(self) -> bool:
        # A sleep of no time tells whether the process is to stop.
        spent = self.ports.clock.monotonic() - self._began
        slow = not self.context.options.one_shot and spent >= BUDGET.total_seconds()
        return slow or self.context.out_of_time or not self.ports.clock.sleep(0)

    def _put(self, record: Generation) -> None:
        self.ports.store.put_generation(record)
        self.record, self.wrote = record, True
        self._saved = self.ports.clock.monotonic()

    def _moved(self, event: Event, **changes: Any) -> None:
        self._put(advance(self.record, event, **changes))

    # One move

    def _move(self) -> bool:
        """Make the next move; ``False`` if it was the last one."""
        record = self.record
        old, new = self._observed(record.old), self._observed(record.new)
        following = next_move(record, _live(old), _live(new))
        if following.move is Move.WAIT:
            raise _Ended(self.step.deferred(Reason.REPLACING, following.why))
        if following.move is Move.STOP:
            raise self._stop(following.why)
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

    def _observed(self, name: str) -> ObservedTable | None:
        return observe_table(self.ports, name, None)

    def _wait_for_deletion(self) -> None:
        raise _Ended(None)

    # Creating

    def _declaration(self) -> Declaration:
        declaration = self.assessment.declaration
        if declaration is None:
            raise _Ended(self.step.deferred(Reason.REPLACING, f"{self.record.name} is not declared any more"))
        if key_texts(declaration.spec.keys) != self.record.keys:
            raise self._stop(
                f"another key of {self.record.name} was declared during its replacement; declare that of"
                f" {self.record.new} again, or run `reconciler replace {self.record.name} --cancel`"
            )
        return declaration

    def _create(self) -> None:
        """Create the new table without what would act on its items before the switch: its stream and time to live.

        Protection comes with the first pass after the switch too: until then the table may have to be removed.
        """
        declaration, record = self._declaration(), self.record
        spec = replace(declaration.spec, name=record.new, stream=None, deletion_protection=None)
        recorded = self.context.snapshot.set_aside.get(record.new)
        wanted = TableAssessment(record.new, replace(declaration, spec=spec), recorded=recorded, entry=recorded)
        self._publish(record.old)
        result = create_table(self.context, wanted, Step(Action.CREATE, "table"))
        (step,), self.error = result.steps, result.error
        entry = result.assessment.entry
        if step.status is not StepStatus.DONE:
            raise _Ended(replace(self.step, status=step.status, reason=step.reason, message=step.message))
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

    # Moving the items

    def _pair(self, old: ObservedTable | None, new: ObservedTable | None) -> Pair:
        if old is None or new is None:
            raise _Ended(self.step.deferred(Reason.REPLACING, "both tables are read again first"))
        former = tuple(element.attribute for element in old.spec.keys)
        rule = ConflictRule(self.record.on_conflict, former, self.record.newest_by)
        return Pair(self._side(old), self._side(new), rule)

    def _side(self, observed: ObservedTable) -> Side:
        name = observed.spec.name
        limits = limits_of(self.beside.items.describe(name), emulator=self.ports.emulator)
        return Side(name, observed.identity, observed.spec, limits)

    def _forward(self, old: ObservedTable | None, new: ObservedTable | None) -> Follower:
        return self._follower(self._pair(old, new), "")

    def _back(self, old: ObservedTable | None, new: ObservedTable | None) -> Follower:
        return self._follower(self._pair(old, new).reversed(), "-back")

    def _follower(self, pair: Pair, direction: str) -> Follower:
        started_as = f"{self.record.new}@{self.record.started.isoformat()}{direction}"
        # The snapshot of this pass may be older than the checkpoints that the pass itself has written.
        recorded = self.ports.store.load().checkpoints
        try:
            yielded = recall(self.ports.store, recorded, self.record) if pair.back else frozenset()
        except StateError as damaged:
            raise self._stop(str(damaged)) from damaged
        return Follower(
            self.ports,
            self.beside.items,
            self.beside.streams,
            pair,
            recorded=recorded,
            started_as=started_as,
            stop=self._late,
            yielded=yielded,
        )

    def _capture(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        if old is not None and not has_stream(old) and not self.record.old_stream:
            # Before the stream is on, so that a killed process leaves no stream that nobody turns off.
            self._put(replace(self.record, old_stream=True))
        follower = self._forward(old, new)
        follower.capture(items=self.record.items, again=self.record.again)
        self._moved(Event.CAPTURED, again=False)

    def _copy(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        self._ran(self._forward(old, new).copy(self._count_copied))
        self._moved(Event.COPIED)

    def _replay(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        self._follow_once(self._forward(old, new))
        self._moved(Event.CAUGHT_UP)

    def _follow_once(self, follower: Follower) -> None:
        before = self.record.replayed
        ran = follower.replay(lambda counts: self._count_replayed(counts, follower.read_until))
        if ran.read_until is not None and self.record.replayed > before:
            lag = max(0, round((self.ports.clock.now() - ran.read_until).total_seconds()))
            self.record = caught_up(replace(self.record, lag=lag))
        elif ran.finished:
            self.record = replace(self.record, behind_since=None)
        self._ran(ran)

    def _verify(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        if self._equal(self._forward(old, new)):
            self._moved(Event.EQUAL, items=self.record.items, digest=self.record.digest)
            return
        self._moved(Event.DIFFERENT)
        self.rounds += 1
        if self.rounds > ROUNDS:
            raise _Ended(self._progress())

    def _follow(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        """The tables were equal: changes are repeated until a person asks for the switch."""
        self._follow_once(self._forward(old, new))
        self._save_counts()
        if self.ports.emulator and self.record.switch:
            return
        why = self._another_shape(new)
        if why is not None:
            raise _Ended(self.step.blocked(Reason.REPLACING, why, f"`reconciler replace {self.record.name} --cancel`"))
        raise _Ended(
            self.step.blocked(
                Reason.REPLACING, ready_sentence(self.record), f"`reconciler replace {self.record.name} --switch`"
            )
        )

    def _equal(self, follower: Follower) -> bool:
        """Whether both sides are equal, but for items that are being changed."""
        verified: Verified = follower.verify(fenced=False)
        self._refuse(verified.problems, verified.error, stopped=verified.stopped)
        if verified.equal:
            gave_way = len(verified.yielded)
            self.record = replace(self.record, items=verified.items, digest=verified.source_digest, yielded=gave_way)
        return verified.equal

    def _ran(self, ran: Ran) -> None:
        if ran.trimmed:
            raise _StreamLost
        self._refuse(ran.problems, ran.error, stopped=ran.stopped)
        if not ran.finished:
            raise Paused

    def _refuse(self, problems: Problems, error: ApiError | None, *, stopped: bool) -> None:
        if problems.any:
            raise self._stop(problems.sentence())
        if error is not None:
            raise error
        if stopped:
            raise Paused

    def _count_copied(self, counts: Mapping[str, int]) -> None:
        self.record = replace(self.record, copied=self.record.copied + sum(counts.values()))
        self._save_sometimes()

    def _count_replayed(self, counts: Mapping[str, int], read_until: datetime | None = None) -> None:
        changes = counts.get(RECORDS, 0)
        self.record = replace(self.record, replayed=self.record.replayed + changes)
        clock = self.ports.clock
        self.record = self.pace.repeated(self.record, changes, read_until, clock.now(), clock.monotonic())
        self._save_sometimes()

    def _save_sometimes(self) -> None:
        if self.ports.clock.monotonic() - self._saved >= SAVE_SECONDS:
            self._put(self.record)

    def _save_counts(self) -> None:
        """Store how far it is, if anything was done since it was stored."""
        if self.record != self.assessment.generation:
            self._put(self.record)

    # The switch

    def _guard(self, table: ObservedTable | None) -> Fence:
        if table is None:
            raise _Ended(self.step.deferred(Reason.REPLACING, "the table is read again first"))
        return Fence(self.ports, table.spec.name, table.identity, table.spec.keys, self._write)

    def _close(self, table: ObservedTable | None) -> None:
        """Deny writes to the table, and go on once that has been in force for a while."""
        if not self.record.fencing:
            return
        fence = self._guard(table)
        try:
            if not fence.closed and fence.denies():
                raise self._stop(
                    f"writes to {fence.table} are denied to this process already, so it cannot be checked that they are"
                    " denied to all: allow dynamodb:DeleteItem on the table"
                )
            fence.close()
        except Unsupported as missing:
            raise self._stop(
                f"this endpoint has no resource policies: stop the writers of {fence.table}, then run"
                f" `reconciler replace {self.record.name} --switch --without-fence`"
            ) from missing
        if not fence.denies_for_long():
            self.record = replace(self.record, fence_since=None)
            raise self._waiting_for_fence(fence.table)
        if self.record.fence_since is None:
            self._put(replace(self.record, fence_since=self.ports.clock.now()))
        if self.ports.clock.now() - (self.record.fence_since or self.ports.clock.now()) < FENCED_FOR:
            raise self._waiting_for_fence(fence.table)

    def _waiting_for_fence(self, table: str) -> _Ended:
        return _Ended(self.step.deferred(Reason.REPLACING, f"waiting until writes to {table} are denied everywhere"))

    def _begin_switch(self, new: ObservedTable | None) -> None:
        why = self._another_shape(new)
        if why is not None:
            self._put(replace(self.record, switch=False))
            raise self._opened(why, "--switch")
        self._moved(Event.SWITCH_ASKED)

    def _another_shape(self, new: ObservedTable | None) -> str | None:
        declaration = self.assessment.declaration
        if declaration is None or new is None:
            return f"{self.record.name} is not declared any more"
        return another_shape(self.record, declaration, new)

    def _fence(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        """Deny writes, repeat the last changes, compare, and capture the way back. Then the name may change."""
        why = self._another_shape(new)
        if why is None:
            self._close(old)
            why = self._drained(self._forward(old, new), self.record.old)
        if why is not None:
            self._open(old)
            self._moved(Event.OPENED, switch=False)
            raise self._opened(why, "--switch")
        if new is not None and not has_stream(new) and not self.record.new_stream:
            self._put(replace(self.record, new_stream=True))
        # Before the way back is captured, which reads them.
        remember(self.ports.store, self.ports.store.load().checkpoints, self.record, self.yielded)
        self.record = replace(self.record, yielded=len(self.yielded))
        self._back(old, new).capture(items=self.record.items)
        hold = self.beside.hold
        hold = hold if hold is not None else (timedelta(0) if self.ports.emulator else HOLD)
        self._moved(
            Event.FENCED, switched=self.ports.clock.now(), hold=int(hold.total_seconds()), digest=self.record.digest
        )

    def _opened(self, why: str, option: str) -> _Ended:
        """Writes are allowed again. It is no problem that ends the work, so changes are repeated on."""
        again = f"`reconciler replace {self.record.name} {option}` after that"
        return _Ended(self.step.blocked(Reason.REPLACING, why, again))

    def _drained(self, follower: Follower, table: str) -> str | None:
        """Why both sides are not equal after all changes of ``table`` were repeated; ``None`` if they are."""
        for _ in range(ROUNDS):
            ran = follower.drain(self.ports.clock.now(), self._count_replayed)
            if ran.problems.any:
                return ran.problems.sentence()
            self._ran(ran)
            verified = follower.verify(fenced=True)
            if verified.problems.any:
                return verified.problems.sentence()
            self._refuse(Problems(), verified.error, stopped=verified.stopped)
            if verified.equal:
                self.record = replace(self.record, items=verified.items, digest=verified.source_digest)
                self.yielded = verified.yielded
                return None
        return f"{self.record.old} and {self.record.new} did not become equal, because somebody still writes to {table}"

    def _switch(self) -> None:
        """Publish the new name. The records of its seed and of applied migrations go with the items."""
        record = self.record
        old, new = places(record)
        move_records(self.ports, self.context.snapshot, old, new)
        self._publish(record.new)
        self._moved(Event.SWITCHED, switched=self.ports.clock.now())
        # The next pass resolves the declared name anew.
        raise _Ended(self._progress())

    def _hold(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        """Repeat the changes of the new table on the old one, so that a person may go back."""
        record = self.record
        if old is None or not old.identity.same(record.old_identity):
            # Only a person who gives the old table up gets here: see ``next_move``.
            self._moved(Event.HOLD_OVER)
            raise _Ended(self._progress())
        if record.fencing:
            self._guard(old).close(self._own_user())
        follower = self._back(old, new)
        self._follow_once(follower)
        over = hold_is_over(record, self.ports.clock.now())
        if not record.finish and not (over and self.ports.emulator):
            self._save_counts()
            raise _Ended(self._after_hold() if over else None)
        if not record.keep:
            self._refuse_items_of_others(follower)
        self._moved(Event.HOLD_OVER)
        raise _Ended(self._progress())

    def _refuse_items_of_others(self, follower: Follower) -> None:
        """Items that reached the old table in spite of the fence are found before it is deleted.

        The new table may be written to meanwhile, so the digests need not become equal. A deletion that is still to be
        repeated looks like such an item, so the tables are compared several times.
        """
        for _ in range(ROUNDS):
            self._ran(follower.drain(self.ports.clock.now(), self._count_replayed))
            verified = follower.verify(fenced=True)
            self._refuse(Problems(), verified.error, stopped=verified.stopped)
            if not verified.problems.any:
                return
        record = self.record
        keep = f"`reconciler replace {record.name} --keep` ends the hold and leaves {record.old} with them"
        raise self._stop(f"{verified.problems.sentence()}. {keep}")

    def _after_hold(self) -> Step:
        record = self.record
        why = f"{record.new} has taken the place of {record.old}, and the hold is over"
        return self.step.blocked(
            Reason.REPLACING, why, f"`reconciler replace {record.name} --finish`, or `--keep` to keep {record.old}"
        )

    def _own_user(self) -> str:
        """The ``aws:userid`` of this process, with any name of its session: only it may write to the old table."""
        role, _, session = self.beside.caller().partition(":")
        return f"{role}:*" if session else role

    # The way back

    def _revert(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        """Deny writes to the new table and repeat its last changes; only then the name means the old table again."""
        if new is None or not new.identity.same(self.record.new_identity):
            # What was not repeated went with the new table.
            self._open(old)
            self._moved(Event.REVERTED)
            return
        self._close(new)
        why = self._drained(self._back(old, new), self.record.new)
        if why is not None:
            self._open(new)
            self._moved(Event.OPENED)
            raise self._opened(why, "--cancel")
        self._open(old)
        self._moved(Event.REVERTED)

    def _return(self) -> None:
        record = self.record
        old, new = places(record)
        move_records(self.ports, self.context.snapshot, new, old)
        self._publish(record.old)
        self._moved(Event.RETURNED)
        raise _Ended(self._progress())

    def _open(self, table: ObservedTable | None) -> None:
        if self.record.fencing and table is not None:
            try:
                self._guard(table).open()
            except Unsupported:
                return

    def _open_then_wait(self, old: ObservedTable | None) -> None:
        self._open(old)
        raise _Ended(None)

    def _remove_new(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        """Remove a table that no application has written to. One that is not proven to be ours stays."""
        if old is None or not old.identity.same(self.record.old_identity):
            raise self._stop(f"{self.record.old} is gone, so {self.record.new} is not removed")
        self._open(old)
        entry = self.context.snapshot.set_aside.get(self.record.new)
        if new is None or not ownership.is_ours(entry) or new.spec.deletion_protection:
            self._put(replace(self.record, keep=True))
            return
        answer = self._write(Call("DeleteTable", {"TableName": self.record.new}))
        if not identity_of(answer["TableDescription"]).same(self.record.new_identity):
            raise self._stop(f"DeleteTable reached another table than the planned one: {self.record.new}")

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
        event = Event.CANCELLED if cancelled else Event.FINISHED
        self._moved(event, finished=self.ports.clock.now())
        # A cancelled rename has no pointer to keep either: the declaration itself names the former table.
        if cancelled and record.name in (record.old, record.new):
            self.ports.store.drop_generation(record.name)
        if not cancelled and record.new == record.name:
            self._drop_former_names()

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
            raise _Ended(self.step.deferred(Reason.BUSY, str(busy))) from busy

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

    # Calls

    def _publish(self, table: str) -> None:
        """Write the name to where the declaration says that applications read it."""
        declaration = self.assessment.declaration
        declared = declaration.pointer.ssm if declaration is not None and declaration.pointer is not None else None
        # A declaration that is gone may not leave applications with the name of a table that goes too.
        pointer = self.record.pointer if declaration is None else declared
        if pointer is None:
            return
        params = {"Name": pointer, "Value": table, "Type": "String", "Overwrite": True}
        self._write(Call("ssm:PutParameter", params))

    def _write(self, call: Call) -> Mapping[str, Any]:
        if not self.ports.store.holds_lease():
            raise lease_lost()
        self.wrote = True
        return self.ports.api.write(call)


def _live(observed: ObservedTable | None) -> Live | None:
    return None if observed is None else Live(observed.identity, observed.status, key_texts(observed.spec.keys))


def has_stream(observed: ObservedTable) -> bool:
    """Whether the stream of the table is on."""
    return observed.spec.stream is not None and observed.spec.stream.enabled


def delete_left_table(context: PassContext, assessment: TableAssessment) -> TableResult:
    """Send DeleteTable for the table that is left behind, unless the work has changed since it was planned."""
    step = next(step for step in assessment.steps if step.moves_items and step.status is StepStatus.READY)
    if not still_left(context, assessment):
        return TableResult(assessment, (step.with_message("the replacement went on; planning again"),))
    applied = delete_table(context, assessment, step)
    # It was judged as a replacement, because nothing is lost with it. The new table is the one that counts as replaced.
    ended = tuple(replace(s, action=Action.DELETE) if s.status is StepStatus.DONE else s for s in applied.steps)
    return replace(applied, steps=ended)


def still_left(context: PassContext, assessment: TableAssessment) -> bool:
    """Whether the stored record still says that this table is to be deleted."""
    planned = context.snapshot.generation_with(assessment.name)
    stored = context.ports.store.load().generation_with(assessment.name)
    same = stored is not None and planned is not None and stored.phase is planned.phase
    return same and stored is not None and stored.phase in IN_DELETION and not stored.keep
