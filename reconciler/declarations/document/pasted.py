"""Fields pasted from the service's answers, with the field that declares the same. Asked by ``spelling`` and ``check``.

The remedy for a field of DescribeTable carries its meaning over. Removing BillingModeSummary alone leaves a table whose
ProvisionedThroughput of 0 looks like the mode that is meant.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.declarations.document.unmanaged import fold
from reconciler.parsing.place import Finding, Path

Answer = Mapping[str, Any]

_ON = ("ENABLED", "ENABLING", "UPDATING")


def same_meaning(key: str, item: Any) -> tuple[str, Any] | None:
    """The field, as AWS spells it, and the value that declare what the pasted ``key`` says; None where none does."""
    make = _EQUIVALENTS.get(fold(key))
    return make(item) if make and isinstance(item, Mapping) else None


def in_its_place(field: str, value: Any) -> str:
    """The remedy as a sentence with the exact line, which is JSON and YAML at once."""
    return f'Write "{field}": {json.dumps(value)} in its place.'


def on_demand_capacity(document: Mapping[str, Any], written: Mapping[Any, Any]) -> list[Finding]:
    """Throughput of 0 and 0 is DescribeTable's answer for an on-demand table; it never means a capacity of 1.

    ``document`` has canonical names, ``written`` is the same as the user spelled it.
    """
    if document.get("billing_mode") == "PROVISIONED":
        return []
    found: list[Finding] = []
    reason = "is 0 and 0, as DescribeTable shows it for an on-demand table"
    if _is_zero(document.get("provisioned_throughput")):
        told = "billing_mode" in document or any(fold(str(key)) == "billingmodesummary" for key in written)
        remedy = "Remove it." if told else in_its_place("BillingMode", "PAY_PER_REQUEST")
        found.append(Finding(("provisioned_throughput",), reason, remedy))
    indexes = document.get("global_secondary_indexes")
    for position, index in enumerate(indexes if isinstance(indexes, list) else []):
        if isinstance(index, Mapping) and _is_zero(index.get("provisioned_throughput")):
            path: Path = ("global_secondary_indexes", position, "provisioned_throughput")
            found.append(Finding(path, reason, "Remove it."))
    return found


def _is_zero(throughput: Any) -> bool:
    members = ("read_capacity_units", "write_capacity_units")
    return isinstance(throughput, Mapping) and all(throughput.get(name) == 0 for name in members)


def _text(field: str, member: str) -> Callable[[Answer], tuple[str, Any] | None]:
    return lambda item: (field, item[member]) if isinstance(item.get(member), str) else None


def _sse(item: Answer) -> tuple[str, Any]:
    if item.get("Status") not in _ON:
        return "SSESpecification", {"Enabled": False}
    arn = item.get("KMSMasterKeyArn")
    return "SSESpecification", {"Enabled": True, **({"KMSMasterKeyId": arn} if isinstance(arn, str) else {})}


def _ttl(item: Answer) -> tuple[str, Any]:
    if item.get("TimeToLiveStatus") not in _ON:
        return "TimeToLiveSpecification", {"Enabled": False}
    return "TimeToLiveSpecification", {"Enabled": True, "AttributeName": item.get("AttributeName")}


def _recovery(item: Answer) -> tuple[str, Any]:
    inner = item.get("PointInTimeRecoveryDescription", item)
    told: Answer = inner if isinstance(inner, Mapping) else {}
    if told.get("PointInTimeRecoveryStatus") not in _ON:
        return "PointInTimeRecoverySpecification", {"PointInTimeRecoveryEnabled": False}
    days = told.get("RecoveryPeriodInDays")
    kept = {"RecoveryPeriodInDays": days} if isinstance(days, int) else {}
    return "PointInTimeRecoverySpecification", {"PointInTimeRecoveryEnabled": True, **kept}


_EQUIVALENTS: Mapping[str, Callable[[Answer], tuple[str, Any] | None]] = {
    "billingmodesummary": _text("BillingMode", "BillingMode"),
    "tableclasssummary": _text("TableClass", "TableClass"),
    "replicatableclasssummary": _text("TableClassOverride", "TableClass"),
    "ssedescription": _sse,
    "timetolivedescription": _ttl,
    "continuousbackupsdescription": _recovery,
    "pointintimerecoverydescription": _recovery,
}
