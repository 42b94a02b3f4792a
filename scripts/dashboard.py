"""Writes ``monitoring/dashboards/drift.json``; with ``--check`` compares it, which ``make check`` does.

The panels are data in ``dashboard_state`` and ``dashboard_activity``; the builders are
grafana-foundation-sdk's. The same input gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from dashboard_activity import AWS, PASSES, RUNTIME, WORK
from dashboard_model import Panel
from dashboard_queries import PROCESS, TABLE, metric
from dashboard_state import OVERVIEW, TABLES, TIMELINE
from grafana_foundation_sdk.builders import common, heatmap, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import table as table_builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.common import BigValueGraphMode, LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

OUTPUT = Path(__file__).resolve().parent.parent / "monitoring" / "dashboards" / "drift.json"
UID = "dynamodb-reconciler-drift"
WIDTH = 24
SOURCE = model.DataSourceRef(type_val="prometheus", uid="$datasource")
PAGE = "${page:raw}"
"""The address of the status page, a text variable of the dashboard: Prometheus does not know it."""
INSTANT = ("stat", "table")

ROWS: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    ("Overview", OVERVIEW),
    ("Tables", TABLES),
    ("Drift over time", TIMELINE),
    ("Actions and seeds", WORK),
    ("Passes", PASSES),
    ("AWS calls", AWS),
    ("Process", RUNTIME),
)


def dashboard_json(page: str = "http://localhost:8002", runbooks: str | None = None) -> str:
    """The whole dashboard as JSON text with a final newline. Its links lead to ``page`` and to ``runbooks``."""
    document = json.loads(JSONEncoder(sort_keys=True, indent=2).encode(dashboard(page, runbooks).build()))
    for annotation in document["annotations"]["list"]:
        annotation |= {"titleFormat": "{{table}}: {{action}}", "tagKeys": "environment", "step": "60s"}
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def dashboard(page: str, runbooks: str | None) -> build.Dashboard:
    """The builder with variables, annotation, links and every row."""
    made = (
        build.Dashboard("DynamoDB reconciler: drift")
        .uid(UID)
        .description("Which tables differ from their declaration, since when, and what is done about it.")
        .tags(["dynamodb", "drift", "dynamodb-reconciler"])
        .readonly()
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .time("now-6h", "now")
        .timezone("browser")
        .refresh("30s")
        .annotation(_actions())
    )
    for variable in _variables(page):
        made.with_variable(variable)
    links = [("Status page", f"{PAGE}/"), ("API", f"{PAGE}/docs"), *([("Runbooks", runbooks)] if runbooks else [])]
    for title, address in links:
        made.link(build.DashboardLink(title).type(model.DashboardLinkType.LINK).url(address).target_blank(True))
    number, top = 0, 0
    for title, panels in ROWS:
        number += 1
        made.with_row(build.Row(title).id(number).grid_pos(model.GridPos(1, WIDTH, 0, top)))
        top, left, tallest = top + 1, 0, 0
        for panel in panels:
            if left + panel.width > WIDTH:
                top, left, tallest = top + tallest, 0, 0
            number += 1
            made.with_panel(_panel(panel).id(number).grid_pos(model.GridPos(panel.height, panel.width, left, top)))
            left, tallest = left + panel.width, max(tallest, panel.height)
        top += tallest
    return made


def _variables(page: str) -> list[Any]:
    source = build.DatasourceVariable("datasource").label("Data source").type("prometheus")
    chosen: list[Any] = [source.current(model.VariableOption(selected=True, text="default", value="default"))]
    build_info = "dynamodb_reconciler_build_info"
    process = 'job=~"$job"'
    queries = (
        ("job", "Job", f"label_values({build_info}, job)", ".+"),
        ("instance", "Instance", f"label_values({build_info}{{{process}}}, instance)", ".+"),
        (
            "environment",
            "Environment",
            f"label_values({metric('endpoint_up', PROCESS)}, environment)",
            ".+",
        ),
        ("table", "Table", f"label_values({metric('table_status')}, table)", ".*"),
    )
    for name, label, query, everything in queries:
        chosen.append(
            build.QueryVariable(name)
            .label(label)
            .datasource(SOURCE)
            .query(query)
            .multi(True)
            .include_all(True)
            .all_value(everything)
            .current(model.VariableOption(selected=True, text="All", value="$__all"))
            .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
            .sort(model.VariableSort.ALPHABETICAL_ASC)
        )
    chosen.append(build.TextBoxVariable("page").label("Status page").default_value(page))
    return chosen


def _actions() -> build.AnnotationQuery:
    done = metric("actions_total", TABLE, result="success")
    return (
        build.AnnotationQuery()
        .name("Actions")
        .datasource(SOURCE)
        .enable(True)
        .icon_color("blue")
        .expr(f"sum by (environment, table, action) (increase({done}[$__rate_interval])) > 0")
    )


def _panel(panel: Panel) -> Any:
    made = _of_kind(panel).title(panel.title).description(panel.description).datasource(SOURCE).unit(panel.unit)
    for letter, query in zip("ABCDEFGH", panel.queries, strict=False):
        target = prometheus.Dataquery().expr(query.expr).ref_id(letter).datasource(SOURCE)
        if query.legend:
            target.legend_format(query.legend)
        if panel.kind in INSTANT:
            target.instant()
        if panel.kind == "table":
            target.format(PromQueryFormat.TABLE)
        if panel.kind == "heatmap":
            target.format(PromQueryFormat.HEATMAP)
        made.with_target(target)
    if panel.words and panel.kind != "table":
        made.mappings([_words(panel)])
    if panel.colours:
        steps = [model.Threshold(value=value, color=colour) for value, colour in panel.colours]
        made.thresholds(build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps))
    return made


def _of_kind(panel: Panel) -> Any:
    if panel.kind == "stat":
        made = stat.Panel().graph_mode(BigValueGraphMode.NONE)
        return made.color_scheme(build.FieldColor().mode(model.FieldColorModeId.THRESHOLDS)).no_value("none")
    if panel.kind == "state-timeline":
        return statetimeline.Panel().fill_opacity(80).row_height(0.85).no_value("not seen")
    if panel.kind == "heatmap":
        return heatmap.Panel()
    if panel.kind == "table":
        return _table(panel)
    legend = common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    return timeseries.Panel().fill_opacity(10).min(0).legend(legend.show_legend(True))


def _table(panel: Panel) -> Any:
    """One row a table: the instant queries are merged on their labels, and only the named columns are shown."""
    order = {field: position for position, (field, _, _) in enumerate(panel.columns)}
    hidden = {"Time": True, "Value": "Value" not in order}
    names = {field: heading for field, heading, _ in panel.columns}
    made = (
        table_builder.Panel()
        .with_transformation(model.DataTransformerConfig("merge", options={}))
        .with_transformation(
            model.DataTransformerConfig(
                "organize", options={"excludeByName": hidden, "indexByName": order, "renameByName": names}
            )
        )
    )
    for _, heading, unit in panel.columns:
        properties = [model.DynamicConfigValue(id_val="unit", value=unit)]
        if heading == "Table":
            link = {"title": "Status page of the table", "url": f"{PAGE}/tables/${{__value.raw}}", "targetBlank": True}
            properties.append(model.DynamicConfigValue(id_val="links", value=[link]))
        if heading == "Status":
            properties.append(model.DynamicConfigValue(id_val="mappings", value=[_words(panel)]))
            properties.append(model.DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-text"}))
        made.override_by_name(heading, properties)
    return made


def _words(panel: Panel) -> model.ValueMap:
    return model.ValueMap(
        options={
            str(number): model.ValueMappingResult(text=word, color=colour, index=position)
            for position, (number, word, colour) in enumerate(panel.words)
        }
    )


def main(arguments: list[str]) -> int:
    """Write the file, or say whether it is what would be written."""
    text = dashboard_json()
    if arguments == ["--check"]:
        if OUTPUT.is_file() and OUTPUT.read_text(encoding="utf-8") == text:
            return 0
        print(f"{OUTPUT.name} is not what scripts/dashboard.py writes: run it.", file=sys.stderr)
        return 1
    OUTPUT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
