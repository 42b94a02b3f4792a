"""Gives scalars of a template the types that a declaration has. CloudFormation takes "5" for 5 and "true" for true."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler.declarations.document.field_model import FieldModel, MappingForm, marker_of, spellings
from reconciler.declarations.document.table_document import nested_model

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_BOOLEANS = {"true": True, "True": True, "false": False, "False": False}


def typed(model: type[FieldModel], value: Any) -> Any:
    """The mapping with texts as numbers, booleans and the reverse where the fields of ``model`` say so.

    What does not fit stays as it is, so that the check of the declaration names it.
    """
    if not isinstance(value, Mapping):
        return value
    known = spellings(model)
    return {key: _field(model, known[key], item) if key in known else item for key, item in value.items()}


def _field(model: type[FieldModel], name: str, value: Any) -> Any:
    info = model.model_fields[name]
    if marker_of(info, MappingForm) is not None and isinstance(value, Mapping):
        return {key: _text(item) for key, item in value.items()}
    part = nested_model(info.annotation)
    if part is not None:
        return [typed(part, each) for each in value] if isinstance(value, list) else typed(part, value)
    kinds = _kinds(info.annotation)
    if isinstance(value, str):
        return _from_text(value, kinds)
    return _text(value) if kinds == {str} else value


def _from_text(text: str, kinds: set[Any]) -> Any:
    if str in kinds:
        return text
    if bool in kinds and text in _BOOLEANS:
        return _BOOLEANS[text]
    if kinds & {int, float} and _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if float in kinds and _DECIMAL.fullmatch(text) else text


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _kinds(annotation: Any) -> set[Any]:
    """The scalar types of a field: those of ``int | None``, ``Annotated[int, ...] | None``."""
    arguments = getattr(annotation, "__args__", ())
    if annotation in (int, str, bool, float):
        return {annotation}
    found: set[Any] = {type(each) for each in arguments if isinstance(each, str)}
    for each in arguments:
        found |= _kinds(each)
    return found
