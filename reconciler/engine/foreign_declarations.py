"""Detects declarations of another project, for which no table of this stack may be deleted.

Wrong settings or an unmounted folder can give a pass the declarations of another project. At least one existing table
that this stack created must still be declared. Called once per pass, before the tables are assessed.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.engine.context import EngineContext
from reconciler.engine.state import SafetyLatch
from reconciler.model.desired import DesiredState
from reconciler.model.errors import ApiError, NotFound
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import InventoryEntry, StateSnapshot
from reconciler.planning import ownership
from reconciler.planning.observe import identity_of


@dataclass(frozen=True, slots=True)
class ForeignGuard:
    """Names of undeclared tables of this stack, by what forbids to delete them.

    ``foreign`` tables are never deleted. A ``single`` one, the only table of the stack, may be deleted if it is empty
    or contains only its seed. For ``unsettled`` ones it could not be read whether a declared table of the stack exists.
    """

    foreign: frozenset[str] = frozenset()
    single: frozenset[str] = frozenset()
    unsettled: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """The names of all these tables."""
        return self.foreign | self.single | self.unsettled


def find_foreign(
    ports: EngineContext, desired: DesiredState, snapshot: StateSnapshot, latch: SafetyLatch
) -> ForeignGuard:
    """Compare the declarations with the tables that this stack created.

    Costs at least one DescribeTable if any of them is undeclared. A declared table vouches for the declarations only if
    it was created before the other one was first found undeclared: a younger one may have been created for these very
    declarations. A table that replaced an older one of ours counts as old as that one. Invalid responses and refused
    credentials close ``latch``, after which the pass destroys nothing (I3).
    """
    declared = {declaration.spec.name for declaration in desired.declarations}
    ours = [entry for entry in snapshot.inventory.values() if ownership.may_be_ours(entry)]
    unwanted = [entry for entry in ours if entry.name not in declared]
    kept = _DeclaredTables(
        ports, latch, [entry for entry in ours if entry.name in declared and ownership.is_ours(entry)]
    )
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


class _DeclaredTables:
    """The declared tables that this stack created. Each is described at most once."""

    def __init__(self, ports: EngineContext, latch: SafetyLatch, entries: Iterable[InventoryEntry]) -> None:
        self._ports = ports
        self._latch = latch
        self._entries = tuple(entries)
        self._seen: dict[str, bool | None] = {}

    def any_older(self, unwanted: InventoryEntry) -> bool | None:
        """Whether one exists that is older than ``unwanted``; ``None`` if that could not be read."""
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
    """Whether ``kept``, or a table that it replaced, was created before ``unwanted`` was first found undeclared."""
    since, made = unwanted.forgotten_since, ownership.ours_since(kept)
    return since is None or (made is not None and made < since)
