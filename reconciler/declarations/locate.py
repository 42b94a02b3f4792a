"""Resolves ``--desired-state`` to a folder: a path, ``package:NAME``, or ``bundled``. Called by ``folder``.

Also names the migrations of items beside that folder, without reading them; ``item_migrations`` does.

A path is only ever a path. When its folder is missing (a volume that is not mounted, another working directory),
nothing else is looked for in its place: the tables of another set of declarations would replace those of this one.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import re
import stat
from errno import ENOENT, ENOTDIR
from pathlib import Path

from reconciler.model.errors import DeclarationError, Problem

BUNDLED = "bundled"
PACKAGE = "package:"
MIGRATIONS = "migrations"
MIGRATION_NAME = re.compile(r"(?P<number>\d{1,9})_[A-Za-z0-9_]+")
_BUNDLED_PACKAGE = "desired_state"
_OPTION = "--desired-state"
_REMEDY = "Name the folder with --desired-state PATH, or write an example with `reconciler init`."
_FORMS = "Write --desired-state package:NAME, for example package:shop.tables, or name a folder."


def locate(location: str) -> Path:
    """The resolved folder. Raises ``DeclarationError`` with a remedy if there is none. Nothing is imported."""
    if location == BUNDLED:
        return _resolved(location, _bundled(location))
    if location.startswith(PACKAGE):
        return _resolved(location, _package(location))
    if not location.strip():
        raise _error(_OPTION, "is empty", _REMEDY)
    return _resolved(location, _folder(location))


def migrations_folder(configured: str | None, desired_state: str) -> Path:
    """The folder of the migrations: the setting, else ``migrations`` beside the folder of the declarations."""
    if configured is not None:
        return Path(configured).expanduser()
    if desired_state == BUNDLED:
        return Path(MIGRATIONS)
    return locate(desired_state).parent / MIGRATIONS


def migration_names(folder: Path) -> tuple[str, ...]:
    """The names of the migrations in the folder, by number; empty if there is no folder. Nothing is imported."""
    try:
        names = [path.stem for path in folder.iterdir() if path.suffix == ".py" and MIGRATION_NAME.fullmatch(path.stem)]
    except OSError:
        return ()
    return tuple(sorted(names, key=lambda name: (int(name.partition("_")[0]), name)))


def is_missing(location: str) -> bool:
    """Whether ``location`` is a path where nothing exists, so that a folder may be created."""
    if location == BUNDLED or location.startswith(PACKAGE) or not location.strip():
        return False
    try:
        return not os.path.lexists(Path(location).expanduser())
    except (OSError, RuntimeError, ValueError):
        return False


def _folder(location: str) -> Path:
    try:
        path = Path(location).expanduser()
        mode = path.stat().st_mode
    except (RuntimeError, ValueError) as error:
        # Each release of Python says it in other words.
        why = "it has a NUL character" if "\0" in location else str(error).rstrip(".")
        raise _error(location, f"is not a path: {why}", _REMEDY) from None
    except OSError as error:
        raise _unreachable(location, Path(location).expanduser(), error) from None
    if not stat.S_ISDIR(mode):
        raise _error(location, f"is a {'file' if stat.S_ISREG(mode) else 'special file'}, not a folder", _REMEDY)
    return path


def _unreachable(location: str, path: Path, error: OSError) -> DeclarationError:
    if error.errno not in (ENOENT, ENOTDIR):
        reason = f"cannot be read: {error.strerror}"
        return _error(location, reason, "Make the folder readable for this user, or name another one.")
    if path.is_symlink():
        reason = f"is a broken link to {path.readlink()}"
        return _error(location, reason, f"Correct the link. {_REMEDY}")
    named = f" For a Python package, write package:{location}." if _is_dotted(location) else ""
    return _error(location, "the folder does not exist", f"{_REMEDY}{named}")


def _bundled(location: str) -> Path:
    """The package installed beside this one, whatever the working directory or the import path contain."""
    beside = str(Path(__file__).resolve().parents[2])
    spec = importlib.machinery.PathFinder.find_spec(_BUNDLED_PACKAGE, [beside])
    folders = list(spec.submodule_search_locations or []) if spec and spec.origin else []
    if not folders:
        raise _error(location, "the bundled declarations are not installed", "Install dynamodb-reconciler again.")
    return Path(folders[0])


def _package(location: str) -> Path:
    name = location.removeprefix(PACKAGE)
    if not _is_dotted(name):
        raise _error(location, f"{name!r} is not a package name", _FORMS)
    top, *rest = name.split(".")
    folder = _top_package(location, top).joinpath(*rest)
    if folder.is_dir():
        return folder
    if folder.with_suffix(".py").is_file():
        raise _module(location, name)
    raise _error(location, f"the package {top} has no package {'.'.join(rest) or top}", _FORMS)


def _top_package(location: str, top: str) -> Path:
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise _error(location, f"package {top} cannot be imported", f"Install it, or correct the name. {_FORMS}")
    folders = list(spec.submodule_search_locations or [])
    if not folders:
        raise _module(location, top)
    if len(folders) > 1:
        spread = " and ".join(folders)
        raise _error(location, f"the package {top} is a namespace package in {spread}", "Name one of these folders.")
    if not Path(folders[0]).is_dir():
        raise _error(location, f"the package {top} is not a folder on this machine", "Install it unpacked.")
    return Path(folders[0])


def _module(location: str, name: str) -> DeclarationError:
    return _error(location, f"{name} is a module, not a package", "Name the folder or the package that holds it.")


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _resolved(location: str, folder: Path) -> Path:
    try:
        return folder.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        reason = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        raise _error(location, reason, _REMEDY) from None


def _error(location: str, reason: str, remedy: str) -> DeclarationError:
    return DeclarationError((Problem(location, None, None, reason, remedy),))
