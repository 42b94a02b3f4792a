"""A folder that is loaded again: files with unchanged bytes are not parsed again, and nothing else is cached."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.fakes import FakeClock

from reconciler.declarations.folder import FolderSource
from reconciler.declarations.formats.text import documents
from reconciler.model.errors import DeclarationError

TABLE = "table_name: {name}\nkey_schema: [{{AttributeName: pk, KeyType: HASH}}]\n"
DEFINITIONS = "attribute_definitions: [{{AttributeName: pk, AttributeType: {kind}}}]\n"


@pytest.fixture
def parsed(monkeypatch):
    """The paths of the files that were parsed, in order."""
    paths = []
    parse = documents.read_documents

    def noted(file, inputs, beside=()):
        paths.append(file.path)
        return parse(file, inputs, beside)

    monkeypatch.setattr(documents, "read_documents", noted)
    return paths


def declare(folder: Path, name: str, kind: str = "S", file: str | None = None) -> None:
    text = (TABLE + DEFINITIONS).format(name=name, kind=kind)
    (folder / (file or f"{name}.yaml")).write_text(text, encoding="utf-8")


def names(source: FolderSource) -> list[str]:
    return [declaration.spec.name for declaration in source.load().declarations]


def test_a_second_load_parses_nothing_and_gives_the_same_result(tmp_path, parsed):
    declare(tmp_path, "users")
    declare(tmp_path, "projects")
    source = FolderSource(str(tmp_path), None, FakeClock(datetime(2026, 1, 1, tzinfo=UTC)))
    first = source.load()
    assert parsed == ["projects.yaml", "users.yaml"]
    assert source.load() == first
    assert len(parsed) == 2


def test_only_the_file_that_changed_is_parsed_again_and_its_change_is_seen(tmp_path, parsed):
    declare(tmp_path, "users")
    declare(tmp_path, "projects")
    source = FolderSource(str(tmp_path), None)
    source.load()
    parsed.clear()
    declare(tmp_path, "users", kind="N")
    loaded = source.load()
    assert parsed == ["users.yaml"]
    assert [key.type for key in loaded.named("users").spec.keys] == ["N"]


def test_a_file_that_was_removed_and_restored_is_parsed_again(tmp_path, parsed):
    declare(tmp_path, "users")
    declare(tmp_path, "projects")
    source = FolderSource(str(tmp_path), None)
    source.load()
    (tmp_path / "users.yaml").unlink()
    assert names(source) == ["projects"]
    parsed.clear()
    declare(tmp_path, "users")
    assert names(source) == ["projects", "users"]
    assert parsed == ["users.yaml"]


def test_the_same_bytes_under_another_name_are_another_file(tmp_path):
    declare(tmp_path, "users", file="a.yaml")
    source = FolderSource(str(tmp_path), None)
    source.load()
    (tmp_path / "a.yaml").rename(tmp_path / "b.yaml")
    assert source.load().declarations[0].origin.file == "b.yaml"


def test_a_file_that_cannot_be_read_is_refused_in_every_load(tmp_path):
    (tmp_path / "users.yaml").write_text("table_name: [", encoding="utf-8")
    source = FolderSource(str(tmp_path), None)
    messages = []
    for _ in range(2):
        with pytest.raises(DeclarationError) as refused:
            source.load()
        messages.append(refused.value.problems)
    assert messages[0] == messages[1]
