"""The JSON Schema of a declaration, for editors. Printed by the command ``schema``; keywords are those of draft-07.

Generated from the same models that validate; every field is offered in both spellings.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from pydantic.fields import FieldInfo

from reconciler.declarations.document.extras import FileFields
from reconciler.declarations.document.field_model import FieldModel, MappingForm, TextForm, marker_of, spellings
from reconciler.declarations.document.table_document import REQUIRED, TableDocument, nested_model
from reconciler.declarations.overlay_schema import overlay_file, with_overlays

_ADDRESS = "#/definitions/"
_VARIABLE = {"type": "string", "pattern": r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$"}
_REPLACEABLE = ("integer", "number", "boolean")


def json_schema(*, overlay: bool = False) -> dict[str, Any]:
    """The schema of one YAML or JSON document, as a new dict for each caller.

    With ``overlay`` that of a file such as ``orders.prod.yaml``, which changes a declaration in one environment.
    """
    names = spellings(TableDocument)
    table_names = frozenset(word for word, name in names.items() if name == "table_name")
    whole = with_overlays(_declaration_schema(), table_names, names)
    return overlay_file(whole, table_names) if overlay else whole


def _declaration_schema() -> dict[str, Any]:
    schema = TableDocument.model_json_schema(ref_template=_ADDRESS + "{model}")
    definitions = schema.pop("$defs", {})
    for part in _parts(TableDocument):
        if part is not TableDocument:
            definitions[part.__name__] = _both_spellings(part, definitions[part.__name__])
    for name, info in TableDocument.model_fields.items():
        _offer_other_forms(schema["properties"][name], info)
    schema["required"] = list(REQUIRED)
    schema = _both_spellings(TableDocument, schema)
    files = FileFields.model_json_schema(ref_template=_ADDRESS + "{model}")
    for value in (*_members(schema), *(each for part in definitions.values() for each in _members(part))):
        _offer_variable(value)
    definitions |= files.pop("$defs", {})
    for value in _members(files):
        value.pop("title", None)
    schema["properties"] |= files["properties"]
    schema["properties"]["$schema"] = {"type": "string", "description": "The address of this schema, for editors."}
    schema["patternProperties"] = {"^x-": {"description": "Ignored; use it for YAML anchors or other tools."}}
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "DynamoDB table declaration"}
    return {**schema, **head, "definitions": definitions}


def _offer_other_forms(field: dict[str, Any], info: FieldInfo) -> None:
    """Add the forms in which a list may be written beside its parts."""
    mapping, text = marker_of(info, MappingForm), marker_of(info, TextForm)
    if mapping is not None:
        values = {"type": "string", "maxLength": mapping.longest}
        field["anyOf"].insert(1, {"type": "object", "additionalProperties": values, "maxProperties": mapping.most})
    if text is not None:
        elements = field["anyOf"][0]
        elements["items"] = {"anyOf": [{"type": "string", "minLength": 1}, elements["items"]]}


def _members(schema: dict[str, Any]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = schema.get("properties", {})
    return list(found.values())


def _offer_variable(field: dict[str, Any]) -> None:
    """A variable may stand for any value that is no list and no mapping; texts hold one anyway."""
    forms = field.get("anyOf", [field])
    if not any(each.get("type") in _REPLACEABLE or "enum" in each or "const" in each for each in forms):
        return
    if any(each.get("type") == "string" and not {"enum", "const"} & each.keys() for each in forms):
        return
    if "anyOf" in field:
        field["anyOf"].append(dict(_VARIABLE))
        return
    form = {key: field.pop(key) for key in list(field) if key not in ("description", "default", "title")}
    field["anyOf"] = [form, dict(_VARIABLE)]


def _both_spellings(model: type[FieldModel], schema: dict[str, Any]) -> dict[str, Any]:
    """Offer each field under all its spellings; a required field may come in any of them."""
    known = spellings(model)
    properties = {word: deepcopy(schema["properties"][name]) for word, name in known.items()}
    for value in properties.values():
        value.pop("title", None)
    required = schema.pop("required", [])
    ways = [{"anyOf": [{"required": [word]} for word, name in known.items() if name == field]} for field in required]
    return {**schema, "properties": properties, **({"allOf": ways} if ways else {})}


def _parts(model: type[FieldModel]) -> Iterator[type[FieldModel]]:
    yield model
    for info in model.model_fields.values():
        part = nested_model(info.annotation)
        if part is not None:
            yield from _parts(part)
