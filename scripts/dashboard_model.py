"""What the dashboard is written in: panel, query, colours. ``dashboard`` turns them into Grafana's JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["stat", "table", "state-timeline", "timeseries", "heatmap"]


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL expression and what its series are called."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel; ``unit`` is Grafana's name of it, ``words`` name numbers, ``colours`` are steps of the thresholds."""

    kind: Kind
    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    width: int = 12
    height: int = 8
    words: tuple[tuple[int, str, str], ...] = ()
    colours: tuple[tuple[float | None, str], ...] = ()
    columns: tuple[tuple[str, str, str], ...] = ()
    """Of a table: field, heading, unit."""


STATUS_WORDS = tuple(
    zip(
        range(1, 9),
        ("unmanaged", "released", "in sync", "pending", "drifted", "missing", "blocked", "error"),
        ("#808080", "#A0A0A0", "#73BF69", "#5794F2", "#FF9830", "#E02F44", "#B877D9", "#C4162A"),
        strict=True,
    )
)
BAD_IF_ANY: tuple[tuple[float | None, str], ...] = ((None, "green"), (1, "red"))
WARN_IF_ANY: tuple[tuple[float | None, str], ...] = ((None, "green"), (1, "orange"))
BAD_IF_NONE: tuple[tuple[float | None, str], ...] = ((None, "red"), (1, "green"))
PLAIN: tuple[tuple[float | None, str], ...] = ((None, "blue"),)
UP = ((0, "down", "red"), (1, "up", "green"))
SUSPENDED = ((0, "no", "green"), (1, "suspended", "orange"))
LOADED = ((0, "broken", "red"), (1, "whole", "green"))


def stat(title: str, expr: str, description: str, unit: str = "short", **more: object) -> Panel:
    """A single number of the first row."""
    return Panel("stat", title, description, unit, (Query(expr),), width=3, height=4, **more)  # type: ignore[arg-type]


def graph(title: str, description: str, unit: str, *queries: Query, width: int = 8) -> Panel:
    """Lines over time."""
    return Panel("timeseries", title, description, unit, queries, width=width)
