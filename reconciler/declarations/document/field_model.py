"""The base of every part of the document: strict types, no unknown fields, and the other ways to write a field."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class Aliases:
    """Spellings of a field beside its own name and that name in CamelCase."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MappingForm:
    """A list of parts that may be written as a mapping of texts: from the field ``key`` to the field ``value``.

    ``most`` entries are allowed, and ``longest`` characters of a value.
    """

    key: str
    value: str
    most: int
    longest: int


@dataclass(frozen=True, slots=True)
class TextForm:
    """A list of parts whose elements may be written as a text, which is the value of ``field``."""

    field: str


@dataclass(frozen=True, slots=True)
class IamPolicy:
    """IAM reads the field: its numbers are texts, and its variables stay as they are."""


LONG = 2**63 - 1
"""The largest whole number that the service takes anywhere."""


class FieldModel(BaseModel):
    """Nothing is coerced: ``"5"`` is no number and ``1`` is not true."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def camel(name: str) -> str:
    """``key_schema`` to ``KeySchema``, as AWS spells it."""
    return "".join(word.capitalize() for word in name.split("_"))


@cache
def spellings(model: type[FieldModel]) -> dict[str, str]:
    """Every accepted spelling of every field of a part, with the field's own name."""
    known: dict[str, str] = {}
    for name, info in model.model_fields.items():
        also = marker_of(info, Aliases)
        known.update(dict.fromkeys([name, camel(name), *(also.names if also else ())], name))
    return known


Marker = TypeVar("Marker", Aliases, MappingForm, TextForm, IamPolicy)


def marker_of(info: FieldInfo, kind: type[Marker]) -> Marker | None:
    """What a field is marked with; None where it has no mark of this kind."""
    return next((mark for mark in info.metadata if isinstance(mark, kind)), None)
