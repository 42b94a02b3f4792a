"""A pending deletion or replacement is shown with its data loss, its time and the way to cancel it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from support.fake_wiring import FakeWiring
from support.reports import NOON, a_report, a_table, blocked, failed, in_sync, removal, seeding, unsupported

from reconciler.http.templates import environment
from reconciler.model.change import Call, Change
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.report import TableReport, TableStatus
from reconciler.presentation.render import losses, render

WHEN = NOON + timedelta(minutes=5)
KEYS = Change("keys", "keys.0.type", "S", "N")
REPLACING = Step(Action.REPLACE, "keys", (KEYS,), Call("DeleteTable", {"TableName": "orders"}))
DELETED = (
    "every item in it is lost (about 15,505 items). "
    "To stop it, restore its declaration or run `reconciler release orders`."
)
REPLACED = (
    "it is created again as declared and seeded; every other item in it is lost (about 15,505 items). "
    "To stop it, restore its former declaration or run `reconciler release orders`."
)
LATER = "2026-11-22T12:05:00Z or later"


def graced(step: Step) -> Step:
    return step.deferred(Reason.PRUNE_GRACE, "the grace period runs", WHEN)


STEPS: dict[str, tuple[Step, tuple[str, ...]]] = {
    "a delete": (removal("orders"), (f"delete orders: {DELETED}",)),
    "a delete that waits": (graced(removal("orders")), (f"delete orders at {LATER}: {DELETED}",)),
    "a delete that is busy": (removal("orders").deferred(Reason.BUSY, "busy"), (f"delete orders: {DELETED}",)),
    "a replacement": (REPLACING, (f"replace orders: {REPLACED}",)),
    "a replacement that waits": (graced(REPLACING), (f"replace orders at {LATER}: {REPLACED}",)),
    "a delete that is blocked": (removal("orders").blocked(Reason.DATA_LOSS, "no"), ()),
    "a delete that is done": (removal("orders").done(), ()),
    "a delete that failed": (removal("orders").failed("no"), ()),
    "a replacement that is blocked": (REPLACING.blocked(Reason.DATA_LOSS, "no"), ()),
    "a seed": (seeding(), ()),
}


def going(step: Step) -> TableReport:
    return a_table("orders", TableStatus.DRIFTED, step, ownership="created", live_status="ACTIVE", item_count=15_505)


@pytest.mark.parametrize("case", STEPS)
def test_every_output_names_the_loss(case: str, cli: Callable, fake: FakeWiring) -> None:
    step, expected = STEPS[case]
    assert losses(going(step)) == expected
    fake.plan = a_report(going(step))
    outputs = [cli("status").out, cli("preview -o github").out, cli("preview -o markdown").out.replace("\\", "")]
    for out in outputs:
        assert ("is lost (" in out) is bool(expected), out
        assert all(sentence in out for sentence in expected), out
    page = environment().from_string("{% for each in table|losses %}{{ each|capital }}{% endfor %}")
    assert page.render(table=going(step)).lower() == "".join(expected).lower().replace("'", "&#39;")


def test_github_does_not_call_a_delete_a_drift(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(going(removal("orders")))
    (line,) = cli("preview -o github").out.splitlines()
    assert line.startswith("::warning file=")
    assert line.endswith(f"::delete orders: {DELETED}")


@pytest.mark.parametrize("trigger", ["destroy", "rollback"])
def test_a_destroy_does_not_call_declared_tables_undeclared(trigger: str) -> None:
    table = a_table("reviews", TableStatus.DRIFTED, removal("reviews"), declaration=None)
    lines = [text for _, text in render(a_report(table, trigger=trigger))]
    assert "- reviews" in lines
    assert "(not declared)" not in "".join(lines)
    assert "- reviews  (not declared)" in [text for _, text in render(a_report(table, trigger="preview"))]


def test_a_replacement_says_that_the_table_comes_back() -> None:
    lines = [text for _, text in render(a_report(going(REPLACING)))]
    assert any("created again as declared, and its seed is written" in line for line in lines)


def test_a_failure_is_printed_once() -> None:
    table = a_table("users", TableStatus.ERROR, seeding().failed("the table is missing"), error="the table is missing")
    assert "".join(text for _, text in render(a_report(table))).count("the table is missing") == 1


STATUS: dict[str, tuple[tuple[TableReport, ...], dict[str, object], int, str]] = {
    "in sync": ((in_sync(),), {}, 0, "In sync: 1 table as declared."),
    "a field is unsupported": ((unsupported(),), {}, 0, "In sync: 1 table as declared; 1 field unsupported."),
    "a table failed": (
        (failed(),),
        {},
        1,
        "Plan: 0 to create, 0 to update, 0 to replace, 0 to delete, 0 to seed; 1 failed.",
    ),
    "a table is blocked": (
        (blocked(),),
        {},
        0,
        "Plan: 0 to create, 0 to update, 0 to replace, 0 to delete, 0 to seed; 1 blocked.",
    ),
    "the endpoint is down": ((), {"error": "the endpoint does not answer", "endpoint": None}, 1, ""),
    "one table": ((a_table("t", TableStatus.IN_SYNC, item_count=1),), {}, 0, "In sync: 1 table as declared."),
}


@pytest.mark.parametrize("case", STATUS)
def test_the_end_of_status_agrees_with_its_code(case: str, cli: Callable, fake: FakeWiring) -> None:
    tables, members, code, last = STATUS[case]
    fake.plan = a_report(*tables, stack="shop", **members)
    ended = cli("status")
    assert (ended.code, (ended.out.splitlines() or [""])[-1]) == (code, last), ended.out
    assert ("Stack shop, environment default, at " in ended.out) is (case != "the endpoint is down")
    assert "about 1 items" not in ended.out


def test_up_on_a_suspended_stack_says_that_it_lifts_the_suspension(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(going(removal("orders")), suspended=True)
    ended = cli("up --yes")
    assert "nothing is written until `reconciler resume`" not in ended.out
    assert "is suspended; applying this plan lifts the suspension." in ended.err


def test_validate_with_github_marks_warnings_too(cli: Callable, fake: FakeWiring) -> None:
    assert cli("validate config -o github").out == "::warning::odd file\n"


@pytest.mark.parametrize("verb", ["preview", "--once", "status", "validate", "up"])
def test_an_unknown_output_is_reported_in_our_own_words(verb: str, cli: Callable, fake: FakeWiring) -> None:
    ended = cli(f"{verb} -o xml")
    assert (ended.code, "Value error" in ended.err, "'xml' is not one of" in ended.err) == (1, False, True)
