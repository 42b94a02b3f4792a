"""Ask the endpoint about one table: DescribeTable, and the extra reads its declared facets need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.engine.world import World
from reconciler.facets.base import Ask
from reconciler.model.errors import NotFound, Unsupported
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.table import TableSpec
from reconciler.planning.observe import asks_for, observe, read_params, reads_for

LIST_TAGS = "ListTagsOfResource"


def observe_table(world: World, name: str, spec: TableSpec | None, *, ask_owner: bool = False) -> ObservedTable | None:
    """The live table, or ``None`` where DescribeTable says that there is none.

    ``spec`` is the declared one and decides the extra reads. Raises ``ApiError`` where anything could not be read: a
    failure is never taken for emptiness.
    """
    try:
        described = world.api.read("DescribeTable", {"TableName": name})
    except NotFound:
        return None
    answers: dict[str, Mapping[str, Any]] = {"DescribeTable": described}
    unsupported: set[str] = set()
    operations = dict.fromkeys(reads_for(spec))
    if ask_owner and world.endpoint.flavor.has_tags:
        operations[LIST_TAGS] = None
    table = described["Table"]
    asks = [
        Ask(operation, operation, read_params(operation, name, table["TableArn"], table)) for operation in operations
    ]
    further = asks_for(spec, table)
    wanted = {ask.key: ask for ask in (*asks, *further)}
    for ask in wanted.values():
        try:
            answers[ask.key] = world.api.read(ask.operation, ask.params)
        except Unsupported:
            unsupported.add(ask.key)
        except NotFound:
            # An emulator that tells of an index or a stream, and cannot be asked about it, will never know it.
            if not (world.emulator and ask in further):
                raise
            unsupported.add(ask.key)
    return observe(Responses(answers, frozenset(unsupported), seen_at=world.clock.now()))
