"""``GET /``: the status page, rendered on the server without a script; its one stylesheet stands inside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler import __version__
from reconciler.engine.board import Board
from reconciler.http import templates
from reconciler.http.summary import differs, mood, sentence, shown
from reconciler.model.plan import Fate


class Page:
    """The compiled template; one instance an app."""

    def __init__(self) -> None:
        self._template = templates.environment().get_template("status.html")

    @property
    def content_security_policy(self) -> str:
        """What the page needs, and nothing else."""
        return templates.content_security_policy()

    def render(self, board: Board, more: Mapping[str, Any]) -> str:
        """The page of this moment. ``more`` may say the ``mode``."""
        report = board.report
        return self._template.render(
            style=templates.style(),
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
