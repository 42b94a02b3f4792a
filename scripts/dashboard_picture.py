"""Draws the dashboard's panels from the answers of a Prometheus into one PNG: what a reader of the docs will get.

``scripts/dashboard_picture.py http://127.0.0.1:9090 drift.png 3600`` draws the last hour. It is matplotlib's sketch
of the same queries at the same places; Grafana draws them finer.
"""

from __future__ import annotations

import json
import math
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

DASHBOARD = Path(__file__).resolve().parent.parent / "monitoring" / "dashboards" / "drift.json"
COLUMNS, STEP_WIDTH, STEP_HEIGHT, DOTS = 24, 0.62, 0.36, 75
PAPER, INK, FAINT, BACK = "#181b1f", "#d8d9da", "#8e8e8e", "#111217"
NAMED = {"green": "#73BF69", "red": "#F2495C", "orange": "#FF9830", "blue": "#5794F2"}
CHOSEN = {"$job": ".+", "$instance": ".+", "$environment": ".+", "$table": ".*"}
POINTS = 120
Series = tuple[dict[str, str], list[tuple[float, float]]]


class Source:
    """A Prometheus and the time that is drawn."""

    def __init__(self, url: str, seconds: float) -> None:
        self.url, self.end = url, time.time()
        self.start, self.step = self.end - seconds, max(1.0, seconds / POINTS)

    def now(self, expression: str) -> list[Series]:
        """An instant query."""
        answer = self._ask("query", expression, {"time": self.end})
        return [(one["metric"], [(float(one["value"][0]), float(one["value"][1]))]) for one in answer]

    def over_time(self, expression: str) -> list[Series]:
        """A range query."""
        answer = self._ask("query_range", expression, {"start": self.start, "end": self.end, "step": self.step})
        return [(one["metric"], [(float(t), float(v)) for t, v in one["values"]]) for one in answer]

    def _ask(self, path: str, expression: str, window: dict[str, float]) -> list[dict[str, Any]]:
        for variable, value in {**CHOSEN, "$__rate_interval": f"{max(10, int(4 * self.step))}s"}.items():
            expression = expression.replace(variable, value)
        body = urllib.parse.urlencode({"query": expression, **window}).encode()
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}", body, timeout=30) as answer:
            result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return result


def in_unit(value: float, unit: str) -> str:
    """A number as Grafana would write it."""
    if math.isnan(value):
        return "none"
    if unit == "s":
        return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min"
    if unit == "percentunit":
        return f"{value:.0%}"
    if unit == "bytes":
        return f"{value / 2**20:.0f} MiB" if value >= 2**20 else f"{value:.0f} B"
    return f"{value:.0f}" if value == round(value) or value >= 10 else f"{value:.2g}"


def words_of(panel: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Texts and colours of numbers."""
    defaults = panel["fieldConfig"]["defaults"]
    mappings = defaults.get("mappings") or []
    for override in panel["fieldConfig"].get("overrides", ()):
        mappings = mappings or [m for p in override["properties"] if p["id"] == "mappings" for m in p["value"]]
    found: dict[str, dict[str, str]] = mappings[0]["options"] if mappings else {}
    return found


def draw_stat(axes: Axes, panel: dict[str, Any], source: Source) -> None:
    """One number in the colour of its threshold."""
    series = source.now(panel["targets"][0]["expr"])
    axes.axis("off")
    if not series:
        axes.text(0.5, 0.45, "none", color=FAINT, ha="center", va="center", fontsize=16)
        return
    value = series[0][1][-1][1]
    colour = INK
    for threshold in panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", ()):
        if threshold["value"] is None or value >= threshold["value"]:
            colour = NAMED[threshold["color"]]
    word = words_of(panel).get(f"{value:.0f}")
    text = word["text"] if word else in_unit(value, panel["fieldConfig"]["defaults"]["unit"])
    shade = NAMED.get(word["color"], colour) if word else colour
    axes.text(0.5, 0.45, text, color=shade, ha="center", va="center", fontsize=21, weight="bold")


def draw_table(axes: Axes, panel: dict[str, Any], source: Source) -> None:
    """The instant queries merged on their labels, one row each."""
    axes.axis("off")
    renamed = panel["transformations"][1]["options"]["renameByName"]
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    units = {o["matcher"]["options"]: o["properties"][0]["value"] for o in panel["fieldConfig"]["overrides"]}
    words = words_of(panel)
    for target in panel["targets"]:
        for labels, values in source.now(target["expr"]):
            row = rows.setdefault(tuple(sorted(labels.values())), dict(labels))
            field = f"Value #{target['refId']}"
            number = values[-1][1]
            status = words.get(f"{number:.0f}") if renamed.get(field) == "Status" else None
            row[field] = status["text"] if status else in_unit(number, units.get(renamed.get(field, ""), "short"))
    order = panel["transformations"][1]["options"]["indexByName"]
    fields = [field for field in sorted(order, key=order.__getitem__) if field != "environment"]
    colours = {word["text"]: word["color"] for word in words.values()}
    for column, field in enumerate(fields):
        left = 0.02 + column / len(fields)
        axes.text(left, 0.95, renamed[field], color=NAMED["blue"], fontsize=8, weight="bold", va="top")
        for line, key in enumerate(sorted(rows)):
            text = rows[key].get(field, "")
            axes.text(left, 0.84 - 0.11 * line, text, color=colours.get(text, INK), fontsize=8, va="top")


def draw_states(axes: Axes, panel: dict[str, Any], source: Source) -> None:
    """One bar a table, coloured by its status."""
    words = words_of(panel)
    series = sorted(source.over_time(panel["targets"][0]["expr"]), key=lambda one: one[0]["table"], reverse=True)
    for line, (_, values) in enumerate(series):
        for moment, number in values:
            colour = words[f"{number:.0f}"]["color"]
            axes.barh(line, source.step, left=moment, height=0.8, color=colour, linewidth=0)
    axes.set_yticks(range(len(series)), [labels["table"] for labels, _ in series])
    seen = {f"{number:.0f}" for _, values in series for _, number in values}
    marks = [Rectangle((0, 0), 1, 1, color=words[number]["color"]) for number in sorted(seen)]
    names = [words[number]["text"] for number in sorted(seen)]
    axes.legend(marks, names, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=8, **LEGEND)


def draw_lines(axes: Axes, panel: dict[str, Any], source: Source) -> None:
    """Lines; a legend of the first ones."""
    unit = panel["fieldConfig"]["defaults"]["unit"]
    for target in panel["targets"]:
        for labels, values in source.over_time(target["expr"]):
            name = target["legendFormat"]
            for label, value in labels.items():
                name = name.replace("{{" + label + "}}", value)
            if any(number for _, number in values):
                axes.plot(*zip(*values, strict=True), label=name, linewidth=1.2)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _: in_unit(value, unit))
    handles, names = axes.get_legend_handles_labels()
    if handles:
        axes.legend(handles[:9], names[:9], loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=3, **LEGEND)


def draw_heatmap(axes: Axes, panel: dict[str, Any], source: Source) -> None:
    """How many passes fell between two bucket bounds, by time."""
    series = [one for one in source.over_time(panel["targets"][0]["expr"]) if one[0]["le"] != "+Inf"]
    series.sort(key=lambda one: float(one[0]["le"]))
    below: dict[float, float] = {}
    moments = sorted({moment for _, values in series for moment, _ in values})
    grid = []
    for _, values in series:
        counts = dict(values)
        grid.append([max(0.0, counts.get(moment, 0.0) - below.get(moment, 0.0)) for moment in moments])
        below = counts
    if grid:
        axes.pcolormesh(moments, range(len(grid)), grid, cmap="inferno", shading="nearest")
        axes.set_yticks(range(len(grid)), [in_unit(float(labels["le"]), "s") for labels, _ in series])


LEGEND: dict[str, Any] = {"fontsize": 6.5, "frameon": False, "labelcolor": INK, "handlelength": 1, "borderpad": 0}
DRAW: dict[str, Callable[[Axes, dict[str, Any], Source], None]] = {
    "stat": draw_stat,
    "table": draw_table,
    "state-timeline": draw_states,
    "timeseries": draw_lines,
    "heatmap": draw_heatmap,
}


def draw(source: Source, target: Path) -> None:
    """The whole dashboard."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    figure = plt.figure(figsize=(COLUMNS * STEP_WIDTH, bottom * STEP_HEIGHT), dpi=DOTS, facecolor=BACK)
    for panel in panels:
        place = panel["gridPos"]
        x, y = place["x"] / COLUMNS, 1 - (place["y"] + place["h"]) / bottom
        width, height = place["w"] / COLUMNS, place["h"] / bottom
        if panel["type"] == "row":
            figure.text(x + 0.005, y + height / 2, panel["title"], color=INK, fontsize=12, weight="bold", va="center")
            continue
        figure.add_artist(Rectangle((x + 0.001, y + 0.0008), width - 0.002, height - 0.0016, color=PAPER, zorder=-1))
        figure.text(x + 0.006, y + height - 0.25 / bottom, panel["title"], color=INK, fontsize=9, va="top")
        bare = panel["type"] in ("stat", "table")
        left, low = (0.006, 0.3) if bare else (0.1 if panel["type"] == "state-timeline" else 0.045, 2.2)
        axes = figure.add_axes((x + left, y + low / bottom, width - left - 0.01, height - (low + 1.3) / bottom))
        axes.set_facecolor(PAPER)
        DRAW[panel["type"]](axes, panel, source)
        axes.tick_params(colors=FAINT, labelsize=7, length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        if not bare:
            axes.grid(color="#2c3235", linewidth=0.5)
            axes.set_xlim(source.start, source.end)
            axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(5))
            axes.xaxis.set_major_formatter(lambda moment, _: f"{datetime.fromtimestamp(moment).astimezone():%H:%M:%S}")
    figure.savefig(target, facecolor=BACK)
    plt.close(figure)


def main(arguments: list[str]) -> int:
    """Address of a Prometheus, the file to write, and how many seconds back."""
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 1
    url, target, seconds = arguments
    draw(Source(url.rstrip("/"), float(seconds)), Path(target))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
