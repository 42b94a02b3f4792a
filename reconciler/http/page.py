"""Renders the pages on the server; they work without a script, and contain style and script. Called by the routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from markupsafe import Markup
from starlette.datastructures import Headers

from reconciler import __version__
from reconciler.http import templates
from reconciler.http.actions import PageAction, buttons
from reconciler.http.control import Control
from reconciler.http.external_links import ExternalLinks
from reconciler.http.health import liveness_problem
from reconciler.http.listing import (
    SORTS,
    URGENT,
    ListingQuery,
    attention,
    listing,
    named_like,
    of_status,
    status_counts,
)
from reconciler.http.plan_view import PlanView
from reconciler.http.problem_groups import problem_groups
from reconciler.http.since_pass import news_of
from reconciler.http.status import long_work
from reconciler.http.status_strip import status_strip
from reconciler.http.summary import (
    HealthState,
    differs,
    health_state,
    leader,
    sentence,
    shown_report,
    visible_tables,
    write_block,
)
from reconciler.http.table_data import data_of, find_table, runs_of
from reconciler.model.plan import StepStatus
from reconciler.model.report import PassReport
from reconciler.presentation.diagrams import svg
from reconciler.presentation.relations import relations
from reconciler.presentation.render import counts
from reconciler.runs import Outcome
from reconciler.runs.history import MAX_RECORDS

SHOWN_RUNS = 15
RECENT_RUNS = 3
"""Runs are executed one at a time, so one that has not ended is among the newest."""
MAX_NEIGHBOURS = 12
"""Related tables in the drawing of a table; the list of relations has all."""
NAMES = ("status", "table", "confirm", "run", "runs", "settings", "problem")


class Page:
    """The compiled templates; one instance an app."""

    def __init__(self, control: Control, links: ExternalLinks, now: Callable[[], datetime]) -> None:
        self._control = control
        self._links = links
        self._now = now
        self._templates = {name: templates.environment().get_template(f"{name}.html") for name in NAMES}
        self._embedded = {"style": templates.style(), "script": templates.script(), "version": __version__}

    @property
    def content_security_policy(self) -> str:
        """What the pages need, and nothing else."""
        return templates.content_security_policy()

    def render(self, more: Mapping[str, Any], query: ListingQuery, headers: Headers) -> str:
        """The status page. ``more`` may contain the ``mode``; the buttons depend on ``headers``."""
        self._control.look()
        loop_status, report = self._control.loop_status, self._control.loop_status.report
        shown, stale = shown_report(loop_status)
        tables = visible_tables(shown)
        named = named_like(tables, query)
        found = of_status(named, query)
        news = news_of(tables, loop_status.present)
        urgent = attention(found, shown.error if shown else None)
        stuck = liveness_problem(loop_status, self._now())
        return self._render(
            "status",
            loop_status=loop_status,
            report=report,
            health=HealthState.ERROR.value if stuck else health_state(loop_status).value,
            sentence=f"Stopped: {stuck}" if stuck else sentence(loop_status),
            stuck=stuck,
            stale=shown if stale else None,
            progress=long_work(loop_status, more),
            busy=self._busy(more),
            leader=leader(loop_status),
            write_block=write_block(loop_status),
            mode=more.get("mode") or ("observe" if report and report.observe_only else "enforce"),
            tables=tables,
            listing=listing(found, query),
            statuses=status_counts(named, query),
            named=len(named),
            groups=problem_groups(urgent, news),
            news=news,
            urgent=len(urgent),
            most_urgent=URGENT,
            sorts=list(SORTS),
            runs=[record for record in self._control.history.newest() if not record.is_page_preview][:SHOWN_RUNS],
            differs=differs,
            relations=relations(self._control.desired()),
            buttons=buttons(self._control, headers),
        )

    def render_table(self, more: Mapping[str, Any], name: str, headers: Headers) -> str | None:
        """The page of one table; ``None`` for an unmanaged or unknown one. ``more`` as for ``render``."""
        self._control.look()
        loop_status = self._control.loop_status
        shown, stale = shown_report(loop_status)
        table = find_table(shown, name)
        if table is None:
            return None
        return self._render(
            "table",
            table=table,
            report=loop_status.report,
            stale=shown if stale else None,
            news=news_of((table,), loop_status.present).get(table.name),
            data=data_of(self._control, table),
            drawing=self._drawing(table.name),
            strip=status_strip(loop_status.history.of(table.name), self._now()),
            progress=[each for each in long_work(loop_status, more) if each.table == table.name],
            busy=self._busy(more),
            endpoint=loop_status.endpoint,
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
            losing=_losing(report) if report and action is not None and action.types_stack else None,
            stack=self._control.loop_status.stack,
            environment=self._control.loop_status.environment,
            endpoint=self._control.loop_status.endpoint,
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

    def _busy(self, more: Mapping[str, Any]) -> bool:
        """Whether something is being done, so that an open page looks again without waiting for an event."""
        loop_status = self._control.loop_status
        running = any(not record.ended for record in self._control.history.newest(RECENT_RUNS))
        return loop_status.in_progress is not None or running or bool(long_work(loop_status, more))

    def _drawing(self, name: str) -> Markup | None:
        """A declared table, those it refers to and those that refer to it."""
        desired = self._control.desired()
        own = desired.named(name)
        if own is None:
            return None
        targets = {reference.table for reference in own.references}
        beside = [
            each
            for each in desired.declarations
            if each is not own
            and (each.base_name in targets or any(reference.table == own.base_name for reference in each.references))
        ]
        return Markup(svg.fragment((own, *beside[:MAX_NEIGHBOURS])))

    def _render(self, name: str, **values: Any) -> str:
        common = {**self._embedded, "now": self._now(), "links": self._links, "health": "", **values}
        return self._templates[name].render(**common)


@dataclass(frozen=True, slots=True)
class Losing:
    """What a roll-back deletes. ``uncounted`` tables have an unknown number of items."""

    tables: int
    items: int
    uncounted: int


def _losing(report: PassReport) -> Losing:
    doomed = [
        table for table in report.tables if any(s.ends_table and s.status is StepStatus.READY for s in table.steps)
    ]
    known = [table.item_count for table in doomed if table.item_count is not None]
    return Losing(len(doomed), sum(known), len(doomed) - len(known))
