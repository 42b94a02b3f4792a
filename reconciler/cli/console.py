"""Writes results to standard output and everything else to standard error, with colour where wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from reconciler.cli.options import Color
from reconciler.model.lazy_dataclass import dataclass
from reconciler.planning.text import printable

RESET = "\x1b[0m"
STYLES = {
    "create": "\x1b[32m",
    "update": "\x1b[33m",
    "replace": "\x1b[31;1m",
    "delete": "\x1b[31m",
    "seed": "\x1b[36m",
    "clear": "\x1b[36m",
    "blocked": "\x1b[35m",
    "deferred": "\x1b[34m",
    "unsupported": "\x1b[2m",
    "error": "\x1b[31;1m",
    "warning": "\x1b[33m",
    "in_sync": "\x1b[32m",
    "title": "\x1b[1m",
    "dim": "\x1b[2m",
}


@dataclass(frozen=True, slots=True)
class Console:
    """The two streams. ``color`` ``auto`` means a terminal without TERM=dumb, or FORCE_COLOR; NO_COLOR wins."""

    color: Color = Color.AUTO

    @property
    def interactive(self) -> bool:
        """Whether input and standard error are a terminal, for questions and progress bars."""
        return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()

    @property
    def width(self) -> int | None:
        """Columns of standard output: COLUMNS, else those of the terminal; ``None`` for a pipe or a file."""
        return _width(sys.stdout)

    @property
    def note_width(self) -> int | None:
        """Columns of standard error, as ``width``."""
        return _width(sys.stderr)

    def transient(self, text: str) -> None:
        """One line on the terminal of standard error in the place of the one before; an empty text erases it."""
        room = (self.width or 80) - 1
        sys.stderr.write(f"\r\x1b[2K{text[:room]}")
        sys.stderr.flush()

    def result(self, lines: Iterable[tuple[str, str]]) -> None:
        """Styled lines on standard output. Raises ``OutputError`` where it cannot be written."""
        try:
            _write(sys.stdout, lines, colored=self._colored(sys.stdout))
        except BrokenPipeError:
            raise
        except OSError as error:
            from reconciler.cli.streams import discard, output_error

            discard(sys.stdout)
            raise output_error(error) from error

    def note(self, style: str, sentence: str) -> None:
        """A message on standard error; the styles ``error`` and ``warning`` are its prefix.

        One that cannot be written, for example to a full disk, must not end the work that it is about.
        """
        prefix = f"{style}: " if style in ("error", "warning") else ""
        lines = [(style, prefix + printable(line)) for line in sentence.splitlines()]
        try:
            _write(sys.stderr, self._fitted(lines), colored=self._colored(sys.stderr))
        except BrokenPipeError:
            raise
        except OSError:
            pass

    def fitted(self, sentence: str) -> str:
        """A sentence for standard error, with line breaks where its terminal ends."""
        return "\n".join(text for _, text in self._fitted([("plain", sentence)]))

    def _fitted(self, lines: list[tuple[str, str]]) -> Iterable[tuple[str, str]]:
        width = self.note_width
        if width is None or all(len(text) <= width for _, text in lines):
            return lines
        from reconciler.presentation.layout import wrapped

        return wrapped(lines, width)

    def annotate(self, lines: Iterable[tuple[str, str]]) -> None:
        """Lines for a program that reads standard error, unchanged and without colour."""
        _write(sys.stderr, lines, colored=False)

    def _colored(self, stream: TextIO) -> bool:
        if self.color is not Color.AUTO:
            return self.color is Color.ALWAYS
        if os.environ.get("NO_COLOR"):
            return False
        return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def _width(stream: TextIO) -> int | None:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None if stream.isatty() else None
    except (OSError, ValueError):
        return None


def _write(stream: TextIO, lines: Iterable[tuple[str, str]], *, colored: bool) -> None:
    for style, text in lines:
        code = STYLES.get(style, "") if colored else ""
        stream.write(f"{code}{text}{RESET if code else ''}\n")
    stream.flush()
