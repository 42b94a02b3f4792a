"""``GET /``: the status page, rendered on the server without a script; its one stylesheet stands inside it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reconciler import __version__
from reconciler.engine.board import Board
from reconciler.http.summary import differs, mood, sentence, shown
from reconciler.model.plan import Fate

_WEB = Path(__file__).with_name("web")


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _machine(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


class Page:
    """The compiled template; one instance an app."""

    def __init__(self) -> None:
        self._style = (_WEB / "style.css").read_text(encoding="utf-8")
        environment = Environment(
            loader=FileSystemLoader(_WEB),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {"moment": _moment, "machine": _machine}
        self._template = environment.get_template("status.html")

    @property
    def content_security_policy(self) -> str:
        """Nothing is allowed but the embedded stylesheet, which is named by its hash."""
        digest = base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode()
        nothing_else = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        return f"default-src 'none'; style-src 'sha256-{digest}'; {nothing_else}"

    def render(self, board: Board, more: Mapping[str, Any]) -> str:
        """The page of this moment. ``more`` may say the ``mode``."""
        report = board.report
        return self._template.render(
            style=Markup(self._style),
            board=board,
            report=report,
            mood=mood(board).value,
            sentence=sentence(board),
            mode=more.get("mode") or ("observe" if report and report.observe_only else "enforce"),
            tables=shown(report),
            differs=differs,
            blocked=lambda table: [step for step in table.steps if step.fate is Fate.BLOCKED],
            waiting=lambda table: [step for step in table.steps if step.fate is Fate.DEFERRED],
            version=__version__,
        )
