"""On-demand maximum and warm throughput of a table or an index (CreateTable.OnDemandThroughput, .WarmThroughput)."""

from __future__ import annotations

from pydantic import Field

from reconciler.declarations.document.part import LONG, Part


class OnDemandThroughputPart(Part):
    """Request units per second. What is left out is left alone."""

    max_read_request_units: int | None = Field(
        default=None, ge=-1, le=LONG, description="At least 1, or -1 for no maximum."
    )
    max_write_request_units: int | None = Field(
        default=None, ge=-1, le=LONG, description="At least 1, or -1 for no maximum."
    )


class WarmThroughputPart(Part):
    """Units per second that are ready at once. It only ever rises, and DynamoDB raises it by itself."""

    read_units_per_second: int | None = Field(default=None, ge=1, le=LONG, description="Reads per second.")
    write_units_per_second: int | None = Field(default=None, ge=1, le=LONG, description="Writes per second.")
