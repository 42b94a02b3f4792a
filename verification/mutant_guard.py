"""The pytest plugin of a mutant's run: it sees to it that the mutated copy is what is tested, and writes down the end.

Loaded by ``-p mutant_guard`` in the processes that ``plant_mutants.py`` starts.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path

import pytest
from mutant_places import PACKAGES


class Guard:
    """``scratch`` holds the copy; ``result`` is the file that the end is written to."""

    def __init__(self, scratch: Path, result: Path) -> None:
        self.scratch = scratch
        self.result = result
        self.ends: Counter[str] = Counter()
        self.failed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Distinguishes a failure of the test itself from one of its fixtures."""
        if report.when == "call" or report.failed:
            self.ends[report.outcome if report.when == "call" else "broken"] += 1
            if report.failed:
                self.failed.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write what became of the tests, and every module that is not of the copy."""
        foreign = [name for name, place in _ours() if place is None or not place.is_relative_to(self.scratch)]
        self.result.write_text(json.dumps({**self.ends, "names": self.failed, "foreign": foreign}), encoding="utf-8")


def _ours() -> list[tuple[str, Path | None]]:
    found = [(name, module) for name, module in list(sys.modules.items()) if name.partition(".")[0] in PACKAGES]
    return [
        (name, Path(file).resolve() if (file := getattr(module, "__file__", None)) else None) for name, module in found
    ]


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to begin with the checkout's own package."""
    import reconciler

    guard = Guard(Path(os.environ["MUTANT_SCRATCH"]), Path(os.environ["MUTANT_RESULT"]))
    if not Path(str(reconciler.__file__)).resolve().is_relative_to(guard.scratch):
        raise pytest.UsageError(f"{reconciler.__file__} is not of the copy in {guard.scratch}")
    config.pluginmanager.register(guard)
