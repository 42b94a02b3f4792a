"""Renders the pages on the server; they work without a script, and contain style and script. Called by the routes."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers

from reconciler import __version__
from reconciler.http import templates
from reconciler.http.actions import PageAction, buttons
from reconciler.http.control import Control
from reconciler.http.listing import SORTS, URGENT, ListingQuery, attention, listing
from reconciler.http.plan_view import PlanView
from reconciler.http.summary import differs, health_state, leader, sentence, visible_tables, write_block
from reconciler.http.table_data import find_table, runs_of, table_data
from reconciler.model.report import TableStatus
from reconciler.presentation.relations import relations
from reconciler.presentation.render import counts
from reconciler.runs import Outcome
from reconciler.runs.history import MAX_RECORDS

SHOWN_RUNS = 15
NAMES = ("status", "table", "confirm", "run", "runs", "settings", "problem")


class Page:
    """The compiled templates; one instance an app."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._templates = {name: templates.environment().get_template(f"{name}.html") for name in NAMES}
        self._embedded = {"style": templates.style(), "script": templates.script(), "version": __version__}

    @property
    def content_security_policy(self) -> str:
        """What the pages need, and nothing else."""
        return templates.content_security_policy()

    def render(self, more: Mapping[str, Any], query: ListingQuery, headers: Headers) -> str:
        """The status page. ``more`` may contain the ``mode``; the buttons depend on ``headers``."""
        loop_status, report = self._control.loop_status, self._control.loop_status.report
        tables = visible_tables(report)
        return self._render(
            "status",
            loop_status=loop_status,
            report=report,
            health=health_state(loop_status).value,
            sentence=sentence(loop_status),
            leader=leader(loop_status),
            write_block=write_block(loop_status),
            mode=more.get("mode") or ("observe" if report and report.observe_only else "enforce"),
            tables=tables,
            listing=listing(tables, query),
            attention=attention(tables, report.error if report else None),
            most_urgent=URGENT,
            statuses=[status.value for status in TableStatus],
            sorts=list(SORTS),
            runs=[record for record in self._control.history.newest() if not record.is_page_preview][:SHOWN_RUNS],
            differs=differs,
            relations=relations(self._control.desired()),
            buttons=buttons(self._control, headers),
        )

    def render_table(self, name: str, headers: Headers) -> str | None:
        """The page of one table; ``None`` for an unmanaged or unknown one."""
        table = find_table(self._control, name)
        if table is None:
            return None
        return self._render(
            "table",
            table=table,
            data=table_data(self._control, table.name),
            runs=runs_of(self._control, table.name),
            buttons=buttons(self._control, headers, table.name),
        )

    def render_confirmation(
        self, action: PageAction | None, tables: tuple[str, ...], plan: Outcome | None, *, waits: bool
    ) -> str:
        """The plan of ``action`` (``None`` for a preview) for these tables, empty for all."""
        report = plan.report if plan else None
        return self._render(
            "confirm",
            action=action,
            tables=tables,
            digest=plan.plan_digest if plan else None,
            report=report,
            plan_view=PlanView.of(report) if report else None,
            counts=counts(report, applied=False) if report else "",
            seeds=self._control.seeds(tables) if action is not None and action.seeds else (),
            waits=waits,
            suspended=self._control.loop_status.suspended,
            requires_token=self._control.access.requires_token,
        )

    def render_run(self, run_id: str) -> str | None:
        """The page of one run; ``None`` for an unknown or expired one."""
        record = self._control.history.find(run_id)
        return None if record is None else self._render("run", run=record)

    def render_runs(self) -> str:
        """The page of all runs, newest first."""
        return self._render("runs", runs=self._control.history.newest(MAX_RECORDS))

    def render_settings(self, rows: tuple[tuple[str, str, str], ...]) -> str:
        """Name, value and origin of every setting; secrets are redacted before they come here."""
        return self._render("settings", rows=rows)

    def render_problem(self, status: int, detail: str, request_id: str | None) -> str:
        """An error for people."""
        return self._render(
            "problem", status=status, title=HTTPStatus(status).phrase, detail=detail, request=request_id
        )

    def _render(self, name: str, **values: Any) -> str:
        return self._templates[name].render(**self._embedded, **values)
