"""A template is made anew exactly when something that it depends on has changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.plugin_run import Project

from reconciler.pytest_plugin.declared import Content, Declared, NotDeclared
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
