"""The fence around what only a leader writes: each record bears the token of the lease under which it was written.

Called by ``table``. A write of an older token is refused by the table itself, in the one request that it is: a leader
that was paused past its lease overwrites nothing that its successor wrote. A record that the successor dropped may be
written once more: it names a table that is gone, or not ours any more, which the next pass forgets again, or one that
the paused leader made late. For the same reason an entry is dropped only as it was read: it may have come true since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model.errors import StateError
from reconciler.state import record_types as kinds
from reconciler.state.attribute_values import encode
from reconciler.state.fields import Fields
from reconciler.state.snapshot import read_record

FENCE = "fence"
FENCED = (
    kinds.TABLE,
    kinds.SEED,
    kinds.SEED_PART,
    kinds.ATTEMPTS,
    kinds.QUOTA_USAGE,
    kinds.REBUILD,
    kinds.ENDED,
)
"""The kinds of records that say what a pass found and did; a suspension is anybody's at any time."""


def is_fenced(record: str) -> bool:
    """Whether the record of this range key is a leader's alone."""
    return record.startswith(FENCED)


def condition(token: int, expected: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The members of a request that keep it from what a later token wrote, and from a record that stands otherwise.

    ``standing`` are members as they were read, ``None`` for one that was not there; a record that is gone by now is as
    good.
    """
    found = {name: value for name, value in (expected or {}).items() if value is not None}
    names, values = ({"#fence": FENCE}, {":fence": token, **{f":{name}": value for name, value in found.items()}})
    expression = "attribute_not_exists(#fence) OR #fence <= :fence"
    if expected:
        as_read = " AND ".join(
            f"#{name} = :{name}" if name in found else f"attribute_not_exists(#{name})" for name in expected
        )
        expression = f"({expression}) AND (attribute_not_exists(#record) OR ({as_read}))"
        names |= {"#record": "record", **{f"#{name}": name for name in expected}}
    return {
        "ConditionExpression": expression,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": encode(values),
    }


def tokens(items: Iterable[Mapping[str, Any]], table: str) -> dict[str, int]:
    """The token that each record bears, by its key; records without one are left out.

    A run of the history that cannot be read stops nothing; any other record must tell its token.
    """
    found: dict[str, int] = {}
    for item in items:
        record = str((item.get("record") or {}).get("S", ""))
        if FENCE not in item:
            continue
        try:
            found[record] = read_record({FENCE: item[FENCE], **address(item)}, _token, table)
        except StateError:
            if not record.startswith(kinds.RUN):
                raise
    return found


def highest(items: Iterable[Mapping[str, Any]], table: str) -> int:
    """The latest token that any of these records bears; 0 where none does."""
    return max(tokens(items, table).values(), default=0)


def address(item: Mapping[str, Any]) -> dict[str, Any]:
    """The key of a record, by which messages name it."""
    return {name: item[name] for name in ("scope", "record") if name in item}


def _token(fields: Fields) -> int:
    return fields.number(FENCE)
