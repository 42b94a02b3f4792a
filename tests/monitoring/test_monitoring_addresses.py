"""Rules and dashboard with addresses of one's own: full runbook_url and dashboard_url, and links to page and API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import monitoring_objects
import pytest
from ruamel.yaml import YAML
from support.markdown import ROOT
from support.prometheus import promtool

yaml = YAML(typ="safe")
GIVEN = ["--runbooks", "https://wiki.example/r/", "--grafana", "https://g.example/", "--page", "https://r.example/"]


def alerts(rules: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {r["alert"]: r["annotations"] for group in rules["groups"] for r in group["rules"] if "alert" in r}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert monitoring_objects.main(["--to", str(tmp_path / "own"), *GIVEN]) == 0
    return tmp_path / "own"


def test_every_alert_has_full_addresses(folder: Path) -> None:
    written = alerts(yaml.load(folder / "rules.yaml"))
    before = alerts(yaml.load(ROOT / "monitoring" / "rules.yaml"))
    assert written.keys() == before.keys()
    for alert, links in written.items():
        assert links["runbook_url"] == f"https://wiki.example/r/{alert}.md"
        assert links["dashboard_url"] == f"https://g.example{before[alert]['dashboard_url']}"
        assert links["summary"] == before[alert]["summary"]


def test_prometheus_reads_the_rules(folder: Path) -> None:
    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", str(folder / "rules.yaml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_object_of_the_operator_has_the_same_rules(folder: Path) -> None:
    assert yaml.load(folder / "prometheus-rule.yaml")["spec"]["groups"] == yaml.load(folder / "rules.yaml")["groups"]


def test_the_dashboard_links_to_page_api_and_runbooks(folder: Path) -> None:
    board = json.loads((folder / "drift.json").read_text(encoding="utf-8"))
    assert {link["title"]: link["url"] for link in board["links"]} == {
        "Status page": "${page:raw}/",
        "API": "${page:raw}/docs",
        "Runbooks": "https://wiki.example/r",
    }
    [page] = [variable for variable in board["templating"]["list"] if variable["name"] == "page"]
    assert page["query"] == "https://r.example"
    assert "${page:raw}/tables/${__value.raw}" in json.dumps(board["panels"])
    config_map = yaml.load(folder / "dashboard.yaml")
    assert json.loads(config_map["data"]["drift.json"]) == board


def test_a_placeholder_is_the_one_of_the_setting(tmp_path: Path) -> None:
    monitoring_objects.main(["--to", str(tmp_path), "--runbooks", "https://wiki.example/?page={alert}"])
    for alert, links in alerts(yaml.load(tmp_path / "rules.yaml")).items():
        assert links["runbook_url"] == f"https://wiki.example/?page={alert}"


def test_addresses_without_a_folder_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        monitoring_objects.main(["--runbooks", "https://wiki.example"])
    assert "need --to FOLDER" in capsys.readouterr().err
