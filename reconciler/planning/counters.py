"""Counters and times in a DescribeTable answer that say how much of a quota is used up. Called by ``observe``. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.model.observed import Counters


def counters_of(table: Mapping[str, Any]) -> Counters:
    """What the ``Table`` member says; endpoints that count nothing leave everything out."""
    holders = {"": table, **{index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes") or ()}}
    capacity = {name: holder.get("ProvisionedThroughput") or {} for name, holder in holders.items()}
    counts = {name: int(shape.get("NumberOfDecreasesToday") or 0) for name, shape in capacity.items()}
    times = {name: _time(shape.get("LastDecreaseDateTime")) for name, shape in capacity.items()}
    return Counters(
        decreases={name: count for name, count in counts.items() if count},
        last_decrease={name: time for name, time in times.items() if time is not None},
        on_demand_since=_time((table.get("BillingModeSummary") or {}).get("LastUpdateToPayPerRequestDateTime")),
        class_changed=_time((table.get("TableClassSummary") or {}).get("LastUpdateDateTime")),
    )


def _time(value: Any) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
