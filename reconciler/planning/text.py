"""Texts that came from declarations or the service, made safe to show. Called by ``render`` and the log."""

from __future__ import annotations

import re
from collections.abc import Sequence

# C0 and C1 controls move the cursor and ring; line separators, bidirectional marks and surrogates forge what is read.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def printable(text: str) -> str:
    """``text`` on one line, with every character that a terminal would obey written as an escape."""
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(code, f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def several(count: int, noun: str) -> str:
    """``1 table``, ``2 tables``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def kept(names: Sequence[str]) -> str:
    """What is said of files that are in the way: ``a exists already and is not overwritten``."""
    exist, are = ("exists", "is") if len(names) == 1 else ("exist", "are")
    return f"{', '.join(names)} {exist} already and {are} not overwritten"
