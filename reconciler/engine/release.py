"""The verb ``release``: stop managing tables without touching them, also while a pass of another process is under way.

The lease of that pass is revoked, so it sends nothing more and writes no record over ours. Each record is written under
the revision that was read. A pass marks a record right before it deletes the table: where that mark stands, the delete
may have been sent, and the table is watched until that is known. The record says released before the watch begins: the
same pass may lead again meanwhile, and deletes no table whose record says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from reconciler.engine.context import EngineContext
from reconciler.engine.observe import observe_table
from reconciler.model.errors import LeaseLost, RecordChanged, StateError
from reconciler.model.records import InventoryEntry, Lease, StateSnapshot
from reconciler.planning.ownership import Event, advance, is_released

TRIES = 5
WATCH_SECONDS = 30.0
"""The term of a lease: a call that was allowed before the lease was revoked is sent within it or never."""
PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Release:
    """One call of the verb. ``state`` reads the records, once writing is allowed."""

    ports: EngineContext
    state: Callable[[], StateSnapshot]

    def run(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """One sentence for each table. ``StateError``, with all of them, where one could not be released."""
        self.state()
        revoked = self.ports.store.revoke_lease()
        messages, failed = [], False
        for name in names:
            try:
                messages.append(self._one(name, revoked))
            except StateError as error:
                messages.append(str(error))
                failed = True
        if failed:
            raise StateError("\n".join(messages))
        return tuple(messages)

    def _one(self, name: str, revoked: Lease | None) -> str:
        for _ in range(TRIES):
            entry = self.state().inventory.get(name)
            if entry is None:
                raise StateError(f"{name}: not in the inventory of this stack, so there is nothing to release")
            released = advance(entry, Event.RELEASE, unwanted_since=None, empty_since=None, forgotten_since=None)
            try:
                # Before the table is watched: no pass, be it the one just stopped, deletes a released table.
                released = self.ports.store.put_entry(released)
            except (RecordChanged, LeaseLost):
                revoked = self.ports.store.revoke_lease() or revoked
                continue
            if entry.ending_at is not None:
                self._watch_survival(entry, released, revoked)
            back = f"`reconciler import {name}` takes it back"
            return f"{name}: released; it stays as it is and is no longer managed. {back}"
        raise StateError(
            f"{name}: not released, because its record is written by another process all the time; try again"
        )

    def _watch_survival(self, entry: InventoryEntry, released: InventoryEntry, revoked: Lease | None) -> None:
        """Watch a table whose delete may have been sent. ``StateError`` where it is being deleted or is gone.

        Its record is then as it was before, so that a table which is declared is made again.
        """
        who = f" by {revoked.shown}" if revoked is not None else ""
        began = self.ports.clock.monotonic()
        while True:
            observed = observe_table(self.ports, entry.name, None)
            same = observed is not None and observed.identity.same(entry.identity)
            if not same or observed is None or observed.status == "DELETING":
                self._written(released, entry)
                raise StateError(f"{entry.name}: not released, because its deletion had been sent{who} before")
            if self.ports.clock.monotonic() - began >= WATCH_SECONDS:
                break
            if not self.ports.clock.sleep(PAUSE):
                raise StateError(
                    f"{entry.name}: released, but its deletion had been sent{who} before and may still be carried out;"
                    " check that the table is there"
                )
        self._written(released, replace(released, ending_at=None))

    def _written(self, released: InventoryEntry, wanted: InventoryEntry) -> None:
        """Replace the record that says released. One that says something else by now is left as it is."""
        standing: InventoryEntry | None = released
        for _ in range(TRIES):
            if standing is None or not is_released(standing):
                return
            try:
                self.ports.store.put_entry(replace(wanted, revision=standing.revision))
            except (RecordChanged, LeaseLost):
                self.ports.store.revoke_lease()
                standing = self.state().inventory.get(wanted.name)
            else:
                return
