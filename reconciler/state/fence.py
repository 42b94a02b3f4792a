"""Fencing of the records that only the holder of the lease writes. Each record carries the fencing token of its writer.

Called by ``state_table``. A conditional write makes DynamoDB itself reject an older token, so a holder that was paused
past its lease overwrites nothing that its successor wrote. One case remains: it may write a record again that the
successor deleted. That record names a table that no longer exists or is no longer ours, which the next pass removes
again, or a table that the paused holder created late. For the same reason an inventory record is deleted only under the
condition that it is unchanged since it was read: its create may have been applied in the meantime.
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
DIGITS = 30
"""Any number of so few digits is one that ``fields`` accepts."""
FENCED = (
    kinds.TABLE,
    kinds.SEED,
    kinds.SEED_PART,
    kinds.ATTEMPTS,
    kinds.QUOTA_USAGE,
    kinds.REBUILD,
    kinds.REPLACEMENT,
    kinds.ENDED,
    kinds.CHECKPOINT,
    kinds.MIGRATION,
)
"""The kinds of records that a pass writes. A suspension is not fenced, because any operator may set it at any time."""


def is_fenced(record: str) -> bool:
    """Whether only the holder of the lease may write the record with this range key."""
    return record.startswith(FENCED)


def condition(token: int, expected: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The members of a request that make it fail if a later token wrote the record, or if the record changed.

    ``expected`` are members as they were read, ``None`` for an absent one. A record that was deleted in the meantime
    also meets the condition.
    """
    found = {name: value for name, value in (expected or {}).items() if value is not None}
    names, values = ({"#fence": FENCE}, {":fence": token, **{f":{name}": value for name, value in found.items()}})
    # Not only "#fence <= :fence": a comparison with an attribute that does not exist is false, also for a new item.
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
    """The token of each record, by its range key; records without one are left out.

    Raises ``StateError`` for an unreadable token, except in the history, which decides nothing.
    """
    found: dict[str, int] = {}
    for item in items:
        record = str((item.get("record") or {}).get("S", ""))
        if FENCE not in item:
            continue
        token = item[FENCE].get("N", "")
        if token.isascii() and token.isdigit() and len(token) <= DIGITS:
            # As all of them are; whatever else is there is for the reader of records to refuse.
            found[record] = int(token)
            continue
        try:
            found[record] = read_record({FENCE: item[FENCE], **address(item)}, _token, table)
        except StateError:
            if not record.startswith(kinds.RUN):
                raise
    return found


def highest(items: Iterable[Mapping[str, Any]], table: str) -> int:
    """The highest token of these records; 0 if none has one."""
    return max(tokens(items, table).values(), default=0)


def address(item: Mapping[str, Any]) -> dict[str, Any]:
    """The key of a record, which messages show."""
    return {name: item[name] for name in ("scope", "record") if name in item}


def _token(fields: Fields) -> int:
    return fields.number(FENCE)
