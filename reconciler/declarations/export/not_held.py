"""What a format adds to a table or leaves out, in sentences. Used by the formats of other tools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.declarations.export.read_back import is_off, without_defaults
from reconciler.model.table import TableSpec
from reconciler.planning.compare import managed
from reconciler.planning.create import create_call


def with_units(spec: TableSpec, document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the throughput that a table is created with where only its auto scaling is declared."""
    if spec.billing is None or spec.billing.mode != "PROVISIONED":
        return dict(document)
    request = create_call(spec).params
    found = dict(document)
    if "ProvisionedThroughput" in request:
        found.setdefault("ProvisionedThroughput", request["ProvisionedThroughput"])
    units = {each["IndexName"]: each.get("ProvisionedThroughput") for each in request.get("GlobalSecondaryIndexes", ())}
    if "GlobalSecondaryIndexes" in found:
        found["GlobalSecondaryIndexes"] = [
            {"ProvisionedThroughput": units[each["IndexName"]], **each} if units.get(each["IndexName"]) else each
            for each in found["GlobalSecondaryIndexes"]
        ]
    return found


def not_held(spec: TableSpec, back: TableSpec, lost: Iterable[str], kind: str) -> Iterator[tuple[str, str | None]]:
    """Each lost facet, with a sentence where the result is another table; ``back`` is the table as it reads back."""
    for facet in lost:
        value, found = getattr(spec, facet), getattr(back, facet)
        if value is None:
            yield facet, f"{facet} is not declared; {kind} manages it all the same"
        elif is_off(value) or without_defaults(value) == found:
            yield facet, None
        elif found is not None and managed(found, value) == value:
            yield facet, f"{facet} is declared in part; {kind} manages all of it"
        else:
            yield facet, f"{kind} does not hold {facet} as declared"
