"""``AWS::Serverless::SimpleTable`` as a declaration, with the template's ``Globals``.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-simpletable.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.declarations.document.table_document import TableDocument
from reconciler.declarations.formats.cloudformation.resource import Resource
from reconciler.declarations.formats.cloudformation.scalars import typed
from reconciler.parsing.source_location import Path, did_you_mean

_TYPES = {"String": "S", "Number": "N", "Binary": "B"}
_PROPERTIES = (
    *("TableName", "PrimaryKey", "ProvisionedThroughput", "SSESpecification", "Tags"),
    "PointInTimeRecoverySpecification",
)


def declared(resource: Resource) -> dict[str, Any]:
    """The declaration as AWS spells it. Without a key SAM creates a string key named id."""
    properties = resource.properties
    for name in properties:
        if name not in _PROPERTIES:
            close = did_you_mean(name, _PROPERTIES)
            remedy = f"Did you mean `{close}`?" if close else f"A SimpleTable has: {', '.join(_PROPERTIES)}."
            raise resource.refuse((name,), "unknown property of a SimpleTable", remedy)
    key = resource.take("PrimaryKey")
    given = {"Name": "id", "Type": "String"} if key is None else key
    if not isinstance(given, Mapping) or not isinstance(given.get("Name", "id"), str):
        raise resource.refuse(("PrimaryKey",), "needs a Name and a Type", "Write {Name: id, Type: String}.")
    kind = str(given.get("Type", "String"))
    if kind not in _TYPES:
        remedy = "Use String, Number or Binary."
        raise resource.refuse(("PrimaryKey", "Type"), f"invalid type {kind!r} of the key", remedy)
    for member in given:
        if member not in ("Name", "Type"):
            close = did_you_mean(member, ("Name", "Type"))
            remedy = f"Did you mean {close}?" if close else "Write {Name: id, Type: String}."
            raise resource.refuse(("PrimaryKey", member), "unknown member of a key", remedy)
    name = given.get("Name", "id")
    properties["KeySchema"] = [{"AttributeName": name, "KeyType": "HASH"}]
    properties["AttributeDefinitions"] = [{"AttributeName": name, "AttributeType": _TYPES[kind]}]
    for target in ("KeySchema", "AttributeDefinitions"):
        resource.moved(("PrimaryKey",) if key is not None else (), (target,))
        resource.moved(("PrimaryKey", "Name"), (target, 0, "AttributeName"))
    _add_globals(resource)
    # SAM creates an on-demand table where no throughput is given.
    properties["BillingMode"] = "PROVISIONED" if "ProvisionedThroughput" in properties else "PAY_PER_REQUEST"
    return dict(typed(TableDocument, properties))


def _add_globals(resource: Resource) -> None:
    """``Globals: {SimpleTable: {SSESpecification: …}}`` holds for every table that does not say otherwise."""
    found = resource.template.get("Globals")
    for name in found if isinstance(found, Mapping) else ():
        if name != "SimpleTable" and did_you_mean(str(name), ("SimpleTable",)):
            here: Path = ("Globals", str(name))
            resource.sources[here] = here
            raise resource.refuse(here, "unknown section of Globals", "Did you mean SimpleTable?")
    shared = found.get("SimpleTable") if isinstance(found, Mapping) else None
    if shared is None:
        return
    if not isinstance(shared, Mapping):
        here = ("Globals", "SimpleTable")
        resource.sources[here] = here
        raise resource.refuse(here, "expected a mapping", "SAM allows SSESpecification alone.")
    for name, value in shared.items():
        if name != "SSESpecification":
            here = ("Globals", "SimpleTable", name)
            resource.sources[here] = here
            raise resource.refuse(here, "is not supported in Globals", "SAM allows SSESpecification alone.")
        own = resource.properties.get(name)
        both = {**value, **own} if isinstance(own, Mapping) and isinstance(value, Mapping) else value
        resource.properties[name] = both
