"""SARIF: valid by the types of another library, with a place for each result, and the same identity in each run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sarif_pydantic import Sarif
from support.reports import a_report, a_table, blocked, drifted, failed, in_sync, missing

from reconciler.model.change import Call
from reconciler.model.errors import Problem
from reconciler.model.plan import Action, Step
from reconciler.model.report import PassReport, TableStatus
from reconciler.presentation.formats import View, lines


def run_of(report: PassReport, base: str = "config") -> dict[str, Any]:
    [(_, text)] = lines("sarif", report, View(base=base))
    Sarif.model_validate_json(text)
    document = json.loads(text)
    assert document["version"] == "2.1.0"
    [run] = document["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    whole: dict[str, Any] = run
    return whole


def place(result: dict[str, Any]) -> tuple[str, int | None]:
    physical = result["locations"][0]["physicalLocation"]
    return physical["artifactLocation"]["uri"], physical.get("region", {}).get("startLine")


def test_every_kind_of_result_has_its_rule_level_and_line() -> None:
    pending = a_table("pending", TableStatus.IN_SYNC, seed_pending=True)
    tables = (failed("a"), blocked("b"), drifted("c"), in_sync("d"), missing("e"), pending)
    results = run_of(a_report(*tables, problems=(Problem("x y.yaml", 3, "ttl", "is wrong", "Correct it"),)))["results"]
    assert [(each["ruleId"], each["level"]) for each in results] == [
        ("declaration", "error"),
        ("failed", "error"),
        ("blocked", "warning"),
        ("drift", "warning"),
        ("drift", "warning"),
        ("seed-pending", "warning"),
    ]
    assert place(results[0]) == ("config/x%20y.yaml", 3)
    assert place(results[1]) == ("config/table_configs/a_table.py", 12)


def test_paths_start_at_the_workspace_of_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "repository" / "service" / "config"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder.parent)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "repository"))
    [result] = run_of(a_report(drifted("users")))["results"]
    assert place(result) == ("service/config/table_configs/users_table.py", 12)


def test_a_table_without_a_declaration_is_shown_at_the_folder() -> None:
    gone = a_table("gone", TableStatus.ERROR, declaration=None, error="DeleteTable: refused")
    [result] = run_of(a_report(gone))["results"]
    assert place(result) == ("config", None)


def test_an_error_of_the_whole_pass_is_a_notification_and_the_run_failed() -> None:
    run = run_of(a_report(error="the endpoint is down"))
    [invocation] = run["invocations"]
    assert (run["results"], invocation["executionSuccessful"]) == ([], False)
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "the endpoint is down"


def test_a_run_with_an_invalid_declaration_failed() -> None:
    run = run_of(a_report(problems=(Problem("users_table.py", 7, "key_schema", "is empty", "Name a HASH key"),)))
    assert [len(run["results"]), run["invocations"]] == [1, [{"executionSuccessful": False}]]


def test_a_result_keeps_its_identity_when_its_line_moves_and_stacks_differ() -> None:
    def identity(**members: Any) -> str:
        table = a_table("users", TableStatus.DRIFTED, declaration=members.pop("declaration", "a.yaml:1"))
        [result] = run_of(a_report(table, **members))["results"]
        found: str = result["partialFingerprints"]["subject/v1"]
        return found

    assert identity() == identity(declaration="a.yaml:9")
    assert len({identity(), identity(stack="other"), identity(environment="prod")}) == 3


def test_runs_of_environments_do_not_replace_each_other() -> None:
    assert run_of(a_report(environment="prod", stack="shop"))["automationDetails"]["id"] == "shop/prod/"


@pytest.mark.parametrize(("keeps", "rule"), [(True, "drift"), (False, "items-lost")])
def test_a_replacement_that_keeps_the_items_loses_none(keeps: bool, rule: str) -> None:
    step = Step(Action.REPLACE, "keys", call=Call("DeleteTable", {"TableName": "users"}), keeps_items=keeps)
    [result] = run_of(a_report(a_table("users", TableStatus.DRIFTED, step)))["results"]
    assert result["ruleId"] == rule
    assert ("keeps its items" in result["message"]["text"]) is keeps
