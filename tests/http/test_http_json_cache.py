"""The cached JSON of a report equals the document and is rewritten only where something changed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from support.reports import NOON, a_report, a_table, create, removal, ttl_moved

from reconciler.engine.loop_status import LoopStatus
from reconciler.http import prepared
from reconciler.http.prepared import CachedReport
from reconciler.http.summary import sentence
from reconciler.model.plan import Reason
from reconciler.model.report import TableReport, TableStatus
from reconciler.presentation.document import document


def in_sync(name: str = "users") -> TableReport:
    return a_table(name, TableStatus.IN_SYNC)


def drifted(name: str = "users") -> TableReport:
    return a_table(name, TableStatus.DRIFTED, ttl_moved())


BLOCKED = a_table("audit", TableStatus.BLOCKED, removal("audit").blocked(Reason.NOT_OWNED, "not ours", "own"))
FAILED = a_table("bills", TableStatus.ERROR, create("bills").failed("refused"), error="refused")
REPORTS = {
    "nothing": a_report(),
    "in sync": a_report(in_sync()),
    "several": a_report(in_sync(), drifted("orders"), BLOCKED, FAILED),
    "half a surrogate pair": replace(a_report(a_table("t", TableStatus.ERROR, error="\ud800")), warnings=("\udfff",)),
    "an error and warnings": replace(a_report(), error='"quoted" \u2028 and\nbroken', warnings=("one", "two")),
}


@pytest.mark.parametrize("name", REPORTS)
def test_the_text_is_the_document(name: str) -> None:
    assert json.loads(CachedReport().text(REPORTS[name])) == document(REPORTS[name])


def test_before_the_first_pass_it_is_null() -> None:
    assert CachedReport().ready(None) == CachedReport().text(None) == "null"


def test_a_report_is_written_once_and_the_next_one_replaces_it() -> None:
    one, first, second = CachedReport(), a_report(in_sync()), a_report(drifted())
    assert one.ready(first) is None
    text = one.text(first)
    assert one.ready(first) is text
    assert one.text(first) is text
    assert one.ready(second) is None
    assert json.loads(one.text(second)) == document(second)


def test_of_the_next_report_only_changed_tables_are_serialised_again(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    real = prepared.table_entry

    def noted(table: object) -> object:
        written.append(table.name)  # type: ignore[attr-defined]
        return real(table)  # type: ignore[arg-type]

    monkeypatch.setattr(prepared, "table_entry", noted)
    one = CachedReport()
    one.text(a_report(in_sync("users"), in_sync("orders")))
    later = replace(a_report(in_sync("users"), drifted("orders")), finished=NOON + timedelta(hours=1))
    assert json.loads(one.text(later)) == document(later)
    assert written == ["orders", "users", "orders"]


def test_the_sentence_is_that_of_the_banner_whatever_changed_last() -> None:
    one, board = CachedReport(), LoopStatus("default", not_ready_reason="waiting for the endpoint")
    first = replace(a_report(in_sync()), endpoint_up=True)
    second, third = replace(a_report(drifted()), endpoint_up=True), replace(a_report(FAILED), endpoint_up=True)
    assert one.sentence(board) == sentence(board) == "Starting: waiting for the endpoint"
    board.not_ready_reason = "the endpoint refuses us"
    assert one.sentence(board) == sentence(board)
    messages = []
    for report in (first, second, first, third):
        board.finish(report)
        for up in (True, True, False, True):
            board.endpoint_up = up
            assert one.sentence(board) == sentence(board)
            messages.append(one.sentence(board))
    assert len(set(messages)) == 4


def test_the_sentence_is_put_together_once_for_one_state(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(prepared, "sentence", lambda board: asked.append(board) or "In sync")
    one, board = CachedReport(), LoopStatus("default")
    board.finish(a_report(in_sync()))
    for _ in range(3):
        one.sentence(board)
    assert len(asked) == 1
    board.finish(a_report(in_sync()))
    one.sentence(board)
    assert len(asked) == 2
