"""Fits lines into the width of a terminal. Pure; called for human output where the width is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reconciler.presentation.changes import Line

NARROWEST = 20
"""A narrower terminal gets lines of this width."""
COMMAND = "allow with: "
"""Begins a line with a command, which is not broken: a terminal that wraps it by itself still copies it whole. A
sentence with commands in it is broken between words, as any other."""
_SENTENCE = re.compile(r"[`;,]| or ")
_LEAD = re.compile(r"\s*(?:\d+\. )?(?:(?:-/\+|[-+~<>!…?=]) )*")
_EXTRA = 2
_COMMAND = re.compile(r"`[^`]+`")
"""A command within a sentence, which is not broken either."""
_JOINED = "\ue000"
"""Stands for a space in a command while lines are broken; for private use, so no text has it."""


def wrapped(lines: Iterable[Line], width: int | None) -> Iterator[Line]:
    """The lines, each broken between words so that its continuations stand under its text.

    A word that is longer than the line stays whole, because a broken path or URL cannot be followed. ``None`` breaks
    nothing: the reader of a pipe or a file expects one line for each fact.
    """
    if width is None:
        yield from lines
        return
    room = max(width, NARROWEST)
    for style, text in lines:
        yield from ((style, part) for part in _parts(text, room))


def _parts(text: str, width: int) -> Iterator[str]:
    if len(text) <= width:
        yield text
        return
    lead = _LEAD.match(text)
    hanging = min(len(lead.group()) if lead else 0, width // 2)
    if text.lstrip().startswith(COMMAND) and not _SENTENCE.search(text):
        margin = " " * (len(text) - len(text.lstrip()))
        yield f"{margin}{COMMAND}".rstrip()
        yield f"{margin}  {text.lstrip().removeprefix(COMMAND)}"
        return
    import textwrap

    parts = textwrap.wrap(
        _COMMAND.sub(lambda found: found.group().replace(" ", _JOINED), text),
        width,
        subsequent_indent=" " * (hanging + _EXTRA),
        break_long_words=False,
        break_on_hyphens=False,
        expand_tabs=False,
        replace_whitespace=False,
    )
    yield from (part.replace(_JOINED, " ") for part in parts)
