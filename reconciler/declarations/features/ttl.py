"""Time to live (UpdateTimeToLive.TimeToLiveSpecification), also in the short form ``{attribute: expires_at}``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from reconciler.declarations.document.field_model import Aliases, FieldModel
from reconciler.declarations.features.base import IS_ON, Feature, Members, Response, rule
from reconciler.declarations.features.keys import AttributeName
from reconciler.model.table import TableSpec, Ttl
from reconciler.parsing.source_location import FieldProblem


class TtlPart(FieldModel):
    """``{enabled: false}`` turns it off; leaving the whole field out leaves it alone."""

    enabled: bool = Field(default=True, description="Whether DynamoDB deletes items whose time has passed.")
    attribute_name: Annotated[AttributeName | None, Aliases(("attribute",))] = Field(
        default=None, description="The attribute that holds the time, in seconds since 1970."
    )


class TtlFields(FieldModel):
    """Time to live of the items."""

    time_to_live: Annotated[
        TtlPart | None, Aliases(("TimeToLiveSpecification", "time_to_live_specification", "ttl"))
    ] = Field(default=None, description="Expiry of items.")


@rule("time_to_live")
def attribute(document: TtlFields) -> Iterator[FieldProblem]:
    """Enabled, it needs the attribute that holds the time."""
    if document.time_to_live and document.time_to_live.enabled and not document.time_to_live.attribute_name:
        remedy = "Name the attribute that holds the time, or set enabled to false."
        yield FieldProblem(("time_to_live", "attribute_name"), "is required when time to live is enabled", remedy)


def to_model(document: TtlFields) -> Ttl | None:
    """Time to live with its attribute."""
    ttl = document.time_to_live
    return None if ttl is None else Ttl(ttl.enabled, ttl.attribute_name)


def from_model(spec: TableSpec) -> Members:
    """Time to live, where it is enabled."""
    on = spec.ttl is not None and spec.ttl.enabled
    return {"time_to_live": {"Enabled": True, "AttributeName": spec.ttl.attribute} if spec.ttl and on else None}


def _of_response(response: Response) -> tuple[str, Any]:
    if response.get("TimeToLiveStatus") not in IS_ON:
        return "TimeToLiveSpecification", {"Enabled": False}
    return "TimeToLiveSpecification", {"Enabled": True, "AttributeName": response.get("AttributeName")}


TTL = Feature("ttl", TtlFields, (attribute,), to_model, from_model, {"TimeToLiveDescription": _of_response})
