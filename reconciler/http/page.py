"""``GET /`` and ``GET /tables/{name}``: rendered on the server, whole without a script; style and script inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler import __version__
from reconciler.http import templates
from reconciler.http.control import Control
from reconciler.http.listing import SORTS, Wish, attention, listing
from reconciler.http.summary import differs, mood, sentence, shown
from reconciler.http.table import table_data
from reconciler.model.plan import Fate
from reconciler.model.report import TableStatus
from reconciler.planning.render import value_text

SHOWN_RUNS = 15


class Page:
    """The compiled templates; one instance an app."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._status = templates.environment().get_template("status.html")
        self._table = templates.environment().get_template("table.html")
        self._embedded = {"style": templates.style(), "script": templates.script()}

    @property
    def content_security_policy(self) -> str:
        """What the pages need, and nothing else."""
        return templates.content_security_policy()

    def render(self, more: Mapping[str, Any], wish: Wish) -> str:
        """The page of this moment. ``more`` may say the ``mode``."""
        board, report = self._control.board, self._control.board.report
        tables = shown(report)
        return self._status.render(
            **self._embedded,
            board=board,
            report=report,
            mood=mood(board).value,
            sentence=sentence(board),
            mode=more.get("mode") or ("observe" if report and report.observe_only else "enforce"),
            tables=tables,
            listing=listing(tables, wish),
            attention=attention(tables),
            statuses=[status.value for status in TableStatus],
            sorts=list(SORTS),
            runs=self._control.book.newest(SHOWN_RUNS),
            differs=differs,
            blocked=lambda table: [step for step in table.steps if step.fate is Fate.BLOCKED],
            waiting=lambda table: [step for step in table.steps if step.fate is Fate.DEFERRED],
            version=__version__,
        )

    def render_table(self, name: str) -> str | None:
        """The page of one table; ``None`` for a stranger."""
        data = table_data(self._control, name)
        return None if data is None else self._table.render(**self._embedded, table=data, text=value_text)
