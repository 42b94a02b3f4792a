"""The command ``import``: read live tables completely and record them as adopted. Writes only to the state table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from reconciler.engine.context import EngineContext
from reconciler.engine.observe import observe_table
from reconciler.model.desired import Declaration, DesiredState
from reconciler.model.errors import NotFound, UsageError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable
from reconciler.model.options import Options
from reconciler.model.records import InventoryEntry, StateSnapshot
from reconciler.planning.copy_names import is_copy_aside
from reconciler.planning.diff import diff
from reconciler.planning.handed_back import as_imported
from reconciler.planning.ownership import OWNERSHIPS, Event, is_released, next_state, state_of
from reconciler.planning.scopes import foreign_owner, is_state_table, not_ours

NOTHING_LEFT = "every table is declared already; nothing was written"
SETTLED = ("ACTIVE", "UPDATING")
BaseOf = Callable[[str], str]
"""Maps a table name to the base name of its declaration. Raises ``UsageError`` for a table of another environment."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A table that is not imported, and why. ``retry_later`` tells that a later import can succeed."""

    name: str
    message: str
    retry_later: bool = False


@dataclass(frozen=True, slots=True)
class ImportCandidates:
    """The tables to declare, by base name, and those that are skipped."""

    tables: Mapping[str, ObservedTable]
    skipped: tuple[Skipped, ...] = ()
    released: tuple[str, ...] = ()
    """Named tables that are declared and were released. They are managed again, as adopted."""
    nothing: str = NOTHING_LEFT
    """The message if there is no table to declare."""


def read_whole(ports: EngineContext, name: str) -> ObservedTable | Skipped:
    """The live table with every feature, or why it cannot be read."""
    try:
        observed = observe_table(ports, name, None, whole=True)
    except NotFound:
        # While a table is CREATING or DELETING, DescribeTable knows it and the other operations do not.
        observed = observe_table(ports, name, None)
        if observed is not None and observed.status in SETTLED:
            return Skipped(name, f"{name} changed while it was read; import it again", retry_later=True)
    return observed or Skipped(name, f"there is no table {name} at {ports.endpoint.url}")


@dataclass(frozen=True, slots=True)
class Import:
    """One run of the command."""

    ports: EngineContext
    options: Options

    def find(self, names: tuple[str, ...], declared: DesiredState, base_of: BaseOf) -> ImportCandidates:
        """The named tables, or without names all that are not declared, not another stack's and not a state table.

        Without names, tables of other stacks and environments are skipped with a message, and state tables silently.
        A named table that is already declared exactly as it is, for example by a run that was killed, is left out.
        Raises ``UsageError`` if a named table cannot be imported.
        """
        declared_by_name = {declaration.spec.name: declaration for declaration in declared.declarations}
        released = self._released(names, declared_by_name)
        for name in names:
            if name in declared_by_name and name not in released and not self._as_declared(declared_by_name[name]):
                raise UsageError(f"{name} is declared already, in {declared_by_name[name].origin}")
        every = names or tuple(sorted(self.ports.api.list_tables()))
        listed = tuple(dict.fromkeys(name for name in every if name not in declared_by_name))
        read = tuple(self.ports.parallel.map(self._read, listed))
        snapshot = self.ports.store.load()
        found: dict[str, ObservedTable] = {}
        skipped: list[Skipped] = []
        for name, table in zip(listed, read, strict=True):
            foreign_reason = self._foreign_reason(table, snapshot) if isinstance(table, ObservedTable) else None
            if not names and isinstance(table, ObservedTable) and self._holds_records(table):
                continue
            try:
                base = base_of(name)
            except UsageError as error:
                foreign_reason = foreign_reason or str(error)
            foreign_reason = foreign_reason or self._part_of(name, snapshot, named=bool(names))
            if foreign_reason:
                skipped.append(Skipped(name, foreign_reason))
            elif isinstance(table, Skipped):
                skipped.append(table)
            elif table.status not in SETTLED:
                skipped.append(_not_ready(name, table.status))
            else:
                found[base] = table
        if skipped and names:
            raise UsageError(f"{'; '.join(each.message for each in skipped)}. Nothing was written")
        nothing = NOTHING_LEFT if names else self._nothing(every, read)
        return ImportCandidates(found, tuple(skipped), released, "nothing was written" if skipped else nothing)

    def _released(self, names: tuple[str, ...], declared_by_name: Mapping[str, Declaration]) -> tuple[str, ...]:
        """The named tables that are declared and recorded as released. Raises ``UsageError`` for another stack's."""
        snapshot = self.ports.store.load()
        found = [name for name in names if name in declared_by_name and _is_released(snapshot.inventory.get(name))]
        for name in found:
            table = self._read(name)
            if isinstance(table, Skipped):
                raise UsageError(f"{table.message}. Nothing was written")
            if foreign_reason := self._foreign_reason(table, snapshot):
                raise UsageError(f"{foreign_reason}. Nothing was written")
        return tuple(found)

    def adopt(
        self, tables: Mapping[str, ObservedTable], snapshot: StateSnapshot, declared_in: Mapping[str, str]
    ) -> None:
        """Record the tables, given by base name, as adopted. A record with the same identity stays unless released.

        ``declared_in`` has the file of each base name, so that the next pass has nothing left to record.
        """
        for base, observed in tables.items():
            name = observed.spec.name
            entry = snapshot.inventory.get(name)
            if entry is not None and observed.identity.same(entry.identity) and not is_released(entry):
                continue
            adopted = InventoryEntry(
                name,
                base,
                OWNERSHIPS[next_state(state_of(entry), Event.IMPORT)],
                nonce="",
                identity=observed.identity,
                changed_at=self.ports.clock.now(),
                declared_in=declared_in.get(base),
                managed=as_imported(observed),
                revision=entry.revision if entry is not None else 0,
            )
            self.ports.store.put_entry(adopted)

    def _as_declared(self, declaration: Declaration) -> bool:
        read = self._read(declaration.spec.name)
        return isinstance(read, ObservedTable) and not any(diff(declaration.spec, read.spec))

    def _read(self, name: str) -> ObservedTable | Skipped:
        return read_whole(self.ports, name)

    def _part_of(self, name: str, snapshot: StateSnapshot, *, named: bool) -> str | None:
        """Why a table that a replacement has made is not to be declared, as a sentence, or ``None``."""
        replacement, generation = snapshot.copy_of(name), snapshot.generation_with(name)
        of = replacement.name if replacement is not None else generation.name if generation is not None else None
        if of is not None:
            return f"{name} is a table of the replacement of {of}, which is not finished"
        # By its name a person may want it: the records may be lost, and it may have all that is left.
        if not named and is_copy_aside(name):
            return f"{name} has the name of a copy that a replacement makes; `reconciler import {name}` declares it"
        return None

    def _foreign_reason(self, table: ObservedTable, snapshot: StateSnapshot) -> str | None:
        name = table.spec.name
        if self._holds_records(table):
            return f"{name} is a state table and must not be declared"
        other = foreign_owner(snapshot, self.options, name, table)
        return not_ours(name, other) if other else None

    def _holds_records(self, table: ObservedTable) -> bool:
        return is_state_table(table.spec.name, table, self.options.state_table)

    def _nothing(self, every: Iterable[str], tables: Iterable[ObservedTable | Skipped]) -> str:
        """The message if there is no table to declare and none was skipped."""
        records = {
            table.spec.name for table in tables if isinstance(table, ObservedTable) and self._holds_records(table)
        }
        if set(every) - records - {self.options.state_table}:
            return NOTHING_LEFT
        return f"there is no table to import at {self.ports.endpoint.url}; nothing was written"


def _is_released(entry: InventoryEntry | None) -> bool:
    return is_released(entry)


def _not_ready(name: str, status: str) -> Skipped:
    if status == "DELETING":
        return Skipped(name, f"{name} is {status}: there will be nothing to import")
    return Skipped(name, f"{name} is {status}; import it when it is ACTIVE", retry_later=True)
