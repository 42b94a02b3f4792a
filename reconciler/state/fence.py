"""The fence around what only a leader writes: each record bears the token of the lease under which it was written.

Called by ``table``. A write of an older token is refused by the table itself, in the one request that it is: a leader
that was paused past its lease overwrites nothing that its successor wrote. A record that the successor dropped may be
written once more: it names a table that is gone, or not ours any more, which the next pass forgets again, or one that
the paused leader made late. For the same reason an entry is dropped only as it was read: it may have come true since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.state import records as kinds
from reconciler.state.wire import encode

FENCE = "fence"
FENCED = (
    kinds.TABLE,
    kinds.SEED,
    kinds.SEED_PART,
    kinds.ATTEMPTS,
    kinds.MARKS,
    kinds.REBUILD,
    kinds.ENDED,
)
"""The kinds of records that say what a pass found and did; a suspension is anybody's at any time."""


def is_fenced(record: str) -> bool:
    """Whether the record of this range key is a leader's alone."""
    return record.startswith(FENCED)


def condition(token: int, standing: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The members of a request that keep it from what a later token wrote, and from a record that stands otherwise.

    ``standing`` are members as they were read; a record that is gone by now is as good.
    """
    names, values = (
        {"#fence": FENCE},
        {":fence": token, **{f":{name}": value for name, value in (standing or {}).items()}},
    )
    expression = "attribute_not_exists(#fence) OR #fence <= :fence"
    if standing:
        as_read = " AND ".join(f"#{name} = :{name}" for name in standing)
        expression = f"({expression}) AND (attribute_not_exists(#record) OR ({as_read}))"
        names |= {"#record": "record", **{f"#{name}": name for name in standing}}
    return {
        "ConditionExpression": expression,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": encode(values),
    }


def highest(items: Iterable[Mapping[str, Any]]) -> int:
    """The latest token that any of these records bears; 0 where none does."""
    return max((int(item[FENCE]["N"]) for item in items if "N" in item.get(FENCE, {})), default=0)
