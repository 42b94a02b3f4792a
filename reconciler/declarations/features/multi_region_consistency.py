"""How the replicas of a global table agree, and its witness (UpdateTable.MultiRegionConsistency)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reconciler.declarations.document.field_model import Aliases, FieldModel
from reconciler.declarations.features.base import Feature, Members
from reconciler.declarations.features.replicas import Region, is_global
from reconciler.model.global_table import MultiRegionConsistency
from reconciler.model.table import TableSpec


class WitnessPart(FieldModel):
    """The Region that keeps a log of writes and no table."""

    region_name: Annotated[Region, Aliases(("Region", "region"))] = Field(description="Such as us-west-2.")


class ConsistencyFields(FieldModel):
    """Consistency of the global table."""

    multi_region_consistency: Literal["EVENTUAL", "STRONG"] | None = Field(
        default=None, description="How replicas agree; fixed when the table becomes global."
    )
    global_table_witnesses: list[WitnessPart] | None = Field(
        default=None, description="The Region of the witness, in place of a third replica with strong consistency."
    )


def to_model(document: ConsistencyFields) -> MultiRegionConsistency | None:
    """The mode with the witness; None where the mode is not declared."""
    mode, witnesses = document.multi_region_consistency, document.global_table_witnesses
    if mode is None:
        return None
    return MultiRegionConsistency(mode, witnesses[0].region_name if witnesses else None)


def from_model(spec: TableSpec) -> Members:
    """Both, for a global table."""
    consistency = spec.multi_region_consistency
    if consistency is None or not is_global(spec):
        return {}
    return {
        "multi_region_consistency": consistency.mode,
        "global_table_witnesses": [{"RegionName": consistency.witness}] if consistency.witness else None,
    }


# What strong consistency needs of replicas and of the table is in cross_feature_rules.
MULTI_REGION_CONSISTENCY = Feature("multi_region_consistency", ConsistencyFields, (), to_model, from_model)
