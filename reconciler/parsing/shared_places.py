"""One object for equal maps of places: files of one layout have their fields at the same lines and columns.

Many tables that are declared in the same form would otherwise have equal paths and positions each, which is two thirds
of the memory of their declarations. Called where a declaration is checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar

from reconciler.model.position import column_of
from reconciler.parsing.source_location import Path

LAYOUTS = 256
"""Different maps that are remembered; those that came last."""
LARGEST = 256
"""Entries of a map. Each table of a large template has the places of the whole template."""
PATHS = 4096
"""Paths that are remembered."""

Place = TypeVar("Place", int, str, Path)


def shared(places: Mapping[Path, Place]) -> Mapping[Path, Place]:
    """An equal map, which may be that of another declaration. Nobody may change it."""
    if len(places) > LARGEST:
        return places
    # Positions are equal where their lines are, so their columns are compared beside them.
    return _kept(tuple((path, place, _column(place)) for path, place in places.items()))


def _column(place: int | str | Path) -> int | None:
    return column_of(place) if isinstance(place, int) else None


@lru_cache(LAYOUTS)
def _kept(entries: tuple[tuple[Path, Place, int | None], ...]) -> Mapping[Path, Place]:
    return {_path(path): _path(place) if isinstance(place, tuple) else place for path, place, _ in entries}


@lru_cache(PATHS)
def _path(path: Path) -> Path:
    return path
