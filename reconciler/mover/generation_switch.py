"""Denies writes, publishes the new name, holds the way back, and goes it. A part of ``generation``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from reconciler.model.errors import Unsupported
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Reason, Step
from reconciler.mover.follower import Follower
from reconciler.mover.follower_types import Problems
from reconciler.mover.generation_fence import Fence
from reconciler.mover.generation_items import ROUNDS, MovesItems, has_stream
from reconciler.mover.generation_phases import GenerationEvent as Event
from reconciler.mover.generation_phases import hold_is_over
from reconciler.mover.generation_records import move_records, places
from reconciler.mover.generation_work import PassEnded
from reconciler.mover.generation_yielded import remember, too_many

FENCED_FOR = timedelta(seconds=20)
"""How long every attempt at a write must have been denied, because a policy is eventually consistent."""
HOLD = timedelta(hours=24)


class Switches(MovesItems):
    """Puts the new table in the place of the old one, and goes back if a person wants to."""

    __slots__ = ()

    def _guard(self, table: ObservedTable | None) -> Fence:
        if table is None:
            raise PassEnded(self.step.deferred(Reason.REPLACING, "the table is read again first"))
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

    def _waiting_for_fence(self, table: str) -> PassEnded:
        return PassEnded(self.step.deferred(Reason.REPLACING, f"waiting until writes to {table} are denied everywhere"))

    def _begin_switch(self, new: ObservedTable | None) -> None:
        why = self._another_shape(new)
        if why is not None:
            self._put(replace(self.record, switch=False))
            raise self._opened(why, "--switch")
        pointer = self._pointer()
        if pointer is not None and pointer.configmap is not None:
            # What cannot be reached now could not be written either while writes to the old table are denied.
            self.ports.api.read(pointer.check.operation, pointer.check.params)
        self._moved(Event.SWITCH_ASKED)

    def _fence(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        """Deny writes, repeat the last changes, compare, and capture the way back. Then the name may change."""
        why = self._another_shape(new)
        if why is None:
            self._close(old)
            why = self._drained(self._forward(old, new), self.record.old)
            why = why or too_many(self.record.old, len(self.yielded))
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

    def _opened(self, why: str, option: str) -> PassEnded:
        """Writes are allowed again. It is no problem that ends the work, so changes are repeated on."""
        again = f"`reconciler replace {self.record.name} {option}` after that"
        return PassEnded(self.step.blocked(Reason.REPLACING, why, again))

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
        """Publish the new name. The records of its seed and of migrations go with the items."""
        record = self.record
        old, new = places(record)
        move_records(self.ports, old, new)
        self._publish(record.new)
        self._moved(Event.SWITCHED, switched=self.ports.clock.now())
        # The next pass resolves the declared name anew.
        raise PassEnded(self._progress())

    def _hold(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        """Repeat the changes of the new table on the old one, so that a person may go back."""
        record = self.record
        if old is None or not old.identity.same(record.old_identity):
            # Only a person who gives the old table up gets here: see ``next_move``.
            self._moved(Event.HOLD_OVER)
            raise PassEnded(self._progress())
        if record.fencing:
            self._guard(old).close(self._own_user())
        follower = self._back(old, new)
        self._follow_once(follower)
        over = hold_is_over(record, self.ports.clock.now())
        if not record.finish and not (over and self.ports.emulator):
            self._save_counts()
            raise PassEnded(self._after_hold() if over else None)
        self._moved(Event.HOLD_OVER)
        raise PassEnded(self._progress())

    def _late_items(self, follower: Follower) -> str | None:
        """Which items reached the old table in spite of the fence, as a sentence; ``None`` if none did.

        The new table may be written to meanwhile, so the digests need not become equal. A deletion that is still to be
        repeated looks like such an item, so the tables are compared several times.
        """
        for _ in range(ROUNDS):
            self._ran(follower.drain(self.ports.clock.now(), self._count_replayed))
            verified = follower.verify(fenced=True)
            self._refuse(Problems(), verified.error, stopped=verified.stopped)
            if not verified.problems.any:
                return None
        record = self.record
        keep = f"`reconciler replace {record.name} --keep` ends the hold and leaves {record.old} with them"
        return f"{verified.problems.sentence()}. {keep}"

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
        move_records(self.ports, new, old)
        self._publish(record.old)
        self._moved(Event.RETURNED)
        raise PassEnded(self._progress())

    def _open(self, table: ObservedTable | None) -> None:
        if self.record.fencing and table is not None:
            try:
                self._guard(table).open()
            except Unsupported:
                return

    def _open_then_wait(self, old: ObservedTable | None) -> None:
        self._open(old)
        raise PassEnded(None)
