"""Whether the migrations that indexes name as their backfill are applied. Pure; called while assessing a table.

An item is in an index only if it has the key attributes of the index
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html). So a new index on a new attribute is ACTIVE
and lacks all old items until a migration has added the attribute to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.model.change import Change
from reconciler.model.desired import Declaration
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.records import ItemMigration

FACET = "global_indexes"


def has_backfill(declaration: Declaration) -> bool:
    """Whether any declared index names a migration."""
    return any(index.backfill for index in declaration.spec.global_indexes or ())


def backfill_steps(
    declaration: Declaration, observed: ObservedTable, migrations: Mapping[str, ItemMigration]
) -> Iterator[Step]:
    """A blocked step for each index whose backfill is not applied to this table, with the state of both."""
    live = {index.name for index in observed.spec.global_indexes or ()}
    for index in declaration.spec.global_indexes or ():
        if index.backfill is None:
            continue
        record = migrations.get(index.backfill)
        here = record if record is not None and record.identity.same(observed.identity) else None
        if here is not None and here.applied:
            continue
        before = "pending" if here is None else "being undone" if here.direction == "down" else "started"
        message = f"{_state(index.name, live, observed)}; its backfill {index.backfill} is {before}"
        change = Change(FACET, f"{FACET}.{index.name}.backfill", before, "applied")
        step = Step(Action.UPDATE, FACET, (change,))
        yield step.blocked(Reason.BACKFILL, message, "reconciler migrate up")


def _state(name: str, live: set[str], observed: ObservedTable) -> str:
    under_way = next((said for said in observed.ongoing if said.startswith(f"index {name} is ")), None)
    return under_way or f"index {name} is {'ACTIVE' if name in live else 'not created yet'}"
