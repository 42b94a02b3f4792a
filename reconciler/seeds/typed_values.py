"""Checks DynamoDB JSON and converts it to attribute values. Called by ``convert`` for seeds in that format."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from reconciler.model.desired import AttributeValue
from reconciler.seeds.plain_values import name_of, number_text, set_value, text_value
from reconciler.seeds.seed_types import ValueProblem

TYPES = ("S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS")


def typed_value(value: Any, path: str) -> AttributeValue:
    """One ``{"TYPE": …}``. Raises ``ValueProblem`` if the content does not match the type."""
    if not isinstance(value, Mapping) or len(value) != 1 or next(iter(value)) not in TYPES:
        remedy = f'Write one type and its value, as {{"S": "text"}}; types are {", ".join(TYPES)}.'
        raise ValueProblem(path, "expected an attribute value in DynamoDB JSON", remedy)
    kind, content = next(iter(value.items()))
    return _READERS[kind](content, path)


def _text(content: Any, path: str) -> AttributeValue:
    if not isinstance(content, str):
        raise _unfit(path, "S", "a text")
    return {"S": text_value(content, path)}


def _number(content: Any, path: str) -> AttributeValue:
    # DynamoDB JSON has numbers as texts; a bare JSON number says the same and is taken too.
    if isinstance(content, bool) or not isinstance(content, str | int | Decimal):
        raise _unfit(path, "N", "a number in quotes")
    return {"N": number_text(content, path)}


def _binary(content: Any, path: str) -> AttributeValue:
    if isinstance(content, bytes):
        return {"B": content}
    try:
        return {"B": base64.b64decode(content, validate=True)}
    except (TypeError, ValueError):
        raise _unfit(path, "B", "base64") from None


def _bool(content: Any, path: str) -> AttributeValue:
    if not isinstance(content, bool):
        raise _unfit(path, "BOOL", "true or false")
    return {"BOOL": content}


def _null(content: Any, path: str) -> AttributeValue:
    if content is not True:
        raise _unfit(path, "NULL", "true")
    return {"NULL": True}


def _map(content: Any, path: str) -> AttributeValue:
    if not isinstance(content, Mapping):
        raise _unfit(path, "M", "a mapping")
    return {"M": {name_of(key, path): typed_value(item, f"{path}.{key}") for key, item in content.items()}}


def _list(content: Any, path: str) -> AttributeValue:
    if not isinstance(content, list | tuple):
        raise _unfit(path, "L", "a list")
    return {"L": [typed_value(item, f"{path}[{index}]") for index, item in enumerate(content)]}


def _set_of(member: Callable[[Any, str], AttributeValue], kind: str) -> Callable[[Any, str], AttributeValue]:
    def read(content: Any, path: str) -> AttributeValue:
        if not isinstance(content, list | tuple | set | frozenset):
            raise _unfit(path, kind, "a list")
        return set_value([member(item, path) for item in content], path)

    return read


def _unfit(path: str, kind: str, wanted: str) -> ValueProblem:
    return ValueProblem(path, f"invalid value of type {kind}; expected {wanted}", f"Write {wanted}.")


_READERS: dict[str, Callable[[Any, str], AttributeValue]] = {
    "S": _text,
    "N": _number,
    "B": _binary,
    "BOOL": _bool,
    "NULL": _null,
    "M": _map,
    "L": _list,
    "SS": _set_of(_text, "SS"),
    "NS": _set_of(_number, "NS"),
    "BS": _set_of(_binary, "BS"),
}
