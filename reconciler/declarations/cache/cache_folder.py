"""Small files in the user's cache folder: ``$XDG_CACHE_HOME`` or ``~/.cache``, in ``dynamodb-reconciler``.

Only this user may read and write them. A folder or a file that belongs to somebody else, that others can write, or that
is a symbolic link is not used. A file is replaced as a whole, so that a reader never sees half of one. Nothing raises.
Called by ``stored_results``.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

NAME = "dynamodb-reconciler"
MOST = 100
"""Files that are kept. Beyond that the oldest are removed: tests and CI use a new folder in each run."""
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def read(name: str, limit: int) -> bytes | None:
    """The content of a file of at most ``limit`` bytes; None if there is none that can be used."""
    with contextlib.suppress(OSError), _opened(create=False) as folder:
        if folder is None:
            return None
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, dir_fd=folder), "rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode) and _is_ours(status) and status.st_size <= limit:
                return file.read()
    return None


def write(name: str, content: bytes, limit: int) -> None:
    """Replace a file; a content of more than ``limit`` bytes is not written."""
    if len(content) > limit:
        return
    with contextlib.suppress(OSError), _opened(create=True) as folder:
        if folder is None:
            return
        unfinished = f"{name}.{secrets.token_hex(8)}"
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            os.unlink(unfinished, dir_fd=folder)
            raise
        _remove_oldest(folder)


def remove(name: str) -> None:
    """Delete a file."""
    with contextlib.suppress(OSError), _opened(create=False) as folder:
        if folder is not None:
            os.unlink(name, dir_fd=folder)


@contextlib.contextmanager
def _opened(*, create: bool) -> Iterator[int | None]:
    """A descriptor of the folder, so that nobody can exchange it meanwhile; None if it is not to be used."""
    home = _home()
    if home is None:
        yield None
        return
    if create and not home.exists() and home.parent.is_dir():
        home.mkdir(mode=0o700)
    if create and _is_ours(home.stat()):
        with contextlib.suppress(FileExistsError):
            (home / NAME).mkdir(mode=0o700)
    handle = os.open(home / NAME, _FOLDER_FLAGS)
    try:
        yield handle if _is_ours(os.fstat(handle)) else None
    finally:
        os.close(handle)


def _home() -> Path | None:
    """The cache folder of the user; a relative one is to be ignored (XDG Base Directory Specification)."""
    given = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    try:
        home = given.expanduser()
    except RuntimeError:
        return None
    return home if home.is_absolute() else None


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_WRITE


def _remove_oldest(folder: int) -> None:
    with os.scandir(folder) as entries:
        ages = {entry.name: entry.stat(follow_symlinks=False).st_mtime for entry in entries}
    for name in sorted(ages, key=ages.__getitem__)[: max(0, len(ages) - MOST)]:
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=folder)
