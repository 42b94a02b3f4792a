"""What ``--desired-state`` may name: a folder is only ever a folder, and nothing is looked for in its place."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.class_files import GET_SCHEMA, HEAD, SCHEMA
from support.folders import SOUND, write

from reconciler.declarations import writer
from reconciler.declarations.folder import FolderSource, watch_paths
from reconciler.model.errors import DeclarationError, UsageError
from reconciler.settings.loading import load as load_settings

NAME_IT = "Name the folder with --desired-state PATH, or write an example with `reconciler init`."
FORMS = "Write --desired-state package:NAME, for example package:shop.tables, or name a folder."


def refusal(location: str) -> str:
    with pytest.raises(DeclarationError) as caught:
        FolderSource(location, None).load()
    (problem,) = caught.value.problems
    return str(problem)


def nothing(_: Path) -> None: ...


def dangling(folder: Path) -> None:
    (folder / "state").symlink_to(folder / "unmounted")


def loop(folder: Path) -> None:
    (folder / "state").symlink_to(folder / "state")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "state")


def a_file(folder: Path) -> None:
    write(folder, {"state": "x"})


def below_a_file(folder: Path) -> None:
    write(folder, {"users.json": SOUND})


def packages(folder: Path) -> None:
    write(folder, {"shop_x/__init__.py": "", "shop_x/tables.py": "", "plain_x.py": ""})


MISSING: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "an absolute path": ("/nowhere/at/all", nothing, f"the folder does not exist. {NAME_IT}"),
    "a relative path": ("./nowhere", nothing, f"the folder does not exist. {NAME_IT}"),
    "the default": ("./desired_state", nothing, f"the folder does not exist. {NAME_IT}"),
    "the name of the installed package": (
        "desired_state",
        nothing,
        f"the folder does not exist. {NAME_IT} For a Python package, write package:desired_state.",
    ),
    "the name of another package": (
        "shop_x",
        nothing,
        f"the folder does not exist. {NAME_IT} For a Python package, write package:shop_x.",
    ),
    "a dotted name": (
        "shop_x.tables",
        packages,
        f"the folder does not exist. {NAME_IT} For a Python package, write package:shop_x.tables.",
    ),
    "a path below a file": ("users.json/tables", below_a_file, f"the folder does not exist. {NAME_IT}"),
    "a link whose target is not mounted": (
        "state",
        dangling,
        "is a broken link to {folder}/unmounted. ",
    ),
    "a link to itself": ("state", loop, "cannot be read: Too many levels of symbolic links. "),
    "a name that is too long": ("a" * 300, nothing, "cannot be read: File name too long. "),
    "a name with NUL": ("nowhere\0", nothing, "is not a path: it has a NUL character. "),
    "the home of nobody": ("~no_such_user_x/state", nothing, "is not a path: Could not determine home directory. "),
    "a file": ("state", a_file, f"is a file, not a folder. {NAME_IT}"),
    "a pipe": ("state", pipe, f"is a special file, not a folder. {NAME_IT}"),
    "a package without a name": ("package:", nothing, f"'' is not a package name. {FORMS}"),
    "a path as a package": ("package:./state", nothing, f"'./state' is not a package name. {FORMS}"),
    "a package that is not there": (
        "package:shop_missing_x",
        nothing,
        f"package shop_missing_x cannot be imported. Install it, or correct the name. {FORMS}",
    ),
    "a module": ("package:plain_x", packages, "plain_x is a module, not a package. "),
    "a module of a package": ("package:shop_x.tables", packages, "shop_x.tables is a module, not a package. "),
    "no part of a package": ("package:shop_x.more", packages, "the package shop_x has no package more. "),
    "a module of Python itself": ("package:sys", nothing, "sys is a module, not a package. "),
}


@pytest.mark.parametrize("case", MISSING)
def test_a_path_that_is_not_a_folder_is_an_error_and_has_no_fallback(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    location, prepare, sentence = MISSING[case]
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    prepare(tmp_path)
    if case == "the name of another package":
        elsewhere = write(tmp_path / "elsewhere", {"shop_x/__init__.py": "", "shop_x/users.json": SOUND})
        monkeypatch.syspath_prepend(str(elsewhere))
    assert refusal(location).startswith(f"{location}: {sentence.format(folder=tmp_path)}")
    assert watch_paths(location) == ()


@pytest.mark.parametrize("location", ["", " ", "\t"])
def test_an_empty_name_is_an_error(location: str) -> None:
    assert refusal(location) == f"--desired-state: is empty. {NAME_IT}"


def test_a_package_is_read_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = {"shop_tables_x/__init__.py": "", "shop_tables_x/config/users_table.py": HEAD + SCHEMA + GET_SCHEMA}
    write(tmp_path, package)
    monkeypatch.syspath_prepend(str(tmp_path))
    (declaration,) = FolderSource("package:shop_tables_x.config", None).load().declarations
    assert str(declaration.origin) == "users_table.py:1"
    import sys

    assert not [name for name in sys.modules if "shop_tables_x" in name]


def test_a_package_in_two_places_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for half in ("one", "two"):
        write(tmp_path / half, {f"spread_x/{half}.json": SOUND | {"table_name": half}})
        monkeypatch.syspath_prepend(str(tmp_path / half))
    first, second = tmp_path / "two" / "spread_x", tmp_path / "one" / "spread_x"
    assert refusal("package:spread_x") == (
        f"package:spread_x: the package spread_x is a namespace package in {first} and {second}. "
        "Name one of these folders."
    )


def test_the_bundled_set_is_never_another_package_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconciler.declarations import locate

    write(tmp_path, {"desired_state/__init__.py": "", "desired_state/users.json": SOUND})
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(locate, "__file__", str(tmp_path / "away" / "reconciler" / "declarations" / "locate.py"))
    assert refusal("bundled").startswith("bundled: the bundled declarations are not installed. ")


@pytest.mark.parametrize("embedded", [True, False])
@pytest.mark.parametrize("there", ["nothing", "a folder", "a link to nothing"])
def test_the_bundled_set_replaces_the_default_only_with_the_embedded_endpoint(
    embedded: bool, there: str, tmp_path: Path
) -> None:
    if there == "a folder":
        (tmp_path / "desired_state").mkdir()
    if there == "a link to nothing":
        (tmp_path / "desired_state").symlink_to(tmp_path / "unmounted")
    flags = {"embedded": True} if embedded else {}
    chosen = load_settings(flags, one_shot=True, environ={}, cwd=tmp_path).desired_state
    assert chosen == ("bundled" if embedded and there == "nothing" else "./desired_state")


@pytest.mark.parametrize("location", ["package:nowhere_x", "state", ""])
def test_import_makes_no_folder_in_the_place_of_one_that_cannot_be_read(
    location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "state").symlink_to(tmp_path / "unmounted")
    with pytest.raises((DeclarationError, UsageError)):
        writer.target(location)
    with pytest.raises(DeclarationError):
        writer.declared_so_far(location, None)


def test_import_does_not_take_an_unreadable_folder_for_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "tables").symlink_to(tmp_path / "unmounted")
    with pytest.raises(DeclarationError):
        writer.declared_so_far(str(tmp_path), None)
