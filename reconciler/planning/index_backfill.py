"""Whether the migrations that indexes name as their backfill are applied. Pure; called while assessing a table.

An item is in an index only if it has the key attributes of the index
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html). So a new index on a new attribute is ACTIVE
and lacks all old items until a migration has added the attribute to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from reconciler.model.change import Change
from reconciler.model.desired import Declaration
from reconciler.model.identity import Identity
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.records import ItemMigration
from reconciler.model.table import GlobalIndex

FACET = "global_indexes"
BackfillState = Literal["pending", "started", "being undone"]


def has_backfill(declaration: Declaration) -> bool:
    """Whether any declared index names a migration."""
    return any(index.backfill for index in declaration.spec.global_indexes or ())


def pending_backfill(
    index: GlobalIndex, identity: Identity, migrations: Mapping[str, ItemMigration]
) -> BackfillState | None:
    """How far the backfill of an index is on the table with this identity; ``None`` if it is applied, or not declared.

    A record of another identity is void: the table was created again, and its items need the migration.
    """
    if index.backfill is None:
        return None
    record = migrations.get(index.backfill)
    if record is None or not record.identity.same(identity):
        return "pending"
    if record.applied:
        return None
    return "being undone" if record.direction == "down" else "started"


def backfill_steps(
    declaration: Declaration, observed: ObservedTable, migrations: Mapping[str, ItemMigration]
) -> Iterator[Step]:
    """A blocked step for each index whose backfill is not applied to this table, with the state of both."""
    live = {index.name for index in observed.spec.global_indexes or ()}
    for index in declaration.spec.global_indexes or ():
        before = pending_backfill(index, observed.identity, migrations)
        if before is None:
            continue
        message = f"{_state(index.name, live, observed)}; its backfill {index.backfill} is {before}"
        change = Change(FACET, f"{FACET}.{index.name}.backfill", before, "applied")
        step = Step(Action.UPDATE, FACET, (change,))
        yield step.blocked(Reason.BACKFILL, message, "reconciler migrate up")


def _state(name: str, live: set[str], observed: ObservedTable) -> str:
    under_way = next((said for said in observed.ongoing if said.startswith(f"index {name} is ")), None)
    return under_way or f"index {name} is {'ACTIVE' if name in live else 'not created yet'}"
