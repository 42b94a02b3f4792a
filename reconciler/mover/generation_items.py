"""Moves the items of a table to its next generation and back, with ``follower``. A part of ``generation``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from reconciler.engine.assess_generation import progress_sentence, wait_for_switch
from reconciler.engine.seed_batches import IdentityWatch
from reconciler.model.errors import ApiError, StateError
from reconciler.model.identity import Identity
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Reason
from reconciler.mover.bulk_copy import BulkCopy
from reconciler.mover.calls import GuardedCalls
from reconciler.mover.conflicts import ConflictRule
from reconciler.mover.follower import Follower
from reconciler.mover.follower_types import Capture, Pair, Problems, Ran, Side, Verified
from reconciler.mover.generation_phases import GenerationEvent as Event
from reconciler.mover.generation_work import GenerationWork, PassEnded, StreamLost
from reconciler.mover.generation_yielded import recall, too_many
from reconciler.mover.governor import Governor, limits_of
from reconciler.mover.job_ports import ServiceJobs, s3_place
from reconciler.mover.replay import RECORDS
from reconciler.mover.replay_pace import caught_up
from reconciler.mover.service_copy import JobProgress, ServiceCopy
from reconciler.mover.sinks import Paused

UNMADE = Identity(None, "", "")
"""No table has this identity."""
ROUNDS = 5
"""Comparisons in one pass that find differences. After that a later pass goes on, or the fence is opened again."""
SAVE_SECONDS = 1.0


class MovesItems(GenerationWork):
    """Captures, copies, replays and compares, before the switch and on the way back."""

    __slots__ = ()

    def _pair(self, old: ObservedTable | None, new: ObservedTable | None) -> Pair:
        if old is None or (new is None and not self._awaits_import):
            raise PassEnded(self.step.deferred(Reason.REPLACING, "both tables are read again first"))
        former = tuple(element.attribute for element in old.spec.keys)
        rule = ConflictRule(self.record.on_conflict, former, self.record.newest_by)
        target = self._unmade() if new is None or self._awaits_import else self._side(new)
        return Pair(self._side(old), target, rule)

    @property
    def _awaits_import(self) -> bool:
        """Whether an import has yet to make the new table."""
        return self.record.engine == "import" and self.record.new_identity is None

    def _unmade(self) -> Side:
        """The new table before it is made. A capture needs its key alone, and nothing writes to it."""
        return Side(self.record.new, UNMADE, replace(self._declaration().spec, name=self.record.new))

    def _side(self, observed: ObservedTable) -> Side:
        name = observed.spec.name
        limits = limits_of(
            self.beside.items.describe(name),
            emulator=self.ports.emulator,
            max_rcu=self.record.max_rcu,
            max_wcu=self.record.max_wcu,
        )
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
            target_made_later=self.record.engine == "import" and not pair.back,
        )

    def _capture(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        if old is not None and not has_stream(old) and not self.record.old_stream:
            # Before the stream is on, so that a killed process leaves no stream that nobody turns off.
            self._put(replace(self.record, old_stream=True))
        follower = self._forward(old, new)
        follower.capture(items=self.record.items, again=self.record.again)
        self._moved(Event.CAPTURED, again=False)

    def _copy(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        follower = self._forward(old, new)
        if self.record.engine == "bulk":
            self._copy_by_jobs(self._pair(old, new), follower)
        self._ran(follower.copy(self._count_copied, loaded=self.record.engine != "scan"))
        self._moved(Event.COPIED)

    def _copy_by_jobs(self, pair: Pair, follower: Follower) -> None:
        """Go on once the jobs of the service are done. A failed one is a problem; what it left is written over."""
        jobs, capture = self._jobs(follower)
        copy = BulkCopy(
            self.ports,
            jobs,
            self._guarded(pair.target),
            pair.source,
            s3_place(self.record.through),
            capture.at,
            self.ports.store.load().checkpoints,
            self._attempt(capture),
            target=pair.target,
        )
        self._await_jobs(copy, copy.proceed())

    def _jobs(self, follower: Follower) -> tuple[ServiceJobs, Capture]:
        jobs, capture = self.beside.jobs, follower.captured
        if jobs is None or capture is None:
            raise self._stop(
                f"the copy of {self.record.old} was begun by jobs of the service, which this endpoint lacks"
            )
        return jobs, capture

    def _attempt(self, capture: Capture) -> str:
        """The unique name of an attempt at a copy by jobs."""
        return f"{self.record.new}@{self.record.started.isoformat()} {capture.attempt}"

    def _guarded(self, side: Side) -> GuardedCalls:
        """Checks lease and identity of the table before each start of a job."""
        ports = self.ports
        watch = IdentityWatch(ports, side.table, side.identity)
        return GuardedCalls(
            ports.clock, ports.random, ports.store, watch, Governor(ports.clock, ports.random, side.limits)
        )

    def _await_jobs(self, copy: ServiceCopy, progress: JobProgress) -> None:
        """Go on where the jobs are done; else end the pass."""
        record = self.record = replace(self.record, jobs=tuple(copy.seen.values()))
        if progress.late:
            raise self._begin_jobs_again(
                f"the jobs that copy {record.old} took longer than its stream keeps changes, and have to begin again"
            )
        if progress.failed:
            raise self._stop(progress.failed)
        self.record = replace(record, copied=progress.items)
        if progress.waiting:
            self._save_counts()
            raise PassEnded(
                self.step.deferred(
                    Reason.REPLACING,
                    f"{progress_sentence(self.record, self.assessment.name)}; waiting for {progress.waiting}",
                )
            )

    def _begin_jobs_again(self, why: str) -> PassEnded:
        """The way back to the capture, which a person has to agree to."""
        if self.record.engine == "import":
            why += f". `--resume` removes {self.record.new}, as far as it was imported, and imports it anew"
        # One record: whoever finds the new phase finds the problem too.
        self._moved(Event.STREAM_LOST, again=True, problem=why)
        return self._stop(why)

    def _replay(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        self._follow_once(self._forward(old, new))
        self._moved(Event.CAUGHT_UP)

    def _follow_once(self, follower: Follower) -> None:
        """Repeat the changes up to now, and those that came meanwhile where that took long: what is said to be behind
        a burst of changes, and has repeated all of them, is not behind any more."""
        for _ in range(ROUNDS):
            self._replay_changes(follower)
            if self.record.behind_since is None or self._late():
                return

    def _replay_changes(self, follower: Follower) -> None:
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
            raise PassEnded(self._progress())

    def _follow(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        """The tables were equal: changes are repeated until a person asks for the switch."""
        self._follow_once(self._forward(old, new))
        self._save_counts()
        if self.ports.emulator and self.record.switch:
            return
        why = self._another_shape(new)
        if why is not None:
            cancel = f"`reconciler replace {self.record.name} --cancel`"
            raise PassEnded(self.step.blocked(Reason.REPLACING, why, cancel))
        raise PassEnded(wait_for_switch(self.step, self.record))

    def _equal(self, follower: Follower) -> bool:
        """Whether both sides are equal, but for items that are being changed."""
        verified: Verified = follower.verify(fenced=False)
        self._refuse(verified.problems, verified.error, stopped=verified.stopped)
        if verified.equal:
            gave_way = len(verified.yielded)
            why = too_many(self.record.old, gave_way)
            if why is not None:
                raise self._stop(why)
            self.record = replace(self.record, items=verified.items, digest=verified.source_digest, yielded=gave_way)
        return verified.equal

    def _ran(self, ran: Ran) -> None:
        if ran.trimmed:
            raise StreamLost
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
        self.record = replace(self.record, copied=self.record.copied + counts.get("scanned", 0))
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


def has_stream(observed: ObservedTable) -> bool:
    """Whether the stream of the table is on."""
    return observed.spec.stream is not None and observed.spec.stream.enabled
