"""A scratch copy of the packages, one mutant planted in it at a time, and tests run over it. Of ``plant_mutants.py``.

The checkout itself is never written to.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import syntax_patterns
from mutant_places import PACKAGES, Code, Killers

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 180
"""A mutant run that takes longer hangs. It is reported and does not count as a kill."""
FIRST_SECONDS = 1800
"""For all the tests with nothing planted."""
PLUGINS = ("xdist.plugin", "pytest_timeout", "reconciler.pytest_plugin.plugin", "mutant_guard")
"""All others are left out: they take longer to load than most of these tests to run."""


@dataclass(frozen=True, slots=True)
class End:
    """How a run of tests ended. ``problem`` is the reason why it proves nothing."""

    failed: tuple[str, ...] = ()
    passed: int = 0
    problem: str | None = None
    seconds: float = 0.0


class Scratch:
    """One copy of the packages; mutants are planted in it one after another, never two at once."""

    def __init__(self, folder: Path, code: Code, tests: Killers) -> None:
        self.folder = folder
        self._code = code
        self._tests = tests
        for package in PACKAGES:
            shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))

    @contextmanager
    def planted(self, mutant: Any) -> Iterator[None]:
        """``ValueError`` if the code of the mutant is not found exactly once, or if it changes nothing."""
        old, new = syntax_patterns.parse(mutant.old), syntax_patterns.parse(mutant.new)
        place = self._code.find(mutant.at, old, new)
        path = self.folder / place.symbol.module
        text = path.read_text(encoding="utf-8")
        self._write(path, self._code.planted(place, old, new))
        try:
            yield
        finally:
            self._write(path, text)

    def run(self, tests: Iterable[str], *, first_failure: bool = True) -> End:
        """The tests over what is planted at this moment. ``ValueError`` if a test does not exist."""
        found = [self._tests.find(test) for test in dict.fromkeys(tests)]
        began = time.monotonic()
        result = self.folder / "result.json"
        result.unlink(missing_ok=True)
        command = [
            sys.executable,
            "-P",
            "-m",
            "pytest",
            "-n0",
            "--timeout",
            "60",
            "-p",
            "no:cacheprovider",
            "--tb=line",
        ]
        command += [f"-p{plugin}" for plugin in PLUGINS] + (["-x"] if first_failure else [])
        command += found
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=self._environment(result),
                capture_output=True,
                text=True,
                timeout=SECONDS if first_failure else FIRST_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return End(problem="it found no end", seconds=time.monotonic() - began)
        seconds = time.monotonic() - began
        reported: dict[str, Any] = json.loads(result.read_text(encoding="utf-8")) if result.exists() else {}
        return _end(done, reported, seconds)

    def _environment(self, result: Path) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(self.folder), str(ROOT / "verification"))),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_ADDOPTS": "",
            "MUTANT_SCRATCH": str(self.folder),
            "MUTANT_RESULT": str(result),
        }

    @staticmethod
    def _write(path: Path, text: str) -> None:
        # A .pyc is told to be stale by the second and the size of its source: both may be those of the mutant before.
        Path(cache_from_source(str(path))).unlink(missing_ok=True)
        path.write_text(text, encoding="utf-8")


def _end(done: subprocess.CompletedProcess[str], reported: dict[str, Any], seconds: float) -> End:
    last = " ".join((done.stdout + done.stderr).strip().splitlines()[-3:])
    failed, passed = tuple(reported.get("names", ())), int(reported.get("passed", 0))
    problem = None
    if reported.get("foreign"):
        problem = f"not the copy was tested: {', '.join(reported['foreign'])}"
    elif done.returncode not in (0, 1) or not reported:
        problem = f"pytest ended with {done.returncode}: {last}"
    elif reported.get("broken"):
        problem = f"a fixture failed, not a test: {failed[0]}"
    elif reported.get("skipped"):
        problem = "a test was skipped"
    elif done.returncode == 1 and not failed:
        problem = f"pytest ended with 1 and no test failed: {last}"
    return End(failed, passed, problem, seconds)


@contextmanager
def scratches(count: int) -> Iterator[list[Scratch]]:
    """That many copies, removed afterwards."""
    code, tests = Code.read(ROOT), Killers(ROOT)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        yield [Scratch(Path(folder).resolve() / str(number), code, tests) for number in range(count)]
