"""Tells what stands at the path of an output: a file, or something that only takes what is written to it.

Used by the metrics file, which replaces a regular file, and by ``--report``.
"""

from __future__ import annotations

import os


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Whether the path is a device, a FIFO, a socket or an open descriptor such as ``/dev/stdout``, also by links.

    A descriptor may be a regular file (``> out.txt``). It is a stream all the same: to replace or to truncate that file
    would lose what the command printed before.
    """
    return is_descriptor(path) or (os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path))


def is_descriptor(path: str | os.PathLike[str]) -> bool:
    """Whether the path leads to an open descriptor of a process: ``/dev/stdout``, ``/dev/fd/3``, ``/proc/self/fd/1``."""
    current = os.path.abspath(path)
    for _ in range(40):  # Linux follows that many links.
        if os.path.realpath(os.path.dirname(current)).startswith("/proc/"):
            return True
        if not os.path.islink(current):
            return False
        current = os.path.join(os.path.dirname(current), os.readlink(current))
    return False
