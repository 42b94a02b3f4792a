"""Derives the default name of the stack from the project that the declarations belong to. Called by ``loading``.

Two projects at one endpoint must not share a stack by accident, because a stack prunes its own tables.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from reconciler.model.errors import SettingsError
from reconciler.settings.model import PLAIN

BUNDLED, PACKAGE = "bundled", "package:"
LONGEST = 100
_REFUSED = re.compile(r"[^A-Za-z0-9_.-]+")


def derived(location: str, working_directory: Path) -> tuple[str, str]:
    """Name and origin for declarations at ``location``. Raises ``SettingsError`` for a pyproject.toml it cannot read.

    The nearest ``pyproject.toml`` with a project name decides, from the declarations upwards and not beyond the
    repository; else the folder that contains the declarations folder, as in Compose.
    """
    if location == BUNDLED:
        return PLAIN, "default"
    if location.startswith(PACKAGE):
        top = location.removeprefix(PACKAGE).partition(".")[0]
        return _name(top), f"default from {location}"
    folder = _folder(location, working_directory)
    named = _named(folder)
    if named is not None:
        return _name(named[1]), f"default from {named[0] / 'pyproject.toml'}"
    return _name(folder.parent.name), f"default from folder {folder.parent}"


def project_root(location: str, working_directory: Path) -> str | None:
    """The real path of the folder that the stack is named after; None for sets of declarations without one.

    Two projects whose folders, or whose pyproject.toml, have one name derive one stack; this tells them apart.
    """
    if location == BUNDLED or location.startswith(PACKAGE):
        return None
    folder = _folder(location, working_directory)
    named = _named(folder)
    return os.path.realpath(folder.parent if named is None else named[0])


def declarations_folder(location: str, working_directory: Path) -> str | None:
    """The real path of the declarations, for a stack with a name of its own; None for sets without a folder."""
    if location == BUNDLED or location.startswith(PACKAGE):
        return None
    return os.path.realpath(_folder(location, working_directory))


def _folder(location: str, working_directory: Path) -> Path:
    return Path(os.path.abspath(working_directory / Path(location).expanduser()))  # noqa: PTH100 - links stay as named


def _named(folder: Path) -> tuple[Path, str] | None:
    """The nearest folder with a project's name in its pyproject.toml, and that name."""
    for parent in (folder, *folder.parents):
        project = _project(parent / "pyproject.toml")
        if project is not None:
            return parent, project
        if (parent / ".git").exists():
            break
    return None


def _project(path: Path) -> str | None:
    """``[project] name`` of the file; None where there is no such file or it names no project."""
    import tomllib

    remedy = "Correct the file, or set RECONCILER_STACK."
    try:
        if not path.is_file():
            return None
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read for the stack's name: {error}. {remedy}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: invalid TOML, so the stack's name is unknown: {error}. {remedy}") from error
    project = document.get("project")
    name = project.get("name") if isinstance(project, dict) else None
    return name if isinstance(name, str) and name else None


def _name(wanted: str) -> str:
    """The name as a stack may be called; one that had to be altered keeps a mark of the original, to stay distinct."""
    name = _REFUSED.sub("-", wanted).strip("-")
    if name == wanted and 0 < len(name) <= LONGEST:
        return name
    if not wanted:
        return PLAIN
    import hashlib

    mark = hashlib.sha256(wanted.encode()).hexdigest()[:6]
    return f"{name[: LONGEST - 7]}-{mark}" if name else f"stack-{mark}"
