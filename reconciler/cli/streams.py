"""The standard streams where they are closed, full or gone. Called before a command begins and by ``console``."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from typing import NoReturn, TextIO

from reconciler.model.errors import OutputError


def output_error(error: OSError) -> OutputError:
    """The error as a sentence."""
    why = "it is closed" if error.errno == errno.EBADF else error.strerror or str(error)
    return OutputError(
        f"Standard output cannot be written: {why}. Send it elsewhere and run the command again; "
        "what it has done so far stands."
    )


class ClosedOutput(io.TextIOBase):
    """Stands for a standard output that was closed before the start: every write is refused."""

    def write(self, _text: str, /) -> NoReturn:
        """Raises ``OSError``."""
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def open_missing() -> None:
    """Open the standard streams that were closed before the start (``>&-``).

    The next file, pipe or socket would get the number of a closed one, and a message would go to it.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            # The lowest free number is that of the stream, because the streams before it are open by now.
            number = os.open(os.devnull, os.O_RDWR)
            if name == "stdout":
                sys.stdout = ClosedOutput()
            elif name == "stderr":
                sys.stderr = os.fdopen(number, "w", encoding="utf-8", closefd=False)


def discard(stream: TextIO) -> None:
    """Let what is left in the buffer of a stream go nowhere: flushing it at the end of the process would fail again."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
