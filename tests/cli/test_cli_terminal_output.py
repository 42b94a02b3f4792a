"""What a terminal of 40, 80 and 200 columns shows, and a pipe: golden files of plans, results, status and help."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from support import golden
from support.fake_wiring import FakeWiring, Finding
from support.reports import (
    NOON,
    a_report,
    a_table,
    blocked,
    converged,
    create,
    deferred,
    drifted,
    failed,
    in_sync,
    missing,
    removal,
    seeding,
)

from reconciler.model.change import Call, Change
from reconciler.model.plan import Action, Step
from reconciler.model.report import PassReport, TableReport, TableStatus
from reconciler.presentation.layout import wrapped

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": "*"}]}
WIDER = {**POLICY, "Statement": [{**POLICY["Statement"][0], "Action": ["dynamodb:GetItem", "dynamodb:Query"]}]}  # type: ignore[dict-item]


def table_of_many(number: int) -> TableReport:
    """One of many tables that are created alike, each with a seed of its own."""
    name = f"orders-{number:03}"
    params = {
        "TableName": name,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    step = replace(create(name), call=Call("CreateTable", params))
    seed = seeding().with_message(f"2 items from seeds/{name}.json")
    return a_table(name, TableStatus.MISSING, step, seed, base_name=name, seed_pending=True)


def nested() -> TableReport:
    """A table whose policy changes, whose tags are new, and whose stream ends."""
    changes = (
        Change("resource_policy", "resource_policy", POLICY, WIDER),
        Change("tags", "tags", None, {"team": "core", "cost-center": "4711"}),
        Change("stream", "stream", {"view": "NEW_IMAGE"}, None),
    )
    step = Step(Action.UPDATE, "resource_policy", changes, Call("PutResourcePolicy", {}))
    return a_table("accounts", TableStatus.DRIFTED, step)


PLAN = a_report(
    *map(table_of_many, range(200)), nested(), drifted("users"), blocked("carts"), deferred("events"), failed("broken")
)
DONE = a_report(
    *(
        replace(table_of_many(n), status=TableStatus.IN_SYNC, steps=tuple(s.done() for s in table_of_many(n).steps))
        for n in range(200)
    ),
    converged("users"),
    blocked("carts"),
    failed("broken"),
)
ENDING = a_report(a_table("gone", TableStatus.DRIFTED, removal(), declaration=None, ownership="created"), in_sync())
WIDTHS = (40, 80, 200, None)
LINES: dict[str, tuple[str, PassReport, PassReport | None]] = {
    "preview": ("preview", PLAN, None),
    "preview-diff": ("preview --diff", a_report(table_of_many(1), nested()), None),
    "up": ("up --yes", PLAN, DONE),
    "destruction": ("preview", ENDING, None),
    "status": ("status", a_report(*PLAN.tables, in_sync("fine"), in_sync("good")), None),
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", LINES)
def test_a_terminal_shows(
    name: str, width: int | None, cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, fake.plan, result = LINES[name]
    fake.result = result or fake.result
    if width is None:
        monkeypatch.delenv("COLUMNS", raising=False)
    else:
        monkeypatch.setenv("COLUMNS", str(width))
    out = cli(line).out
    golden.matches(f"{name}-{width or 'pipe'}", out)
    assert "\x1b" not in out
    if width is not None:
        long = [text for text in out.splitlines() if len(text) > width]
        assert all(len(text.split()) <= 2 or text.lstrip().startswith("RECONCILER_") for text in long), long


@pytest.mark.parametrize("width", [40, 80, None])
def test_warnings_and_errors_are_as_wide_as_the_results(
    width: int | None, cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    if width is None:
        monkeypatch.delenv("COLUMNS", raising=False)
    else:
        monkeypatch.setenv("COLUMNS", str(width))
    warning = "orders: " + "the service keeps its changes for a day only " * 4 + "and then drops them"
    error = "the state table " + "cannot be read, which nobody would have expected, " * 4 + "see doctor"
    fake.plan = replace(a_report(drifted("users")), warnings=(warning,), error=error)
    said = cli("preview").err
    for style, sentence in (("warning", warning), ("error", error)):
        assert f"{style}: {sentence}" in (said if width is None else " ".join(said.split()))
    assert width is None or max(map(len, said.splitlines())) <= width


def test_a_value_with_members_is_never_one_line_of_json(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = PLAN
    assert not re.search(r"[\[{]\"", cli("preview").out)


def test_many_tables_with_the_same_plan_are_one_entry_and_diff_shows_each(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(*map(table_of_many, range(200)))
    folded, whole = cli("preview").out, cli("preview --diff").out
    assert "+ 200 tables: create, on demand, key pk (S); seed\n" in folded
    assert " and 194 more; --diff shows each" in folded
    assert "orders-123" not in folded
    assert whole.count("1. + create, CreateTable") == 200
    assert "2. > seed: 2 items from seeds/orders-123.json" in whole


@pytest.mark.parametrize("number", [1, 2, 3])
def test_few_tables_are_shown_one_by_one(number: int, cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(*map(table_of_many, range(number)))
    assert cli("preview").out.count("1. + create, CreateTable") == number


def test_tables_that_end_are_never_folded(cli: Callable, fake: FakeWiring) -> None:
    names = [f"old-{number}" for number in range(20)]
    fake.plan = a_report(*(a_table(name, TableStatus.DRIFTED, removal(name), declaration=None) for name in names))
    out = cli("preview").out
    assert all(f"- {name}  (not declared)\n" in out for name in names)


def test_tables_that_failed_or_lose_something_are_never_folded(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(*(failed(f"bad-{number}") for number in range(9)), *(blocked(f"b-{n}") for n in range(9)))
    out = cli("preview").out
    assert all(f"! bad-{number}  " in out for number in range(9))


@pytest.mark.parametrize("line", ["preview", "up --yes", "--once", "preview -o markdown", "seed", "destroy --yes"])
def test_every_plan_and_summary_is_headed_by_where_it_is(line: str, cli: Callable, fake: FakeWiring) -> None:
    fake.plan, fake.result = a_report(missing()), a_report(converged())
    head = "Stack default, environment default, at http://localhost:8000 (dynamodb-local, region us-east-1, account 0"
    assert head in cli(line).out


def test_a_continuation_stands_under_its_text_and_a_command_is_not_broken() -> None:
    command = "RECONCILER_DATA_LOSS=allow reconciler up orders --environment production"
    lines = [("plain", f"  1. + {'word ' * 12}end"), ("blocked", f"     allow with: {command}")]
    made = [text for _, text in wrapped(lines, 40)]
    assert made[1].startswith("         word")
    assert made[-2:] == ["     allow with:", f"       {command}"]
    assert [text for _, text in wrapped(lines, None)] == [text for _, text in lines]


def test_a_sentence_that_says_what_would_allow_a_step_is_broken_between_words() -> None:
    sentence = "lifecycle.protect: false in the declaration; or `reconciler replace orders --keep`, which keeps it"
    made = [text for _, text in wrapped([("blocked", f"     allow with: {sentence}")], 60)]
    assert made == [
        "     allow with: lifecycle.protect: false in the",
        "       declaration; or `reconciler replace orders --keep`,",
        "       which keeps it",
    ]


def test_short_results_and_findings_are_broken_between_words(
    cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    fake.findings = (Finding("endpoint", "warning", "word " * 15 + "end.", "Do this and that, and then do it again."),)
    for line in ("doctor", "resume"):
        shown = cli(line).out
        assert all(len(each) <= 50 for each in shown.splitlines()), shown
    assert len(shown.splitlines()) > 1


def test_the_results_of_up_say_what_is_left_and_how_to_allow_it(cli: Callable, fake: FakeWiring) -> None:
    fake.plan, fake.result = a_report(missing()), a_report(converged(), blocked("carts"), deferred("events", NOON))
    out = cli("up --yes").out.partition("Plan: ")[2]
    assert "+ users: created, seeded (2 items from seeds/users.json)" in out
    assert "1. ! replace keys, DeleteTable: blocked (data_loss): the table holds items" in out
    assert "allow with: RECONCILER_DATA_LOSS=allow reconciler up users" in out
    assert "keys: none" not in out


DOWN = 'DescribeTable: EndpointConnectionError: Could not connect to the endpoint URL: "http://localhost:1/"'


@pytest.mark.parametrize("line", ["preview", "--once", "status"])
def test_an_endpoint_that_is_down_is_one_error_for_all_tables(line: str, cli: Callable, fake: FakeWiring) -> None:
    names = ("carts", "orders")
    fake.plan = fake.result = a_report(*(a_table(name, TableStatus.ERROR, error=DOWN) for name in names), in_sync("ok"))
    ended = cli(line)
    assert ended.code == 1
    assert ended.out.count(DOWN) == 1
    assert "2 tables" in ended.out
    assert "carts, orders" in ended.out
    assert (cli("preview --diff").out.count(DOWN), cli("preview -o junit").out.count("<error")) == (2, 2)


def test_tables_with_errors_of_their_own_are_shown_by_themselves(cli: Callable, fake: FakeWiring) -> None:
    errors = ("AccessDenied on carts", "AccessDenied on orders")
    fake.plan = a_report(*(a_table(error[-5:], TableStatus.ERROR, error=error) for error in errors))
    out = cli("preview").out
    assert all(out.count(f"  error: {error}") == 1 for error in errors)
