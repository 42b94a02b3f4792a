"""The events of a report, as JSON or as messages for Slack. Pure; used by ``delivery``.

A condition is sent when it begins, not in every pass, so that a table that stays blocked for a week is one message.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.model.json_values import timestamp
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.plan import StepStatus
from reconciler.model.report import PassReport, TableStatus, Verdict
from reconciler.planning.text import printable, several

FORMAT_VERSION = "1.0"
SHOWN = 20
"""Tables that a message names; it says how many more there are."""
_SLACK_LENGTH = 3000
"""Longest text of a Slack block: https://docs.slack.dev/reference/block-kit/blocks/section-block"""
_TITLES = {
    "drift": "drift found",
    "changed": "changes applied",
    "blocked": "steps blocked",
    "failed": "failed",
    "recovered": "in sync again",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of event of one report: ``details`` has a sentence for each table that it is about."""

    kind: str
    report: PassReport
    details: tuple[tuple[str, str], ...]

    def document(self) -> dict[str, Any]:
        """The event as JSON values."""
        there = self.report.endpoint
        return {
            "format_version": FORMAT_VERSION,
            "event": self.kind,
            "at": timestamp(self.report.finished),
            "stack": self.report.stack,
            "environment": self.report.environment,
            "endpoint": None if there is None else {"url": there.url, "region": there.region, "account": there.account},
            "pass_id": self.report.pass_id,
            "trigger": self.report.trigger,
            "verdict": self.report.verdict.value,
            "summary": self.report.summary(),
            "tables": [{"name": name, "detail": detail} for name, detail in self.details],
            "error": self.report.error,
        }

    def slack(self) -> dict[str, Any]:
        """The event as a message for an incoming webhook of Slack, and of what takes the same form."""
        report = self.report
        account = (report.endpoint.account if report.endpoint else None) or "unknown"
        region = report.endpoint.region if report.endpoint else "unknown"
        title = f"{report.stack}/{report.environment}: {_TITLES[self.kind]}"
        lines = [f"*{_escaped(title)}*", _escaped(f"region {region}, account {account}")]
        lines += [f"• `{_escaped(name)}` {_escaped(detail)}" for name, detail in self.details[:SHOWN]]
        if len(self.details) > SHOWN:
            lines.append(f"… and {several(len(self.details) - SHOWN, 'more table')}")
        if report.error:
            lines.append(_escaped(report.error))
        text = "\n".join(lines)[:_SLACK_LENGTH]
        return {"text": printable(title), "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]}


class Conditions:
    """Remembers which conditions stand, so that each is told once when it begins. One for each process."""

    def __init__(self) -> None:
        self._standing: dict[str, frozenset[tuple[str, str]]] = {}
        self._was_well = True

    def events(self, report: PassReport) -> Iterator[Event]:
        """The events of a report: what is new since the report before, and what was done."""
        for kind, found in (("failed", _failed(report)), ("blocked", _blocked(report)), ("drift", _drifted(report))):
            conditions = frozenset(found)
            new = conditions - self._standing.get(kind, frozenset())
            self._standing[kind] = conditions
            if new:
                yield Event(kind, report, tuple(sorted(new)))
        done = tuple(_done(report))
        if done:
            yield Event("changed", report, done)
        is_well = report.verdict is Verdict.IN_SYNC
        if is_well and not self._was_well:
            yield Event("recovered", report, ())
        self._was_well = is_well


def body(event: Event, *, slack: bool) -> bytes:
    """The body of a request."""
    content: Mapping[str, Any] = event.slack() if slack else event.document()
    return json.dumps(content, ensure_ascii=True).encode()


def _failed(report: PassReport) -> Iterator[tuple[str, str]]:
    if report.error:
        yield "", report.error
    for problem in report.problems:
        yield "", str(problem)
    for table in report.tables:
        if table.status is TableStatus.ERROR:
            yield table.name, table.error or "failed"


def _blocked(report: PassReport) -> Iterator[tuple[str, str]]:
    for table in report.tables:
        for step in table.steps:
            if step.status is StepStatus.BLOCKED:
                reason = step.reason.value if step.reason else "blocked"
                yield table.name, f"{step.action.value} {step.facet}: {reason}: {step.message or ''}".rstrip(": ")


def _drifted(report: PassReport) -> Iterator[tuple[str, str]]:
    for table in report.tables:
        if table.status in (TableStatus.DRIFTED, TableStatus.MISSING):
            facets = ", ".join(sorted({change.facet for change in table.changes}))
            yield table.name, f"{table.status.value}{f': {facets}' if facets else ''}"


def _done(report: PassReport) -> Iterable[tuple[str, str]]:
    for table in report.tables:
        words = [f"{s.action.value} {s.facet}" for s in table.steps if s.status is StepStatus.DONE]
        if words:
            yield table.name, ", ".join(words)


def _escaped(text: str) -> str:
    """Text that Slack shows as it is: https://docs.slack.dev/messaging/formatting-message-text"""
    return printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "'")
