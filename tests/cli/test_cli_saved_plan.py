"""Which arguments of ``up`` are the file of a saved plan, and what ``preview --out`` refuses to write."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.fake_wiring import FakeWiring
from support.reports import a_report, in_sync, missing

from reconciler.cli.app import main
from reconciler.planning.digest import approval


@pytest.fixture
def plan(cli: Callable, fake: FakeWiring) -> Path:
    fake.plan, fake.result = a_report(missing()), a_report(in_sync("users"))
    assert cli("preview users --out plan.json").code == 0
    fake.calls.clear()
    return Path("plan.json")


def test_a_saved_plan_names_its_tables_and_allows_this_plan_only(cli: Callable, fake: FakeWiring, plan: Path) -> None:
    assert cli("up plan.json --yes").code == 0
    assert ("converge", "up", ("users",)) in fake.calls
    assert fake.confirming is False
    assert fake.approved == approval(fake.plan, only_this=True)


def test_without_a_terminal_it_needs_a_yes(cli: Callable, fake: FakeWiring, plan: Path) -> None:
    ended = cli("up plan.json")
    assert (ended.code, fake.calls) == (1, [])
    assert "--yes" in ended.err


def test_a_plan_without_a_suffix_is_found_by_its_content(cli: Callable, fake: FakeWiring, plan: Path) -> None:
    plan.rename("reviewed")
    assert cli("up reviewed --yes").code == 0
    assert ("converge", "up", ("users",)) in fake.calls


def test_a_file_that_is_no_plan_leaves_the_word_to_the_tables(cli: Callable, fake: FakeWiring) -> None:
    Path("users").write_text("not a plan")
    fake.plan, fake.result = a_report(missing()), a_report(in_sync("users"))
    assert cli("up users --yes").code == 0
    assert ("converge", "up", ("users",)) in fake.calls


def test_a_table_that_is_named_like_the_plan_is_asked_about(cli: Callable, fake: FakeWiring, plan: Path) -> None:
    plan.rename("users")
    ended = cli("up users --yes")
    assert ended.code == 1
    assert "users is a table and a saved plan. Write ./users for the plan." in ended.err
    assert cli("up ./users --yes").code == 0


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("up plan.json users --yes", "plan.json is a saved plan, which has its own tables."),
        ("up missing.json --yes", "missing.json: there is no such file."),
        ("up ./other.json --yes", "./other.json is not a saved plan."),
        ("up half.plan --yes", "half.plan is not a whole saved plan."),
    ],
)
def test_a_wrong_use_is_refused_before_anything_is_done(
    line: str, sentence: str, cli: Callable, fake: FakeWiring, plan: Path
) -> None:
    Path("other.json").write_text("{}")
    Path("half.plan").write_text(plan.read_text()[:200])
    ended = cli(line)
    assert (ended.code, fake.calls) == (1, [])
    assert sentence in ended.err


@pytest.mark.parametrize("change", [{"format_version": "2.0"}, {"compared": None}, {"tables": "users"}])
def test_a_plan_of_another_format_is_refused(
    change: dict[str, object], cli: Callable, fake: FakeWiring, plan: Path
) -> None:
    plan.write_text(json.dumps(json.loads(plan.read_text()) | change))
    ended = cli("up plan.json --yes")
    assert (ended.code, fake.calls) == (1, [])
    assert "plan.json was written by another version, or was changed." in ended.err


def test_a_plan_that_changes_right_before_the_first_write_is_refused(
    cli: Callable, fake: FakeWiring, plan: Path
) -> None:
    fake.result = replace(fake.result, plan_changed=True)
    ended = cli("up plan.json --yes")
    assert ended.code == 1
    assert "plan.json: the plan changed since it was saved. Nothing was changed." in ended.err
    assert len([call for call in fake.calls if call[0] == "converge"]) == 1


def test_a_plan_with_an_error_is_not_saved(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(error="the endpoint is down")
    ended = cli("preview --out plan.json")
    assert (ended.code, Path("plan.json").exists()) == (1, False)
    assert "--out: plan.json was not written, because the plan has errors." in ended.err


def test_a_saved_plan_is_replaced_and_another_file_is_not(cli: Callable, fake: FakeWiring, plan: Path) -> None:
    assert cli("preview --out plan.json").code == 0
    Path("notes.json").write_text('{"mine": 1}')
    ended = cli("preview --out notes.json")
    assert (ended.code, Path("notes.json").read_text()) == (1, '{"mine": 1}')
    assert "--out: notes.json exists and is not a saved plan; nothing was written." in ended.err


def test_the_command_that_preview_prints_applies_the_plan_as_it_is_printed(
    cli: Callable, fake: FakeWiring, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.plan, fake.result = a_report(missing()), a_report(in_sync("users"))
    Path("reconciler.toml").write_text("[environments.dev]\nendpoint_url = 'http://localhost:8000'\n")
    options = ["--environment", "dev", "--max-deletes", "3", "--parameter", "Team=shop a", "--parameter", "Stage=x"]
    assert main(["preview", *options, "--log-level", "error", "-o", "json", "--out", "my plan.json"]) == 0
    printed = capsys.readouterr().err.partition("Apply exactly this plan with: ")[2]
    before = fake.settings
    program, *words = shlex.split(printed)
    assert (program, words[:2]) == ("reconciler", ["up", "my plan.json"])
    assert main([*words, "--yes"]) == 0, capsys.readouterr().err
    assert fake.settings.environment == "dev"
    for name in ("max_deletes", "parameter", "endpoint_url"):
        assert getattr(fake.settings, name) == getattr(before, name)
    assert not {"--log-level", "--output", "-o", "--out"} & set(words)


def test_without_options_the_printed_command_has_none(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(missing())
    assert cli("preview --out plan.json").err.endswith("Apply exactly this plan with: reconciler up plan.json\n")
