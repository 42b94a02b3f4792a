"""On-demand maximum and warm throughput, of the table and its indexes. Asked by ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.sources.document.limits import OnDemandThroughputPart, WarmThroughputPart
from reconciler.sources.document.table import TableDocument
from reconciler.sources.place import Finding, Path
from reconciler.sources.rules.billing_mode import is_provisioned


def maximum_members(document: TableDocument) -> Iterator[Finding]:
    """At least one member; each at least 1, or -1 for no maximum."""
    for path, part, _ in _parts(document):
        if part is None:
            continue
        if part.max_read_request_units is None and part.max_write_request_units is None:
            remedy = "Add max_read_request_units or max_write_request_units; -1 means no maximum."
            yield Finding((*path, "on_demand_throughput"), "is empty", remedy)
        for name in ("max_read_request_units", "max_write_request_units"):
            if getattr(part, name) == 0:
                yield Finding((*path, "on_demand_throughput", name), "is 0", "Write 1 or more, or -1 for no maximum.")


def maximum_needs_on_demand(document: TableDocument) -> Iterator[Finding]:
    """A provisioned table takes no maximum."""
    provisioned = is_provisioned(document)
    for path, part, _ in _parts(document):
        if part is not None and provisioned:
            reason = "is given, but the table is provisioned"
            yield Finding(
                (*path, "on_demand_throughput"),
                reason,
                "Remove it to stay provisioned; a maximum is for on-demand tables.",
            )


def warm_members(document: TableDocument) -> Iterator[Finding]:
    """At least one member."""
    for path, _, part in _parts(document):
        if part is not None and part.read_units_per_second is None and part.write_units_per_second is None:
            remedy = "Add read_units_per_second or write_units_per_second, or remove it."
            yield Finding((*path, "warm_throughput"), "is empty", remedy)


def _parts(
    document: TableDocument,
) -> Iterator[tuple[Path, OnDemandThroughputPart | None, WarmThroughputPart | None]]:
    yield (), document.on_demand_throughput, document.warm_throughput
    for position, index in enumerate(document.global_secondary_indexes or []):
        yield ("global_secondary_indexes", position), index.on_demand_throughput, index.warm_throughput
