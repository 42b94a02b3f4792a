"""The command ``replace`` where the next generation of a table is built beside it. The passes that follow carry it out.

A person's decision is a member of the record, so it holds for every process that continues.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.engine.assess_generation import another_shape, progress_sentence
from reconciler.engine.assess_replacement import byte_text
from reconciler.engine.observe import observe_table
from reconciler.engine.reconciler import Reconciler
from reconciler.model.desired import Declaration
from reconciler.model.errors import DeclarationError, NotFound, UsageError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.plan import Reason, Step, StepStatus
from reconciler.model.records import Generation, GenerationPhase, OnConflict, StateSnapshot
from reconciler.model.report import RunReport
from reconciler.mover.engine_choice import Choice, CopyOptions, chosen, price_of_jobs
from reconciler.mover.estimate import Prices, estimate_of, notes_on
from reconciler.mover.generation_phases import TRANSITIONS, GenerationEvent, advance
from reconciler.mover.generation_yielded import too_many
from reconciler.mover.governor import RateLimits
from reconciler.mover.job_ports import ServiceJobs
from reconciler.mover.rename import RENAMED
from reconciler.mover.replace_command import (
    Prepared,
    forget_cancelled,
    note_cancelled,
    prepared,
    refuse_other_plans,
)
from reconciler.planning.copy_names import LONGEST_NAME, generation_name
from reconciler.planning.shapes import key_texts, shape_of
from reconciler.planning.text import several

FIRST = 2
"""The number of the generation that follows the declared table itself."""
PAUSE = 0.5
AUTO = CopyOptions()
OVERCOME = frozenset(
    {
        *(Reason.PRUNE_GRACE, Reason.DATA_LOSS, Reason.NOT_OWNED, Reason.PROTECTED),
        *(Reason.MAX_DELETES, Reason.NOT_APPROVED, Reason.BACKUP, Reason.REPLACING),
    }
)
"""Reasons against deleting the table, which nothing does before the hold is over, and a former cancellation."""


@dataclass(frozen=True, slots=True)
class PreparedGeneration:
    """A generation before it begins: what the old table holds, and the name and number of the new one."""

    prepared: Prepared
    new: str
    number: int
    notes: str = ""
    """What it takes and what could not be checked, as sentences."""
    choice: Choice = Choice()
    """How the items are copied."""
    options: CopyOptions = AUTO

    @property
    def declared(self) -> str:
        """The declared name."""
        declaration = self.prepared.declaration
        return declaration.declared_name or declaration.spec.name

    @property
    def sentence(self) -> str:
        """What will be done, for the question, where the new table waits for the switch."""
        known, name = self.prepared, self.prepared.declaration.spec.name
        lost = known.found.lost
        # They are still in the old table during the hold, and after `--cancel`.
        stay = "stays behind in {} and goes with it" if lost == 1 else "stay behind in {} and go with it"
        behind = f"{several(lost, 'item')} {stay.format(name)}"
        return (
            f"{self.new} is built beside {name} and gets {known.kept()} ({byte_text(known.found.size)})."
            f"{known.yielding(behind)}{known.lacking}{self.notes}"
            f" {name} stays in use until `reconciler replace {self.declared} --switch`."
        )

    def sentence_at_once(self, *, keep: bool) -> str:
        """What will be done, for the question, where the command itself goes on to the end."""
        known, name = self.prepared, self.prepared.declaration.spec.name
        lost = known.found.lost
        end = f"{name} stays and is no longer managed" if keep else f"{name} is deleted"
        left = f"{several(lost, 'item')} {'is' if lost == 1 else 'are'} not copied" if keep else known.dropped
        return (
            f"{self.new} is created and gets {known.kept('the')} of {name} ({byte_text(known.found.size)})."
            f" Both tables are compared, then {end}.{known.yielding(left)}{known.lacking}{self.notes}"
        )


@dataclass(frozen=True, slots=True)
class NextGeneration:
    """The command on one table, by its declared name, its present name or its base name."""

    reconciler: Reconciler
    table: str
    prices: Callable[[], Prices] | None = None
    """Reads the prices of request units."""
    jobs: ServiceJobs | None = None

    def applies(self, *, asked: bool) -> bool:
        """Whether the table is replaced in this way: where that is under way, asked for, or the only way."""
        return asked or not self.reconciler.ports.emulator or self.under_way() is not None or self.renames()

    def renames(self) -> bool:
        """Whether the items of a table with a former name are to move to this one.

        A replacement of that table under its own name ends first, and is what the command is about until then.
        """
        try:
            declaration = self.declared()
            standing = self.reconciler.ports.store.load().replacements.get(declaration.spec.name)
            return declaration.awaits_move and not (standing is not None and standing.under_way)
        except (DeclarationError, UsageError):
            return False

    def under_way(self) -> Generation | None:
        """The work that is under way for the table, as it is recorded."""
        return self._of(self.reconciler.ports.store.load())

    def declared(self) -> Declaration:
        """The declaration, with the name of the table that it means now. Raises ``UsageError`` without one."""
        ports = self.reconciler.ports
        declaration = ports.declared(ports.store.load().generations).named(self.table)
        if declaration is None:
            raise UsageError(f"no table {self.table!r} is declared, so there is nothing to replace it with")
        return declaration

    def next_name(self, declaration: Declaration) -> tuple[str, int]:
        """The name of the next generation, which no table has, and its number. Raises ``UsageError``."""
        ports = self.reconciler.ports
        declared = declaration.declared_name or declaration.spec.name
        if declaration.awaits_move:
            return declared, RENAMED
        standing = ports.store.load().generations.get(declared)
        taken = {each.spec.name for each in ports.source.load().declarations}
        number = FIRST if standing is None else standing.number + 1
        while True:
            name = generation_name(declared, number)
            if len(name) > LONGEST_NAME:
                raise UsageError(f"the name {name} would be longer than {LONGEST_NAME} characters")
            if name not in taken and not self._exists(name):
                return name, number
            number += 1

    def prepare(self, on_conflict: OnConflict, newest_by: str, options: CopyOptions = AUTO) -> PreparedGeneration:
        """Read all items. Raises ``UsageError`` if the table needs no replacement, or could not keep all items."""
        declaration = self.declared()
        self._refuse_in_place(declaration.spec.name)
        planned = refuse_other_plans(self.reconciler, declaration.spec.name, OVERCOME)
        known = prepared(self.reconciler, declaration, on_conflict, newest_by, planned)
        why = too_many(declaration.spec.name, known.found.lost)
        if why is not None:
            raise UsageError(why)
        new, number = self.next_name(declaration)
        described = self.reconciler.ports.api.read("DescribeTable", {"TableName": declaration.spec.name})["Table"]
        ports = self.reconciler.ports
        allowed = RateLimits(options.max_rcu, options.max_wcu)
        choice = chosen(options, known, estimate_of(known, described, allowed), self.jobs, emulator=ports.emulator)
        by_jobs = choice.engine != "scan"
        notes = notes_on(ports, known, described, self.prices, engine=choice.engine, allowed=allowed)
        priced = ""
        if by_jobs and self.prices is not None:
            listed = self.prices()
            priced = price_of_jobs(known.found.size, listed.of(ports.endpoint.region), listed, choice.loaders)
        return PreparedGeneration(known, new, number, f"{choice.sentence}{priced}{notes}", choice, options)

    def _refuse_in_place(self, name: str) -> None:
        standing = self.reconciler.ports.store.load().replacements.get(name)
        if standing is not None and standing.under_way:
            raise UsageError(f"{name} is being replaced under its own name; `reconciler replace {name} --cancel` first")

    def begin(self, wanted: PreparedGeneration, *, keep: bool, at_once: bool = False) -> None:
        """Record what a person asked for. Raises ``StateError`` if writing is not allowed.

        ``at_once`` asks for the switch and the end too: for an emulator, where nobody else writes meanwhile.
        """
        command, known = self.reconciler.command(), wanted.prepared
        spec, snapshot = known.declaration.spec, command.begin()
        command.refuse_foreign(snapshot, known.observed)
        if self._of(snapshot) is not None:
            raise UsageError(f"the next generation of {self.table} is being built already; run the command again")
        if spec.name not in snapshot.inventory:
            raise UsageError(f"{spec.name} is not managed by this stack yet: run `reconciler up {spec.name}` first")
        ports, rule, found = command.ports, known.rule, known.found
        forget_cancelled(snapshot, ports, spec.name)
        pointer = known.declaration.pointer
        ports.store.put_generation(
            Generation(
                wanted.declared,
                # An import makes the new table after the capture.
                GenerationPhase.CAPTURE if wanted.choice.engine == "import" else GenerationPhase.CREATE,
                wanted.number,
                spec.name,
                wanted.new,
                known.observed.identity,
                key_texts(spec.keys),
                ports.clock.now(),
                items=found.items,
                size=found.size,
                fencing=not ports.emulator,
                on_conflict=rule.on_conflict,
                newest_by=rule.newest_by,
                keep=keep,
                engine=wanted.choice.engine,
                through=wanted.choice.through,
                max_rcu=wanted.options.max_rcu,
                max_wcu=wanted.options.max_wcu,
                switch=at_once,
                finish=at_once,
                shape=shape_of(known.declaration),
                pointer=pointer.text if pointer is not None else None,
            )
        )

    def switch(self, *, fence: bool) -> str:
        """Ask for the switch, which follows once both tables are equal. Returns what a person has to do before."""

        def decided(record: Generation) -> Generation:
            _refuse_after_switch(record, "--switch")
            if record.paused:
                resume = f"`reconciler replace {record.name} --resume` first, then `--switch`"
                raise UsageError(f"--switch: the replacement of {record.name} is paused; {resume}")
            self._refuse_another_shape(record)
            return replace(record, switch=True, problem=None, fencing=record.fencing and fence)

        record = self._change(decided)
        if self.reconciler.ports.store.load().suspension is not None:
            return f"The stack is suspended: {record.new} takes the place of {record.old} after `reconciler resume`."
        if record.fencing:
            return f"Writes to {record.old} are denied, then {record.new} takes its place."
        missing = f"what is written to it from now on is missing in {record.new}, which takes its place"
        return f"Writes to {record.old} are not denied: {missing}."

    def stop_writers_first(self) -> str | None:
        """What a person has to do before the switch where it cannot deny writes; ``None`` where it denies them."""
        record = self.under_way()
        if record is None or record.switched is not None or record.fencing:
            return None
        missing = f"what is written to it after the switch is missing in {record.new}"
        return f"Writes to {record.old} are not denied, so stop all of its writers first: {missing}."

    def _refuse_another_shape(self, record: Generation) -> None:
        """Raise ``UsageError`` if another key or local index is declared by now than the new table has."""
        ports = self.reconciler.ports
        declaration = ports.source.load().named(record.name)
        if declaration is None:
            raise UsageError(f"--switch: {record.name} is not declared any more; restore its declaration first")
        new = observe_table(ports, record.new, None)
        why = None if new is None else another_shape(record, declaration, new)
        if why is not None:
            raise UsageError(f"--switch: {why}")

    def pause(self) -> str:
        """Stop where it is. A pass that works on it at this moment ends at its next request."""

        def decided(record: Generation) -> Generation:
            if record.phase in (GenerationPhase.FENCE, GenerationPhase.SWITCH, GenerationPhase.REVERT):
                raise UsageError(
                    f"{record.name} {progress_sentence(record)}: writes are denied, so it is not paused now"
                )
            return replace(record, paused=True)

        record = self._change(decided)
        return (
            f"Paused: {record.name} {progress_sentence(record)}. The stream keeps changes for 24 hours."
            f" `reconciler replace {record.name} --resume` goes on."
        )

    def resume(self) -> None:
        """Go on after a pause, or try again after a problem."""
        self._change(lambda record: replace(record, paused=False, problem=None))

    def limit(self, max_rcu: int | None, max_wcu: int | None) -> None:
        """Change the units per second that each table may spend; ``None`` leaves a limit as it is."""
        self._change(
            lambda record: replace(
                record,
                max_rcu=max_rcu if max_rcu is not None else record.max_rcu,
                max_wcu=max_wcu if max_wcu is not None else record.max_wcu,
            )
        )

    def keep(self) -> str | None:
        """End the hold and keep the old table, no longer managed; before the switch, keep it at the end.

        Returns a sentence where nothing is declared, so that the work can only end.
        """

        def decided(record: Generation) -> Generation:
            ended = record.phase in (GenerationPhase.HOLD, GenerationPhase.FINISH)
            return replace(record, keep=True, finish=record.finish or ended, paused=False, problem=None)

        record = self._change(decided)
        if self.reconciler.command().declared(record.name) is not None:
            return None
        gone = f"{record.name} is not declared any more."
        if observe_table(self.reconciler.ports, record.old, None) is None:
            return f"{record.new} stays; {record.old} was deleted already. {gone}"
        return f"{record.new} and {record.old} both stay. {gone}"

    def finish(self) -> None:
        """End the hold: the old table is deleted through the deletion gate."""

        def decided(record: Generation) -> Generation:
            if record.phase not in (GenerationPhase.HOLD, GenerationPhase.FINISH):
                raise UsageError(
                    f"--finish ends the hold after the switch; {record.name} {progress_sentence(record)}."
                    f" `reconciler replace {record.name} --switch` comes first"
                )
            return replace(record, finish=True, paused=False, problem=None)

        self._change(decided)

    def cancel(self) -> str:
        """Give it up, or go back after the switch. Raises ``UsageError`` once the old table is being deleted."""

        def decided(record: Generation) -> Generation:
            if record.phase in (GenerationPhase.REVERT, GenerationPhase.RETURN, GenerationPhase.CANCEL):
                return replace(record, paused=False, problem=None)
            if record.phase not in TRANSITIONS[GenerationEvent.CANCEL]:
                raise UsageError(
                    f"{record.new} has taken the place of {record.old}, which is being deleted; there is no way back."
                    f" `reconciler replace {record.name} --keep` ends it and keeps {record.old} if it is still there,"
                    " no longer managed"
                )
            return advance(record, GenerationEvent.CANCEL, paused=False, keep=False, finish=False)

        record = self._change(decided)
        note_cancelled(self.reconciler, record.name, record.old, record.shape)
        return f"The replacement of {record.name} is cancelled; {record.old} has all items."

    def run(
        self,
        on_step: Callable[[str, Step], None] | None = None,
        on_wait: Callable[[str], None] | None = None,
    ) -> RunReport:
        """Passes over both tables until a person has to decide, or the deadline is over."""
        return self.reconciler.converge("replace", (self._declared_name(),), on_step, on_wait=on_wait)

    def run_until_ended(self) -> RunReport | None:
        """Passes over both tables until the work has ended; a report if it could not end now."""
        clock, name = self.reconciler.ports.clock, self._declared_name()
        deadline = clock.now() + self.reconciler.timeout
        while self.under_way() is not None:
            declared = self.reconciler.command().declared(name) is not None
            report = (
                self.reconciler.run_pass("replace", (name,)) if declared else self.reconciler.end_work("replace", name)
            )
            waits = any(step.status is StepStatus.BLOCKED for table in report.tables for step in table.steps)
            if self.under_way() is not None and (
                report.error
                or report.problems
                or report.suspended
                or waits
                or clock.now() >= deadline
                or not clock.sleep(PAUSE)
            ):
                return RunReport.of(report, self.reconciler.ports.random.token(), (report.pass_id,))
        return None

    def _declared_name(self) -> str:
        declaration = self.reconciler.command().declared(self.table)
        record = self.under_way()
        if record is not None:
            return record.name
        return declaration.spec.name if declaration is not None else self.table

    def _change(self, change: Callable[[Generation], Generation]) -> Generation:
        # A running pass must neither write over the decision nor delete anything after it.
        self.reconciler.writable_state()
        self.reconciler.ports.store.revoke_lease()
        command = self.reconciler.command()
        record = self._of(command.begin())
        if record is None:
            raise UsageError(f"no next generation of {self.table} is being built")
        changed = change(record)
        command.ports.store.put_generation(changed)
        return changed

    def _of(self, snapshot: StateSnapshot) -> Generation | None:
        declared = self.reconciler.command().declared(self.table)
        names = {self.table, *(declared.names if declared is not None else ())}
        return next(
            (each for each in snapshot.generations.values() if each.under_way and names & {each.name, each.new}), None
        )

    def _exists(self, name: str) -> bool:
        try:
            self.reconciler.ports.api.read("DescribeTable", {"TableName": name})
        except NotFound:
            return False
        return True


def _refuse_after_switch(record: Generation, option: str) -> None:
    if record.switched is not None:
        raise UsageError(f"{option}: {record.new} has taken the place of {record.old} already")
