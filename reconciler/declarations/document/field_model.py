"""The base class of all field models, and markers for alternative ways to write a field."""

from __future__ import annotations

from functools import cache
from typing import TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.source_location import camel


@dataclass(frozen=True, slots=True)
class Aliases:
    """Other names of a field, besides its own name and that name in CamelCase."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MappingForm:
    """A list of models that may be written as a mapping, from the field ``key`` to the field ``value``.

    It has at most ``most`` entries, and values of at most ``longest`` characters.
    """

    key: str
    value: str
    most: int
    longest: int


@dataclass(frozen=True, slots=True)
class TextForm:
    """A list of models whose elements may be written as a string, which is the value of ``field``."""

    field: str


@dataclass(frozen=True, slots=True)
class IamPolicy:
    """The field holds an IAM policy: numbers must be strings, and IAM variables are not placeholders."""


LONG = 2**63 - 1
"""The largest integer that the service accepts: a long."""


class FieldModel(BaseModel):
    """Strict types and no unknown fields: ``"5"`` is not a number, and ``1`` is not true."""

    # A document is validated as a whole, so a validator of its own for each of the sixty models would be built in vain.
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


@cache
def spellings(model: type[FieldModel]) -> dict[str, str]:
    """All accepted names of the fields of a model, each with the canonical name."""
    known: dict[str, str] = {}
    for name, info in model.model_fields.items():
        also = marker_of(info, Aliases)
        known.update(dict.fromkeys([name, camel(name), *(also.names if also else ())], name))
    return known


Marker = TypeVar("Marker", Aliases, MappingForm, TextForm, IamPolicy)


def marker_of(info: FieldInfo, kind: type[Marker]) -> Marker | None:
    """The marker of this kind on a field; None if it has none."""
    return next((mark for mark in info.metadata if isinstance(mark, kind)), None)
