"""Details of what is switched off mean nothing, and are taken for a mistake. Asked by ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.sources.document.table import TableDocument
from reconciler.sources.place import Finding


def sse_details(document: TableDocument) -> Iterator[Finding]:
    """A key only where a key in KMS is wanted."""
    sse = document.sse_specification
    if sse and not sse.enabled and (sse.kms_master_key_id or sse.sse_type):
        name = "kms_master_key_id" if sse.kms_master_key_id else "sse_type"
        yield Finding(("sse_specification", name), "is given, but enabled is false", "Remove it, or enable it.")


def recovery_details(document: TableDocument) -> Iterator[Finding]:
    """Days only where point-in-time recovery is on."""
    recovery, name = document.point_in_time_recovery, "recovery_period_in_days"
    if recovery and not recovery.enabled and recovery.recovery_period_in_days is not None:
        yield Finding(("point_in_time_recovery", name), "is given, but enabled is false", "Remove it, or enable it.")
