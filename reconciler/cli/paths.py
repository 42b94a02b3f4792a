"""Where a file of the desired state is, as somebody outside it names it: one rule for every message and output form.

Problems and reports name files relative to the folder of the desired state. A terminal makes a path clickable only where it
leads from the working directory, and GitHub marks a file only by its path from GITHUB_WORKSPACE.
"""

from __future__ import annotations

import os
from dataclasses import replace

from reconciler.model.errors import DeclarationError, Problem


def from_here(file: str, base: str) -> str:
    """The path from the working directory, or the absolute one where the file is outside of it.

    ``base`` is the setting DESIRED_STATE: a folder, a package or ``bundled``; a ``file`` that is ``base`` itself stays.
    """
    folder = _folder(base)
    if not base or folder is None or os.path.isabs(file):
        return file
    path = os.path.normpath(folder if file == base else os.path.join(folder, file))
    return _relative(path, os.getcwd()) or path


def from_workspace(file: str, base: str) -> str:
    """The path from GITHUB_WORKSPACE for an annotation; that from the working directory where there is no workspace."""
    path, workspace = from_here(file, base), os.environ.get("GITHUB_WORKSPACE")
    return (_relative(os.path.abspath(path), workspace) if workspace else None) or path


def seen_from_here(problem: Problem, base: str) -> Problem:
    """The same problem with the path from the working directory."""
    return replace(problem, file=from_here(problem.file, base))


def warning_from_here(warning: str, base: str) -> str:
    """A warning that begins with a file of the desired state, with the path from the working directory."""
    file, colon, rest = warning.partition(":")
    folder = _folder(base)
    known = bool(colon and folder and not os.path.isabs(file) and os.path.exists(os.path.join(folder, file)))
    return f"{from_here(file, base)}{colon}{rest}" if known else warning


def _folder(base: str) -> str | None:
    """The folder that ``base`` means; one that is not there is named as it was given."""
    path = os.path.expanduser(base)
    if os.path.isdir(path) or not base:
        return path
    from reconciler.sources.locate import locate

    try:
        return str(locate(base))
    except DeclarationError:
        return None


def _relative(path: str, start: str) -> str | None:
    """``path`` from ``start``, None where it is not inside, by their names or by where their links lead."""
    for resolve in (os.path.abspath, os.path.realpath):
        inner = os.path.relpath(resolve(path), resolve(start))
        if inner != os.pardir and not inner.startswith(os.pardir + os.sep):
            return inner
    return None
