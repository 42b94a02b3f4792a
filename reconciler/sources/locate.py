"""``--desired-state`` → the folder it means: a path, an importable package, or ``bundled``. Called by ``folder``."""

from __future__ import annotations

import importlib.machinery
import importlib.util
from pathlib import Path

from reconciler.model.errors import DeclarationError, Problem

BUNDLED = "bundled"
_BUNDLED_PACKAGE = "desired_state"
_REMEDY = "Name the folder with --desired-state PATH, or write an example with `reconciler init`."


def locate(location: str) -> Path:
    """The folder, resolved; ``DeclarationError`` names the remedy where there is none. Nothing is imported."""
    if location == BUNDLED:
        folder = _bundled()
    else:
        path = Path(location).expanduser()
        if location and path.is_dir():
            return path.resolve()
        if location and path.exists():
            raise _error(location, "is a file, not a folder")
        folder = _package(location)
    if folder is None:
        raise _error(location, "there is no such folder or importable package")
    return folder.resolve()


def _bundled() -> Path | None:
    """The package installed beside this one, whatever stands in the working directory."""
    beside = str(Path(__file__).resolve().parents[2])
    spec = importlib.machinery.PathFinder.find_spec(_BUNDLED_PACKAGE, [beside])
    return _folder_of(spec) or _package(_BUNDLED_PACKAGE)


def _package(name: str) -> Path | None:
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    try:
        folder = _folder_of(importlib.util.find_spec(parts[0]))
    except (ImportError, ValueError):
        return None
    below = folder.joinpath(*parts[1:]) if folder else None
    return below if below and below.is_dir() else None


def _folder_of(spec: importlib.machinery.ModuleSpec | None) -> Path | None:
    places = list(spec.submodule_search_locations or []) if spec else []
    return Path(places[0]) if places else None


def _error(location: str, reason: str) -> DeclarationError:
    return DeclarationError((Problem(location, None, None, reason, _REMEDY),))
