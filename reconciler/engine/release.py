"""The command ``release``: stop managing tables without changing them, even while another process runs a pass.

The lease of that pass is revoked, so that it sends no further call and overwrites no record. Each record is written on
the condition that its revision did not change. A pass marks a record right before it deletes the table. If that mark is
there, DeleteTable may have been sent, and ``release`` watches the table until that is known. The record says *released*
before the watch begins, because the other pass may acquire the lease again and never deletes a released table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.engine.context import EngineContext
from reconciler.engine.observe import observe_table
from reconciler.model.errors import LeaseLost, RecordChanged, StateError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import InventoryEntry, Lease, StateSnapshot
from reconciler.planning.ownership import Event, advance, is_released

TRIES = 5
WATCH_SECONDS = 30.0
"""The term of a lease. A call that was allowed before the lease was revoked is sent within this time or never."""
PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Release:
    """One run of the command. ``state`` authorizes writing and reads the records."""

    ports: EngineContext
    state: Callable[[], StateSnapshot]

    def run(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Release the tables; one sentence for each. Raises ``StateError`` with all sentences if one failed."""
        self.state()
        # First of all: a running pass renews the lease before each call, so from here on it sends nothing more.
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
            snapshot = self.state()
            entry, replacement = snapshot.inventory.get(name), snapshot.replacements.get(name)
            if replacement is not None and replacement.under_way:
                cancel = ", `--cancel` gives it up" if replacement.may_be_cancelled else ""
                raise StateError(
                    f"{name}: not released, because it is being replaced and {replacement.aside} has its items;"
                    f" `reconciler replace {name}` finishes that{cancel}"
                )
            generation = snapshot.generation_of(name) or snapshot.generation_with(name)
            if generation is not None:
                way = "--cancel` gives that up"
                if not generation.may_go_back:
                    way = f"--keep` ends that and keeps {generation.old}, no longer managed"
                raise StateError(
                    f"{name}: not released, because it is a table of the replacement of {generation.name};"
                    f" `reconciler replace {generation.name} {way}"
                )
            if entry is None:
                raise StateError(f"{name}: not in the inventory of this stack, so there is nothing to release")
            released = advance(entry, Event.RELEASE, unwanted_since=None, empty_since=None, forgotten_since=None)
            try:
                # Before the watch: from now on no pass deletes the table, not even the one that was just stopped.
                released = self.ports.store.put_entry(released)
            except (RecordChanged, LeaseLost):
                revoked = self.ports.store.revoke_lease() or revoked
                continue
            if entry.ending_at is not None:
                self._watch_survival(entry, released, revoked)
            undo = f"`reconciler import {name}` manages it again"
            return f"{name}: released; the table is unchanged and no longer managed. {undo}"
        raise StateError(f"{name}: not released, because another process keeps writing its record; try again")

    def _watch_survival(self, entry: InventoryEntry, released: InventoryEntry, revoked: Lease | None) -> None:
        """Watch a table whose deletion may have been sent. Raises ``StateError`` if it is being deleted or gone.

        Its record is restored then, so that a declared table is created again.
        """
        who = f" by {revoked.shown}" if revoked is not None else ""
        began = self.ports.clock.monotonic()
        while True:
            observed = observe_table(self.ports, entry.name, None)
            same = observed is not None and observed.identity.same(entry.identity)
            if not same or observed is None or observed.status == "DELETING":
                self._written(released, entry)
                raise StateError(f"{entry.name}: not released, because its deletion was already sent{who}")
            if self.ports.clock.monotonic() - began >= WATCH_SECONDS:
                break
            if not self.ports.clock.sleep(PAUSE):
                raise StateError(
                    f"{entry.name}: released, but its deletion was already sent{who} and may still be carried out;"
                    " check that the table exists"
                )
        self._written(released, replace(released, ending_at=None))

    def _written(self, released: InventoryEntry, wanted: InventoryEntry) -> None:
        """Replace the record that says released. A record that another process has changed since is not touched."""
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
