"""The dashboard: what the code writes, and the rules of grafana's dashboard-linter, which is not installable here.

Left out of the linter's rules, with the reason: none.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import dashboard
import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from ruamel.yaml import YAML
from support.markdown import ROOT
from support.panels import expressions, filled
from support.prometheus import promtool

from reconciler.metrics import FAMILIES, labels

TEXT = (ROOT / "monitoring" / "dashboards" / "drift.json").read_text(encoding="utf-8")
BOARD: dict[str, Any] = json.loads(TEXT)
VARIABLES = {variable["name"]: variable for variable in BOARD["templating"]["list"]}
ROWS = [panel for panel in BOARD["panels"] if panel["type"] == "row"]
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = list(expressions(BOARD))
UNITS = {"short", "s", "ops", "reqps", "bytes", "percentunit"}
PROCESS_METRICS = {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"}

titled = pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
each_expression = pytest.mark.parametrize("expression", [e for _, e in EXPRESSIONS], ids=[t for t, _ in EXPRESSIONS])


def selectors(expression: str) -> list[tuple[str, str]]:
    """Metric and matchers of each selector."""
    return re.findall(r"((?:dynamodb_reconciler|process)_\w+)(?:\{([^}]*)\})?", expression)


def test_the_file_is_what_the_code_writes_twice_over():
    assert dashboard.dashboard_json() == dashboard.dashboard_json() == TEXT


def test_the_check_reports_an_edited_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(dashboard, "OUTPUT", tmp_path / "drift.json")
    assert dashboard.main(["--check"]) == 1
    assert dashboard.main([]) == 0
    assert dashboard.main(["--check"]) == 0
    (tmp_path / "drift.json").write_text(TEXT.replace("Drifted", "Dirfted"))
    assert dashboard.main(["--check"]) == 1
    assert "dashboard.py" in capsys.readouterr().err


def test_the_typed_model_knows_every_key():
    read = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(json.loads(TEXT))))
    assert {**read, "annotations": None} == {**BOARD, "annotations": None}


def test_the_file_is_replaced_atomically_and_its_links_stay():
    assert BOARD["editable"] is False
    assert BOARD["uid"] == "dynamodb-reconciler-drift"


def test_the_rows_go_from_the_overview_to_the_process():
    assert [row["title"] for row in ROWS] == [
        *("Overview", "Tables", "Drift over time", "Actions and seeds", "Passes", "AWS calls", "Process"),
    ]


def test_every_panel_has_its_own_number_and_place():
    everything = BOARD["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    cells: set[tuple[int, int]] = set()
    for panel in everything:
        place = panel["gridPos"]
        own = set(
            itertools.product(range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"]))
        )
        assert not cells & own, panel["title"]
        assert place["x"] + place["w"] <= 24
        cells |= own


def test_the_data_source_is_a_variable():
    assert (VARIABLES["datasource"]["type"], VARIABLES["datasource"]["query"]) == ("datasource", "prometheus")
    assert VARIABLES["datasource"]["label"] == "Data source"


@pytest.mark.parametrize(
    ("name", "label", "everything"),
    [
        ("job", "Job", ".+"),
        ("instance", "Instance", ".+"),
        ("environment", "Environment", ".+"),
        ("table", "Table", ".*"),
    ],
)
def test_each_other_variable_is_asked_of_prometheus_with_several_values_and_all(name, label, everything):
    variable = VARIABLES[name]
    assert (variable["type"], variable["label"], variable["allValue"]) == ("query", label, everything)
    assert variable["multi"]
    assert variable["includeAll"]
    assert variable["refresh"] == 2, "renewed when the time range changes"
    assert variable["datasource"]["uid"] == "$datasource"
    assert re.fullmatch(r"label_values\(dynamodb_reconciler_\w+(\{.*\})?, " + name + r"\)", variable["query"])


@titled
def test_a_panel_has_title_description_unit_and_a_query_of_the_chosen_source(panel):
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["targets"]
    for holder in (panel, *panel["targets"]):
        assert holder["datasource"] == {"type": "prometheus", "uid": "$datasource"}


def test_no_two_panels_have_the_same_title():
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)


@each_expression
def test_every_selector_follows_job_and_instance_and_where_there_is_one_the_environment(expression):
    found = selectors(expression)
    assert found
    families = {family.name: family for family in FAMILIES}
    for name, matchers in found:
        assert {'job=~"$job"', 'instance=~"$instance"'} <= set(matchers.split(", ")), name
        family = families.get(re.sub(r"_bucket$", "", name))
        assert family is not None or name in PROCESS_METRICS, name
        for label in ("environment", "table"):
            if family is not None and label in family.labels:
                assert f'{label}=~"${label}"' in matchers, name


@each_expression
def test_counters_are_read_as_rates_over_the_interval_of_the_graph_or_a_day(expression):
    counters = {family.name for family in FAMILIES if family.type == "counter"} | {"process_cpu_seconds_total"}
    for name, _ in selectors(expression):
        if name in counters or name.endswith("_bucket"):
            assert re.search(r"(rate|increase)\(" + name + r"\{[^}]*\}\[(\$__rate_interval|24h)\]\)", expression)
    assert set(re.findall(r"\[([^]]*)\]", expression)) <= {"$__rate_interval", "24h"}


@each_expression
def test_every_label_value_that_a_query_names_exists(expression):
    for value in itertools.chain(*(v.split("|") for v in re.findall(r'(?:status|result)=~?"([^"]*)"', expression))):
        assert value in {*labels.STATUSES, *labels.ACTION_RESULTS, "Throttled"}


def test_every_status_has_a_number_and_a_name():
    [panel] = [panel for panel in PANELS if panel["type"] == "state-timeline"]
    words = panel["fieldConfig"]["defaults"]["mappings"][0]["options"]
    numbered = dict(re.findall(r'(\d) \* \w+\{[^}]*status="(\w+)"\}', panel["targets"][0]["expr"]))
    assert {number: value["text"].replace(" ", "_") for number, value in words.items()} == numbered
    assert sorted(numbered.values()) == sorted(labels.STATUSES)


def test_every_family_of_the_contract_but_the_informational_ones_is_on_the_dashboard():
    shown = " ".join(expression for _, expression in EXPRESSIONS)
    missing = {family.name.removeprefix("dynamodb_reconciler_") for family in FAMILIES if family.name not in shown}
    assert missing <= {
        *("build_info", "endpoint_info", "table_info", "pass_in_progress", "last_pass_timestamp_seconds"),
        *("config_last_load_success_timestamp_seconds", "config_errors", "http_request_duration_seconds"),
        *("table_not_before_timestamp_seconds", "table_unsupported"),
    }


def test_promtool_parses_every_query(tmp_path):
    records = [
        {"record": f"panel:{number}", "expr": filled(expression)} for number, (_, expression) in enumerate(EXPRESSIONS)
    ]
    with (tmp_path / "rules.yaml").open("w") as file:
        YAML().dump({"groups": [{"name": "panels", "rules": records}]}, file)
    checked = promtool("check", "rules", "--lint=none", str(tmp_path / "rules.yaml"))
    assert checked.returncode == 0, checked.stderr
    assert f"{len(EXPRESSIONS)} rules found" in checked.stdout
