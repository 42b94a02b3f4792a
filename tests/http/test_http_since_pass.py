"""Another process works on a replacement between two passes: no page gives advice of the past."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.sample_generation import COPYING
from support.sample_reports import T0, report, table

from reconciler.engine.loop_status import PresentWork
from reconciler.http.since_pass import news_of
from reconciler.model.identity import Identity
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.records import Generation, GenerationPhase, Phase, Replacement
from reconciler.model.report import TableStatus

READY = replace(COPYING, phase=GenerationPhase.READY)
MOVE = Replacement("orders", Phase.COPYING, Identity("id-1", "arn", ""), "orders-aside", (), T0, items=9, copied=4)
LATER = Step(Action.REPLACE, "keys").deferred(Reason.PRUNE_GRACE, "`reconciler up` does it now", T0)
WAITS = table("orders", TableStatus.PENDING, steps=(LATER,), drifted=("keys",))


def present(*generations: Generation, replacement: Replacement | None = None, **lease: Any) -> PresentWork:
    members: dict[str, Any] = {"leads": False, "held": False, "holder": None, **lease}
    return PresentWork(
        {each.name: each for each in generations}, {replacement.name: replacement} if replacement else {}, **members
    )


def test_the_page_shows_what_is_ready_now_instead_of_the_step_of_the_last_pass(ready):
    ready.loop_status.finish(report(WAITS))
    for path in ("/", "/tables/orders"):
        assert "<code>reconciler up</code> does it now" in ready.get(path).text
    ready.loop_status.present = present(READY)
    for path in ("/", "/tables/orders"):
        text = ready.get(path).text
        assert "Since the last pass: orders-g2 has all 1,200,000 items that orders had" in text
        assert "<code>reconciler replace orders --switch</code>" in text
    assert "does it now" not in ready.get("/").text
    ready.loop_status.finish(report(WAITS))
    assert "Since the last pass" not in ready.get("/").text, "a pass reads everything"


def test_a_table_with_news_is_not_folded_with_others(ready):
    tables = [replace(WAITS, name=name, base_name=name) for name in ("orders", "carts")]
    ready.loop_status.finish(report(*tables))
    assert "<strong>and 1 more</strong>" in ready.get("/").text
    ready.loop_status.present = present(READY)
    assert "<strong>and 1 more</strong>" not in ready.get("/").text


NEWS = {
    "it began": (None, present(COPYING), "orders is being replaced by orders-g2: copy, 0 of 1,200,000 items"),
    "it goes on": (COPYING, present(replace(COPYING, copied=7)), None),
    "it waits": (READY, present(READY), None),
    "it was paused": (COPYING, present(replace(COPYING, paused=True)), "0 of 1,200,000 items; it is paused"),
    "it was switched": (
        READY,
        present(replace(READY, phase=GenerationPhase.HOLD, switched=T0, hold=60)),
        "orders-g2 has taken the place of orders",
    ),
    "it ended": (READY, present(), "the replacement has ended"),
}


@pytest.mark.parametrize("what", NEWS)
def test_news_is_what_a_person_decides_by(what: str):
    before, now, sentence = NEWS[what]
    news = news_of([table("orders", generation=before)], now)
    assert [sentence in each.sentence for each in news.values()] == ([] if sentence is None else [True])


def test_a_replacement_in_place_is_news_too():
    [news] = news_of([table("orders")], present(replacement=MOVE)).values()
    assert news.sentence.startswith("it is being replaced with its items: copying, 4 of 9 items")
    assert news_of([table("orders", replacement=MOVE)], present(replacement=replace(MOVE, copied=5))) == {}
    [news] = news_of([table("orders", replacement=MOVE)], present()).values()
    assert news.sentence == "the replacement has ended"


def test_progress_counts_what_was_read_since(ready):
    ready.loop_status.finish(report(table("orders", generation=COPYING), table("users")))
    ready.loop_status.present = present(replace(COPYING, copied=400_000), replacement=replace(MOVE, name="users"))
    found = {each["table"]: each["done"] for each in ready.get("/api/v1/status").json["data"]["progress"]}
    assert found == {"orders": 400_000, "users": 4}


LEASES = {
    "nobody holds the lease": {},
    "nobody holds the lease; vm:7 held it last": {"holder": "vm:7"},
    "another process: vm:7": {"held": True, "holder": "vm:7"},
    "this process": {"held": True, "leads": True, "holder": "vm:9"},
}


@pytest.mark.parametrize("words", LEASES)
def test_who_leads_is_read_since(words: str, ready):
    ready.loop_status.finish(report(table(), leader=True))
    ready.loop_status.present = present(**LEASES[words])
    assert f'<dd id="leader">{words}</dd>' in ready.get("/").text
    data = ready.get("/api/v1/status").json["data"]
    other = words == "another process: vm:7"
    assert (data["leader"], data["held_by"]) == (not other, "vm:7" if other else None)
