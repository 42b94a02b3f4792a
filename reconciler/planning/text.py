"""Makes text from declarations or the service safe to print, and counts nouns. Used wherever text is printed."""

from __future__ import annotations

import re
from collections.abc import Sequence

# C0 and C1 controls drive the terminal; line separators, bidirectional marks and surrogates can forge the output.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def printable(text: str) -> str:
    """``text`` on one line, with every control character escaped."""
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(code, f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def several(count: int, noun: str) -> str:
    """``1 table``, ``2 tables``, ``20,000 tables``."""
    return f"{count} {noun}" if count == 1 else f"{count:,} {noun}s"


def short_seconds(seconds: float) -> str:
    """A duration in a sentence: ``0.3 s``, ``5 s``, ``12 s``."""
    return f"{seconds:.0f} s" if seconds >= 10 else f"{round(seconds, 1):g} s"


def kept(names: Sequence[str]) -> str:
    """A sentence about existing files: ``a exists already and is not overwritten``."""
    exist, are = ("exists", "is") if len(names) == 1 else ("exist", "are")
    return f"{', '.join(names)} {exist} already and {are} not overwritten"
