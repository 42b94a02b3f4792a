"""Tells what stands at the path of an output: a file, or something that only takes what is written to it.

Used by the metrics file, which replaces a regular file, and by ``--report``.
"""

from __future__ import annotations

from pathlib import Path

MAX_LINKS = 40
"""Linux follows that many links."""


def is_stream(path: Path) -> bool:
    """Whether the path is a device, a FIFO, a socket or an open descriptor such as ``/dev/stdout``, also by links.

    A descriptor may be a regular file (``> out.txt``). It is a stream all the same: to replace or to truncate that file
    would lose what the command printed before.
    """
    return is_descriptor(path) or (path.exists() and not path.is_file() and not path.is_dir())


def is_descriptor(path: Path) -> bool:
    """Whether the path leads to an open descriptor: ``/dev/stdout``, ``/dev/fd/3``, ``/proc/self/fd/1``."""
    current = path.absolute()
    for _ in range(MAX_LINKS):
        if current.parent.resolve().is_relative_to("/proc"):
            return True
        if not current.is_symlink():
            return False
        current = current.parent / current.readlink()
    return False
