"""When a table that is not found is there no more for certain: off emulators a create takes a while to be seen.

Called by ``survey`` for tables that DescribeTable does not find.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from reconciler.engine.context import EngineContext
from reconciler.model.records import InventoryEntry
from reconciler.planning.ownership import may_be_ours

CREATE_GRACE = timedelta(seconds=30)
"""Off emulators DescribeTable may not find a table for a while after its create (eventual consistency)."""
NOT_YET_VISIBLE = "a create of this table may not be visible yet"


def not_visible_before(world: EngineContext, recorded: InventoryEntry | None) -> datetime | None:
    """When a table of ours would be seen if it were there; None where that time has come, or it is not of ours."""
    if recorded is None or recorded.changed_at is None or world.emulator:
        return None
    not_before = recorded.changed_at + CREATE_GRACE
    young = may_be_ours(recorded) and world.clock.now() < not_before
    return not_before if young else None
