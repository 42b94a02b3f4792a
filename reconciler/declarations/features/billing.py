"""Provisioned throughput of a table or an index (CreateTable.ProvisionedThroughput)."""

from __future__ import annotations

from pydantic import Field

from reconciler.declarations.document.part import LONG, Part


class ThroughputPart(Part):
    """Capacity units per second."""

    read_capacity_units: int = Field(ge=1, le=LONG, description="Read capacity units per second, at least 1.")
    write_capacity_units: int = Field(ge=1, le=LONG, description="Write capacity units per second, at least 1.")
