"""The billing mode that a declaration means. Asked by the rules, and by ``normalise``."""

from __future__ import annotations

from reconciler.model.table import BillingMode
from reconciler.sources.document.table import TableDocument
from reconciler.sources.rules.auto_scaling import scaled_capacities


def declared_mode(document: TableDocument) -> BillingMode | None:
    """The declared mode: throughput or auto scaling alone means PROVISIONED; ``None`` where nothing says it."""
    if document.billing_mode is not None:
        return document.billing_mode
    scaled = any(part.enabled for _, part in scaled_capacities(document))
    return "PROVISIONED" if document.provisioned_throughput is not None or scaled else None


def is_provisioned(document: TableDocument) -> bool:
    """Whether the table is declared as provisioned."""
    return declared_mode(document) == "PROVISIONED"
