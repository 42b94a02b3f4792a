"""The indexes that an update names; an unknown one is refused (UpdateTable)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulation.refusal import invalid


def named(draft: dict[str, Any], names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The live global indexes by name; refused where one of ``names`` is not among them."""
    indexes = {index["IndexName"]: index for index in draft.get("GlobalSecondaryIndexes", [])}
    unknown = set(names) - indexes.keys()
    if unknown:
        raise invalid("UpdateTable", f"no such index: {sorted(unknown)}")
    return indexes
