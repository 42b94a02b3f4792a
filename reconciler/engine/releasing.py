"""The verb ``release``: stop managing tables without touching them, also while a pass of another process is under way.

The lease of that pass is revoked, so it sends nothing more and writes no record over ours. Each record is written under
the revision that was read. A pass marks a record right before it deletes the table: where that mark stands, the delete
may have been sent, and the table is watched until that is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from reconciler.engine.observing import observe_table
from reconciler.engine.world import World
from reconciler.model.errors import LeaseLost, RecordChanged, StateError
from reconciler.model.records import InventoryEntry, Lease, StateSnapshot

TRIES = 5
WATCH_SECONDS = 30.0
"""The term of a lease: a call that was allowed before the lease was revoked is sent within it or never."""
PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Release:
    """One call of the verb. ``state`` reads the records, once writing is allowed."""

    world: World
    state: Callable[[], StateSnapshot]

    def run(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """One sentence for each table. ``StateError``, with all of them, where one could not be released."""
        self.state()
        revoked = self.world.store.revoke_lease()
        said, failed = [], False
        for name in names:
            try:
                said.append(self._one(name, revoked))
            except StateError as error:
                said.append(str(error))
                failed = True
        if failed:
            raise StateError("\n".join(said))
        return tuple(said)

    def _one(self, name: str, revoked: Lease | None) -> str:
        for _ in range(TRIES):
            entry = self.state().inventory.get(name)
            if entry is None:
                return f"{name}: not in the inventory, nothing to release"
            if entry.ending_at is not None:
                self._survived(entry, revoked)
            released = replace(
                entry, ownership="released", unwanted_since=None, empty_since=None, ending_at=None, forgotten_since=None
            )
            try:
                self.world.store.put_entry(released)
            except (RecordChanged, LeaseLost):
                self.world.store.revoke_lease()
                continue
            back = f"`reconciler import {name}` takes it back"
            return f"{name}: released; it stays as it is and is no longer managed. {back}"
        raise StateError(
            f"{name}: not released, because its record is written by another process all the time; try again"
        )

    def _survived(self, entry: InventoryEntry, revoked: Lease | None) -> None:
        """Watch a table whose delete may have been sent. ``StateError`` where it is being deleted or is gone."""
        who = f" by {revoked.shown}" if revoked is not None else ""
        began = self.world.clock.monotonic()
        while True:
            observed = observe_table(self.world, entry.name, None)
            same = observed is not None and observed.identity.same(entry.identity)
            if not same or observed is None or observed.status == "DELETING":
                raise StateError(f"{entry.name}: not released, because its deletion had been sent{who} before")
            waited = self.world.clock.monotonic() - began
            if revoked is None or waited >= WATCH_SECONDS or not self.world.clock.sleep(PAUSE):
                return
