"""Sentences of the tool for a page: commands between backticks become code, and moments are told relative to now.

Called by the templates. The same sentences go to terminals and into JSON as they are.
"""

from __future__ import annotations

import re
from datetime import datetime

from markupsafe import Markup, escape

_PARTS = re.compile(
    # "at" stands before a moment, and not before "in 5 min".
    r"`(?P<code>[^`]+)`|(?:\bat )?(?P<moment>\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)(?![\w:]))",
    re.ASCII,
)


def prose(text: object, now: datetime) -> Markup:
    """The sentence as HTML; everything else in it is escaped."""
    from reconciler.http.templates import exact, machine, relative

    made, rest = Markup(), str(text)
    place = 0
    for found in _PARTS.finditer(rest):
        made += escape(rest[place : found.start()])
        place = found.end()
        moment = _moment(found["moment"])
        if found["code"] is not None:
            made += Markup("<code>{}</code>").format(found["code"])
        elif moment is None:
            made += escape(found[0])
        else:
            words = (machine(moment), exact(moment), relative(moment, now))
            made += Markup('<time datetime="{}" title="{}">{}</time>').format(*words)
    return made + escape(rest[place:])


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
