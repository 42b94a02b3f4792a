"""Paths of declaration files in messages: one rule for every message and output format.

Problems and reports name files relative to the folder of the desired state. A terminal makes a path clickable if it
leads from the working directory, and GitHub marks a file only by its path from GITHUB_WORKSPACE.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from reconciler.model.errors import DeclarationError, Problem


def from_here(file: str, base: str) -> str:
    """The path from the working directory, or the absolute one where the file is outside of it.

    ``base`` is the setting DESIRED_STATE: a folder, a package or ``bundled``. A ``file`` that is ``base`` itself stays.
    """
    if not base or file == base or Path(file).is_absolute():
        return file
    path = _folder(base) / file
    return _inside(path, Path.cwd()) or str(path)


def from_workspace(file: str, base: str) -> str:
    """The path from GITHUB_WORKSPACE for an annotation; that from the working directory where there is no workspace."""
    path, workspace = from_here(file, base), os.environ.get("GITHUB_WORKSPACE")
    return (_inside(Path(path), Path(workspace)) if workspace else None) or path


def seen_from_here(problem: Problem, base: str) -> Problem:
    """The same problem with the path from the working directory."""
    return replace(problem, file=from_here(problem.file, base))


def warning_from_here(warning: str, base: str) -> str:
    """A warning that begins with a file of the desired state, with the path from the working directory."""
    file, colon, rest = warning.partition(":")
    known = bool(base and colon and not Path(file).is_absolute() and (_folder(base) / file).exists())
    return f"{from_here(file, base)}{colon}{rest}" if known else warning


def _folder(base: str) -> Path:
    """The folder that ``base`` means; a missing one keeps the name that was given."""
    path = Path(base).expanduser()
    if path.is_dir():
        return path
    from reconciler.declarations.locate import locate

    try:
        return locate(base)
    except DeclarationError:
        return path


def _inside(path: Path, start: Path) -> str | None:
    """``path`` from ``start``, None where it is not inside, by their names or by where their links lead."""
    for resolve in (Path.absolute, Path.resolve):
        try:
            file, folder = Path(os.path.normpath(resolve(path))), resolve(start)
        except (OSError, RuntimeError, ValueError):
            # A loop of links, or a name that no file system accepts: show it unchanged.
            return None
        if file.is_relative_to(folder):
            return file.relative_to(folder).as_posix()
    return None
