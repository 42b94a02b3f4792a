"""The plan for people, word by word."""

from __future__ import annotations

import pytest
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
    ttl_moved,
    unsupported,
)

from reconciler.model.change import Call, Change, Hazard
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.report import LeftInPlace, PassReport, TableStatus
from reconciler.planning.text import short_seconds
from reconciler.presentation.formats import View, markdown
from reconciler.presentation.render import render, unsafe_sentences

HEADING = (
    "Stack default, environment default, at http://localhost:8000"
    " (dynamodb-local, region us-east-1, account 000000000000)"
)


def shown(report: PassReport, **how: bool) -> str:
    """The whole text; the heading, which every text has, is checked here and left out."""
    first, *rest = [text for _, text in render(report, **how)]
    assert first == HEADING
    return "\n".join(rest)


EXPECTED = {
    "everything as declared is one line": (a_report(in_sync(), in_sync("projects")), "In sync: 2 tables as declared."),
    "one table is not called tables": (a_report(in_sync()), "In sync: 1 table as declared."),
    "what is no longer declared is named with the line that removes it": (
        a_report(
            a_table(
                "users",
                TableStatus.IN_SYNC,
                left_in_place=(
                    LeftInPlace("replicas", "no longer declared, left in place", "replicas: []", "items are lost"),
                    LeftInPlace("tags.team\x1b", "no longer declared, left in place: it is not ours"),
                ),
            )
        ),
        """\
= users  table_configs/users_table.py:12
  = replicas: no longer declared, left in place; to remove it, declare `replicas: []` (items are lost)
  = tags.team\\x1b: no longer declared, left in place: it is not ours

In sync: 1 table as declared.""",
    ),
    "a missing table is created, then seeded": (
        a_report(missing()),
        """\
+ users  table_configs/users_table.py:12
  1. + create, CreateTable
       keys: none →
         attribute: pk, role: HASH, type: S
  2. > seed: 2 items from seeds/users.json

Plan: 1 to create, 0 to update, 0 to replace, 0 to delete, 1 to seed.""",
    ),
    "a change in place shows before and after": (
        a_report(drifted()),
        """\
~ users  table_configs/users_table.py:12
  1. ~ update ttl, UpdateTimeToLive
       ttl.attribute: "old" → "expires_at"

Plan: 0 to create, 1 to update, 0 to replace, 0 to delete, 0 to seed.""",
    ),
    "a blocked step says why and what would allow it": (
        a_report(blocked()),
        """\
! users  table_configs/users_table.py:12
  1. ! replace keys, DeleteTable: blocked (data_loss): the table holds items
     allow with: RECONCILER_DATA_LOSS=allow reconciler up users
       keys.0.type: "S" → "N"
       unsafe: the table would be deleted with its items

Plan: 0 to create, 0 to update, 0 to replace, 0 to delete, 0 to seed; 1 blocked.""",
    ),
    "a deferred step says until when": (
        a_report(deferred()),
        """\
… users  table_configs/users_table.py:12
  1. … update ttl, UpdateTimeToLive: deferred (busy) until 2026-11-22T12:00:00Z: index by_email is CREATING
       ttl.attribute: "old" → "expires_at"

Plan: 0 to create, 0 to update, 0 to replace, 0 to delete, 0 to seed; 1 deferred.""",
    ),
    "an unsupported field is said and is not drift": (
        a_report(unsupported()),
        """\
? users  table_configs/users_table.py:12
  1. ? update ttl, UpdateTimeToLive: unsupported: this endpoint has no tags
       ttl.attribute: "old" → "expires_at"

In sync: 1 table as declared; 1 field unsupported.""",
    ),
    "unsupported fields of one table are counted by field": (
        a_report(
            a_table(
                "users",
                TableStatus.IN_SYNC,
                ttl_moved().unsupported("this endpoint has no tags"),
                ttl_moved().unsupported("nor has it this"),
            )
        ),
        """\
? users  table_configs/users_table.py:12
  1. ? update ttl, UpdateTimeToLive: unsupported: this endpoint has no tags
       ttl.attribute: "old" → "expires_at"
  2. ? update ttl, UpdateTimeToLive: unsupported: nor has it this
       ttl.attribute: "old" → "expires_at"

In sync: 1 table as declared; 2 fields unsupported.""",
    ),
    "a table that is no longer declared is deleted": (
        a_report(a_table("gone", TableStatus.DRIFTED, removal(), declaration=None)),
        """\
- gone  (not declared)
  1. - delete, DeleteTable

Plan: 0 to create, 0 to update, 0 to replace, 1 to delete, 0 to seed.""",
    ),
    "a replacement has its own symbol": (
        a_report(a_table("users", TableStatus.DRIFTED, Step(Action.REPLACE, "keys", (), Call("DeleteTable", {})))),
        """\
-/+ users  table_configs/users_table.py:12
  1. -/+ replace keys, DeleteTable
       then: the table is created again as declared, and its seed is written if it has one

Plan: 0 to create, 0 to update, 1 to replace, 0 to delete, 0 to seed.""",
    ),
    "an error of a table stands under its name": (
        a_report(a_table("users", TableStatus.ERROR, error="DescribeTable: the answer lacks TableStatus")),
        """\
! users  table_configs/users_table.py:12
  error: DescribeTable: the answer lacks TableStatus

Plan: 0 to create, 0 to update, 0 to replace, 0 to delete, 0 to seed; 1 failed.""",
    ),
    "tables are sorted by name and all counts follow": (
        a_report(drifted("zebra"), blocked("apple"), deferred("mango", None)),
        """\
! apple  table_configs/apple_table.py:12
  1. ! replace keys, DeleteTable: blocked (data_loss): the table holds items
     allow with: RECONCILER_DATA_LOSS=allow reconciler up users
       keys.0.type: "S" → "N"
       unsafe: the table would be deleted with its items
… mango  table_configs/mango_table.py:12
  1. … update ttl, UpdateTimeToLive: deferred (busy): index by_email is CREATING
       ttl.attribute: "old" → "expires_at"
~ zebra  table_configs/zebra_table.py:12
  1. ~ update ttl, UpdateTimeToLive
       ttl.attribute: "old" → "expires_at"

Plan: 0 to create, 1 to update, 0 to replace, 0 to delete, 0 to seed; 1 blocked; 1 deferred.""",
    ),
    "a change that no step carries is shown still": (
        a_report(a_table("users", TableStatus.DRIFTED, changes=(Change("tags", "tags.team", None, "core"),))),
        """\
~ users  table_configs/users_table.py:12
       tags.team: none → "core"

Plan: 0 to create, 0 to update, 0 to replace, 0 to delete, 0 to seed.""",
    ),
    "a suspension is said before the counts": (
        a_report(drifted(), suspended=True),
        """\
~ users  table_configs/users_table.py:12
  1. ~ update ttl, UpdateTimeToLive
       ttl.attribute: "old" → "expires_at"

Suspended: nothing is written until `reconciler resume`.
Plan: 0 to create, 1 to update, 0 to replace, 0 to delete, 0 to seed.""",
    ),
}


@pytest.mark.parametrize("fact", EXPECTED)
def test_a_plan_reads(fact: str) -> None:
    report, text = EXPECTED[fact]
    assert shown(report) == text


def test_a_run_that_did_its_work_counts_what_was_done() -> None:
    assert shown(a_report(converged(), wrote=True), applied=True) == (
        "+ users  table_configs/users_table.py:12\n"
        "  1. + create, CreateTable: done\n"
        "       keys: none →\n"
        "         attribute: pk, role: HASH, type: S\n"
        "  2. > seed: done: 2 items from seeds/users.json\n"
        "\n"
        "Done: 1 created, 0 updated, 0 replaced, 0 deleted, 1 seeded."
    )


def test_a_run_over_no_declared_table_does_not_claim_in_sync() -> None:
    assert shown(a_report(), applied=True) == "Done: 0 created, 0 updated, 0 replaced, 0 deleted, 0 seeded."


def test_updates_that_follow_a_create_are_not_counted_twice() -> None:
    table = a_table("users", TableStatus.IN_SYNC, create().done(), ttl_moved().done())
    assert shown(a_report(table), applied=True).endswith("1 created, 0 updated, 0 replaced, 0 deleted, 0 seeded.")


def test_a_failed_step_is_counted_and_says_why() -> None:
    text = shown(a_report(failed()), applied=True)
    assert "  1. ~ update ttl, UpdateTimeToLive: failed: refused" in text
    assert text.endswith("Done: 0 created, 0 updated, 0 replaced, 0 deleted, 0 seeded; 1 failed.")


def test_a_run_without_permission_to_write_shows_the_plan_and_does_not_claim_in_sync() -> None:
    text = shown(a_report(missing(), observe_only=True), applied=True)
    assert text.endswith("Plan: 1 to create, 0 to update, 0 to replace, 0 to delete, 1 to seed.")


def test_diff_adds_the_request_of_each_step() -> None:
    assert shown(a_report(drifted()), diff=True).splitlines()[2:10] == [
        '       ttl.attribute: "old" → "expires_at"',
        "       {",
        '         "TableName": "users",',
        '         "TimeToLiveSpecification": {',
        '           "Enabled": true',
        "         }",
        "       }",
        "",
    ]


HOSTILE = {
    "an escape sequence": "\x1b[2Jgone",
    "a new line": "a\nPlan: 0 to create",
    "a carriage return": "a\rb",
    "a C1 control": "a\x9b31m",
    "a right-to-left override": "a\u202eb",
    "a line separator": "a\u2028b",
    "a zero-width space": "a\u200bb",
    "a lone surrogate": "a\udc80b",
    "a bell": "a\x07",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_terminal_never_obeys_what_a_declaration_or_the_service_says(what: str) -> None:
    evil = HOSTILE[what]
    step = Step(Action.UPDATE, evil, (Change("ttl", evil, evil, evil, unsafe=evil),), Call(evil, {evil: evil}))
    waiting = a_table(evil, TableStatus.ERROR, step, step.failed(evil), error=evil, declaration=evil)
    lines = render(a_report(waiting), applied=True, diff=True)
    assert all(text.isprintable() for _, text in lines)


def test_styles_follow_the_step_status_and_lines_have_no_colour() -> None:
    styles = {style for style, _ in render(a_report(missing(), blocked("b"), deferred("d", NOON)))}
    assert {"create", "seed", "blocked", "deferred", "title"} <= styles


@pytest.mark.parametrize("form", ["human", "markdown", "sentences"])
@pytest.mark.parametrize("moves", [{"keeps_items": True}, {"returns_items": True}])
def test_nothing_is_called_lost_that_a_step_keeps_or_brings_back(moves: dict[str, bool], form: str) -> None:
    """The step of an interrupted replacement has no changes of its own: they are those of the table."""
    change = Change("keys", "keys", "id", "region", Hazard.REPLACEMENT, "every item in it is lost")
    table = a_table("orders", TableStatus.DRIFTED, Step(Action.REPLACE, "table", **moves), changes=(change,))
    lines = {
        "human": [text for _, text in render(a_report(table), applied=False)],
        "markdown": [text for _, text in markdown.lines(a_report(table), View())],
        "sentences": list(unsafe_sentences(table)),
    }
    assert any("keys" in line for line in lines[form]) is (form != "sentences")
    assert [line for line in lines[form] if "lost" in line] == []


@pytest.mark.parametrize("form", ["human", "markdown", "sentences"])
def test_a_blocked_replacement_is_not_said_to_lose_the_items_that_it_would_keep(form: str) -> None:
    unsafe = "the key of a table never changes in place: the table is deleted and created again"
    change = Change("keys", "keys", "id", "region", Hazard.REPLACEMENT, f"{unsafe}, and every item in it is lost")
    step = Step(Action.REPLACE, "keys", (change,))
    for each, lost in ((step.blocked(Reason.PROTECTED, "protected"), False), (step, True)):
        table = a_table("orders", TableStatus.BLOCKED, each, changes=(change,), item_count=302)
        lines = {
            "human": [text for _, text in render(a_report(table), applied=False)],
            "markdown": [text for _, text in markdown.lines(a_report(table), View())],
            "sentences": list(unsafe_sentences(table)),
        }
        said = "\n".join(lines[form])
        assert unsafe in said
        assert ("is lost" in said) is lost
        assert ("302" in said) is (lost and form != "sentences")


@pytest.mark.parametrize("form", ["human", "markdown"])
@pytest.mark.parametrize("where", ["of the step", "of the table"])
def test_what_a_step_has_done_is_no_change_of_a_blocked_replacement(where: str, form: str) -> None:
    keys = Change("keys", "keys", "id", "region", Hazard.REPLACEMENT, "the table is created again")
    index = Change("global_indexes", "global_indexes.by_day", {"n": 1}, None)
    # The round before saw the index with another value.
    seen = Change("global_indexes", "global_indexes.by_day", {"n": 2}, None)
    done = Step(Action.UPDATE, "global_indexes", (index,)).done()
    changes = (keys, seen) if where == "of the step" else (keys,)
    blocked = Step(Action.REPLACE, "keys", changes).blocked(Reason.PROTECTED, "protected")
    table = a_table("orders", TableStatus.BLOCKED, done, blocked, changes=(keys, seen))
    human = [text for _, text in render(a_report(table), applied=True)]
    said = human if form == "human" else [text for _, text in markdown.lines(a_report(table), View())]
    assert len([line for line in said if "by_day" in line.replace("\\", "")]) == 1


def test_an_unsafe_change_is_shown_with_about_how_many_items_are_lost() -> None:
    unsafe = "the table is deleted, and every item in it is lost"
    lost = Step(Action.DELETE, "table", (Change("table", "table", "present", None, Hazard.REPLACEMENT, unsafe),))
    region = Change("replicas", "replicas.eu-west-1", "present", None, Hazard.DATA_LOSS, "the replica is deleted")
    tables = [
        a_table("many", TableStatus.DRIFTED, lost, item_count=15_505),
        a_table("unknown", TableStatus.DRIFTED, lost, item_count=0),
        a_table("blocked", TableStatus.DRIFTED, lost.blocked(Reason.DATA_LOSS, "no"), item_count=1),
        a_table("region", TableStatus.DRIFTED, Step(Action.UPDATE, "replicas", (region,)), item_count=7),
    ]
    shown = [text.strip() for _, text in render(a_report(*tables), applied=False) if "unsafe" in text]
    assert shown == [
        f"unsafe: {unsafe} (about 1 item)",
        f"unsafe: {unsafe} (about 15,505 items)",
        "unsafe: the replica is deleted",
        f"unsafe: {unsafe}",
    ]


def test_a_moment_in_a_sentence_has_no_fraction_of_a_second():
    until = NOON.replace(microsecond=123456)
    assert "deferred (busy) until 2026-11-22T12:00:00Z: index" in shown(a_report(deferred("orders", until)))


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.1234567, "0.1 s"), (5.0, "5 s"), (9.96, "10 s"), (12.345678, "12 s"), (1800, "1800 s")]
)
def test_a_duration_in_a_sentence_has_one_decimal_at_most_and_none_from_ten_seconds_on(seconds, text):
    assert short_seconds(seconds) == text


def test_a_rebuilt_index_is_one_result_of_its_two_steps() -> None:
    step = Step(Action.UPDATE, "global_indexes").done()
    table = a_table("users", TableStatus.IN_SYNC, step, step, Step(Action.UPDATE, "ttl").done())
    assert "~ users: updated global_indexes, updated ttl\n" in results(a_report(table))


def results(report: PassReport) -> str:
    """What a run says after its plan was shown, which named the stack."""
    return "\n".join(text for _, text in render(report, applied=True, results=True))


def test_results_repeat_no_field_of_the_plan() -> None:
    change = Change("ttl", "ttl.attribute", None, "gone")
    lacks = Change("stream", "stream.enabled", False, True)
    ttl = Step(Action.UPDATE, "ttl", (change,)).done()
    stream = Step(Action.UPDATE, "stream", (lacks,)).unsupported("this endpoint has no streams")
    said = results(a_report(a_table("users", TableStatus.IN_SYNC, ttl, stream)))
    assert said.splitlines()[0] == "~ users: updated ttl"
    assert "2. ? update stream" in said.splitlines()[1]
    assert "this endpoint has no streams" in said.splitlines()[1]
    assert "ttl.attribute" not in said
    assert "stream.enabled" not in said


def test_a_table_that_is_deleted_after_its_replacement_was_finished_counts_as_deleted() -> None:
    """As ``destroy`` does it with a replacement that was interrupted."""
    finished = Step(Action.REPLACE, "table", returns_items=True).done()
    deleted = Step(Action.DELETE, "table", call=Call("DeleteTable", {"TableName": "users"})).done()
    gone = a_table("users", TableStatus.IN_SYNC, finished, deleted)
    assert "0 replaced, 1 deleted" in shown(a_report(gone), applied=True)
    again = a_table("users", TableStatus.IN_SYNC, deleted, finished)
    assert "1 replaced, 0 deleted" in shown(a_report(again), applied=True)
