"""Caches the last report as JSON text. Used by ``/api/v1/status``.

A pass over thousands of tables changes few of them, so the text of an unchanged table is reused.
"""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

from reconciler.engine.loop_status import LoopStatus
from reconciler.http.summary import sentence
from reconciler.model.report import PassReport, TableReport
from reconciler.presentation.document import document, table_entry


class ReportCache:
    """Thread-safe; while one thread builds a new text, the others wait for it."""

    def __init__(self) -> None:
        self._made: tuple[PassReport | None, str] = (None, "null")
        self._said: tuple[PassReport | None, tuple[bool, bool], str] = (None, (False, False), "")
        self._tables: dict[str, tuple[TableReport, str]] = {}
        self._lock = threading.Lock()

    def sentence(self, loop_status: LoopStatus) -> str:
        """The sentence of the state, built once per report and endpoint state."""
        report, since = loop_status.report, (loop_status.endpoint_up, bool(loop_status.begun_migrations))
        cached_report, cached_since, message = self._said
        if report is None or cached_report is not report or cached_since != since:
            message = sentence(loop_status)
            self._said = (report, since, message)
        return message

    def ready(self, report: PassReport | None) -> str | None:
        """The text if it is cached, else ``None``; ``null`` before the first pass."""
        made, text = self._made
        return text if made is report else None

    def text(self, report: PassReport | None) -> str:
        """The JSON text of ``document(report)``."""
        with self._lock:
            found = self.ready(report)
            if found is None and report is not None:
                found = self._write(report)
                self._made = (report, found)
        return found or "null"

    def _write(self, report: PassReport) -> str:
        # Not orjson.Fragment: orjson refuses half a surrogate pair, which a declared tag can hold, and the route would
        # fail. 5,000 tables take 0.1 s, once for a report.
        # Verdict and summary follow from the tables, which are written one by one.
        head = document(replace(report, tables=()))
        head |= {"verdict": report.verdict.value, "summary": report.summary()}
        members = [f"{_json(name)}:{_json(value)}" for name, value in head.items() if name != "tables"]
        before, self._tables = self._tables, {}
        for table in sorted(report.tables, key=lambda table: table.name):
            known = before.get(table.name)
            same = known is not None and (known[0] is table or known[0] == table)
            self._tables[table.name] = (table, known[1] if same and known else _json(table_entry(table)))
        tables = ",".join(text for _, text in self._tables.values())
        return "{" + ",".join([*members, f'"tables":[{tables}]']) + "}"


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
