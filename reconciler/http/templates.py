"""The template environment, and the stylesheet and script that each page contains."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reconciler.http.moments import duration, exact, machine, relative
from reconciler.http.run_titles import run_title
from reconciler.http.value_diff import value_diff
from reconciler.http.value_outline import outline, pretty
from reconciler.presentation.render import losses, step_title, symbol, value_text

_WEB = Path(__file__).with_name("web")


@cache
def environment() -> Environment:
    """Autoescapes, and raises on an undefined name."""
    made = Environment(
        loader=FileSystemLoader(_WEB), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"exact": exact, "machine": machine, "relative": relative, "duration": duration}
    made.filters |= {"outline": outline, "pretty": pretty, "run_title": run_title}
    made.globals["value_diff"] = value_diff
    made.filters |= {"step_title": step_title, "value_text": value_text, "losses": losses}
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
