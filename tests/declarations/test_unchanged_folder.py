"""A folder that is loaded again: one read of unchanged files gives the former result, and any change is seen."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.class_files import GET_SCHEMA, HEAD, SCHEMA
from support.fakes import FakeClock
from support.folders import SOUND, typed, write

from reconciler.declarations import folder as folders
from reconciler.declarations import folder_snapshot
from reconciler.declarations.cache import file_cache
from reconciler.declarations.folder import FolderSource
from reconciler.declarations.folder_snapshot import read_snapshot
from reconciler.declarations.formats.python import child_process, read_classes
from reconciler.declarations.formats.text import documents
from reconciler.model.desired import Undeclared
from reconciler.model.errors import DeclarationError

YAML = """\
table_name: orders
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
description: What was ordered.
"""
USERS = HEAD + SCHEMA + GET_SCHEMA
ASKS = """\
import os
class Users:
    SCHEMA = {{
        "table_name": "users",
        "key_schema": [{{"AttributeName": "pk", "KeyType": "HASH"}}],
        "attribute_definitions": [{{"AttributeName": "pk", "AttributeType": "S"}}],
    }}
    @classmethod
    def get_schema(cls, environment=None):
        return {{**cls.SCHEMA, {0}}}
"""


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folder once for each read."""
    made: list[Path] = []

    def noted(root: Path) -> folder_snapshot.FolderSnapshot:
        made.append(root)
        return read_snapshot(root)

    monkeypatch.setattr(folders, "read_snapshot", noted)
    return made


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was parsed or checked, in order."""
    done: list[str] = []
    parse, check = documents.read_documents, file_cache.check_all
    monkeypatch.setattr(
        documents, "read_documents", lambda file, *rest: (done.append(file.path), parse(file, *rest))[1]
    )
    monkeypatch.setattr(
        folders, "check_all", lambda raws, *rest: (done.extend(raw.file for raw in raws), check(raws, *rest))[1]
    )
    return done


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hash seed of each child process, in the order of their starts."""
    started: list[str] = []

    def noted(request, variants):
        started.extend(variant.hash_seed for variant in variants)
        return child_process.run(request, variants)

    monkeypatch.setattr(read_classes, "run", noted)
    return started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A YAML table with a seed, in a folder of its own."""
    return write(tmp_path / "desired", {"orders.yaml": YAML, "seeds/orders.json": [{"pk": "a"}]})


def source(folder: Path, **options: bool) -> FolderSource:
    return FolderSource(str(folder), None, FakeClock(datetime(2026, 1, 1, tzinfo=UTC)), **options)


def test_an_unchanged_folder_is_read_once_and_nothing_is_parsed(
    folder: Path, reads: list[Path], work: list[str]
) -> None:
    files = source(folder)
    first = files.load()
    assert len(reads) == 2
    del reads[:], work[:]
    assert files.load() is first
    assert (len(reads), work) == (1, [])


def test_each_file_is_opened_once_in_a_load_of_an_unchanged_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = source(folder)
    files.load()
    opened: list[str] = []
    real = os.open
    monkeypatch.setattr(
        folder_snapshot.os, "open", lambda path, *rest: (opened.append(Path(path).name), real(path, *rest))[1]
    )
    files.load()
    assert sorted(opened) == ["orders.json", "orders.yaml"]


def same_size_and_times(folder: Path) -> None:
    path = folder / "orders.yaml"
    before = path.stat()
    path.write_text(YAML.replace("was ordered", "was invoked"), encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


CHANGES: dict[str, Callable[[Path], object]] = {
    "a change of the same size at the same time": same_size_and_times,
    "another table": lambda folder: write(folder, {"users.json": SOUND}),
    "another item of a seed": lambda folder: write(folder, {"seeds/orders.json": [{"pk": "b"}]}),
    "a seed that is gone": lambda folder: (folder / "seeds/orders.json").unlink(),
    "another name": lambda folder: (folder / "orders.yaml").rename(folder / "others.yaml"),
    "a file that is not read": lambda folder: write(folder, {"seeds/other.txt": "x"}),
    "an empty folder": lambda folder: (folder / "more").mkdir(),
    "a link": lambda folder: (
        (folder / "orders.yaml").rename(folder / ".o"),
        (folder / "orders.yaml").symlink_to(".o"),
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_gives_what_a_process_finds_that_loads_for_the_first_time(case: str, folder: Path) -> None:
    files = source(folder)
    files.load()
    CHANGES[case](folder)
    loaded, fresh = files.load(), source(folder).load()
    assert loaded == fresh
    assert loaded.warnings == fresh.warnings
    assert [typed(each) for each in loaded.declarations] == [typed(each) for each in fresh.declarations]


def test_a_removed_table_is_not_declared_and_a_restored_one_is(folder: Path) -> None:
    write(folder, {"users.json": SOUND})
    files = source(folder)
    first = files.load()
    (folder / "users.json").unlink()
    assert [each.spec.name for each in files.load().declarations] == ["orders"]
    assert not files.still(first)
    write(folder, {"users.json": SOUND})
    assert files.load() == first


BROKEN: dict[str, Callable[[Path], object]] = {
    "half of a file": lambda folder: write(folder, {"orders.yaml": YAML[:40]}),
    "an unreadable entry": lambda folder: (folder / "loop.yaml").symlink_to("loop.yaml"),
    "a pipe": lambda folder: os.mkfifo(folder / "pipe.yaml"),
    "a link to the outside": lambda folder: (folder / "out.yaml").symlink_to("/etc/hostname"),
    "an unread seed of the table": lambda folder: (folder / "seeds/orders.json").rename(folder / "seeds/orders.txt"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_former_result_never_stands_for_a_folder_with_problems(case: str, folder: Path) -> None:
    files = source(folder)
    first = files.load()
    BROKEN[case](folder)
    for _ in range(2):
        with pytest.raises(DeclarationError):
            files.load()
    assert not files.still(first)


def test_a_file_that_cannot_be_opened_is_a_problem(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = source(folder)
    files.load()
    real = os.open

    def refused(path: Path, *rest: int) -> int:
        if str(path).endswith("orders.yaml"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest)

    monkeypatch.setattr(folder_snapshot.os, "open", refused)
    with pytest.raises(DeclarationError, match="Permission denied"):
        files.load()


def test_a_file_that_becomes_a_link_after_its_folder_was_listed_does_not_lead_outside(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = write(tmp_path, {"outside.yaml": YAML.replace("orders", "secrets")}) / "outside.yaml"
    path, real = folder / "orders.yaml", os.open

    def swapped(where: Path, *rest: int) -> int:
        if Path(where) == path and not path.is_symlink():
            path.unlink()
            path.symlink_to(outside)
        return real(where, *rest)

    monkeypatch.setattr(folder_snapshot.os, "open", swapped)
    (problem,) = read_snapshot(folder).problems
    assert problem.reason == "is a link to a path outside the folder of the desired state"


def test_a_file_is_read_to_its_end_even_if_it_grew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fstat
    monkeypatch.setattr(
        folder_snapshot.os, "fstat", lambda handle: os.stat_result([*real(handle)[:6], 0, *real(handle)[7:]])
    )
    content = YAML + "#" * 20_000
    write(folder, {"orders.yaml": content})
    assert read_snapshot(folder).declarations[0].content == content.encode()


def test_a_result_that_is_known_settles_with_time(folder: Path) -> None:
    clock = FakeClock(datetime.now(UTC))
    files = FolderSource(str(folder), None, clock)
    assert files.load().settled_at is not None
    clock.advance(10)
    assert files.load().settled_at is None


def test_class_files_are_evaluated_in_every_load_by_one_child_while_they_answer_the_same(
    folder: Path, children: list[str], work: list[str]
) -> None:
    write(folder, {"users_table.py": USERS})
    files = source(folder)
    first = files.load()
    assert children == ["0", "187"]
    del children[:], work[:]
    assert files.load() is first
    assert (children, work) == (["0"], [])


def test_class_files_with_another_content_are_compared_again_even_if_they_answer_the_same(
    folder: Path, children: list[str]
) -> None:
    write(folder, {"users_table.py": USERS})
    files = source(folder)
    first = files.load()
    children.clear()
    write(folder, {"users_table.py": USERS + "# a comment\n"})
    again = files.load()
    assert children == ["0", "187"]
    assert again.declarations == first.declarations
    assert not files.still(first)


def test_class_files_that_answer_otherwise_are_compared_again(
    folder: Path, children: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, {"users_table.py": ASKS.format("'description': os.environ.get('WHAT', 'none')")})
    files = source(folder)
    assert files.load().named("users").description == "none"
    children.clear()
    monkeypatch.setenv("WHAT", "people")
    assert files.load().named("users").description == "people"
    assert children == ["0", "187"]


REFUSED = {
    "an answer that Python calls equal": (
        "'deletion_protection_enabled': 1 if 'LATER' in os.environ else True",
        "deletion_protection_enabled",
    ),
    "an answer that begins to change": (
        "'description': str(hash('users')) if 'LATER' in os.environ else 'none'",
        "different schema each time",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_another_answer_of_unchanged_files_is_noticed(case: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, expected = REFUSED[case]
    write(folder, {"users_table.py": ASKS.format(text)})
    files = source(folder)
    files.load()
    monkeypatch.setenv("LATER", "yes")
    with pytest.raises(DeclarationError, match=expected):
        files.load()


def test_a_changed_module_outside_the_folder_is_seen(tmp_path: Path, children: list[str]) -> None:
    text = USERS.replace('"table_name": "users"', '"table_name": NAME')
    files = {"app/__init__.py": "", "app/names.py": "NAME = 'users'\n", "app/tables/__init__.py": "#\n"}
    write(tmp_path, files | {"app/tables/users_table.py": f"from app.names import NAME\n\n\n{text}"})
    declared = source(tmp_path / "app/tables")
    first = declared.load()
    assert declared.load() is first
    children.clear()
    write(tmp_path, {"app/names.py": "NAME = 'people'\n"})
    assert not declared.still(first)
    assert [each.spec.name for each in declared.load().declarations] == ["people"]
    assert children == ["0", "187"]


def test_the_next_command_starts_one_child_and_removes_nothing_before_both_agree_again(
    folder: Path, children: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write(folder, {"users_table.py": USERS})
    source(folder, uses_stored=True).load()
    children.clear()
    files = source(folder, uses_stored=True)
    desired = files.load()
    assert (children, desired.from_cache) == (["0"], True)
    assert files.remains(desired, (Undeclared("gone", frozenset({"gone"})),)) == ()
    assert children == ["0", "0", "187"]
    assert files.still(desired)
    assert children == ["0", "0", "187"]


def test_class_files_alone_confirm_a_former_proof_too(
    tmp_path: Path, children: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = write(tmp_path / "classes", {"users_table.py": USERS})
    source(folder, uses_stored=True).load()
    files = source(folder, uses_stored=True)
    desired = files.load()
    children.clear()
    assert files.still(desired)
    assert children == ["0", "187"]


def test_a_stored_proof_of_other_files_is_worth_nothing(
    tmp_path: Path, children: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = write(tmp_path / "classes", {"users_table.py": USERS})
    source(folder, uses_stored=True).load()
    children.clear()
    write(folder, {"users_table.py": USERS + "#\n"})
    assert not source(folder, uses_stored=True).load().from_cache
    assert children == ["0", "187"]


def test_without_its_own_folder_another_one_is_never_taken_for_a_copy(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, {"users.json": SOUND, "orders.yaml": YAML})
    source = FolderSource(str(tmp_path / "one"), None, FakeClock(datetime(2026, 1, 1, tzinfo=UTC)))
    desired, other = source.load(), str(tmp_path / "two")
    assert not source.stands_in(other, "orders.yaml", desired), "a copy"
    assert not source.stands_in(other, "gone.yaml", desired)
    (tmp_path / "one").rename(tmp_path / "away")
    assert source.stands_in(other, "orders.yaml", desired)
