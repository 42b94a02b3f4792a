"""The output formats other than human and JSON."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.fake_wiring import FakeWiring
from support.reports import (
    a_report,
    a_table,
    blocked,
    drifted,
    failed,
    in_sync,
    key_change_blocked,
    missing,
    removal,
    ttl_moved,
)

from reconciler.model.change import Call, Change, Hazard
from reconciler.model.errors import Problem
from reconciler.model.plan import Action, Step, StepStatus
from reconciler.model.report import TableStatus

PROBLEM = Problem("users_table.py", 7, "key_schema", "is empty", "Name a HASH key")


def test_jsonl_is_version_tables_summary(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(in_sync("b"), missing("a"))
    events = [json.loads(line) for line in cli("preview -o jsonl").out.splitlines()]
    assert [event["type"] for event in events] == ["version", "table", "table", "summary"]
    assert events[0] == {"type": "version", "format_version": "1.0"}
    assert [event["name"] for event in events[1:3]] == ["a", "b"]
    assert (events[3]["verdict"], events[3]["summary"]["create"]) == ("drifted", 1)


def test_jsonl_of_nothing_is_two_lines(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report()
    assert len(cli("preview -o jsonl").out.splitlines()) == 2


def test_markdown_says_that_a_table_was_deleted(cli: Callable, fake: FakeWiring) -> None:
    gone = a_table("carts", TableStatus.IN_SYNC, removal("carts").done(), declaration=None)
    kept = a_table("carts", TableStatus.DRIFTED, removal("carts"), declaration=None)
    fake.plan = fake.result = a_report(gone, kept)
    out = cli("--once -o markdown").out
    assert "| carts | deleted | - |" in out
    assert "| carts | drifted | - |" in out


UNREAD = {
    "an invalid declaration": {"problems": (PROBLEM,)},
    "a dead endpoint": {"error": "Nothing answers"},
}


@pytest.mark.parametrize("form", ["human", "markdown", "github"])
@pytest.mark.parametrize("what", UNREAD)
def test_an_error_is_no_plan_without_changes(
    what: str, form: str, cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = Path("summary.md")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    tables = [a_table("users", TableStatus.ERROR, error="Nothing answers")] if "error" in UNREAD[what] else []
    fake.plan = fake.result = a_report(*tables, **UNREAD[what])
    for command, sentence in (("preview", "No plan was made"), ("--once", "Nothing was done")):
        summary.unlink(missing_ok=True)
        ended = cli(f"{command} -o {form}")
        said = summary.read_text() if form == "github" else ended.out
        assert ended.code == 1
        assert " to create" not in said
        assert " created" not in said
        if tables or form != "human":
            assert f"{sentence} because of the error." in said


def test_a_plan_that_would_be_refused_is_shown_above_the_refusal(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(missing("users"), error="account 1 is not allowed")
    ended = cli("preview")
    assert "Plan: 1 to create" in ended.out
    assert ended.err.endswith("error: account 1 is not allowed\n")
    assert ended.code == 1


def test_markdown(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(in_sync("projects_details"), blocked())
    assert cli("preview -o markdown --desired-state app/config").out == (
        "## DynamoDB: drift (default)\n"
        "\n"
        "Stack default, environment default, at http://localhost:8000 (dynamodb-local, region us-east-1, "
        "account 000000000000)\n"
        "\n"
        "Plan: 0 to create, 0 to update, 0 to replace, 0 to delete, 0 to seed; 1 blocked.\n"
        "\n"
        "| table | status | declaration |\n"
        "|---|---|---|\n"
        r"| projects\_details | in_sync | app/config/table\_configs/projects\_details\_table.py:12 |"
        "\n"
        r"| users | blocked | app/config/table\_configs/users\_table.py:12 |"
        "\n"
        "\n"
        "### users\n"
        "\n"
        r"- `!` replace keys `DeleteTable`: blocked (data\_loss): the table holds items"
        "\n"
        r"  - allow with: RECONCILER\_DATA\_LOSS=allow reconciler up users"
        "\n"
        '  - keys.0.type: "S" → "N"\n'
        "    - **unsafe:** the table would be deleted with its items\n"
    )


def test_markdown_says_how_many_items_a_table_had_that_was_deleted(cli: Callable, fake: FakeWiring) -> None:
    change = Change("table", "table", "present", None, unsafe="every item is lost", hazard=Hazard.REPLACEMENT)
    step = replace(removal("carts"), changes=(change,)).done()
    gone = a_table("carts", TableStatus.IN_SYNC, step, declaration=None, item_count=1)
    fake.plan = fake.result = a_report(gone)
    assert "**unsafe:** every item is lost (about 1 item)" in cli("--once -o markdown").out


def test_markdown_shows_each_change_below_its_own_step(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(missing("made"), a_table("users", TableStatus.DRIFTED, *index_renamed()))
    out = cli("preview -o markdown").out
    assert (
        "- `+` create `CreateTable`\n"
        "  - keys: none →\n"
        "    ```yaml\n"
        "    attribute: pk, role: HASH, type: S\n"
        "    ```\n"
        "- `>` seed: 2 items from seeds/users.json\n"
    ) in out
    assert out.endswith(
        r"- `~` update global\_indexes `UpdateTable`"
        "\n"
        r'  - global\_indexes.by\_a: "a" → none'
        "\n"
        r"    - **unsafe:** readers of by\_a are interrupted"
        "\n"
        r"- `~` update global\_indexes `UpdateTable`"
        "\n"
        r'  - global\_indexes.by\_b: none → "b"'
        "\n"
    )


def test_markdown_shows_a_change_that_no_step_closes(cli: Callable, fake: FakeWiring) -> None:
    left = Change("sse", "sse.key", "a", "b", unsafe="items become unreadable")
    table = a_table("users", TableStatus.DRIFTED, ttl_moved(), changes=(*ttl_moved().changes, left))
    fake.plan = a_report(table)
    assert cli("preview -o markdown").out.endswith(
        "- `~` update ttl `UpdateTimeToLive`\n"
        '  - ttl.attribute: "old" → "expires\\_at"\n'
        '- sse.key: "a" → "b"\n'
        "  - **unsafe:** items become unreadable\n"
    )


@pytest.mark.parametrize("form", ["human", "markdown", "github", "junit", "sarif"])
def test_every_form_says_why_a_change_is_unsafe(form: str, cli: Callable, fake: FakeWiring) -> None:
    ends = replace(key_change_blocked(), status=StepStatus.READY, reason=None, message=None, allow_with=None)
    fake.plan = a_report(
        a_table("users", TableStatus.DRIFTED, *index_renamed()),
        blocked("orders"),
        a_table("carts", TableStatus.DRIFTED, ends),
    )
    out = cli(f"preview -o {form}").out.replace("\\_", "_")
    assert out.count("readers of by_a are interrupted") == 1
    assert out.count("the table would be deleted with its items") == 2


def index_renamed() -> tuple[Step, ...]:
    """The two steps that rename an index: the first interrupts its readers."""
    removed = Change("global_indexes", "global_indexes.by_a", "a", None, unsafe="readers of by_a are interrupted")
    added = Change("global_indexes", "global_indexes.by_b", None, "b")
    return tuple(
        Step(Action.UPDATE, "global_indexes", (each,), Call("UpdateTable", {"TableName": "users"}))
        for each in (removed, added)
    )


def test_markdown_of_a_hostile_name_stays_text(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(a_table("a|b<img src=x>", TableStatus.ERROR, error="[click](http://x)\n# big"))
    out = cli("preview -o markdown").out
    assert r"a\|b\<img src=x\>" in out
    assert "\n# big" not in out


def test_github_marks_the_declaration_and_appends_a_summary(
    cli: Callable, fake: FakeWiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    fake.plan = a_report(failed("a"), blocked("b"), drifted("c"), in_sync("d"))
    refusal = "the table holds items. Allow with: RECONCILER_DATA_LOSS=allow reconciler up users."
    refusal += " Unsafe: the table would be deleted with its items."
    ended = cli("preview -o github --desired-state config")
    assert ended.out.splitlines() == [
        "::error file=config/table_configs/a_table.py,line=12::a: UpdateTimeToLive: refused",
        f"::warning file=config/table_configs/b_table.py,line=12::b: replace blocked: {refusal}",
        "::warning file=config/table_configs/c_table.py,line=12::c: drifted: update ttl",
    ]
    assert summary.read_text().startswith("before\n## DynamoDB: error")


def test_github_escapes_what_would_end_a_command(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(a_table("t", TableStatus.ERROR, error="100%\n::error::fake", declaration="a,b:c.py:3"))
    assert cli("preview -o github --desired-state x").out == (
        "::error file=x/a%2Cb%3Ac.py,line=3::t: 100%25%0A::error::fake\n"
    )


def test_github_shows_at_most_nine_and_says_how_many_more(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(*(drifted(f"t{number:02}") for number in range(20)))
    lines = cli("preview -o github").out.splitlines()
    assert len(lines) == 10
    assert lines[-1] == "::notice::11 more; the job summary lists all."


def test_junit_has_a_case_a_table(cli: Callable, fake: FakeWiring) -> None:
    pending = a_table("pending", TableStatus.IN_SYNC, seed_pending=True)
    fake.plan = a_report(failed("bad"), drifted("off"), in_sync("good"), pending)
    suite = ET.fromstring(cli("preview -o junit").out)
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "2", "1")
    verdicts = {case.get("name"): [child.tag for child in case] for case in suite.iter("testcase")}
    assert verdicts == {"bad": ["error"], "off": ["failure"], "good": [], "pending": ["failure"]}
    assert 'ttl.attribute: "old" → "expires_at"' in (suite.findtext("testcase[@name='off']/failure") or "")


def test_junit_survives_characters_that_xml_forbids(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(a_table("t\x00\x1b<&", TableStatus.ERROR, error="\x0b\ud800"))
    suite = ET.fromstring(cli("preview -o junit").out)
    assert suite.find("testcase").get("name") == r"t\x00\x1b<&"  # type: ignore[union-attr]


def test_junit_is_headed_by_where_the_tables_are(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(in_sync())
    suite = ET.fromstring(cli("preview -o junit").out)
    assert suite[0].tag == "properties", "the schema has them first"
    assert {each.get("name"): each.get("value") for each in suite[0]} == {
        "stack": "default",
        "environment": "default",
        "endpoint": "http://localhost:8000",
        "flavor": "dynamodb-local",
        "region": "us-east-1",
        "account": "000000000000",
    }


FORMS = ["json", "jsonl", "markdown", "github", "junit"]


@pytest.mark.parametrize("form", FORMS)
def test_a_broken_desired_state_is_reported_in_every_form(form: str, cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(problems=(PROBLEM,))
    ended = cli(f"preview -o {form}")
    assert ended.code == 1
    assert "is empty" in ended.out
    assert "users_table.py:7: key_schema: is empty. Name a HASH key" in ended.err


@pytest.mark.parametrize("verb", ["release users", "suspend", "resume", "schema", "init", "doctor", "healthcheck"])
def test_a_form_that_a_command_does_not_have_is_a_usage_error(verb: str, cli: Callable, fake: FakeWiring) -> None:
    ended = cli(f"{verb} -o junit")
    assert (ended.code, ended.out, fake.calls) == (1, "", [])
    assert f"--output: invalid value 'junit' for {verb.split(maxsplit=1)[0]}; expected human or json." in ended.err


@pytest.mark.parametrize(
    ("line", "colored"),
    [
        ("preview", False),
        ("preview --color never", False),
        ("preview --color always", True),
        ("--color always preview", True),
    ],
)
def test_colour_only_where_asked_for_off_a_terminal(line: str, colored: bool, cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(missing())
    assert ("\x1b[" in cli(line).out) is colored
