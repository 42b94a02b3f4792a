"""The alerting rules: checked and run by promtool, each with its cases, its links and its runbook page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ruamel.yaml import YAML
from support.markdown import ROOT
from support.prometheus import promtool

from reconciler.metrics import FAMILIES, labels
from reconciler.model.plan import Reason

MONITORING = ROOT / "monitoring"
RUNBOOKS = MONITORING / "runbooks"
yaml = YAML(typ="safe")
RULES: list[dict[str, Any]] = [
    rule for group in yaml.load(MONITORING / "rules.yaml")["groups"] for rule in group["rules"]
]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
CASES: list[dict[str, Any]] = yaml.load(MONITORING / "rules_test.yaml")["tests"]
SECTIONS = ["Symptom", "Meaning", "Action", "Verification"]
FOREIGN = {"python_info", "process_start_time_seconds"}


def expectations(alert: str) -> list[bool]:
    """Whether each check of an alert expects it to fire."""
    checks = [check for case in CASES for check in case.get("alert_rule_test", ()) if check["alertname"] == alert]
    return [bool(check["exp_alerts"]) for check in checks]


def test_promtool_has_nothing_to_criticise():
    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", str(MONITORING / "rules.yaml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_case_holds():
    tested = promtool("test", "rules", str(MONITORING / "rules_test.yaml"))
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(alert):
    assert set(expectations(alert)) == {True, False}


def test_every_recorded_series_has_a_case():
    tested = {check["expr"] for case in CASES for check in case.get("promql_expr_test", ())}
    assert tested == RECORDED


@pytest.mark.parametrize("damage", ["never fires", "fires at once"])
@pytest.mark.parametrize("alert", ALERTS)
def test_the_cases_notice_an_alert_that(alert, damage, tmp_path):
    rules = yaml.load(MONITORING / "rules.yaml")
    [rule] = [rule for group in rules["groups"] for rule in group["rules"] if rule.get("alert") == alert]
    if damage == "never fires":
        rule["expr"] = "vector(0) > 1"
    else:
        rule["for"] = "0s"
    with (tmp_path / "rules.yaml").open("w") as file:
        YAML().dump(rules, file)
    # promtool compares alerts by name, so only the cases that name this one can notice.
    named = [case for case in CASES if any(check["alertname"] == alert for check in case.get("alert_rule_test", ()))]
    with (tmp_path / "rules_test.yaml").open("w") as file:
        YAML().dump({**yaml.load(MONITORING / "rules_test.yaml"), "tests": named}, file)
    tested = promtool("test", "rules", "rules_test.yaml", cwd=tmp_path)
    assert tested.returncode == 1
    assert alert in tested.stdout + tested.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_says_how_bad_it_is_what_it_means_and_where_to_look(alert):
    rule = ALERTS[alert]
    assert alert.startswith("DynamoDBReconciler")
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url", "dashboard_url"}
    assert rule["annotations"]["runbook_url"] == f"monitoring/runbooks/{alert}.md"
    assert rule["annotations"]["dashboard_url"].startswith("/d/dynamodb-reconciler-drift")
    assert "for" in rule


def test_every_alert_has_a_runbook_page_and_every_page_an_alert():
    assert {page.stem for page in RUNBOOKS.glob("*.md")} == set(ALERTS)


@pytest.mark.parametrize("alert", ALERTS)
def test_a_runbook_page_has_symptom_meaning_action_and_verification(alert):
    page = (RUNBOOKS / f"{alert}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {alert}\n\nSeverity: {ALERTS[alert]['labels']['severity']}, ")
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == SECTIONS
    bodies = re.split(r"^## .*$", page, flags=re.MULTILINE)[1:]
    assert all(len(body.strip()) > 20 for body in bodies)


def names_in(text: str) -> set[str]:
    """Our metric names and the foreign ones that an expression reads."""
    return set(re.findall(r"(?<![:\w])(?:dynamodb_reconciler_\w+|python_info|process_start_time_seconds)", text))


def test_every_metric_that_a_rule_reads_exists():
    ours = {family.name for family in FAMILIES}
    for rule in RULES:
        assert names_in(rule["expr"]) <= ours | FOREIGN


@pytest.mark.parametrize("alert", ALERTS)
def test_every_metric_that_a_runbook_names_exists(alert):
    page = (RUNBOOKS / f"{alert}.md").read_text(encoding="utf-8")
    assert names_in(page) <= {family.name for family in FAMILIES}
    short = re.findall(r"`(\w+_(?:total|info|seconds))\b", page)
    assert {f"dynamodb_reconciler_{name}" for name in short if not name.startswith("dynamodb_reconciler_")} <= {
        family.name for family in FAMILIES
    }


def test_every_label_value_that_a_rule_selects_exists():
    known = {*labels.STATUSES, *labels.ACTION_RESULTS, "Throttled"}
    for rule in RULES:
        for _, values in re.findall(r'(status|result)=~?"([^"]*)"', rule["expr"]):
            assert set(values.split("|")) <= known


def test_every_reason_that_a_runbook_names_exists():
    page = (RUNBOOKS / "DynamoDBReconcilerTableBlocked.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)` \(", page))
    assert len(named) == 6
    assert named <= {reason.value for reason in Reason}
