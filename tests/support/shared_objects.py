"""Watches the objects that the caches of the product share between passes: nobody may change them.

Used by the tests of whole passes. An object is compared with a picture that was taken when a cache first returned it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import pytest

from reconciler.aws.lean.known_answers import KnownAnswers
from reconciler.engine.state import Conclusions, PlanCache
from reconciler.state.snapshot import ReadRecords

CACHES = (
    (KnownAnswers, "of"),
    (ReadRecords, "of"),
    (PlanCache, "observed"),
    (PlanCache, "planned"),
    (Conclusions, "of"),
    (Conclusions, "report"),
)
"""The methods that return shared objects."""


def picture(value: Any) -> Any:
    """The value in tuples, with all fields of dataclasses: also those that do not take part in their equality."""
    if is_dataclass(value) and not isinstance(value, type):
        return type(value).__name__, tuple((each.name, picture(getattr(value, each.name))) for each in fields(value))
    if isinstance(value, Mapping):
        return "mapping", tuple((key, picture(member)) for key, member in value.items())
    if isinstance(value, list | tuple):
        return "sequence", tuple(picture(member) for member in value)
    if isinstance(value, Set):
        return "set", tuple(sorted(map(repr, value)))
    return repr(value)


@dataclass
class SharedObjects:
    """The objects that caches returned, by identity. Holding them keeps their identities from being used again."""

    seen: dict[int, tuple[str, Any, Any]] = field(default_factory=dict)
    shared: dict[str, int] = field(default_factory=dict)
    """By cache, how often an object was returned again."""

    def note(self, cache: str, value: Any) -> None:
        if id(value) in self.seen:
            self.shared[cache] = self.shared.get(cache, 0) + 1
        elif value is not None:
            self.seen[id(value)] = (cache, value, picture(value))

    def changed(self) -> list[tuple[str, Any, Any]]:
        """Cache, former picture and present one of each object that is no longer as it was returned first."""
        now = ((cache, before, picture(value)) for cache, value, before in self.seen.values())
        return [(cache, before, after) for cache, before, after in now if before != after]


@contextmanager
def shared_objects() -> Iterator[SharedObjects]:
    """Notes each object that a cache returns while the context is open."""
    noted = SharedObjects()
    with pytest.MonkeyPatch.context() as patch:
        for cache, method in CACHES:
            patch.setattr(cache, method, _noting(cache, method, noted))
        yield noted


def _noting(cache: type, method: str, noted: SharedObjects) -> Any:
    whole = getattr(cache, method)

    def noting(self: Any, *args: Any) -> Any:
        value = whole(self, *args)
        # ReadRecords returns a new pair each time; the record in it is what is shared.
        noted.note(cache.__name__, value[1] if cache is ReadRecords else value)
        return value

    return noting
