"""Reports how long index builds have been going on, and how far they are. Called by passes and by ``rebuild-index``.

DynamoDB does not say how many items an index has got so far: its ItemCount is refreshed about every six hours, and
DynamoDB Local leaves it out until the index is ACTIVE. So only the time and the number of items in the table are known.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.engine.context import EngineContext
from reconciler.engine.loop_status import BUILDING_INDEX
from reconciler.engine.ports import WorkProgress
from reconciler.model.observed import IndexBuild, ObservedTable

Seen = dict[tuple[str, str], tuple[float, int]]
"""Index builds by table and index, with the steady time and the item count when this process first saw them."""


def report_builds(
    ports: EngineContext, seen: Seen, tables: Iterable[tuple[str, ObservedTable | None]], *, whole: bool = False
) -> None:
    """Report each index build of these tables, and the end of each that was under way before.

    ``whole`` says that there are no other tables. ``seen`` changes.
    """
    gone = {table for table, _ in seen} if whole else set()
    for name, observed in tables:
        gone.discard(name)
        building = observed.building if observed is not None else ()
        if building or seen:
            _report(ports, seen, name, building, observed.item_count if observed is not None else 0)
    for name in gone:
        _report(ports, seen, name, (), 0)


def _report(ports: EngineContext, seen: Seen, table: str, building: tuple[IndexBuild, ...], items: int) -> None:
    now, under_way = ports.clock.monotonic(), {each.name for each in building}
    for each in building:
        began, since = seen.setdefault((table, each.name), (now, each.items))
        done = each.items if each.items and items else None
        what = f"{BUILDING_INDEX} {each.name}"
        ports.telemetry.working(WorkProgress(table, what, now - began, done, items or None, since))
    for build in [build for build in seen if build[0] == table and build[1] not in under_way]:
        began, _ = seen.pop(build)
        ports.telemetry.working(WorkProgress(table, f"{BUILDING_INDEX} {build[1]}", now - began, ended=True))
