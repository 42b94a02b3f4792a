"""The template environment with its filters, and the stylesheet, script and icon of the pages.

Times are in words, relative to the moment at which a page is made. ``live.js`` has the same rules and keeps the words
current, so that a page without a script reads alike.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reconciler.http.prose import prose
from reconciler.http.value_diff import value_diff
from reconciler.model.json_values import plain
from reconciler.presentation.changes import value_text
from reconciler.presentation.render import ENGINES, JOB_NAMES, losses, step_title, symbol
from reconciler.presentation.value_outline import outline, pretty
from reconciler.runs.run_titles import run_title, run_verdict

_WEB = Path(__file__).with_name("web")
MINUTE, HOUR, DAY = 60, 3600, 86400
STEPS = ((DAY, 2 * DAY, "d"), (HOUR, 2 * HOUR, "h"), (MINUTE, 2 * MINUTE, "min"))
"""Seconds of a unit, from how many seconds on it is used, and its name."""


@cache
def environment() -> Environment:
    """Autoescapes, and raises on an undefined name."""
    made = Environment(
        loader=FileSystemLoader(_WEB), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"exact": exact, "machine": machine, "relative": relative, "duration": duration}
    made.filters |= {
        "outline": outline,
        "pretty": pretty,
        "run_title": run_title,
        "run_verdict": run_verdict,
        "prose": prose,
    }
    made.globals["value_diff"] = value_diff
    made.tests["nested"] = lambda value: isinstance(plain(value), list | dict)
    made.filters |= {"step_title": step_title, "value_text": value_text, "losses": losses}
    made.filters |= {"job_name": JOB_NAMES.__getitem__, "engine_text": ENGINES.__getitem__}
    made.filters |= {"capital": lambda text: text[:1].upper() + text[1:]}
    made.filters |= {"step_style": lambda step: symbol(step)[0], "step_sign": lambda step: symbol(step)[1]}
    return made


@cache
def style() -> Markup:
    """The stylesheet, embedded without escaping."""
    return Markup((_WEB / "style.css").read_text(encoding="utf-8"))


@cache
def script() -> Markup:
    """The script that keeps a page up to date, embedded without escaping."""
    return Markup((_WEB / "live.js").read_text(encoding="utf-8"))


DOTS = {"in-sync": "#1a7f37", "drifted": "#bf8700", "down": "#cf222e", "error": "#cf222e"}
"""The colour of the dot of the icon, by health; blue before the first pass."""


def icon(health: str) -> str:
    """The icon of a browser tab as SVG: a cylinder, and a dot that tells the health, so that a tab tells it too."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><g fill="#57606a">'
        '<path d="M3 7v18c0 2.8 5.4 5 12 5s12-2.2 12-5V7c0 2.8-5.4 5-12 5S3 9.8 3 7z"/>'
        '<ellipse cx="15" cy="6" rx="12" ry="4"/></g>'
        f'<circle cx="23" cy="23" r="8" fill="{DOTS.get(health, "#0969da")}" stroke="#fff" stroke-width="2"/></svg>'
    )


def content_security_policy() -> str:
    """Allows only the embedded stylesheet and script, by their hashes, our own events and our own icon."""
    ours = f"style-src 'sha256-{_digest(style())}'; script-src 'sha256-{_digest(script())}'; connect-src 'self'"
    return f"default-src 'none'; {ours}; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def exact(moment: datetime | None) -> str:
    """``2026-11-22 12:00:00 UTC``; empty for none."""
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def machine(moment: datetime) -> str:
    """ISO 8601 in UTC, for the attribute of a ``time`` element."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def relative(moment: datetime, now: datetime) -> str:
    """``40 s ago``, ``in 5 min`` or ``now``."""
    # Whole seconds on both sides, as the script reads them.
    seconds = int(moment.timestamp()) - int(now.timestamp())
    if seconds == 0:
        return "now"
    return f"in {duration(seconds)}" if seconds > 0 else f"{duration(-seconds)} ago"


def duration(seconds: float) -> str:
    """The largest fitting unit: ``119 s``, ``2 min``, ``47 h``, ``2 d``."""
    for unit, least, name in STEPS:
        if seconds >= least:
            return f"{int(seconds // unit)} {name}"
    return f"{int(seconds)} s"
