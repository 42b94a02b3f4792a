"""The template environment, and the stylesheet and script that each page contains."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reconciler.presentation.changes import value_text
from reconciler.presentation.render import losses, step_title, symbol
from reconciler.presentation.value_outline import outline, pretty

_WEB = Path(__file__).with_name("web")


@cache
def environment() -> Environment:
    """Autoescapes, and raises on an undefined name."""
    made = Environment(
        loader=FileSystemLoader(_WEB), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"moment": _moment, "machine": _machine, "outline": outline, "pretty": pretty}
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


def content_security_policy() -> str:
    """Allows only the embedded stylesheet and script, by their hashes, and our own events."""
    ours = f"style-src 'sha256-{_digest(style())}'; script-src 'sha256-{_digest(script())}'; connect-src 'self'"
    return f"default-src 'none'; {ours}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _machine(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
