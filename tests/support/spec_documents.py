"""A table's spec as a declaration document that reads back as that spec."""

from __future__ import annotations

from typing import Any

from reconciler.model.table import TableSpec
from reconciler.planning.create import create_call


def document(spec: TableSpec, **more: Any) -> dict[str, Any]:
    """The document in the API's own names; ``more`` adds ``lifecycle`` and the like."""
    found = dict(create_call(spec, None).params)
    if spec.billing is None:
        found.pop("BillingMode", None)
    if spec.global_indexes == ():
        found["GlobalSecondaryIndexes"] = []
    if spec.local_indexes == ():
        found["LocalSecondaryIndexes"] = []
    if spec.stream is not None and not spec.stream.enabled:
        found["StreamSpecification"] = {"StreamEnabled": False}
    if spec.deletion_protection is not None:
        found["DeletionProtectionEnabled"] = spec.deletion_protection
    if spec.ttl is not None:
        attribute = {"AttributeName": spec.ttl.attribute} if spec.ttl.attribute else {}
        found["TimeToLiveSpecification"] = {"Enabled": spec.ttl.enabled, **attribute}
    return {**found, **more}
