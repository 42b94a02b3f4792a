"""``diff A B`` between folders and environments: what it prints, in which order, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.folders import DEFINITIONS, KEY, write

from reconciler.cli.app import main

USERS = {"table_name": "users", "key_schema": KEY, "attribute_definitions": DEFINITIONS}
CLASS = """
class Orders:
    TABLE_NAME = "orders"
    SCHEMA = {"table_name": "orders"}

    @classmethod
    def get_table_name(cls, environment=None):
        return f"orders-{environment}" if environment else "orders"

    @classmethod
    def get_schema(cls, environment=None):
        return {
            "table_name": cls.get_table_name(environment),
            "key_schema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "attribute_definitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "deletion_protection": environment == "prod",
        }
"""


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], tuple[int, str, str]]:
    monkeypatch.chdir(tmp_path)

    def one(line: str) -> tuple[int, str, str]:
        code = main(line.split())
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return one


FIELDS = {
    "a value": (
        {"time_to_live": {"attribute": "a"}},
        {"time_to_live": {"attribute": "b"}},
        ['ttl.attribute: "a" → "b"'],
    ),
    "a feature that only B declares": (
        {},
        {"time_to_live": {"attribute": "b"}},
        ["ttl: not declared →", "enabled: true", "attribute: b"],
    ),
    "a feature that only A declares": ({"deletion_protection": True}, {}, ["deletion_protection: true → not declared"]),
    "a feature that is off in B": (
        {"point_in_time_recovery": {}},
        {"point_in_time_recovery": {"enabled": False}},
        ["point_in_time_recovery.enabled: true → false"],
    ),
    "a tag of each": (
        {"tags": {"a": "1", "b": "2"}},
        {"tags": {"b": "3", "c": "4"}},
        ['tags.b: "2" → "3"', 'tags.c: none → "4"', 'tags.a: "1" → none'],
    ),
    "units that were lowered": (
        {"provisioned_throughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}},
        {"provisioned_throughput": {"ReadCapacityUnits": 4, "WriteCapacityUnits": 6}},
        ["billing.throughput.read: 5 → 4"],
    ),
}


@pytest.mark.parametrize("case", FIELDS)
def test_each_field_is_shown_from_a_to_b(case: str, run: Callable, tmp_path: Path) -> None:
    a, b, expected = FIELDS[case]
    write(tmp_path, {"a/users.json": {**USERS, **a}, "b/users.json": {**USERS, **b}})
    code, out, err = run("diff a b")
    lines = out.splitlines()
    assert (code, err, lines[0], lines[1]) == (2, "", "A: a; B: b", "~ users")
    assert sorted(line.strip() for line in lines[2:-1]) == sorted(expected)
    assert lines[-1] == "Different: 1 table changed, 0 only in A, 0 only in B."


def test_tables_of_one_side_are_named(run: Callable, tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a/users.json": USERS,
            "a/x.json": {**USERS, "table_name": "xyz"},
            "b/users.json": USERS,
            "b/abc.json": {**USERS, "table_name": "abc"},
        },
    )
    code, out, _ = run("diff a b")
    assert (code, out.splitlines()[1:]) == (
        2,
        ["+ abc  (only in B)", "- xyz  (only in A)", "Different: 0 tables changed, 1 only in A, 1 only in B."],
    )


def test_equal_folders_in_other_formats_end_with_0(run: Callable, tmp_path: Path) -> None:
    write(tmp_path, {"desired_state/users.json": USERS})
    assert run("export --format cloudformation --to there/")[0] == 0
    assert run("diff desired_state there")[:2] == (0, "A: desired_state; B: there\nEqual: 1 table.\n")
    assert run("diff there there")[0] == 0


def test_environments_are_matched_by_base_names(run: Callable, tmp_path: Path) -> None:
    write(tmp_path, {"desired_state/orders_table.py": CLASS})
    code, out, _ = run("diff env:dev env:prod")
    assert (code, out.splitlines()[1:3]) == (2, ["~ orders", "       deletion_protection: false → true"])
    assert run("diff env:dev env:qa")[0] == 0


def test_json_has_each_field_and_the_counts(run: Callable, tmp_path: Path) -> None:
    write(tmp_path, {"a/users.json": USERS, "b/users.json": {**USERS, "deletion_protection": True}})
    code, out, _ = run("diff a b -o json")
    assert code == 2
    assert json.loads(out) == {
        "format_version": "1.0",
        "a": "a",
        "b": "b",
        "equal": False,
        "summary": {"equal": 0, "changed": 1, "only_in_a": 0, "only_in_b": 0},
        "tables": [
            {
                "name": "users",
                "status": "changed",
                "changes": [
                    {
                        "facet": "deletion_protection",
                        "path": "deletion_protection",
                        "before": None,
                        "after": True,
                        "unsafe": None,
                    }
                ],
            }
        ],
        "notes": [],
    }
    assert json.loads(run("diff a a -o json")[1])["equal"] is True


def test_markdown_is_a_list(run: Callable, tmp_path: Path) -> None:
    write(tmp_path, {"a/users.json": USERS, "b/users.json": {**USERS, "tags": {"a|b": "c", "d": "e"}}})
    _, out, _ = run("diff a b -o markdown")
    assert out.splitlines() == [
        "## DynamoDB: a and b",
        "",
        "Different: 1 table changed, 0 only in A, 0 only in B.",
        "",
        "- `~` users",
        "  - tags: not declared →",
        "    ```yaml",
        "    a|b: c",
        "    d: e",
        "    ```",
    ]


REFUSED = {
    "diff a": "Missing argument 'B'",
    "diff a nowhere": "error: nowhere: the folder does not exist.",
    "diff a env:": "error: env: names no environment. Write env:NAME, for example env:prod.",
    "diff a broken": "error: broken/users.json:1:2: is not JSON",
    "diff a a -o junit": "error: --output: invalid value 'junit' for diff; expected human or json or markdown.",
    "diff a http://127.0.0.1:9 --wait 0s": "error: Nothing answers at http://127.0.0.1:9",
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_cannot_be_compared_is_an_error(line: str, run: Callable, tmp_path: Path) -> None:
    write(tmp_path, {"a/users.json": USERS, "broken/users.json": "{"})
    code, out, err = run(line)
    assert (code, out) == (1, "")
    assert REFUSED[line] in err


@pytest.mark.parametrize("line", ["diff env:dev env:prod", "diff desired_state env:dev", "validate"])
def test_a_parameter_that_no_file_declares_is_one_error_everywhere(line: str, run: Callable, tmp_path: Path) -> None:
    write(tmp_path, {"desired_state/users.json": json.dumps(USERS)})
    (tmp_path / "reconciler.toml").write_text("[environments.dev]\n[environments.prod]\n\n[parameter]\nStge = 'x'\n")
    code, _, err = run(line if line != "validate" else "validate --environment dev")
    assert code == 1
    found = "desired_state: parameter Stge: no file declares this parameter, which reconciler.toml:5:1 sets. No file "
    assert err.replace("./", "") == f"error: {found}declares one; remove it there.\n"


def test_of_two_folders_only_one_must_know_a_parameter(run: Callable, tmp_path: Path) -> None:
    variables = {**USERS, "variables": {"STAGE": {"default": "dev"}}, "tags": [{"Key": "stage", "Value": "${STAGE}"}]}
    write(tmp_path, {"a/users.json": json.dumps(variables), "b/users.json": json.dumps(USERS)})
    assert run("diff a b --parameter STAGE=prod")[0] == 2
    assert run("diff b a --parameter STAGE=prod")[0] == 2
    for line in ("diff a b", "diff b a"):
        code, _, err = run(f"{line} --parameter STGE=prod")
        assert (code, err.count("--parameter STGE: no file declares this parameter.")) == (1, 1)
