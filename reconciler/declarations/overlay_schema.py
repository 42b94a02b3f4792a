"""The JSON Schema of an overlay, made from that of a declaration. Called by ``schema``.

An overlay names only what differs: nothing is required in it, ``null`` removes what it names, and a list of members
with names may be a mapping from names to members. See ``overlays.merge``.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from reconciler.declarations.overlays.merge import NAMED_LISTS

PREFIX = "Overlay"
OVERLAY = "#/definitions/Overlay"
_ABSENT = ("environments", "$schema")
"""Fields that no section for an environment may have; it cannot rename its table either."""
_NULL = {"type": "null"}
_LIMITS = ("required", "allOf", "minItems", "default", "title")
"""What holds for the merged table, and not for the part of it that an overlay writes."""


def with_overlays(schema: dict[str, Any], table_names: frozenset[str], named: Mapping[str, str]) -> dict[str, Any]:
    """The schema with a form for each section of ``environments``.

    ``table_names`` are the spellings of the name of the table, ``named`` canonical names of fields by spelling.
    """
    parts = {f"{PREFIX}{name}": _partial(part) for name, part in schema["definitions"].items()}
    fields = {
        word: _field(value, is_named=named.get(word) in NAMED_LISTS)
        for word, value in schema["properties"].items()
        if word not in _ABSENT and word not in table_names
    }
    section = {
        "type": "object",
        "description": "What differs in this environment.",
        "additionalProperties": False,
        "properties": fields,
        "patternProperties": schema["patternProperties"],
    }
    environments = {
        "description": schema["properties"]["environments"]["description"],
        "anyOf": [
            {"type": "object", "additionalProperties": {"anyOf": [{"$ref": OVERLAY}, _NULL]}},
            {"type": "array", "items": {"type": "string"}},
            _NULL,
        ],
    }
    properties = {**schema["properties"], "environments": environments}
    return {**schema, "properties": properties, "definitions": {**schema["definitions"], **parts, PREFIX: section}}


def overlay_file(schema: dict[str, Any], table_names: frozenset[str]) -> dict[str, Any]:
    """The schema of a file such as ``orders.prod.yaml``, from the whole one: it may name the table that it changes."""
    section = schema["definitions"][PREFIX]
    own = {word: value for word, value in schema["properties"].items() if word in {*table_names, "$schema"}}
    head = {"$schema": schema["$schema"], "title": "Overlay of a DynamoDB table declaration"}
    properties = {**own, **section["properties"]}
    return {**section, **head, "properties": properties, "definitions": schema["definitions"]}


def _partial(part: Mapping[str, Any]) -> dict[str, Any]:
    """A part of a declaration of which only some fields are written."""
    fields = {word: _field(value, is_named=False) for word, value in part.get("properties", {}).items()}
    kept = {key: value for key, value in part.items() if key not in _LIMITS and key != "properties"}
    return {**kept, **({"properties": fields} if fields else {})}


def _field(value: Mapping[str, Any], *, is_named: bool) -> dict[str, Any]:
    """A field that may be null; ``is_named`` adds the mapping from names to members."""
    described = {key: each for key, each in value.items() if key == "description"}
    rest = _rewritten({key: each for key, each in value.items() if key not in ("description", "default")})
    forms = list(rest["anyOf"]) if set(rest) == {"anyOf"} else [rest]
    for form in forms:
        # Tags as a mapping from keys to values.
        if isinstance(form.get("additionalProperties"), dict) and form.get("type") == "object":
            form["additionalProperties"] = {"anyOf": [form["additionalProperties"], dict(_NULL)]}
    if is_named:
        members: Any = next((form["items"] for form in forms if form.get("type") == "array"), {})
        forms.append({"type": "object", "additionalProperties": {"anyOf": [members, _NULL]}})
    return {**described, "anyOf": [*(form for form in forms if form != _NULL), dict(_NULL)]}


def _rewritten(value: Any) -> Any:
    """The same schema, with references to the parts of overlays."""
    if isinstance(value, dict):
        return {
            key: each.replace("#/definitions/", f"#/definitions/{PREFIX}") if key == "$ref" else _rewritten(each)
            for key, each in value.items()
            if key not in ("required", "minItems")
        }
    return [_rewritten(each) for each in value] if isinstance(value, list) else deepcopy(value)
