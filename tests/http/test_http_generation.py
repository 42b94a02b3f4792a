"""A replacement beside its table, on the page of the table and in the JSON documents."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.sample_generation import COPYING, MINUTE
from support.sample_reports import T0, report, table

from reconciler.model.records import CopyEngine, CopyJob, GenerationPhase


def show(ready, generation):
    ready.loop_status.finish(report(replace(table("orders"), generation=generation)))
    return ready.get("/tables/orders").text


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("scan", "a Scan"),
        ("bulk", "an export to S3 and a bulk put (engine bulk)"),
        ("import", "an export to S3 and an import (engine import)"),
    ],
)
def test_the_page_of_a_table_says_what_copies_the_items(ready, engine: CopyEngine, words: str):
    text = show(ready, replace(COPYING, engine=engine, jobs=()))
    assert f'copied by <span id="engine">{words}</span>' in text
    assert 'id="jobs"' not in text


def test_it_shows_each_job_with_its_state_items_bytes_and_times(ready):
    text = show(ready, COPYING)
    body = text.split('id="jobs"')[1].split("<tbody")[1].split("</tbody>")[0]
    export, loaded = body.split("<tr ")[1:]
    for part in ("Export to S3", "done", "1,200,000", "34,000,000", "12:00:00 UTC", "12:05:00 UTC"):
        assert part in export
    for part in ("Import", "running", "not reported yet", "17,000,000", "12:06:00 UTC", "still running"):
        assert part in loaded


def test_it_shows_how_far_the_copy_is(ready):
    text = show(ready, replace(COPYING, engine="scan", copied=400_000, replayed=7, jobs=()))
    assert "400,000 of 1,200,000 items copied, 7 changes repeated" in text


def test_items_that_were_refused_are_counted_beside_the_others(ready):
    refused = CopyJob("import", "done", 1_199_998, 34_000_000, 2, T0, T0 + MINUTE)
    assert "1,199,998, 2 refused" in show(ready, replace(COPYING, jobs=(refused,)))


def test_what_the_service_does_not_tell_of_a_failed_job_is_not_made_up(ready):
    text = show(ready, replace(COPYING, jobs=(CopyJob("bulk", "failed"),)))
    row = text.split('id="jobs"')[1].split("<tbody")[1].split("</tr>")[0]
    assert "Bulk put" in row
    assert row.count("not reported") == 4
    assert ">0<" not in row


def test_the_json_documents_have_the_same(ready):
    show(ready, COPYING)
    whole = ready.get("/api/v1/status").json["data"]["report"]["tables"][0]["generation"]
    alone = ready.get("/api/v1/tables/orders").json["data"]["generation"]
    assert whole == alone
    assert whole["engine"] == "import"
    assert whole["jobs"][1] == {
        "kind": "import",
        "state": "running",
        "items": 0,
        "bytes": 17_000_000,
        "refused": 0,
        "started": "2026-11-22T12:06:00Z",
        "ended": None,
    }


def progress(ready, **changes):
    generation = replace(COPYING, engine="scan", jobs=(), **changes)
    name = generation.current
    ready.loop_status.finish(report(replace(table(name), generation=generation)))
    return ready.get("/api/v1/status").json["data"]["progress"]


def test_only_the_copy_counts_items(ready):
    [entry] = progress(ready, copied=400_000)
    assert (entry["what"], entry["done"], entry["total"]) == ("replacement by orders-g2, copy", 400_000, 1_200_000)
    [entry] = progress(ready, phase=GenerationPhase.VERIFY, copied=1_200_000)
    assert (entry["what"], entry["done"], entry["total"]) == ("replacement by orders-g2, verify", 0, None)


def test_after_the_switch_the_new_table_is_not_replaced_by_itself(ready):
    [entry] = progress(ready, phase=GenerationPhase.FINISH)
    assert (entry["table"], entry["what"]) == ("orders-g2", "replacement of orders, finish")


@pytest.mark.parametrize("phase", [GenerationPhase.READY, GenerationPhase.HOLD])
def test_what_waits_for_a_person_or_the_end_of_the_hold_is_not_in_progress(ready, phase: GenerationPhase):
    assert progress(ready, phase=phase) == []
    assert "In progress" not in ready.get("/").text


def test_a_switch_that_a_person_asked_for_is_in_progress(ready):
    [entry] = progress(ready, phase=GenerationPhase.READY, switch=True)
    assert entry["what"] == "replacement by orders-g2, ready"
