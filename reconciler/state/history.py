"""The newest runs of one scope, one small record each. A new run removes the oldest. Called by ``state_table``."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from reconciler.model.observation import Found, Observation
from reconciler.model.plan import CANCEL, Action, StepStatus
from reconciler.model.report import PassReport
from reconciler.state.attribute_values import Unreadable, encode
from reconciler.state.client import StateClient, query
from reconciler.state.fields import Fields, written_time
from reconciler.state.record_types import RUN
from reconciler.state.snapshot import understood

KEPT = 100
"""Runs that are kept."""
BATCH = 25
"""BatchWriteItem takes at most 25 requests."""
ERROR_LENGTH = 500
"""Characters of an error that are kept."""
MAX_ACTIONS = 10
"""Steps that are kept of a run, for its title; its summary counts all. Each pass reads the records of all runs."""


class History:
    """Writes and reads the ``run#`` records, newest first."""

    def __init__(self, client: StateClient, table: str, scope: str, holder: str, process: str) -> None:
        self._client = client
        self._table = table
        self._scope = scope
        self._writer = {"holder": holder, "process": process or None}
        self._own: set[str] = set()
        self._read: dict[str, Mapping[str, Any]] = {}

    def add(self, report: PassReport, token: int | None = None, found: Observation | None = None) -> None:
        """Write one run, and delete all but the newest ``KEPT``.

        ``token`` is the fencing token. Runs are never rewritten, so their tokens reveal restored records. ``found`` is
        what a pass over all tables found.
        """
        started = written_time(report.started)
        key = f"{RUN}{started}#{report.pass_id}"
        self._own.add(key)
        record = {
            "scope": self._scope,
            "record": key,
            "fence": token,
            "pass_id": report.pass_id,
            "trigger": report.trigger,
            "started": started,
            "finished": written_time(report.finished),
            "verdict": report.verdict.value,
            "wrote": report.wrote,
            "interrupted": report.interrupted or None,
            "summary": _summary(report),
            "error": report.error[:ERROR_LENGTH] if report.error else None,
            "actions": _actions(report) or None,
            "done": report.done_counts(),
            "worked": list(report.worked[:MAX_ACTIONS]) or None,
            **self._writer,
            "observation": None if found is None else _written(found),
        }
        self._client.call("PutItem", {"TableName": self._table, "Item": encode(record)})
        self._trim()

    def newest(self, limit: int) -> tuple[Mapping[str, Any], ...]:
        """Up to ``limit`` runs as plain values; times are ISO 8601 texts in UTC.

        An unreadable run decides nothing, so it raises nothing: its key and the problem are returned instead.
        """
        items = islice(query(self._client, {**self._runs(), "Limit": limit}), limit) if limit > 0 else ()
        return tuple(self._run(item) for item in items)

    def of_others(self, items: Mapping[str, Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
        """Those of ``items``, by their record, that this process did not write, as ``newest`` returns them."""
        # Runs are never rewritten, so each is decoded once.
        oldest = min(items, default="")
        self._own = {key for key in self._own if key >= oldest}
        self._read = {key: self._read.get(key) or self._run(items[key]) for key in items if key not in self._own}
        return tuple(self._read[key] for key in sorted(self._read, reverse=True))

    def _run(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            fields = understood(item)
            run: dict[str, Any] = {name: fields.text(name) for name in ("pass_id", "trigger", "verdict")}
            run |= {name: fields.time(name).isoformat(timespec="microseconds") for name in ("started", "finished")}
            run |= {"wrote": fields.flag("wrote"), "summary": fields.map_of("summary", int)}
            # Records of older releases do not say which process wrote them, what was done, nor which tables were not in
            # sync.
            run |= {name: fields.text(name) for name in ("error", "holder", "process") if name in fields}
            run |= {"interrupted": True} if "interrupted" in fields else {}
            run |= {"done": fields.map_of("done", int)} if "done" in fields else {}
            run |= {"worked": fields.texts("worked")} if "worked" in fields else {}
            run |= {"actions": fields.optional_text_lists("actions")} if "actions" in fields else {}
            run |= {"observation": _observation(fields.map("observation"))} if "observation" in fields else {}
        except Unreadable as reason:
            key = str((item.get("record") or {}).get("S", "?"))
            problem = f"The record {key} of the state table {self._table} cannot be read: {reason}"
            return {"started": key.removeprefix(RUN), "trigger": "-", "verdict": "unreadable", "error": problem}
        return run

    def _trim(self) -> None:
        """Delete the oldest runs. Keys that BatchWriteItem returns as unprocessed are deleted after the next run."""
        names = {"ProjectionExpression": "#scope, #record"}
        keys = list(islice(query(self._client, {**self._runs(), **names}), KEPT, None))
        for start in range(0, len(keys), BATCH):
            requests = [{"DeleteRequest": {"Key": key}} for key in keys[start : start + BATCH]]
            self._client.call("BatchWriteItem", {"RequestItems": {self._table: requests}})

    def _runs(self) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "KeyConditionExpression": "#scope = :scope AND begins_with(#record, :run)",
            "ExpressionAttributeNames": {"#scope": "scope", "#record": "record"},
            "ExpressionAttributeValues": encode({":scope": self._scope, ":run": RUN}),
            "ScanIndexForward": False,
        }


def _summary(report: PassReport) -> dict[str, int]:
    """The counts of the report, and how many tables ``clear`` cleared, which no report of a pass counts."""
    cleared = report.counted(Action.CLEAR, StepStatus.DONE)
    return {**report.summary(), **({Action.CLEAR.value: cleared} if cleared else {})}


def _actions(report: PassReport) -> list[list[str]]:
    """Table, action, facet and status of the steps that failed or were done, the failed ones first."""
    ended = [
        [table.name, CANCEL if step.gives_up else step.action.value, step.facet, step.status.value]
        for status in (StepStatus.FAILED, StepStatus.DONE)
        for table in report.tables
        for step in table.steps
        if step.status is status
    ]
    return ended[:MAX_ACTIONS]


def _written(found: Observation) -> dict[str, Any]:
    return {
        "covers": found.covers,
        "not_in_sync": {name: [status, *drifted] for name, (status, drifted) in found.not_in_sync.items()},
        "more": found.more,
        "unseen_since": written_time(found.unseen_since),
    }


def _observation(fields: Fields) -> Observation:
    tables = fields.map("not_in_sync")
    named: dict[str, Found] = {}
    for name in tables:
        status, *drifted = tables.texts(name) or ("",)
        named[name] = (status, tuple(drifted))
    return Observation(fields.text("covers"), named, fields.number("more"), fields.optional_time("unseen_since"))
