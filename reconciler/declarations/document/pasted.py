"""Fields pasted from the service's answers, and fields that this release does not manage. Asked by ``spelling``.

They are named as such, never called a misspelling. The remedy for a field of DescribeTable carries its meaning over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.declarations.features import FEATURES

NOT_MANAGED = ("ReplicaUpdates GlobalTableWitnessUpdates ImportSourceSpecification Backup ContinuousBackups",)
"""Of CreateTable, UpdateTable, their side APIs and CloudFormation's table resource, as AWS spells them."""

READ_ONLY = (
    "TableStatus TableArn TableId CreationDateTime ItemCount TableSizeBytes LatestStreamArn LatestStreamLabel",
    "ArchivalSummary RestoreSummary IndexStatus IndexArn",
    "IndexSizeBytes Backfilling NumberOfDecreasesToday LastIncreaseDateTime LastDecreaseDateTime GlobalTableVersion",
    "ReplicaStatus ReplicaStatusDescription ReplicaStatusPercentProgress ReplicaInaccessibleDateTime ReplicaArn",
    "WitnessStatus Status",
)
"""Of DescribeTable and its sister reads alone. ``Feature.read_only`` has those that some field declares."""


def normalized_name(word: str) -> str:
    """A field's name without its spelling."""
    return word.replace("_", "").lower()


_EQUIVALENTS = {normalized_name(word): make for feature in FEATURES for word, make in feature.read_only.items()}
_KINDS = {
    **{normalized_name(word): "not managed" for line in NOT_MANAGED for word in line.split()},
    **{normalized_name(word): "read only" for line in READ_ONLY for word in line.split()},
    **dict.fromkeys(_EQUIVALENTS, "read only"),
}


def field_category(word: str) -> str | None:
    """``not managed``, ``read only`` or None, in either spelling."""
    return _KINDS.get(normalized_name(word))


def equivalent_field(key: str, item: Any) -> tuple[str, Any] | None:
    """The field, as AWS spells it, and the value that declare what the pasted ``key`` says; None where none does."""
    make = _EQUIVALENTS.get(normalized_name(key))
    return make(item) if make and isinstance(item, Mapping) else None


def replacement_remedy(field: str, value: Any) -> str:
    """The remedy as a sentence with the exact line, which is JSON and YAML at once."""
    return f'Write "{field}": {json.dumps(value)} in its place.'
