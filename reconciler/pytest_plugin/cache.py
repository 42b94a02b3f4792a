"""The folder for what one run makes and the next one uses: jars and templates. Called by ``run``."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

NAME = "dynamodb-reconciler"
MOST_TEMPLATES = 20
"""Templates that are kept; the oldest are removed."""


def folder() -> Path:
    """The cache of this user: ``$XDG_CACHE_HOME`` or ``~/.cache``; a temporary folder where that cannot be written."""
    candidates = [Path(tempfile.gettempdir()) / f"{NAME}-cache-{os.getuid()}"]
    with contextlib.suppress(RuntimeError):
        home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
        if home.is_absolute():
            candidates.insert(0, home / NAME)
    for candidate in candidates:
        if _usable(candidate):
            return candidate
    return Path(tempfile.mkdtemp(prefix=f"{NAME}-cache-"))


def store(path: Path, content: bytes) -> None:
    """Write a template as a whole, and remove the oldest ones. On a full disk, the next run makes it again."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        try:
            unfinished.write_bytes(content)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        ages = sorted((each.stat().st_mtime, each) for each in path.parent.iterdir())
        for _, old in ages[:-MOST_TEMPLATES]:
            old.unlink(missing_ok=True)


def load(path: Path) -> bytes | None:
    """A template of an earlier run."""
    with contextlib.suppress(OSError):
        return path.read_bytes()
    return None


def _usable(candidate: Path) -> bool:
    """Whether this user, and nobody else, can write there."""
    try:
        candidate.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = candidate.lstat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o022 or candidate.is_symlink():
            return False
        with tempfile.TemporaryFile(dir=candidate):
            return True
    except OSError:
        return False
