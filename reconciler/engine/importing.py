"""The verb ``import``: live tables read whole, and remembered as adopted. Nothing is written but the state table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.engine.observing import observe_table
from reconciler.engine.others import whose
from reconciler.engine.world import World
from reconciler.model.desired import DesiredState
from reconciler.model.errors import UsageError
from reconciler.model.observed import ObservedTable
from reconciler.model.options import Options
from reconciler.model.records import InventoryEntry, StateSnapshot
from reconciler.planning.scopes import is_state_table, refusal

SETTLED = ("ACTIVE", "UPDATING")


@dataclass(frozen=True, slots=True)
class Import:
    """One call of the verb."""

    world: World
    options: Options

    def look(self, names: tuple[str, ...], declared: DesiredState) -> tuple[ObservedTable, ...]:
        """The named tables; without names all that are neither declared nor another stack's nor anybody's state table.

        ``UsageError`` says which of the named ones cannot be had.
        """
        known = {declaration.spec.name: declaration for declaration in declared.declarations}
        for name in names:
            if name in known:
                raise UsageError(f"{name} is declared already, in {known[name].origin}")
        listed = names or tuple(name for name in self.world.api.list_tables() if name not in known)
        read = self.world.parallel.map(self._read, tuple(dict.fromkeys(listed)))
        snapshot = self.world.store.load()
        tables = [(table, self._refusal(table, snapshot)) for table in read]
        refused = [sentence for _, sentence in tables if sentence and names]
        if refused:
            raise UsageError(f"{'; '.join(refused)}. Nothing was written")
        return tuple(table for table, sentence in tables if not sentence)

    def _refusal(self, table: ObservedTable, snapshot: StateSnapshot) -> str | None:
        name = table.spec.name
        if is_state_table(name, table, self.options.state_table):
            return f"{name} is a state table, which is nobody's to declare"
        other = whose(snapshot, self.options, name, table)
        return refusal(name, other, missing=False).message if other else None

    def remember(self, tables: Mapping[str, ObservedTable]) -> None:
        """Adopt them, by base name; what is recorded with the same identity stays, but for a release."""
        snapshot = self.world.store.ensure()
        for base, observed in tables.items():
            name = observed.spec.name
            entry = snapshot.inventory.get(name)
            if entry is not None and observed.identity.same(entry.identity) and entry.ownership != "released":
                continue
            stranger = InventoryEntry(name, base, "adopted", nonce="")
            self.world.store.put_entry(replace(stranger, identity=observed.identity, changed_at=self.world.clock.now()))

    def _read(self, name: str) -> ObservedTable:
        observed = observe_table(self.world, name, None, whole=True)
        if observed is None:
            raise UsageError(f"there is no table {name} at {self.world.endpoint.url}; nothing was written")
        if observed.status not in SETTLED:
            raise UsageError(f"{name} is {observed.status}; import it when it is ACTIVE. Nothing was written")
        return observed
