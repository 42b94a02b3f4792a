"""Billing mode and provisioned throughput (CreateTable.BillingMode, .ProvisionedThroughput)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from reconciler.declarations.document.field_model import LONG, FieldModel
from reconciler.declarations.features.auto_scaling import AutoScalingFields, scaled_capacities
from reconciler.declarations.features.base import Feature, Members, Response
from reconciler.model.table import Billing, TableSpec, Throughput


class ThroughputPart(FieldModel):
    """Capacity units per second."""

    read_capacity_units: int = Field(ge=1, le=LONG, description="Read capacity units per second, at least 1.")
    write_capacity_units: int = Field(ge=1, le=LONG, description="Write capacity units per second, at least 1.")


class BillingFields(FieldModel):
    """How the table is paid for."""

    billing_mode: Literal["PAY_PER_REQUEST", "PROVISIONED"] | None = Field(
        default=None, description="On demand, or by provisioned throughput."
    )
    provisioned_throughput: ThroughputPart | None = Field(default=None, description="Alone, it means PROVISIONED.")


if TYPE_CHECKING:

    class BillingDocument(BillingFields, AutoScalingFields):
        """What decides about the billing mode."""


def is_provisioned(document: BillingDocument) -> bool:
    """The mode as it is declared: throughput or auto scaling alone means provisioned."""
    scaled = any(part.enabled for _, part in scaled_capacities(document))
    alone = document.billing_mode is None and (document.provisioned_throughput is not None or scaled)
    return document.billing_mode == "PROVISIONED" or alone


def throughput(part: ThroughputPart | None) -> Throughput | None:
    """The throughput of a table or an index."""
    return None if part is None else Throughput(part.read_capacity_units, part.write_capacity_units)


def throughput_members(units: Throughput | None) -> dict[str, int] | None:
    """The reverse of ``throughput``."""
    return None if units is None else {"ReadCapacityUnits": units.read, "WriteCapacityUnits": units.write}


def to_model(document: BillingDocument) -> Billing | None:
    """The mode and the throughput; None where neither is declared."""
    mode = document.billing_mode or ("PROVISIONED" if is_provisioned(document) else None)
    return None if mode is None else Billing(mode, throughput(document.provisioned_throughput))


def from_model(spec: TableSpec) -> Members:
    """Both as they are."""
    billing = spec.billing
    return {
        "billing_mode": billing and billing.mode,
        "provisioned_throughput": billing and throughput_members(billing.throughput),
    }


def _mode_of(response: Response) -> tuple[str, Any] | None:
    mode = response.get("BillingMode")
    return ("BillingMode", mode) if isinstance(mode, str) else None


# What it may not be combined with is in cross_feature_rules.
BILLING = Feature("billing", BillingFields, (), to_model, from_model, {"BillingModeSummary": _mode_of})
