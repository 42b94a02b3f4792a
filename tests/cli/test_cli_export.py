"""``export``: where the text goes, what is said on standard error, and what is refused."""

# ruff: noqa: E501 - messages are written on one line

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.folders import DEFINITIONS, KEY, load, write

from reconciler.cli.app import main

USERS = {
    "table_name": "users",
    "key_schema": KEY,
    "attribute_definitions": DEFINITIONS,
    "billing_mode": "PAY_PER_REQUEST",
}
ORDERS = {**USERS, "table_name": "orders", "references": [{"table": "users", "attribute": "user_id"}]}


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], tuple[int, str, str]]:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"desired_state/users.json": USERS, "desired_state/orders.json": ORDERS})

    def one(line: str) -> tuple[int, str, str]:
        code = main(line.split())
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return one


def test_the_text_goes_to_standard_output_and_reads_back(run: Callable, tmp_path: Path) -> None:
    code, out, err = run("export --format cloudformation")
    assert (code, err) == (0, "")
    before = load(tmp_path / "desired_state").declarations
    after = load(write(tmp_path / "exported", {"template.yaml": out})).declarations
    assert [(each.spec, each.references) for each in after] == [(each.spec, each.references) for each in before]


def test_only_the_named_tables_are_written(run: Callable) -> None:
    _, out, err = run("export users --format json")
    assert json.loads(out)["TableName"] == "users"
    assert err == ""


def test_the_environment_names_the_tables(run: Callable) -> None:
    assert json.loads(run("export users --format json --environment qa")[1])["TableName"] == "users-qa"


def test_what_the_format_does_not_hold_is_a_warning(run: Callable) -> None:
    code, _, err = run("export --format json")
    assert (code, err) == (0, "warning: orders: CreateTable has no references\n")


@pytest.mark.parametrize(
    ("line", "files"),
    [
        ("--format json --to inputs", ["inputs/orders.json", "inputs/users.json"]),
        ("--format json users --to users-input.json", ["users-input.json"]),
        ("--format sam --to there/", ["there/template.yaml"]),
        ("--format terraform --to main.tf.json", ["main.tf.json"]),
        ("--format mermaid --to desired_state", ["desired_state/tables.mmd"]),
        ("--format svg --to docs/tables.svg", ["docs/tables.svg"]),
    ],
)
def test_to_names_a_file_or_a_folder(line: str, files: list[str], run: Callable, tmp_path: Path) -> None:
    code, out, _ = run(f"export {line}")
    assert (code, out.splitlines()) == (0, [f"wrote {name}" for name in files])
    assert all((tmp_path / name).read_text(encoding="utf-8") for name in files)


def test_a_file_that_exists_is_not_overwritten(run: Callable, tmp_path: Path) -> None:
    write(tmp_path, {"inputs/users.json": "mine"})
    code, out, err = run("export --format json --to inputs")
    assert (code, out) == (1, "")
    assert err.endswith(
        "error: inputs/users.json exists already and is not overwritten; nothing was written. Name another place with --to.\n"
    )
    assert not (tmp_path / "inputs/orders.json").exists()


def test_the_result_as_json_has_the_texts_and_the_warnings(run: Callable) -> None:
    found = json.loads(run("export --format json -o json")[1])
    assert sorted(found["files"]) == ["orders.json", "users.json"]
    assert found["warnings"] == ["orders: CreateTable has no references"]
    assert json.loads(run("export --format svg --to a.svg -o json")[1])["written"] == ["a.svg"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("export user --format svg", "error: table 'user' is not declared. Did you mean users?\n"),
        ("export --format sam --desired-state nowhere", "error: nowhere: the folder does not exist."),
        (
            "export --format sam -o markdown",
            "error: --output: invalid value 'markdown' for export; expected human or json.",
        ),
    ],
)
def test_what_cannot_be_exported_is_an_error(line: str, expected: str, run: Callable) -> None:
    code, out, err = run(line)
    assert (code, out) == (1, "")
    assert err.startswith(expected)


def test_the_format_has_to_be_given(run: Callable) -> None:
    code, out, err = run("export")
    assert (code, out) == (1, "")
    assert "--format" in err
