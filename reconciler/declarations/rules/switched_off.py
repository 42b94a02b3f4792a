"""Details of what is switched off mean nothing, and are taken for a mistake. Asked by ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declarations.document.table import TableDocument
from reconciler.declarations.features.contributor_insights import InsightsPart
from reconciler.parsing.place import Finding, Path


def sse_details(document: TableDocument) -> Iterator[Finding]:
    """A key only where a key in KMS is wanted."""
    sse = document.sse_specification
    if sse and not sse.enabled and (sse.kms_master_key_id or sse.sse_type):
        name = "kms_master_key_id" if sse.kms_master_key_id else "sse_type"
        remedy = "Remove it to keep the key that DynamoDB owns; set enabled to true to use a key in KMS."
        yield Finding(("sse_specification", name), "is given, but enabled is false", remedy)


def sse_key_is_given(document: TableDocument) -> Iterator[Finding]:
    """A key without a value would silently mean another key: the one that AWS manages."""
    sse = document.sse_specification
    for name in ("kms_master_key_id", "sse_type"):
        if sse and name in sse.model_fields_set and getattr(sse, name) is None:
            remedy = "Give it a value; leave it out for alias/aws/dynamodb, the key managed by AWS."
            yield Finding(("sse_specification", name), "is empty", remedy)


def insights_details(document: TableDocument) -> Iterator[Finding]:
    """A mode only where insights are on."""
    parts: list[tuple[Path, InsightsPart | None]] = [((), document.contributor_insights)]
    indexes = enumerate(document.global_secondary_indexes or [])
    parts += [(("global_secondary_indexes", position), index.contributor_insights) for position, index in indexes]
    for path, insights in parts:
        if insights and not insights.enabled and insights.mode:
            where = (*path, "contributor_insights", "mode")
            yield Finding(where, "is given, but enabled is false", "Remove it, or enable it.")


def kinesis_details(document: TableDocument) -> Iterator[Finding]:
    """A stream exactly where streaming is on."""
    kinesis = document.kinesis_streaming
    if kinesis and kinesis.enabled and not kinesis.stream_arn:
        remedy = "Add the ARN of the data stream, or set enabled to false."
        yield Finding(("kinesis_streaming", "stream_arn"), "is missing", remedy)
    for name in ("stream_arn", "precision"):
        if kinesis and not kinesis.enabled and getattr(kinesis, name):
            where = ("kinesis_streaming", name)
            yield Finding(where, "is given, but enabled is false", "Remove it, or enable it.")


def recovery_details(document: TableDocument) -> Iterator[Finding]:
    """Days only where point-in-time recovery is on."""
    recovery, name = document.point_in_time_recovery, "recovery_period_in_days"
    if recovery and not recovery.enabled and recovery.recovery_period_in_days is not None:
        yield Finding(("point_in_time_recovery", name), "is given, but enabled is false", "Remove it, or enable it.")
