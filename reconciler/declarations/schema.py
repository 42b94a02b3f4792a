"""The JSON Schema of a declaration, for editors. Printed by the command ``schema``; keywords are those of draft-07.

Generated from the same models that validate; every field is offered in both spellings.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from pydantic.fields import FieldInfo

from reconciler.declarations.document.field_model import FieldModel, MappingForm, TextForm, marker_of, spellings
from reconciler.declarations.document.table_document import REQUIRED, TableDocument, nested_model

_ADDRESS = "#/definitions/"


def json_schema() -> dict[str, Any]:
    """The schema of one YAML or JSON document, as a new dict for each caller."""
    schema = TableDocument.model_json_schema(ref_template=_ADDRESS + "{model}")
    definitions = schema.pop("$defs", {})
    for part in _parts(TableDocument):
        if part is not TableDocument:
            definitions[part.__name__] = _both_spellings(part, definitions[part.__name__])
    for name, info in TableDocument.model_fields.items():
        _offer_other_forms(schema["properties"][name], info)
    schema["required"] = list(REQUIRED)
    schema = _both_spellings(TableDocument, schema)
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
