"""``python -m benchmarks``: measure the goals and print one table. Called by ``make bench``.

The exit code is 1 where something could not be measured; a missed goal does not change it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import report
from benchmarks.context import FULL, QUICK, Bench, Goal, Sizes
from benchmarks.figures import Row
from benchmarks.goals import GOALS, WITH_DAEMONS
from benchmarks.harness import BenchmarkError, progress
from benchmarks.machine import load, machine, versions
from benchmarks.peers.installed import install

NUMBERS = sorted((goal.number for goal in GOALS), key=lambda number: int(number[1:]))


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; an error ends the process with 2."""
    parser = argparse.ArgumentParser("make bench BENCH='…'", description="Measure the goals and print one table.")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, fewer rounds, no peers: about two minutes")
    parser.add_argument("--only", type=_numbers, metavar="P1,P4", help="these goals alone")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the run as JSON too")
    parser.add_argument(
        "--page",
        action="store_true",
        help="write the table between the markers of docs/performance.md, and its short form into README.md",
    )
    parser.add_argument("--no-peers", action="store_true", help="leave out cfddb, dynamoose and PynamoDB")
    for name, what in (
        ("rounds", "rounds of every contender"),
        ("items", "seed items of P6; the goal speaks of 100000"),
        ("copied", "items that P12 copies; the goal speaks of 200000"),
        ("passes", "passes of P7; the goal speaks of 1000"),
        ("many", "tables of the largest daemon; 0 leaves it out"),
    ):
        parser.add_argument(f"--{name}", type=int, metavar="N", help=what)
    return parser.parse_args(words)


def sizes(chosen: argparse.Namespace) -> Sizes:
    """The sizes that the command line asks for."""
    asked = {name: getattr(chosen, name) for name in ("rounds", "items", "copied", "passes", "many")}
    return replace(
        QUICK if chosen.quick else FULL, **{name: value for name, value in asked.items() if value is not None}
    )


def main(words: Sequence[str]) -> int:
    """See the module."""
    chosen = arguments(words)
    goals = [goal for goal in GOALS if chosen.only is None or goal.number in chosen.only]
    began, load_before = time.monotonic(), load()
    notes: list[str] = []
    peers = [] if chosen.quick or chosen.no_peers else install(notes.append)
    with Bench(sizes(chosen), peers, notes) as bench:
        rows, complete = measured(bench, goals)
    run = report.Run(
        command=_command(words),
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        machine=machine(),
        load=load_before,
        minutes=(time.monotonic() - began) / 60,
        versions=versions(peers),
        targets={goal.number: goal.target for goal in sorted(goals, key=lambda goal: NUMBERS.index(goal.number))},
        rows=rows,
        notes=notes,
    )
    print(report.text(run), end="")
    if chosen.json:
        report.write_json(run, chosen.json)
    if chosen.page:
        report.write_page(run)
    return 0 if complete else 1


def _command(words: Sequence[str]) -> str:
    """The command as a reader repeats it: where its JSON went does not matter."""
    kept = [w for i, w in enumerate(words) if w != "--json" and (i == 0 or words[i - 1] != "--json")]
    return "make bench" + (f" BENCH='{' '.join(kept)}'" if kept else "")


def measured(bench: Bench, goals: Sequence[Goal]) -> tuple[list[Row], bool]:
    """The rows of the goals in their order, and whether all of them could be measured."""
    rows: list[Row] = []
    complete = True
    for goal in goals:
        began = time.monotonic()
        if goal not in WITH_DAEMONS:
            bench.close_fleets()
        progress(f"{goal.number}: {goal.title}")
        try:
            rows += goal.measure(bench)
        except (BenchmarkError, OSError) as error:
            complete = False
            bench.note(f"{goal.number} was not measured to its end: {error}")
            progress(f"{goal.number}: {error}")
        progress(f"{goal.number}: {time.monotonic() - began:.0f} s")
    return sorted(rows, key=lambda row: NUMBERS.index(row.goal)), complete


def _numbers(text: str) -> frozenset[str]:
    asked = frozenset(part.strip().upper() for part in text.split(",") if part.strip())
    if unknown := asked - set(NUMBERS):
        raise argparse.ArgumentTypeError(
            f"no goal {', '.join(sorted(unknown))}; expected {NUMBERS[0]} to {NUMBERS[-1]}"
        )
    return asked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
