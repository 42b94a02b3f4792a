"""``validate`` reads the migrations of items as ``migrate`` does, and offline."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.folders import write

from reconciler.cli.app import main

TABLE = """\
table_name: users
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
"""
BROKEN = "table = 'users'\ndef up(item:\n    return {}\n"
GOOD = "table = 'users'\ndef up(item):\n    return {}\n"


@pytest.fixture
def validate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["validate", *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_a_syntax_error_in_a_migration_is_an_error(validate: Callable, tmp_path: Path) -> None:
    write(tmp_path, {"desired_state/users.yaml": TABLE, "migrations/0001_a.py": BROKEN})
    code, out, err = validate()
    assert (code, out) == (1, "")
    assert err.startswith("error: migrations/0001_a.py:2"), err
    document = json.loads(validate("-o", "json")[1])
    assert (document["valid"], [each["line"] for each in document["errors"]]) == (False, [2])


def test_migrations_without_errors_are_valid(validate: Callable, tmp_path: Path) -> None:
    write(tmp_path, {"desired_state/users.yaml": TABLE, "migrations/0001_a.py": GOOD})
    code, out, err = validate()
    assert (code, err) == (0, "")
    assert out.startswith("Valid: 1 table")


def test_the_folder_of_the_setting_is_read(validate: Callable, tmp_path: Path) -> None:
    write(tmp_path, {"desired_state/users.yaml": TABLE, "moved/0001_a.py": BROKEN})
    assert validate()[0] == 0
    write(tmp_path, {"reconciler.toml": 'migrations = "moved"\n'})
    code, _, err = validate()
    assert (code, "moved/0001_a.py:2" in err) == (1, True), err


def test_errors_of_declarations_and_migrations_are_reported_together(validate: Callable, tmp_path: Path) -> None:
    files = {"desired_state/users.yaml": "table_name: users\n", "migrations/0001_a.py": "table = 'users'\n"}
    write(tmp_path, files)
    code, _, err = validate()
    assert code == 1
    assert "migrations/0001_a.py: up: is required" in err
    assert "desired_state/users.yaml:1:1: key_schema: is required" in err


def test_a_missing_folder_is_one_error(validate: Callable, tmp_path: Path) -> None:
    write(tmp_path, {"migrations/0001_a.py": BROKEN})
    code, _, err = validate()
    assert (code, len(err.splitlines())) == (1, 1), err


def test_an_error_names_the_environments_of_the_settings_file(validate: Callable, tmp_path: Path) -> None:
    """What is missing may be a parameter of an environment."""
    settings = '[environments.dev]\nendpoint_url = "http://127.0.0.1:8000"\nparameter = { Stage = "dev" }\n'
    table = TABLE.replace("users", "orders-{{ Stage }}")
    write(tmp_path, {"desired_state/users.yaml": table, "reconciler.toml": settings})
    code, _, err = validate()
    assert code == 1
    assert "warning: reconciler.toml has the environments dev, and none is chosen" in err
    write(tmp_path, {"desired_state/users.yaml": TABLE})
    assert validate()[::2] == (0, "")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("while True: pass\n", "did not finish within 5 s"),
        ("import os\nos._exit(7)\n", "ends the process that loads it with exit code 7"),
    ],
)
def test_a_migration_that_never_ends_or_ends_the_process_is_an_error(
    content: str, reason: str, validate: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.declarations.migration_check.STEP_SECONDS", 5.0)
    files = {"desired_state/users.yaml": TABLE, "migrations/0001_a.py": GOOD, "migrations/0002_b.py": content}
    write(tmp_path, files)
    code, out, err = validate()
    assert (code, out) == (1, "")
    assert err.startswith(f"error: migrations/0002_b.py: {reason}. Let the file define its functions only"), err


def test_what_a_migration_prints_is_no_result(validate: Callable, tmp_path: Path) -> None:
    write(tmp_path, {"desired_state/users.yaml": TABLE, "migrations/0001_a.py": f"print('hello')\n{GOOD}"})
    code, out, _ = validate("-o", "json")
    assert (code, json.loads(out)["valid"]) == (0, True)


@pytest.mark.parametrize(
    ("files", "sentences"),
    [
        (
            {"0001_a": GOOD, "0002_b": GOOD.replace("users", "user")},
            ("migrations/0002_b.py:1: table: unknown table 'user'; declared are: users. Write the name of a declared",),
        ),
        (
            {"0001_a": GOOD, "0003_c": GOOD},
            ("migrations/0003_c.py: follows 0001_a, so that 0002 is missing. Add the missing file",),
        ),
        (
            {"0001_a": GOOD, "0001_b": GOOD.replace("users", "user")},
            (
                "migrations/0001_b.py: has the number of 0001_a. Rename one of them",
                "migrations/0001_b.py:1: table: unkn",
            ),
        ),
    ],
)
def test_migrations_that_cannot_run_are_errors(
    files: dict[str, str], sentences: tuple[str, ...], validate: Callable, tmp_path: Path
) -> None:
    write(
        tmp_path, {"desired_state/users.yaml": TABLE, **{f"migrations/{name}.py": text for name, text in files.items()}}
    )
    code, out, err = validate()
    assert (code, out) == (1, "")
    assert [line[: len(each) + 7] for line, each in zip(err.splitlines(), sentences, strict=True)] == [
        f"error: {each}" for each in sentences
    ]
