"""Tables with the same problem are one entry; whatever differs but the name keeps them apart."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.reports import removal
from support.sample_reports import T0, deferred_step, report, table, ttl_step

from reconciler.http.problem_groups import problem_groups
from reconciler.model.plan import Reason
from reconciler.model.report import TableStatus

DENIED = "DescribeTable: not authorized on {name}"


def named(*names, **fields):
    return [table(name, TableStatus.ERROR, error=DENIED.format(name=name), **fields) for name in names]


def sizes(tables):
    return [len(group.tables) for group in problem_groups(tables)]


def test_tables_that_differ_in_their_names_alone_are_one_group():
    [group] = problem_groups(named("users", "orders", "audit"))
    assert [one.name for one in group.tables] == ["users", "orders", "audit"]
    assert group.sample.name == "users"


DIFFERENT = {
    "another error": table("orders", TableStatus.ERROR, error="DescribeTable: throttled"),
    "another status": table("orders", TableStatus.DRIFTED, error=DENIED.format(name="orders")),
    "a seed that waits": named("orders", seed_pending=True)[0],
    "other facets": named("orders", drifted=("ttl",))[0],
    "a blocked step": named("orders", steps=(ttl_step().blocked(Reason.PROTECTED, "protected"),))[0],
    "another remedy": named("orders", steps=(ttl_step().blocked(Reason.PROTECTED, "protected", "allow"),))[0],
    "a step that waits": named("orders", steps=(deferred_step(),))[0],
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_a_table_with_something_of_its_own_stays_apart(case):
    blocked = named("users")
    assert sizes([*blocked, DIFFERENT[case]]) == [1, 1]


def test_two_blocked_tables_are_apart_where_their_remedies_differ():
    first, second = (ttl_step().blocked(Reason.PROTECTED, "protected", remedy) for remedy in ("a", "b"))
    assert sizes([*named("users", steps=(first,)), *named("orders", steps=(second,))]) == [1, 1]
    assert sizes([*named("users", steps=(first,)), *named("orders", steps=(first,))]) == [2]


def test_times_do_not_keep_tables_apart_and_the_earliest_is_shown():
    early, late = (deferred_step(T0 + timedelta(minutes=minutes)) for minutes in (5, 50))
    made = [
        *named("users", drift_since=T0, steps=(late,)),
        *named("orders", drift_since=T0 - timedelta(hours=1), steps=(early,)),
    ]
    [group] = problem_groups(made)
    assert group.since == T0 - timedelta(hours=1)
    assert group.not_before == T0 + timedelta(minutes=5)


def test_the_page_names_the_first_and_lists_all(ready):
    denied = named(*(f"tenant-{number:03}" for number in range(250)))
    ready.loop_status.finish(report(*denied, *named("z-own", drifted=("ttl",))))
    text = ready.get("/").text
    attention = text[text.index("Needs attention") : text.index('id="tables"')]
    assert attention.count('<li class="urgent') == 2
    assert "and 249 more" in attention
    assert "All 250 tables with this problem" in attention
    assert "50 more are" in attention
    assert 'href="/tables/tenant-199"' in attention
    assert 'href="/tables/tenant-200"' not in attention


def test_search_and_status_apply_to_what_needs_attention_too(ready):
    ready.loop_status.finish(report(*named("users", "orders"), table("fine"), table("gone", TableStatus.MISSING)))
    for query, wanted in (
        ("q=ord", {"orders"}),
        ("status=missing", {"gone"}),
        ("q=fine", set()),
        ("", {"orders", "gone"}),
    ):
        text = ready.get(f"/?{query}").text
        shown = {name for name in ("users", "orders", "gone") if f'<strong><a href="/tables/{name}"' in text}
        assert shown == wanted


def test_deletes_that_differ_in_their_numbers_of_items_alone_are_one_group():
    going = [
        table(name, TableStatus.DRIFTED, steps=(removal(name).deferred(Reason.PRUNE_GRACE, "waits"),), item_count=count)
        for name, count in (("users", 1), ("orders", 2))
    ]
    assert sizes(going) == [2]
