"""Fields that DynamoDB knows and this release does not manage: named as such, never called a misspelling."""

from __future__ import annotations

NOT_MANAGED = ("ReplicaUpdates GlobalTableWitnessUpdates ImportSourceSpecification Backup ContinuousBackups",)
"""Of CreateTable, UpdateTable, their side APIs and CloudFormation's table resource, as AWS spells them."""

READ_ONLY = (
    "TableStatus TableArn TableId CreationDateTime ItemCount TableSizeBytes LatestStreamArn LatestStreamLabel",
    "BillingModeSummary SSEDescription ArchivalSummary RestoreSummary TableClassSummary IndexStatus IndexArn",
    "IndexSizeBytes Backfilling NumberOfDecreasesToday LastIncreaseDateTime LastDecreaseDateTime GlobalTableVersion",
)
"""Of DescribeTable alone."""


def _fold(word: str) -> str:
    return word.replace("_", "").lower()


_KINDS = {
    _fold(word): kind
    for kind, lines in (("not managed", NOT_MANAGED), ("read only", READ_ONLY))
    for line in lines
    for word in line.split()
}


def kind_of(word: str) -> str | None:
    """``not managed``, ``read only`` or None, in either spelling."""
    return _KINDS.get(_fold(word))
