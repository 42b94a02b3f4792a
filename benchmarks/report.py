"""The table of a run: as Markdown for the terminal, docs/performance.md and in short the README, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import ROOT
from benchmarks.figures import Row

PAGE = ROOT / "docs" / "performance.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
HEADER = ("goal", "measured", "by", "median", "spread", "compared", "rounds")
FORMAT_VERSION = "1.0"
COMPARED = ("reconciler", "boto3", "cfddb", "dynamoose", "PynamoDB")
HEADLINES = {"P1": "8 threads", "P3": "8 threads", "P4": "script", "P6": "batch_writer, overwrites"}
"""The goals of the short table, each with what boto3 is in it. Of a goal, the first scenario is shown."""


@dataclass(frozen=True)
class Run:
    """One run of the benchmark: when and where it ran, its rows, and what a reader must know."""

    command: str
    date: str
    machine: str
    load: float
    """The load average of the machine when the run began."""
    minutes: float
    versions: dict[str, str]
    targets: dict[str, str]
    """The target of each goal that was measured, by its number."""
    rows: Sequence[Row]
    notes: Sequence[str] = field(default_factory=tuple)

    def document(self) -> dict[str, Any]:
        """The run as JSON."""
        return {
            "format_version": FORMAT_VERSION,
            "command": self.command,
            "date": self.date,
            "machine": self.machine,
            "load": self.load,
            "minutes": self.minutes,
            "versions": self.versions,
            "targets": self.targets,
            "rows": [row.document() for row in self.rows],
            "notes": list(self.notes),
        }


def number(value: float) -> str:
    """Three significant digits, thousands with a comma; a whole number stays whole."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    text = f"{value:.3g}"
    return text if "e" not in text else f"{value:.5f}".rstrip("0")


def cells(row: Row) -> tuple[str, ...]:
    """The cells of one row, as ``HEADER`` has them."""
    spread = "" if row.low == row.high else f"{number(row.low)}–{number(row.high)}"
    compared = ", ".join(f"{number(ratio)} × {base}" for base, ratio in row.ratios.items())
    return (
        row.goal,
        row.scenario,
        row.contender,
        f"{number(row.median)} {row.unit}",
        spread,
        compared,
        str(row.rounds) if row.rounds > 1 else "",
    )


def markdown(rows: Sequence[Row]) -> str:
    """The table, aligned so that a terminal shows it well. Goal and scenario are written once where they repeat."""
    lines: list[tuple[str, ...]] = [HEADER]
    goal, scenario = "", ""
    for row in rows:
        shown = cells(row)
        same = shown[0] == goal
        lines.append(("" if same else shown[0], "" if same and shown[1] == scenario else shown[1], *shown[2:]))
        goal, scenario = shown[:2]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    drawn = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    drawn.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(drawn) + "\n"


def headlines(run: Run) -> str:
    """The short table: what users wait for, beside what they could use instead."""
    drawn = [f"| | {' | '.join(COMPARED)} |", "|---|" + "---|" * len(COMPARED)]
    for goal, boto3 in HEADLINES.items():
        rows = [row for row in run.rows if row.goal == goal]
        if not rows:
            continue
        scenario = rows[0].scenario
        shown = [scenario]
        for name in COMPARED:
            said = (row for row in rows if row.scenario == scenario and row.contender.startswith(name))
            row = next((row for row in said if name != "boto3" or row.contender.endswith(boto3)), None)
            overwrites = ", overwrites" if row is not None and row.contender.endswith("overwrites") else ""
            shown.append("" if row is None else f"{number(row.median)} {row.unit}{overwrites}")
        drawn.append(f"| {' | '.join(shown)} |")
    measured = f"`{run.command}` on {run.date}, medians, client and server on {run.machine}."
    return "\n".join(drawn) + f"\n\n{measured}\n"


def caption(run: Run) -> str:
    """The sentences below the table."""
    known = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    lines = [
        f"`{run.command}` on {run.date}, {run.minutes:.0f} minutes, load {run.load:.2f} when it began.",
        f"{run.machine}; client and server share it.",
        f"{known}.",
    ]
    text = "\n".join(lines) + "\n"
    if run.targets:
        text += "\nGoals:\n\n" + "".join(f"- {number}: {target}\n" for number, target in run.targets.items())
    if run.notes:
        text += "\nNotes:\n\n" + "".join(f"- {note}\n" for note in run.notes)
    return text


def text(run: Run) -> str:
    """Table and caption."""
    return f"{markdown(run.rows)}\n{caption(run)}"


def write_json(run: Run, file: Path) -> None:
    """Write the run as JSON."""
    file.write_text(json.dumps(run.document(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_page(run: Run, file: Path = PAGE, readme: Path = README) -> None:
    """Replace what stands between the two markers of both files: the table, and the short one.

    Raises:
        ValueError: a file does not have each marker once, in order.
    """
    both = [(path, _replaced(path, new)) for path, new in ((file, text(run)), (readme, headlines(run)))]
    for path, whole in both:
        path.write_text(whole, encoding="utf-8")


def _replaced(file: Path, new: str) -> str:
    old = file.read_text(encoding="utf-8")
    before, found, rest = old.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (found and ended) or BEGIN in rest or END in after:
        raise ValueError(f"{file.name} needs {BEGIN} and {END}, once each and in this order")
    return f"{before}{BEGIN}\n\n{new}\n{END}{after}"
