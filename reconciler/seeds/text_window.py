"""A window that moves over a long JSON text, so that a list of a million items is read piece by piece.

Called by ``json_format``. Offsets are those inside the window; it counts the lines before it.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from reconciler.model.position import Position
from reconciler.parsing.parsed import ParseError, json_message
from reconciler.parsing.source_file import EMPTY, NOT_UTF8, NULLS

LONGEST_VALUE = 8 * 1024 * 1024
"""Characters of an element. An item has at most 400 KB; escapes in JSON make it up to six times as long."""
KEPT = 1024 * 1024
"""Characters that stay in the window although they were read, so that it is not copied for each element."""
_SPACE = re.compile(r"[ \t\n\r]*")


class TextWindow:
    """A text in UTF-8, from its first bytes on. Methods raise ``ParseError`` for bytes that are no text."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.text = ""
        self._pieces = pieces
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._ended = False
        self._counted, self._line, self._line_start = 0, 1, 0

    def more(self) -> bool:
        """Read a further piece. ``False`` at the end of the text."""
        added = self._decoded()
        if added is None:
            return False
        self.text += added
        return True

    def whole(self, limit: int, remedy: str) -> str:
        """The whole text. Raises ``ParseError`` with the ``remedy`` if it has more characters than ``limit``."""
        parts, length = [self.text], len(self.text)
        while (added := self._decoded()) is not None:
            parts.append(added)
            length += len(added)
            if length > limit:
                reason = f"is larger than {limit // 1024 // 1024} MB, the limit of its format"
                raise ParseError(None, reason, remedy)
        self.text = "".join(parts)
        return self.text

    def _decoded(self) -> str | None:
        if self._ended:
            return None
        piece = next(self._pieces, None)
        self._ended = piece is None
        try:
            added = self._decoder.decode(piece or b"", final=piece is None)
        except UnicodeDecodeError as error:
            # The decoder may hold the first bytes of a character that an earlier piece ended with.
            self.text += bytes(error.object[: error.start]).decode()
            raise ParseError(self.position(len(self.text)), *NOT_UTF8) from None
        if "\0" in added:
            at = len(self.text) + added.index("\0")
            self.text += added
            raise ParseError(self.position(at), *NULLS)
        return added

    def forget(self, at: int) -> int:
        """Forget what was read before an offset. Returns the new offset of the same place."""
        if at < KEPT:
            return at
        self.position(at)
        self._counted, self._line_start = 0, self._line_start - at
        self.text = self.text[at:]
        return 0

    def skip(self, at: int) -> int:
        """The offset of the next character that is no white space, or of the end of the text."""
        while True:
            match = _SPACE.match(self.text, at)
            at = match.end() if match else at
            if at < len(self.text) or not self.more():
                return at

    def first(self) -> int:
        """The offset of the first character that is no white space. Raises ``ParseError`` if there is none."""
        at = self.skip(0)
        if at == len(self.text):
            raise ParseError(None, *EMPTY)
        return at

    def value(self, decoder: json.JSONDecoder, at: int) -> tuple[Any, int]:
        """The value at an offset, and the offset of its end. Raises ``ParseError`` and ``JSONDecodeError``."""
        while True:
            try:
                value, end = decoder.raw_decode(self.text, at)
            except ParseError as error:
                raise ParseError(self.position(at), error.reason, error.remedy) from None
            except json.JSONDecodeError:
                # The window may end inside of the value.
                if len(self.text) - at > LONGEST_VALUE or not self.more():
                    raise
                continue
            # A number at the end of the window may have more digits.
            if end < len(self.text) or not self.more():
                return value, end

    def position(self, at: int) -> Position:
        """The line and the column of an offset."""
        if at < self._counted:
            breaks = self.text.count("\n", at, self._counted)
            start = self.text.rfind("\n", 0, at) + 1 if breaks else self._line_start
            return Position(self._line - breaks, at - start + 1)
        breaks = self.text.count("\n", self._counted, at)
        if breaks:
            self._line += breaks
            self._line_start = self.text.rfind("\n", self._counted, at) + 1
        self._counted = at
        return Position(self._line, at - self._line_start + 1)

    def syntax_error(self, error: json.JSONDecodeError) -> ParseError:
        """The error with its line in the whole text."""
        return ParseError(self.position(error.pos), f"is not JSON: {json_message(error.msg)}", "Correct the syntax.")
