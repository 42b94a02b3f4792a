"""Seed files read before: a daemon meets the same bytes every minute. Owned by ``folder``, asked by ``assemble``."""

from __future__ import annotations

from reconciler.model.desired import Seed
from reconciler.model.errors import Problem
from reconciler.parsing.source_file import SourceFile
from reconciler.seeds.reading import read_seed_file
from reconciler.seeds.target import Target

Reading = tuple[Seed | None, list[Problem]]


class SeedMemory:
    """What each seed file gave for each table, as long as neither its bytes nor the table change."""

    def __init__(self) -> None:
        self._known: dict[tuple[SourceFile, Target], Reading] = {}
        self._used: set[tuple[SourceFile, Target]] = set()

    def read(self, file: SourceFile, target: Target) -> Reading:
        """The seed or its problems; reading is pure, so remembering it changes nothing."""
        key = (file, target)
        self._used.add(key)
        reading = self._known.get(key)
        if reading is None:
            reading = self._known[key] = read_seed_file(file, target)
        return reading

    def forget_unused(self) -> None:
        """End of a load: what was not asked for is gone."""
        self._known = {key: reading for key, reading in self._known.items() if key in self._used}
        self._used = set()
