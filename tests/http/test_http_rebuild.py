"""A running rebuild on the page of its table and in the JSON documents."""

from __future__ import annotations

from datetime import timedelta

from support.sample_reports import T0, report, table

from reconciler.model.report import RebuildProgress

GOES_ON = RebuildProgress("by_mail", "mail2", "holding", T0, T0, T0 + timedelta(hours=1), "drops <b>by_mail</b>")


def test_the_page_of_a_table_shows_the_phase_its_times_and_the_next_phase(ready):
    ready.loop_status.finish(report(table("users", rebuild=GOES_ON)))
    text = ready.get("/tables/users").text
    for part in (
        "Index by_mail is being rebuilt as mail2",
        "holding",
        "2026-11-22 12:00:00 UTC",
        "2026-11-22 13:00:00 UTC",
    ):
        assert part in text
    assert "drops &lt;b&gt;by_mail" in text
    ready.loop_status.finish(report(table("users")))
    assert "being rebuilt" not in ready.get("/tables/users").text


def test_the_json_documents_contain_it(ready):
    ready.loop_status.finish(report(table("users", rebuild=GOES_ON)))
    whole = ready.get("/api/v1/status").json["data"]["report"]["tables"][0]["rebuild"]
    alone = ready.get("/api/v1/tables/users").json["data"]["rebuild"]
    assert whole == alone
    assert (whole["phase"], whole["until"]) == ("holding", "2026-11-22T13:00:00Z")
