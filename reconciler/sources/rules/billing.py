"""Billing mode and throughput, of the table and its indexes. Asked by ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.sources.document.table import TableDocument
from reconciler.sources.place import Finding


def mode_and_throughput(document: TableDocument) -> Iterator[Finding]:
    """On demand has no throughput; provisioned has one."""
    if document.billing_mode == "PAY_PER_REQUEST" and document.provisioned_throughput:
        yield Finding(
            ("provisioned_throughput",),
            "is given with billing_mode PAY_PER_REQUEST",
            "Remove it, or set billing_mode to PROVISIONED.",
        )
    if document.billing_mode == "PROVISIONED" and not document.provisioned_throughput:
        yield Finding(
            ("provisioned_throughput",),
            "is missing, which billing_mode PROVISIONED needs",
            "Add read_capacity_units and write_capacity_units, or set billing_mode to PAY_PER_REQUEST.",
        )


def index_throughput(document: TableDocument) -> Iterator[Finding]:
    """Each global index has its own throughput where the table is provisioned, and none elsewhere."""
    provisioned = document.billing_mode == "PROVISIONED" or (
        document.billing_mode is None and document.provisioned_throughput is not None
    )
    for position, index in enumerate(document.global_secondary_indexes or []):
        path = ("global_secondary_indexes", position, "provisioned_throughput")
        if provisioned and index.provisioned_throughput is None:
            reason = "is missing, which an index of a provisioned table needs"
            yield Finding(path, reason, "Add read_capacity_units and write_capacity_units.")
        if not provisioned and index.provisioned_throughput is not None:
            yield Finding(path, "is given, but the table is not provisioned", "Remove it, or provision the table too.")
