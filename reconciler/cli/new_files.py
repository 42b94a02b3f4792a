"""Writes results into new files; everything or nothing. Used by the commands that write for other tools."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.model.errors import UsageError
from reconciler.planning.text import kept


def store(texts: Mapping[str, str], to: str) -> tuple[str, ...]:
    """Write each text under its name in the folder ``to``, or the only one into the file ``to``; returns the paths.

    ``to`` is a folder where it is one, ends with a slash, or where there are several texts. Raises ``UsageError`` if a
    file exists, before the first one is written, and if one cannot be written.
    """
    root = Path(to)
    in_folder = len(texts) > 1 or root.is_dir() or to.endswith("/")
    targets = {root / name: text for name, text in texts.items()} if in_folder else {root: next(iter(texts.values()))}
    existing = [str(path) for path in targets if path.exists()]
    if existing:
        raise UsageError(f"{kept(existing)}; nothing was written. Name another place with --to.")
    try:
        for path, text in targets.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise UsageError(
            f"{error.filename or to} cannot be written: {error.strerror}. Name another place with --to."
        ) from None
    return tuple(str(path) for path in targets)
