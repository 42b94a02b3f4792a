"""The base of every part of the document: strict types, no unknown fields, and the spellings of a field."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True, slots=True)
class AlsoSpelled:
    """Spellings of a field beside its own name and that name in CamelCase."""

    words: tuple[str, ...]


LONG = 2**63 - 1
"""The largest whole number that the service takes anywhere."""


class Part(BaseModel):
    """Nothing is coerced: ``"5"`` is no number and ``1`` is not true."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def camel(name: str) -> str:
    """``key_schema`` to ``KeySchema``, as AWS spells it."""
    return "".join(word.capitalize() for word in name.split("_"))


@cache
def spellings(model: type[Part]) -> dict[str, str]:
    """Every accepted spelling of every field of a part, with the field's own name."""
    known: dict[str, str] = {}
    for name, info in model.model_fields.items():
        extra = [word for mark in info.metadata if isinstance(mark, AlsoSpelled) for word in mark.words]
        known.update(dict.fromkeys([name, camel(name), *extra], name))
    return known
