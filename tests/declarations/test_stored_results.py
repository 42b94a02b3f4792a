"""Results that a former command stored: only those of the same bytes, rules and user, and never to remove a table."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.fakes import FakeClock
from support.folders import SOUND, typed, write

from reconciler.declarations.cache import cache_folder, packing, stored_results
from reconciler.declarations.folder import CachedSource, FolderSource
from reconciler.declarations.formats.text import documents
from reconciler.model.desired import DesiredState, Undeclared
from reconciler.model.errors import DeclarationError
from reconciler.settings import Settings
from reconciler.wiring import App, template_inputs

FULL = """
table_name: orders
description: What was ordered.
key_schema: [{attribute_name: pk, key_type: HASH}, {attribute_name: sk, key_type: RANGE}]
attribute_definitions:
  - {attribute_name: pk, attribute_type: S}
  - {attribute_name: sk, attribute_type: N}
  - {attribute_name: by, attribute_type: S}
billing_mode: PROVISIONED
provisioned_throughput: {read_capacity_units: 5, write_capacity_units: 6}
global_secondary_indexes:
  - index_name: by_who
    key_schema: [{attribute_name: by, key_type: HASH}]
    projection: {projection_type: INCLUDE, non_key_attributes: [zeta, alpha]}
    provisioned_throughput: {read_capacity_units: 1, write_capacity_units: 1}
time_to_live: {enabled: true, attribute_name: until}
tags: {team: a, "naïve 😀": "ü"}
lifecycle: {protect: true, ignore_changes: [billing.throughput], on_existing: own}
references: [users, {table: users, attribute: who}]
replacement: {pointer: {ssm: /app/tables/orders}}
auto_scaling: {read: {min: 1, max: 10, target: 70}}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of the user; nothing is in it."""
    path = tmp_path / "cache home"
    path.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(path))
    return path


@pytest.fixture
def folder(tmp_path: Path, home: Path) -> Path:
    """Two tables, one in JSON and one in YAML, and a seed."""
    files = {"users.json": SOUND, "orders.yaml": FULL, "seeds/users.json": [{"pk": "a"}]}
    return write(tmp_path / "desired", files)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the files that were parsed, in order."""
    paths: list[str] = []
    parse = documents.read_documents

    def noted(file, inputs, beside=()):
        paths.append(file.path)
        return parse(file, inputs, beside)

    monkeypatch.setattr(documents, "read_documents", noted)
    return paths


def source(folder: Path, environment: str | None = None) -> FolderSource:
    """As another command makes it."""
    return FolderSource(str(folder), environment, FakeClock(datetime(2026, 1, 1, tzinfo=UTC)), uses_stored=True)


def load(folder: Path, environment: str | None = None) -> DesiredState:
    return source(folder, environment).load()


def stored(home: Path) -> Path:
    """The one file that is stored."""
    (path,) = (home / cache_folder.NAME).iterdir()
    return path


def rewrite(home: Path, change: Callable[[dict], None]) -> None:
    """Change what is stored as if a command had stored it so."""
    path = stored(home)
    content = json.loads(path.read_bytes().partition(b"\n")[2])
    change(content)
    text = json.dumps(content).encode()
    path.write_bytes(stored_results.hashlib.sha256(text).hexdigest().encode() + b"\n" + text)


def test_the_next_command_parses_nothing_and_has_the_same_result(folder: Path, parsed: list[str]) -> None:
    first = load(folder)
    assert (parsed, first.from_cache) == (["orders.yaml", "users.json"], False)
    second = load(folder)
    assert (len(parsed), second.from_cache) == (2, True)
    assert second == first
    assert [typed(each) for each in second.declarations] == [typed(each) for each in first.declarations]


def test_the_file_is_private_and_nothing_else_is_left(folder: Path, home: Path) -> None:
    load(folder)
    assert stat.S_IMODE(stored(home).stat().st_mode) == 0o600
    assert stat.S_IMODE(stored(home).parent.stat().st_mode) == 0o700


def test_it_is_safe_to_delete(folder: Path, home: Path, parsed: list[str]) -> None:
    first = load(folder)
    stored(home).unlink()
    assert (load(folder), len(parsed)) == (first, 4)
    assert stored(home).exists()


def test_only_a_changed_file_is_parsed_again(folder: Path, parsed: list[str]) -> None:
    load(folder)
    parsed.clear()
    write(folder, {"users.json": SOUND | {"description": "People."}})
    assert [each.description for each in load(folder).declarations] == ["What was ordered.", "People."]
    assert parsed == ["users.json"]


def test_a_change_with_the_same_size_and_times_is_seen(folder: Path) -> None:
    path = folder / "orders.yaml"
    load(folder)
    times = path.stat()
    path.write_text(FULL.replace("read_capacity_units: 5", "read_capacity_units: 7"), encoding="utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert path.stat().st_size == times.st_size
    assert "Throughput(read=7, write=6)" in repr(load(folder).declarations[0].spec)


def test_a_removed_file_declares_nothing(folder: Path) -> None:
    write(folder, {"orders.yaml": FULL.replace("references: [users, {table: users, attribute: who}]\n", "")})
    load(folder)
    (folder / "users.json").unlink()
    (folder / "seeds/users.json").unlink()
    desired = load(folder)
    assert ([each.spec.name for each in desired.declarations], [*desired.files]) == (["orders"], ["orders.yaml"])


def test_a_file_that_declares_nothing_is_never_stored(folder: Path, parsed: list[str]) -> None:
    write(folder, {"notes.yaml": "x-anchors: {a: 1}\n"})
    load(folder)
    parsed.clear()
    load(folder)
    assert parsed == ["notes.yaml"]


def test_another_environment_has_its_own_results(folder: Path, home: Path, parsed: list[str]) -> None:
    load(folder, "dev")
    assert [each.spec.name for each in load(folder, "prod").declarations] == ["orders-prod", "users-prod"]
    assert [each.spec.name for each in load(folder).declarations] == ["orders", "users"]
    assert len(parsed) == 6
    assert len([*(home / cache_folder.NAME).iterdir()]) == 3


@pytest.mark.parametrize(
    ("what", "value"),
    [("__version__", "0.0.1"), ("FORMAT", 0), ("_code_digest", lambda: "other rules")],
    ids=["version", "format", "rules"],
)
def test_results_of_another_version_are_ignored(
    what: str, value: object, folder: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as former:
        former.setattr(stored_results, what, value)
        load(folder)
    load(folder)
    assert len(parsed) == 4


def test_results_of_another_python_are_ignored(
    folder: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as former:
        former.setattr(sys, "version", "3.99.0")
        load(folder)
    load(folder)
    assert len(parsed) == 4


def test_without_readable_code_nothing_is_stored(folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_results, "_code_digest", lambda: None)
    load(folder)
    assert not [*home.iterdir()]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "a flipped bit": lambda content: content[:500] + bytes([content[500] ^ 1]) + content[501:],
    "other text": lambda content: b"not a cache\n\n\xff\x00",
    "no digest": lambda content: content.partition(b"\n")[2],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_ignored_and_replaced(damage: str, folder: Path, home: Path, parsed: list[str]) -> None:
    first = load(folder)
    sound = stored(home).read_bytes()
    stored(home).write_bytes(DAMAGES[damage](sound))
    assert (load(folder), len(parsed)) == (first, 4)
    assert stored(home).read_bytes() == sound


MISSHAPEN: dict[str, Callable[[dict], object]] = {
    "a list of files": lambda content: content.update(files=[1, 2]),
    "an entry that is a number": lambda content: content["files"].update({"orders.yaml": 5}),
    "an unknown class": lambda content: content["files"]["orders.yaml"][1][0][0].__setitem__(4, {"Path": ["/"]}),
    "too few values": lambda content: content["files"]["orders.yaml"][1][0][0].pop(),
    "no key": lambda content: content.pop("key"),
}


@pytest.mark.parametrize("shape", MISSHAPEN)
def test_a_file_of_another_shape_is_ignored(shape: str, folder: Path, home: Path, parsed: list[str]) -> None:
    first = load(folder)
    parsed.clear()
    rewrite(home, MISSHAPEN[shape])
    assert load(folder) == first
    assert "orders.yaml" in parsed


def forget_orders(content: dict) -> None:
    """The stored result of the YAML file says that it declares the table of the other file instead."""
    other = json.loads(json.dumps(content["files"]["users.json"][1]))
    other[0][0][2:4] = ["others", "others"]
    other[0][0][4]["TableSpec"][0] = "others"
    content["files"]["orders.yaml"][1] = other


@pytest.mark.parametrize("kind", ["folder", "one-shot"])
def test_a_wrong_result_never_makes_a_table_undeclared(kind: str, folder: Path, home: Path) -> None:
    load(folder)
    rewrite(home, forget_orders)
    files = source(folder)
    reader = CachedSource(files) if kind == "one-shot" else files
    desired = reader.load()
    assert [each.spec.name for each in desired.declarations] == ["others", "users"]
    (problem,) = reader.remains(desired, (Undeclared("orders", frozenset(("orders",))),))
    assert "was read from a cache that does not match" in str(problem)
    assert not reader.still(desired)
    assert [each.spec.name for each in reader.load().declarations] == ["orders", "users"]
    assert [each.spec.name for each in load(folder).declarations] == ["orders", "users"]


def test_a_wrong_result_is_never_acted_upon(folder: Path, home: Path) -> None:
    load(folder)
    rewrite(home, lambda content: content["files"]["orders.yaml"][1][0][0][4]["TableSpec"].__setitem__(3, None))
    reader = CachedSource(source(folder))
    desired = reader.load()
    assert desired.named("orders").spec.global_indexes is None
    assert not reader.still(desired)
    again = reader.load()
    assert again.named("orders").spec.global_indexes is not None
    assert reader.still(again)


def test_what_is_acted_upon_is_checked_anew_once(folder: Path, home: Path, parsed: list[str]) -> None:
    load(folder)
    parsed.clear()
    reader = CachedSource(source(folder))
    desired = reader.load()
    assert reader.load() is desired
    assert parsed == []
    assert reader.still(desired)
    assert reader.still(desired)
    assert parsed == ["orders.yaml", "users.json"]
    assert reader.load() is desired
    assert stored(home).exists()


def test_checked_ahead_it_is_parsed_once_and_not_by_the_thread_that_asks(folder: Path, monkeypatch) -> None:
    load(folder)
    threads: list[str] = []
    parse = documents.read_documents

    def noted(file, inputs, beside=()):
        threads.append(threading.current_thread().name)
        return parse(file, inputs, beside)

    monkeypatch.setattr(documents, "read_documents", noted)
    reader = CachedSource(source(folder))
    desired = reader.load()
    reader.check_ahead()
    reader.check_ahead()
    assert reader.still(desired)
    assert threads == ["check-ahead"] * 2


def test_checked_ahead_a_wrong_result_is_never_acted_upon(folder: Path, home: Path) -> None:
    load(folder)
    rewrite(home, forget_orders)
    reader = CachedSource(source(folder))
    desired = reader.load()
    reader.check_ahead()
    assert not reader.still(desired)
    assert [each.spec.name for each in reader.load().declarations] == ["orders", "users"]


def test_checked_ahead_a_file_that_changes_afterwards_is_read_as_it_is(folder: Path) -> None:
    load(folder)
    reader = CachedSource(source(folder))
    desired = reader.load()
    reader.check_ahead()
    write(folder, {"users.json": SOUND | {"table_name": "people"}, "orders.yaml": FULL.replace("users", "people")})
    assert not reader.still(desired)
    assert [each.spec.name for each in reader.load().declarations] == ["orders", "people"]


def test_a_failure_while_checking_ahead_is_reported_where_it_is_asked_for(folder: Path, monkeypatch) -> None:
    load(folder)
    reader = CachedSource(source(folder))
    desired = reader.load()

    def failing(file, inputs, beside=()):
        raise RuntimeError(file.path)

    monkeypatch.setattr(documents, "read_documents", failing)
    reader.check_ahead()
    with pytest.raises(RuntimeError, match=r"orders\.yaml"):
        reader.still(desired)


def test_without_results_of_a_former_command_nothing_is_checked_ahead(folder: Path, parsed: list[str]) -> None:
    reader = CachedSource(source(folder))
    reader.check_ahead()
    desired = reader.load()
    reader.check_ahead()
    assert reader.still(desired)
    assert parsed == ["orders.yaml", "users.json"]


def test_a_problem_between_files_names_the_lines_of_the_file(folder: Path) -> None:
    load(folder)
    (folder / "users.json").rename(folder / "people.json")
    write(folder, {"people.json": SOUND | {"table_name": "people"}})
    with pytest.raises(DeclarationError) as refused:
        load(folder)
    found = {(each.file, each.line, each.field) for each in refused.value.problems}
    assert found == {
        ("orders.yaml", 19, "references[0].table"),
        ("orders.yaml", 19, "references[1].table"),
    }


def test_a_file_with_problems_is_refused_in_every_command(folder: Path) -> None:
    load(folder)
    write(folder, {"bad.yaml": "table_name: bad\nkey_schema: 5\n"})
    messages = []
    for _ in range(2):
        with pytest.raises(DeclarationError) as refused:
            load(folder)
        messages.append(refused.value.problems)
    assert messages[0] == messages[1]
    assert {each.file for each in messages[0]} == {"bad.yaml"}


def test_a_cache_of_another_user_is_ignored(
    folder: Path, home: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(folder)
    load(folder)
    assert len(parsed) == 2
    another = os.geteuid() + 1
    monkeypatch.setattr(cache_folder.os, "geteuid", lambda: another)
    load(folder)
    assert len(parsed) == 4


@pytest.mark.parametrize("mode", [0o720, 0o702], ids=["group", "everybody"])
def test_a_folder_that_others_can_write_is_not_used(mode: int, folder: Path, home: Path, parsed: list[str]) -> None:
    load(folder)
    (home / cache_folder.NAME).chmod(mode)
    load(folder)
    assert len(parsed) == 4


def test_a_file_that_others_can_write_is_not_used(folder: Path, home: Path, parsed: list[str]) -> None:
    load(folder)
    stored(home).chmod(0o666)
    load(folder)
    assert len(parsed) == 4


def test_a_symbolic_link_is_not_followed(folder: Path, home: Path, tmp_path: Path, parsed: list[str]) -> None:
    load(folder)
    (home / cache_folder.NAME).rename(tmp_path / "elsewhere")
    (home / cache_folder.NAME).symlink_to(tmp_path / "elsewhere")
    load(folder)
    assert len(parsed) == 4


def test_a_stored_file_that_is_a_link_or_a_pipe_is_replaced(folder: Path, home: Path, tmp_path: Path) -> None:
    first = load(folder)
    path = stored(home)
    path.rename(tmp_path / "target")
    path.symlink_to(tmp_path / "target")
    assert load(folder) == first
    path.unlink()
    os.mkfifo(path)
    assert load(folder) == first
    assert stat.S_ISREG(path.lstat().st_mode)


@pytest.mark.parametrize("value", ["relative", "/nonexistent/deeper", "/proc/1/fd"])
def test_without_a_usable_cache_folder_everything_works(
    value: str, folder: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, parsed: list[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    assert load(folder) == load(folder)
    assert len(parsed) == 4
    assert not Path("relative").exists()


def test_in_a_home_without_a_cache_folder_it_is_made(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parsed: list[str]
) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert load(folder) == load(folder)
    assert len(parsed) == 2
    assert [path.name for path in (tmp_path / "home/.cache").iterdir()] == [cache_folder.NAME]


def test_a_read_only_home_is_no_problem(folder: Path, home: Path, parsed: list[str], monkeypatch) -> None:
    def refused(*_: object, **__: object) -> int:
        raise PermissionError(30, "Read-only file system")

    monkeypatch.setattr(os, "mkdir", refused)
    assert load(folder) == load(folder)
    assert len(parsed) == 4


def test_a_full_disk_leaves_nothing_behind(folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refused)
    load(folder)
    assert not [*(home / cache_folder.NAME).iterdir()]


def test_many_writers_at_once_leave_one_whole_file(folder: Path, home: Path, parsed: list[str]) -> None:
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda _: load(folder), range(24)))
    assert all(result == results[0] for result in results)
    parsed.clear()
    assert load(folder) == results[0]
    assert parsed == []
    assert stored(home).name.endswith(".json")


def test_two_processes_share_the_results(folder: Path, parsed: list[str]) -> None:
    code = "import sys; from reconciler.declarations.folder import FolderSource as F\n"
    code += "F(sys.argv[1], None, uses_stored=True).load()"
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)
    assert load(folder).from_cache
    assert parsed == []


def test_old_files_are_removed(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_folder, "MOST", 3)
    for number in range(6):
        load(write(tmp_path / f"project {number}", {"users.json": SOUND}))
    assert len([*(home / cache_folder.NAME).iterdir()]) == 3


def test_a_class_file_is_evaluated_in_every_command(folder: Path, home: Path) -> None:
    text = (
        "import os\nclass Things:\n    TABLE_NAME = 'things'\n    SCHEMA = {'key_schema': [{'AttributeName': 'pk',"
        " 'KeyType': 'HASH'}], 'attribute_definitions': [{'AttributeName': 'pk', 'AttributeType': 'S'}]}\n"
        "    @classmethod\n    def get_table_name(cls, environment=None):\n        return cls.TABLE_NAME\n"
        "    @classmethod\n    def get_schema(cls, environment=None):\n"
        "        return {**cls.SCHEMA, 'table_name': 'things', 'description': os.environ.get('THINGS', 'none')}\n"
    )
    write(folder, {"things_table.py": text})
    load(folder)
    assert "things" not in stored(home).read_text(encoding="utf-8")


def test_a_text_that_json_would_change_is_not_stored(folder: Path, parsed: list[str]) -> None:
    write(folder, {"orders.yaml": FULL.replace("team: a", r'"\ud83d\ude00": a')})
    assert load(folder) == load(folder)
    assert parsed == ["orders.yaml", "users.json", "orders.yaml"]


def test_only_sound_declarations_are_packed() -> None:
    with pytest.raises(packing.NotPackable):
        packing.pack(packing.CheckedFile())


def test_without_leave_nothing_is_stored(folder: Path, home: Path) -> None:
    FolderSource(str(folder), None).load()
    assert not [*home.iterdir()]


@pytest.mark.parametrize(
    ("one_shot", "read_only", "used"),
    [(True, True, True), (True, False, False), (False, False, False)],
    ids=["preview and status", "seed, clear and import", "the daemon"],
)
def test_a_command_that_does_not_confirm_uses_no_stored_result(
    one_shot: bool, read_only: bool, used: bool, folder: Path
) -> None:
    settings = Settings(desired_state=str(folder))
    FolderSource(str(folder), None, uses_stored=True, inputs=template_inputs(settings)).load()
    app = App(settings, one_shot=one_shot, read_only=read_only, endpoint_url=None)
    assert app.source.load().from_cache is used
