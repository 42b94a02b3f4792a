"""Plant each mutant in a copy of our own code and see that its tests fail. Called by ``make mutants``.

``plant_mutants.py`` runs all of them, ``plant_mutants.py NAME`` those whose name holds NAME, ``--part 1/3`` every
third. First the tests must pass with nothing planted. Ends with 1 where a mutant survives, where its code is not found
exactly once, or where a run proves nothing; each is named.

``--check`` runs no test. It names every mutant whose code or tests are not found, with the likeliest candidates.
``--fix`` does the same and writes new names into the tables wherever only one candidate exists.
"""

from __future__ import annotations

import argparse
import importlib
import os
import queue
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import mutant_check
from mutant_places import Code, Killers
from mutant_run import ROOT, End, Scratch, scratches

FOLDER = ROOT / "verification" / "mutants"
T = TypeVar("T")
R = TypeVar("R")


def mutants() -> list[Any]:
    """Every mutant of the tables in verification/mutants, in a fixed order."""
    sys.path[:0] = [str(FOLDER.parent), str(ROOT / "tests")]
    return [mutant for table in tables() for mutant in importlib.import_module(f"mutants.{table.stem}").MUTANTS]


def tables() -> list[Path]:
    """The files that define mutants."""
    return sorted(FOLDER.glob("*_mutants.py"))


def chosen(every: Sequence[Any], names: Sequence[str], part: str) -> list[Any]:
    """Those whose name holds one of ``names``, of the ``part`` n/m."""
    number, _, parts = part.partition("/")
    named = [mutant for mutant in every if not names or any(name in mutant.name for name in names)]
    return named[int(number) - 1 :: int(parts or 1)]


class Pool:
    """Runs work over scratch copies, one piece a copy at a time."""

    def __init__(self, copies: Sequence[Scratch]) -> None:
        self._free: queue.Queue[Scratch] = queue.Queue()
        self._size = len(copies)
        for copy in copies:
            self._free.put(copy)

    def map(self, work: Callable[[Scratch, T], R], pieces: Iterable[T]) -> list[R]:
        """The results in the order of the pieces."""

        def one(piece: T) -> R:
            copy = self._free.get()
            try:
                return work(copy, piece)
            finally:
                self._free.put(copy)

        with ThreadPoolExecutor(self._size) as threads:
            return list(threads.map(one, pieces))


def unmutated(pool: Pool, tests: Sequence[str], parts: int) -> list[str]:
    """What is wrong before anything is planted."""
    shares = [tests[part::parts] for part in range(parts) if tests[part::parts]]
    try:
        ends = pool.map(lambda copy, share: copy.run(share, first_failure=False), shares)
    except ValueError as error:
        return [f"with nothing planted: {error}"]
    found = [f"fails with nothing planted: {name}" for end in ends for name in end.failed]
    return found + [f"with nothing planted: {end.problem}" for end in ends if end.problem]


def trial(copy: Scratch, mutant: Any) -> str | None:
    """What is wrong with this mutant's death; None for a kill."""
    try:
        with copy.planted(mutant):
            end: End = copy.run(mutant.killers)
    except (ValueError, SyntaxError, OSError) as error:
        verdict = f"stale: {error}"
        end = End()
    else:
        verdict = end.problem or ("" if end.failed else f"SURVIVED {', '.join(mutant.killers)}; it is {mutant.bug}")
    told = verdict or f"killed by {end.failed[0].removeprefix('tests/')}"
    print(f"  {mutant.name}: {told} ({end.seconds:.1f} s)", flush=True)
    return f"{mutant.name}: {verdict}" if verdict else None


def check(some: Sequence[Any], *, fix: bool) -> int:
    """See the module: 1 if a mutant has lost its code or its tests."""
    findings, broken = mutant_check.report(some, Code.read(ROOT), Killers(ROOT))
    if fix:
        print(f"mutants: {mutant_check.fix(findings, tables())} definitions rewritten; check again")
    return 1 if broken else 0


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of a mutant's name")
    parser.add_argument("--part", default="1/1", help="n/m: of every m mutants the n-th")
    parser.add_argument("--check", action="store_true", help="only say whose code or tests are not found")
    parser.add_argument("--fix", action="store_true", help="the same, and write new names into the tables")
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1))
    asked = parser.parse_args()
    every = mutants()
    some = chosen(every, asked.names, asked.part)
    if not some:
        parser.error("no such mutant")
    if asked.check or asked.fix:
        return check(some, fix=asked.fix)
    began = time.monotonic()
    with scratches(asked.workers) as copies:
        pool = Pool(copies)
        tests = sorted({test for mutant in some for test in mutant.killers})
        wrong = unmutated(pool, tests, asked.workers)
        if not wrong:
            wrong = [problem for problem in pool.map(trial, some) if problem]
            killed = len(some) - len(wrong)
            print(f"mutants: {killed} of {len(some)} killed ({len(every)} in all), ", end="")
            print(f"{time.monotonic() - began:.0f} s with {asked.workers} at a time")
    for problem in wrong:
        print(problem, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
