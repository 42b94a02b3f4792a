"""A template is made anew exactly when something that it depends on has changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support.plugin_run import Project

from reconciler.pytest_plugin.backend import Refused
from reconciler.pytest_plugin.checks import items_of
from reconciler.pytest_plugin.declared import Content, Declared, NotDeclared, Tables
from reconciler.pytest_plugin.options import LOCAL, Options


@pytest.fixture
def options(tmp_path: Path) -> Options:
    """Options of the project of these tests."""
    Project(tmp_path, {})
    return Options(LOCAL, explicit=True, root=tmp_path)


def digests(options: Options) -> dict[Content, str]:
    """The digest of each content."""
    declared = Declared(options)
    return {content: declared.digest(content) for content in (Content.SEEDED, Content.MIGRATED)}


CHANGES: dict[str, Callable[[Path], object]] = {
    "desired_state/seeds/users.json": lambda path: path.write_text('[{"pk": "9"}]', encoding="utf-8"),
    "desired_state/tables.yaml": lambda path: path.write_text(
        path.read_text(encoding="utf-8").replace("KEYS", "ALL").replace("NEW_IMAGE", "KEYS_ONLY"), encoding="utf-8"
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_file_needs_another_template(options: Options, name: str) -> None:
    before = digests(options)
    assert digests(options) == before
    CHANGES[name](options.root / name)
    assert not set(digests(options).values()) & set(before.values())


def test_a_migration_counts_for_migrated_tables_alone(options: Options) -> None:
    before = digests(options)
    (options.root / "migrations" / "0001_add_v.py").write_text('table = "users"\ndef up(item): return {"v": 3}\n')
    after = digests(options)
    assert after[Content.SEEDED] == before[Content.SEEDED]
    assert after[Content.MIGRATED] != before[Content.MIGRATED]


def test_options_count(options: Options) -> None:
    variants = (options, replace(options, region="eu-west-1"), replace(options, environment="test"))
    assert len({digests(each)[Content.SEEDED] for each in variants}) == 3


def test_the_settings_of_another_use_do_not_count(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys in a .env file are for its endpoint, and a daemon's mode is no mode for tests."""
    (options.root / ".env").write_text(
        "DYNAMODB_ENDPOINT=http://x:1\nAWS_ACCESS_KEY_ID=real\nAWS_SECRET_ACCESS_KEY=s\n"
    )
    monkeypatch.setenv("RECONCILER_MODE", "observe")
    monkeypatch.setenv("RECONCILER_ALLOWED_ACCOUNTS", "123412341234")
    settings = Declared(options).settings
    assert settings.mode == "enforce"
    assert settings.sdk_variables == {}
    assert "000000000000" in settings.allowed_accounts
    assert settings.push_gateway is None


def test_a_missing_folder_names_the_option(tmp_path: Path) -> None:
    declared = Declared(Options(LOCAL, explicit=True, root=tmp_path))
    assert not declared.exists
    with pytest.raises(NotDeclared):
        _ = declared.state


class _OneServer:
    """A server whose one table is users."""

    exceptions = SimpleNamespace(ResourceNotFoundException=LookupError)

    def client(self) -> Any:
        return self

    def describe_table(self, TableName: str) -> Any:  # noqa: N803 - as boto3 has it
        return {"Table": {"KeySchema": [{"AttributeName": "pk"}]}}


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("nope", "Declared are: orders, users."), ("user", "Did you mean users?")],
    ids=["none", "near"],
)
def test_an_unknown_table_is_a_sentence_with_the_declared_names(name: str, remedy: str) -> None:
    tables = Tables({"users": "users", "orders": "orders"}, cast("Any", _OneServer()))
    for look_up in (tables.table, tables.__getitem__):
        with pytest.raises(KeyError) as raised:
            look_up(name)
        assert str(raised.value) == f"no table {name!r} is declared. {remedy}"
    assert (name in tables, tables.get(name), tables["users"]) == (False, None, "users")


WRITE = 'Write a list of items, such as assert_items(\'users\', [{"pk": "1"}]).'
UNFIT: dict[str, tuple[Any, str]] = {
    "one item": ({"pk": "1"}, f"assert_items got one item without a list around it. {WRITE}"),
    "a text": ("pk", f"assert_items expects items, but got 'pk'. {WRITE}"),
    "a number": (1, f"assert_items expects items, but got 1. {WRITE}"),
    "a list of texts": ([{"pk": "1"}, "2"], f"expected item 2 is '2', not a mapping of attributes. {WRITE}"),
    "no key": ([{"pk": "1"}, {"name": "x"}], "expected item 2 lacks pk of the key of users. Add it."),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_are_no_items_is_refused_with_what_is_expected(case: str) -> None:
    given, sentence = UNFIT[case]
    declared = cast("Any", SimpleNamespace(exists=False))
    with pytest.raises(Refused) as refused:
        items_of(declared, cast("Any", _OneServer()), "users", given, subset=False, ignore=())
    assert str(refused.value) == sentence
