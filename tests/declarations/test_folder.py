"""Which folder is read, and what is never read or written: links, pipes, big files, changes under way."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.folders import SOUND, load, sentences, write

from reconciler.declarations import folder_snapshot
from reconciler.declarations.folder import FolderSource, watch_paths
from reconciler.model.errors import DeclarationError

EMPTY_REMEDY = "Add one, or name another folder with --desired-state PATH. `reconciler init` writes an example."


def reported(location: str) -> list[str]:
    with pytest.raises(DeclarationError) as caught:
        FolderSource(location, None).load()
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "files", [{}, {"README.md": "x"}, {".hidden.yaml": "x: 1"}, {".git/users.json": "{"}, {"__pycache__/a.py": "("}]
)
def test_a_folder_without_any_declaration_is_an_error(files: dict[str, Any], tmp_path: Path) -> None:
    assert reported(str(write(tmp_path, files))) == [f"{tmp_path}: contains no table declaration. {EMPTY_REMEDY}"]


def test_an_unreadable_folder_is_an_error_and_never_emptiness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"users.json": SOUND, "more/orders.json": SOUND | {"table_name": "orders"}})
    real = os.scandir

    def scandir(path: Path) -> Any:
        if Path(path).name == "more":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(folder_snapshot.os, "scandir", scandir)
    assert sentences(tmp_path) == ["more: cannot be read: Permission denied. Make the folder readable for this user."]


def test_an_unreadable_file_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"users.json": SOUND})

    def refuse(*_: Any) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(folder_snapshot.os, "open", refuse)
    assert sentences(tmp_path) == [
        "users.json: cannot be read: Permission denied. Make it readable for this user, or remove it."
    ]


LINK = "is a link to a path outside the folder of the desired state. Copy the {} here."


def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"in/users.json": SOUND, "out/orders.json": SOUND, "out/seeds/users.json": "[]"})
    (tmp_path / "in" / "orders.json").symlink_to(tmp_path / "out" / "orders.json")
    (tmp_path / "in" / "seeds").symlink_to(tmp_path / "out" / "seeds")
    assert sentences(tmp_path / "in") == [
        f"orders.json: {LINK.format('file')}",
        f"seeds: {LINK.format('folder')}",
    ]


def test_a_link_to_nothing_or_to_itself_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"users.json": SOUND})
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nothing.yaml")
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    first, second = sentences(tmp_path)
    assert first.startswith("gone.yaml: cannot be read: No such file or directory. ")
    assert second.startswith("loop.yaml: cannot be read: ")


def test_links_inside_the_folder_are_followed_once(tmp_path: Path) -> None:
    """As a mounted ConfigMap has them: users.json -> ..data/users.json, ..data -> ..2024."""
    write(tmp_path, {"..2024/users.json": SOUND})
    (tmp_path / "..data").symlink_to("..2024")
    (tmp_path / "users.json").symlink_to("..data/users.json")
    (tmp_path / "self").symlink_to(".")
    assert [str(each.origin) for each in load(tmp_path).declarations] == ["users.json:1"]


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listener(path: Path) -> None:
    socket.socket(socket.AF_UNIX).bind(os.path.relpath(path))


@pytest.mark.parametrize("make", [pipe, listener])
@pytest.mark.parametrize("name", ["users.yaml", "users.py", "seeds/users.json"])
def test_a_file_that_is_not_regular_is_refused_without_waiting(
    make: Callable[[Path], None], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"ok.json": SOUND, "seeds/README": ""})
    make(tmp_path / name)
    (sentence,) = sentences(tmp_path)
    assert sentence.startswith((f"{name}: is not a regular file. ", f"{name}: cannot be read: "))


def test_a_declaration_of_more_than_ten_megabytes_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"users.json": SOUND, "big.yaml": "#" * (10 * 1024 * 1024 + 1)})
    assert sentences(tmp_path) == ["big.yaml: is larger than 10 MB. Split it."]


CHANGES: dict[str, dict[str, Any]] = {
    "a declaration": {"users.json": SOUND | {"description": "new"}},
    "a seed": {"seeds/users.json": '[{"pk": "b"}]'},
    "a new file": {"orders.json": SOUND | {"table_name": "orders"}},
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_changes_while_it_is_read_does_not_count(case: str, tmp_path: Path) -> None:
    changed = CHANGES[case]
    code = f"""
import pathlib
for path, content in {[(path, c if isinstance(c, str) else str(c)) for path, c in changed.items()]!r}:
    (pathlib.Path(__file__).parent / path).write_text(content)
"""
    write(tmp_path, {"users.json": SOUND, "seeds/users.json": '[{"pk": "a"}]', "code.py": code})
    (path,) = changed
    assert sentences(tmp_path)[0] == (
        f"{path}: changed while it was being read. If it was being saved, no action is needed; the next pass "
        "reads it again."
    )


def test_what_vanishes_while_it_is_read_does_not_count(tmp_path: Path) -> None:
    code = "import pathlib\n(pathlib.Path(__file__).parent / 'users.json').unlink(missing_ok=True)\n"
    write(tmp_path, {"users.json": SOUND, "code.py": code})
    assert sentences(tmp_path)[0].startswith("users.json: changed while it was being read. ")


def digest(folder: Path, environment: str | None = None) -> str:
    return load(folder, environment).digest


def test_the_digest_covers_declarations_seeds_and_environment_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, {"users.json": SOUND, "seeds/users.json": '[{"pk": "a"}]'})
    first = digest(tmp_path)
    write(tmp_path, {"README.md": "x", ".cache.json": "{}"})
    assert digest(tmp_path) == first == digest(tmp_path)
    others = [digest(tmp_path, "prod")]
    write(tmp_path, {"seeds/users.json": '[{"pk": "b"}]'})
    others.append(digest(tmp_path))
    write(tmp_path, {"users.json": SOUND | {"description": "x"}})
    others.append(digest(tmp_path))
    write(tmp_path, {"more.json": SOUND | {"table_name": "more"}})
    others.append(digest(tmp_path))
    assert len({first, *others}) == 5


def test_the_bundled_set_is_found_in_any_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"desired_state/__init__.py": "raise RuntimeError\n", "bundled/users.json": SOUND})
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    desired = FolderSource("bundled", "prod").load()
    assert [each.spec.name for each in desired.declarations] == ["projects_details-prod", "users-prod"]
    assert [len(each.seed.items) for each in desired.declarations if each.seed] == [8, 9]
    assert desired.warnings == ()


def test_a_watcher_is_given_the_folder_or_nothing(tmp_path: Path) -> None:
    assert watch_paths(str(tmp_path)) == (str(tmp_path.resolve()),)
    assert watch_paths(str(tmp_path / "absent")) == ()


def test_problems_come_sorted_by_file_and_line_and_all_at_once(tmp_path: Path) -> None:
    bad = {"table_name": "x", "tags": {"aws:a": "b"}}
    write(tmp_path, {"b.json": bad, "a.json": bad, "c.py": "(", "d.yaml": "a: ["})
    assert [sentence.split(": ")[0] for sentence in sentences(tmp_path)] == [
        "a.json:1:1",
        "a.json:1:1",
        "a.json:2:2",
        "a.json:4:3",
        "b.json:1:1",
        "b.json:1:1",
        "b.json:2:2",
        "b.json:2:2",
        "b.json:4:3",
        "c.py:1:1",
        "d.yaml:1:5",
    ]
