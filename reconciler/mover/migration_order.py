"""Compares migration files with the records of what was applied: what is pending, and what is wrong. Pure.

Migrations are applied in the order of their numbers, each once per table. Called by ``migrate_commands``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from itertools import pairwise

from reconciler.model.desired import Declaration, DesiredState
from reconciler.model.errors import Problem
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import ItemMigration
from reconciler.mover.migration_file import MigrationFile

Identities = Mapping[str, Identity]
"""The live tables by name. A table that does not exist is missing."""


@dataclass(frozen=True, slots=True)
class DeclaredTables:
    """Which declared table each migration file is about.

    A file goes on naming the table that it was written for after that was renamed: by ``renamed_from``, or because its
    record went with the items to the new name.
    """

    desired: DesiredState
    records: Mapping[str, ItemMigration] = field(default_factory=dict)

    def of(self, file: MigrationFile) -> Declaration | None:
        """The declaration, or ``None`` if none is meant."""
        found = named_or_renamed(file.table, self.desired)
        record = self.records.get(file.name)
        if found is None and record is not None and record.is_of(file.checksums):
            found = next((each for each in self.desired.declarations if each.spec.name == record.table), None)
        return found


class MigrationStatus(StrEnum):
    """Where one migration stands."""

    APPLIED = "applied"
    STARTED = "started"
    """It was begun and is not finished; the next run resumes it, if its file is there."""
    REVERTING = "reverting"
    """It is being undone; ``migrate down`` resumes it."""
    PENDING = "pending"
    CHANGED = "changed"
    """It is applied, and its file has changed since."""
    MISSING = "missing"
    """It is applied, and its file is gone."""


@dataclass(frozen=True, slots=True)
class MigrationState:
    """One migration: its file, its record, or both.

    The file of one that is not finished may be gone, or have changed since. ``void`` tells that there is a record of
    another identity of the table, which is not ``record``; ``elsewhere`` is that record if it is of another table by
    name.
    """

    name: str
    status: MigrationStatus
    file: MigrationFile | None
    record: ItemMigration | None
    void: bool = False
    elsewhere: ItemMigration | None = None

    @property
    def changed_since(self) -> bool:
        """Whether its file is another one than what was begun, so that the next run starts at the first item."""
        same = self.file is None or self.record is None or self.record.checksum == self.file.checksum
        return not same and self.status in (MigrationStatus.STARTED, MigrationStatus.REVERTING)


@dataclass(frozen=True, slots=True)
class MigrationOrder:
    """All migrations in order, the problems that keep any of them from being run, and those that do not."""

    states: tuple[MigrationState, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()

    @property
    def pending(self) -> tuple[MigrationFile, ...]:
        """The files that ``up`` runs, in order, those that were started included."""
        wanted = (MigrationStatus.PENDING, MigrationStatus.STARTED)
        return tuple(state.file for state in self.states if state.status in wanted and state.file is not None)

    @property
    def applied(self) -> tuple[MigrationState, ...]:
        """What ``down`` can undo, the last one first."""
        done = (MigrationStatus.APPLIED, MigrationStatus.STARTED, MigrationStatus.REVERTING)
        return tuple(reversed([state for state in self.states if state.status in done]))


def order_of(
    files: Sequence[MigrationFile], records: Mapping[str, ItemMigration], tables: Mapping[str, str], live: Identities
) -> MigrationOrder:
    """The states of all migrations. ``tables`` has the table name of each file by the name of the file, if declared.

    A record of another identity is void: the table was deleted and created again, so its items need the migration.
    """
    states: list[MigrationState] = []
    for file in sorted(files, key=lambda each: (each.number, each.name)):
        found, name = records.get(file.name), tables.get(file.name, file.table)
        record = found if found is not None and found.table == name and found.identity.same(live.get(name)) else None
        void = found is not None and record is None
        other = found if found is not None and found.table != name else None
        states.append(MigrationState(file.name, _status(file, record), file, record, void, other))
    known = {file.name for file in files}
    for name in sorted(records.keys() - known):
        record = records[name]
        if record.identity.same(live.get(record.table)):
            states.append(MigrationState(name, _status(None, record), None, record))
    states.sort(key=lambda state: (_number(state.name), state.name))
    return MigrationOrder(tuple(states), (*number_problems(files), *_contradictions(states)))


def _status(file: MigrationFile | None, record: ItemMigration | None) -> MigrationStatus:
    if record is None:
        return MigrationStatus.PENDING
    if record.direction == "down":
        return MigrationStatus.REVERTING
    if record.finished is None:
        return MigrationStatus.STARTED
    if file is None:
        return MigrationStatus.MISSING
    return MigrationStatus.APPLIED if record.is_of(file.checksums) else MigrationStatus.CHANGED


def number_problems(files: Sequence[MigrationFile]) -> list[Problem]:
    """Numbers must be unique and without gaps: both are signs of a merge that lost or doubled a file."""
    problems: list[Problem] = []
    ordered = sorted(files, key=lambda each: (each.number, each.name))
    for earlier, later in pairwise(ordered):
        if later.number == earlier.number:
            reason = f"has the number of {earlier.name}"
            remedy = f"Rename one of them to {ordered[-1].number + 1:04}_….py."
            problems.append(Problem(later.file, None, None, reason, remedy))
        elif later.number > earlier.number + 1:
            gap = f"{earlier.number + 1:04}"
            reason = f"follows {earlier.name}, so that {gap} is missing"
            problems.append(
                Problem(later.file, None, None, reason, f"Add the missing file, or rename this one to {gap}_….py.")
            )
    return problems


def named_or_renamed(table: str, desired: DesiredState) -> Declaration | None:
    """The declaration of a table by its name or its base name, or else by the one that it had before."""
    found = desired.named(table)
    if found is not None:
        return found
    return next((each for each in desired.declarations if table in each.former_names), None)


def undeclared_problem(file: str, line: int | None, table: str, desired: DesiredState) -> Problem | None:
    """What is wrong with the ``table`` of a migration file, at ``line``, if no table of this name is declared."""
    if named_or_renamed(table, desired) is not None:
        return None
    known = ", ".join(sorted({declaration.base_name for declaration in desired.declarations})) or "none"
    reason = f"unknown table {table!r}; declared are: {known}"
    remedy = f"Write the name of a declared table; if {table} was renamed, its new name, or declare renamed_from there."
    return Problem(file, line, "table", reason, remedy)


def former_name_warning(file: MigrationFile, desired: DesiredState, found: Declaration | None) -> Problem | None:
    """What is wrong with the ``table`` of a file that only the record of the migration connects with its table."""
    if found is None or named_or_renamed(file.table, desired) is not None:
        return None
    reason = f"{file.table!r} is not declared any more; the record of this migration says that {found.spec.name} has"
    remedy = f"Write {found.base_name} there: `reconciler validate` knows no records, and refuses the former name."
    return Problem(file.file, file.lines.get("table"), "table", f"{reason} its items", remedy)


def begun_elsewhere(file: MigrationFile, table: str, record: ItemMigration | None, live: Identities) -> Problem | None:
    """What is wrong with a file that names ``table`` by now, while ``record`` says where it is only half done.

    Its next run would write that record anew, and nobody would know any more that items of the other table are missing.
    """
    if record is None or record.finished is not None or record.table == table:
        return None
    if not record.identity.same(live.get(record.table)):
        return None
    reason = f"names {table} by now, and was begun on {record.table}, where it is not finished"
    remedy = f"Write {record.table} there and run `reconciler migrate up`; for {table}, add a migration of its own."
    return Problem(file.file, file.lines.get("table"), "table", reason, remedy)


def _contradictions(states: Sequence[MigrationState]) -> list[Problem]:
    """Applied files that changed or are gone, and pending ones before an applied one."""
    problems: list[Problem] = []
    applied = [state for state in states if state.status in (MigrationStatus.APPLIED, MigrationStatus.CHANGED)]
    last = applied[-1] if applied else None
    lowest = min((state.file.number for state in states if state.file is not None), default=0)
    for state in states:
        file, record = state.file, state.record
        if state.status is MigrationStatus.CHANGED and file is not None and record is not None:
            reason = f"was changed after it was applied to {record.table} ({_when(record)}, by {record.by})"
            remedy = "Restore the file, and write the change as a new migration: `reconciler migrate new NAME`."
            problems.append(Problem(file.file, None, None, reason, remedy))
        elif record is not None and file is None and not record.applied:
            # Without its file, the other items of its table can neither follow nor be brought back.
            begun = f"was begun on {record.table} ({_when(record)}, by {record.by}) and is not finished"
            if record.direction == "down":
                begun = f"is being undone on {record.table}"
            problems.append(
                Problem(_path(state.name, states), None, None, f"is gone, but it {begun}", "Restore the file.")
            )
        elif state.status is MigrationStatus.MISSING and record is not None and _number(state.name) >= lowest > 0:
            reason = f"is gone, but it was applied to {record.table} ({_when(record)}, by {record.by})"
            problems.append(Problem(_path(state.name, states), None, None, reason, "Restore the file."))
        elif state.status is MigrationStatus.PENDING and file is not None and _is_late(state, last):
            reason = f"is pending, but the later {last.name if last else ''} is applied"
            highest = max(each.file.number for each in states if each.file is not None)
            problems.append(Problem(file.file, None, None, reason, f"Rename it to {highest + 1:04}_….py."))
    return problems


def _path(name: str, states: Sequence[MigrationState]) -> str:
    """Where the file of a migration was, as far as other files tell."""
    folder = next((each.file.file.rpartition("/")[0] for each in states if each.file is not None), "migrations")
    return f"{folder}/{name}.py"


def _is_late(state: MigrationState, last: MigrationState | None) -> bool:
    """Whether a later migration is applied already.

    The table of a void record was created again; that its migrations are pending says nothing about the order.
    """
    return last is not None and not state.void and _number(state.name) < _number(last.name)


def _when(record: ItemMigration) -> str:
    return (record.finished or record.started).strftime("%Y-%m-%d %H:%M UTC")


def _number(name: str) -> int:
    digits = name.partition("_")[0]
    return int(digits) if digits.isdecimal() else 0
