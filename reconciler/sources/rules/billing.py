"""Billing mode and throughput, of the table and its indexes. Asked by ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.sources.document.table import TableDocument
from reconciler.sources.place import Finding
from reconciler.sources.rules.billing_mode import is_provisioned


def mode_and_throughput(document: TableDocument) -> Iterator[Finding]:
    """On demand has no throughput; provisioned has one, or auto scaling of read and write."""
    if document.billing_mode == "PAY_PER_REQUEST" and document.provisioned_throughput:
        yield Finding(
            ("provisioned_throughput",),
            "is given with billing_mode PAY_PER_REQUEST",
            "Remove it to stay on demand. For provisioned capacity, set billing_mode to PROVISIONED.",
        )
    scaling = document.auto_scaling
    scaled = bool(scaling and scaling.read and scaling.write)
    if document.billing_mode == "PROVISIONED" and not document.provisioned_throughput and not scaled:
        yield Finding(
            ("provisioned_throughput",),
            "is missing, which billing_mode PROVISIONED needs",
            "Add read_capacity_units and write_capacity_units. For an on-demand table, set PAY_PER_REQUEST.",
        )


def index_throughput(document: TableDocument) -> Iterator[Finding]:
    """Each global index has its own throughput where the table is provisioned, and none elsewhere."""
    provisioned = is_provisioned(document)
    scaling = document.auto_scaling
    scaled = {each.index_name for each in (scaling and scaling.indexes) or () if each.read and each.write}
    for position, index in enumerate(document.global_secondary_indexes or []):
        path = ("global_secondary_indexes", position, "provisioned_throughput")
        if provisioned and index.provisioned_throughput is None and index.index_name not in scaled:
            reason = "is missing, which an index of a provisioned table needs"
            yield Finding(path, reason, "Add read_capacity_units and write_capacity_units.")
        if not provisioned and index.provisioned_throughput is not None:
            yield Finding(path, "is given, but the table is not provisioned", "Remove it; an index on demand has none.")
