"""Fields that DynamoDB knows and this release does not manage: named as such, never called a misspelling."""

from __future__ import annotations

NOT_MANAGED = ("ReplicaUpdates GlobalTableWitnessUpdates ImportSourceSpecification Backup ContinuousBackups",)
"""Of CreateTable, UpdateTable, their side APIs and CloudFormation's table resource, as AWS spells them."""

READ_ONLY = (
    "TableStatus TableArn TableId CreationDateTime ItemCount TableSizeBytes LatestStreamArn LatestStreamLabel",
    "BillingModeSummary SSEDescription ArchivalSummary RestoreSummary TableClassSummary IndexStatus IndexArn",
    "IndexSizeBytes Backfilling NumberOfDecreasesToday LastIncreaseDateTime LastDecreaseDateTime GlobalTableVersion",
    "ReplicaStatus ReplicaStatusDescription ReplicaStatusPercentProgress ReplicaInaccessibleDateTime ReplicaArn",
    "ReplicaTableClassSummary WitnessStatus Status TimeToLiveDescription ContinuousBackupsDescription",
    "PointInTimeRecoveryDescription",
)
"""Of DescribeTable and its sister reads alone; ``pasted`` knows which of them can be declared by another field."""


def fold(word: str) -> str:
    """A field's name without its spelling."""
    return word.replace("_", "").lower()


_KINDS = {
    fold(word): kind
    for kind, lines in (("not managed", NOT_MANAGED), ("read only", READ_ONLY))
    for line in lines
    for word in line.split()
}


def kind_of(word: str) -> str | None:
    """``not managed``, ``read only`` or None, in either spelling."""
    return _KINDS.get(fold(word))
