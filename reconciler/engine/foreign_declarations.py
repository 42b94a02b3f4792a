"""Whether the declarations look like those of another project: then none of our tables is pruned for them.

At least one existing table that this stack created must still be declared. Called once a pass, before the surveys.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.engine.context import EngineContext
from reconciler.engine.state import SafetyLatch
from reconciler.model.desired import DesiredState
from reconciler.model.errors import ApiError, NotFound
from reconciler.model.records import InventoryEntry, StateSnapshot
from reconciler.planning import ownership
from reconciler.planning.observe import identity_of


@dataclass(frozen=True, slots=True)
class ForeignGuard:
    """Undeclared tables of this stack, by what stands against pruning them.

    ``foreign`` are blocked whatever they hold. A ``lone`` one, the only table of the stack, may go when it is empty or
    holds only its seed. Of ``unsettled`` ones it could not be read whether a declared table of the stack exists.
    """

    foreign: frozenset[str] = frozenset()
    single: frozenset[str] = frozenset()
    unsettled: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """All of them."""
        return self.foreign | self.single | self.unsettled


def find_foreign(
    ports: EngineContext, desired: DesiredState, snapshot: StateSnapshot, latch: SafetyLatch
) -> ForeignGuard:
    """Compare what is declared with the tables that we created. Costs one DescribeTable where any is undeclared.

    A declared table counts only if it was made before the other one was first found undeclared: a younger one may have
    been made for these very declarations. A table that took the place of an older one of ours is as old as that one.
    ``doubt`` hears of invalid answers and refused credentials, after which the pass destroys nothing at all (I3).
    """
    declared = {declaration.spec.name for declaration in desired.declarations}
    ours = [entry for entry in snapshot.inventory.values() if ownership.may_be_ours(entry)]
    unwanted = [entry for entry in ours if entry.name not in declared]
    kept = _Kept(ports, latch, [entry for entry in ours if entry.name in declared and ownership.is_ours(entry)])
    several = sum(ownership.is_ours(entry) for entry in unwanted) > 1
    foreign: set[str] = set()
    single: set[str] = set()
    unsettled: set[str] = set()
    for entry in unwanted:
        exists = kept.any_older(entry)
        if exists is None and not latch.closed:
            unsettled.add(entry.name)
        elif exists is False:
            (foreign if several or entry.guarded_since is not None else single).add(entry.name)
    return ForeignGuard(frozenset(foreign), frozenset(single), frozenset(unsettled))


class _Kept:
    """The declared tables that we created, each described at most once; True, False, or None where it was not read."""

    def __init__(self, ports: EngineContext, latch: SafetyLatch, entries: Iterable[InventoryEntry]) -> None:
        self._ports = ports
        self._latch = latch
        self._entries = tuple(entries)
        self._seen: dict[str, bool | None] = {}

    def any_older(self, unwanted: InventoryEntry) -> bool | None:
        unread = False
        for entry in self._entries:
            if not _older(entry, unwanted):
                continue
            exists = self._exists(entry)
            if exists:
                return True
            unread = unread or exists is None
        return None if unread else False

    def _exists(self, entry: InventoryEntry) -> bool | None:
        if entry.name not in self._seen:
            self._seen[entry.name] = self._read(entry)
        return self._seen[entry.name]

    def _read(self, entry: InventoryEntry) -> bool | None:
        try:
            table = self._ports.api.read("DescribeTable", {"TableName": entry.name})["Table"]
            return identity_of(table).same(entry.identity)
        except NotFound:
            return False
        except ApiError as error:
            self._latch.note(error)
            return None
        except (LookupError, TypeError, ValueError):
            self._latch.closed = True
            return None


def _older(kept: InventoryEntry, unwanted: InventoryEntry) -> bool:
    """Whether one table, or one that it replaced, was made before the other was first found undeclared."""
    since, made = unwanted.forgotten_since, ownership.ours_since(kept)
    return since is None or (made is not None and made < since)
