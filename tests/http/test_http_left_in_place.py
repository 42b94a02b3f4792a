"""What is no longer declared and left in place, on the page of its table and in the JSON documents."""

from __future__ import annotations

from support.sample_reports import report, table

from reconciler.model.report import LeftInPlace

LEFT = LeftInPlace("ttl", "no longer declared, <b>left", "time_to_live: {enabled: false}", "items <i>stay")


def test_the_page_of_a_table_shows_the_line_that_removes_it(ready):
    ready.loop_status.finish(report(table("users", left_in_place=(LEFT,))))
    text = ready.get("/tables/users").text
    for part in ("no longer declared, &lt;b&gt;left", "<code>time_to_live: {enabled: false}</code>", "&lt;i&gt;stay"):
        assert part in text
    ready.loop_status.finish(report(table("users")))
    assert "no longer declared, " not in ready.get("/tables/users").text


def test_the_json_documents_contain_it(ready):
    ready.loop_status.finish(report(table("users", left_in_place=(LEFT,))))
    whole = ready.get("/api/v1/status").json["data"]["report"]["tables"][0]["left_in_place"]
    alone = ready.get("/api/v1/tables/users").json["data"]["left_in_place"]
    assert whole == alone
    assert whole[0]["remove_with"] == "time_to_live: {enabled: false}"
