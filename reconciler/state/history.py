"""The newest runs of one scope, one small record each; older ones go when a new one comes. Called by ``table``."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from reconciler.model.report import PassReport
from reconciler.state.client import StateClient, query
from reconciler.state.fields import written_time
from reconciler.state.records import RUN
from reconciler.state.wire import decode, encode

KEPT = 100
BATCH = 25
"""BatchWriteItem takes at most 25 requests."""
ERROR_LENGTH = 500


class History:
    """Writes and reads the ``run#`` records, newest first."""

    def __init__(self, client: StateClient, table: str, scope: str) -> None:
        self._client = client
        self._table = table
        self._scope = scope

    def add(self, report: PassReport) -> None:
        """Write one run and delete what is older than the newest hundred."""
        started = written_time(report.started)
        record = {
            "scope": self._scope,
            "record": f"{RUN}{started}#{report.pass_id}",
            "pass_id": report.pass_id,
            "trigger": report.trigger,
            "started": started,
            "finished": written_time(report.finished),
            "verdict": report.verdict.value,
            "wrote": report.wrote,
            "summary": report.summary(),
            "error": report.error[:ERROR_LENGTH] if report.error else None,
        }
        self._client.call("PutItem", {"TableName": self._table, "Item": encode(record)})
        self._trim()

    def newest(self, limit: int) -> tuple[Mapping[str, Any], ...]:
        """Up to ``limit`` runs as plain values; times are ISO 8601 texts in UTC."""
        items = islice(query(self._client, {**self._runs(), "Limit": limit}), limit) if limit > 0 else ()
        runs = (decode(item) for item in items)
        return tuple({name: value for name, value in run.items() if name not in ("scope", "record")} for run in runs)

    def _trim(self) -> None:
        """What is left unprocessed by the service is deleted after the next run."""
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
