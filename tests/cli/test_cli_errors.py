"""Errors: one sentence on standard error, exit code 1, a document where a document was asked for."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable

import pytest
from support.fake_wiring import FakeWiring

from reconciler.model.errors import (
    DeclarationError,
    Problem,
    SettingsError,
    StateError,
    Unreachable,
    UsageError,
)

PROBLEMS = (
    Problem("users_table.py", 7, "key_schema", "is empty", "Name a HASH key."),
    Problem("seeds/users.json", None, None, "is not JSON", "Mend it."),
)
CONNECTED = ["--once", "preview", "up --yes", "destroy --yes", "seed", "clear", "status", "release t", "doctor", ""]
REFUSALS: dict[str, Callable[[], Exception]] = {
    "the endpoint is down": lambda: Unreachable("ListTables", "EndpointConnectionError", "no answer"),
    "the state table is refused": lambda: StateError("CreateTable on arn:x is refused"),
    "an unknown table": lambda: UsageError("no table is called x; known are users"),
    "a setting of the wiring": lambda: SettingsError("the extra embedded is not installed"),
}


@pytest.mark.parametrize("line", CONNECTED)
@pytest.mark.parametrize("what", REFUSALS)
def test_a_refusal_is_one_sentence(what: str, line: str, cli: Callable, fake: FakeWiring) -> None:
    fake.raises = REFUSALS[what]
    ended = cli(line)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == f"error: {REFUSALS[what]()}\n"


@pytest.mark.parametrize("line", ["--once", "preview", "up --yes", "validate"])
def test_every_problem_of_the_declarations_is_reported(line: str, cli: Callable, fake: FakeWiring) -> None:
    fake.raises = lambda: DeclarationError(PROBLEMS)
    ended = cli(line)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines() == [
        "error: desired_state/users_table.py:7: key_schema: is empty. Name a HASH key.",
        "error: desired_state/seeds/users.json: is not JSON. Mend it.",
    ]


@pytest.mark.parametrize("line", ["--once", "preview", "up --yes"])
def test_with_json_the_problems_are_a_document_too(line: str, cli: Callable, fake: FakeWiring) -> None:
    fake.raises = lambda: DeclarationError(PROBLEMS)
    document = json.loads(cli(f"{line} -o json").out)
    assert (document["verdict"], document["tables"]) == ("error", [])
    assert document["errors"][0] == {
        "file": "users_table.py",
        "line": 7,
        "column": None,
        "field": "key_schema",
        "reason": "is empty",
        "remedy": "Name a HASH key.",
    }


def test_with_json_another_error_is_a_document_too(cli: Callable, fake: FakeWiring) -> None:
    fake.raises = REFUSALS["the endpoint is down"]
    assert json.loads(cli("preview -o json").out)["error"] == "ListTables: EndpointConnectionError: no answer"


def test_validate_with_json_lists_the_problems(cli: Callable, fake: FakeWiring) -> None:
    fake.raises = lambda: DeclarationError(PROBLEMS)
    ended = cli("validate -o json")
    answer = json.loads(ended.out)
    assert (ended.code, answer["valid"], len(answer["errors"])) == (1, False, 2)


def test_validate_with_github_marks_the_lines(cli: Callable, fake: FakeWiring) -> None:
    fake.raises = lambda: DeclarationError(PROBLEMS)
    assert cli("validate config -o github").out.splitlines()[0] == (
        "::error file=config/users_table.py,line=7::key_schema: is empty. Name a HASH key."
    )


def test_a_bug_is_one_sentence_and_its_traceback_only_with_v(cli: Callable, fake: FakeWiring) -> None:
    fake.raises = lambda: ZeroDivisionError("division\nby zero")
    ended = cli("preview")
    assert ended.code == 1
    assert ended.err == (
        "error: Unexpected ZeroDivisionError: division by zero. Run it again with -v for the traceback.\n"
    )
    assert "Traceback" in cli("preview -v").err


def test_a_hostile_message_moves_no_cursor(cli: Callable, fake: FakeWiring) -> None:
    fake.raises = lambda: StateError("bad \x1b[2J\r name")
    assert "\x1b" not in cli("preview").err


USAGE = {
    "an unknown verb": ("prevew", "Did you mean 'preview'?"),
    "an unknown option": ("preview --dif", "No such option: --dif"),
    "an option without its value": ("preview --interval", "requires an argument"),
    "an unknown form": ("preview -o yaml", "is not one of"),
    "a setting that is malformed": ("preview --interval 5x", "--interval: invalid value '5x'; expected a duration"),
    "a word too many": ("status users", "unexpected extra argument"),
    "an option of another verb": ("status --once", "No such option: --once"),
    "two endpoints": ("preview --embedded --endpoint-url http://h:1", "exclude each other"),
}


@pytest.mark.parametrize("what", USAGE)
def test_a_usage_error_is_1_never_2(what: str, cli: Callable, fake: FakeWiring) -> None:
    line, words = USAGE[what]
    ended = cli(line)
    assert (ended.code, ended.out, fake.calls) == (1, "", [])
    assert words in ended.err


SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143}


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_unwinds_and_gives_its_code(number: signal.Signals, cli: Callable, fake: FakeWiring) -> None:
    def arrives() -> Exception:
        signal.raise_signal(number)
        return AssertionError("the signal was ignored")

    fake.raises = arrives
    former = signal.getsignal(signal.SIGTERM)
    assert cli("preview").code == SIGNALS[number]
    assert signal.getsignal(signal.SIGTERM) is former


@pytest.mark.parametrize(("flags", "level"), [("", 30), ("-v", 10), ("-q", 40), ("--log-level info", 20)])
def test_the_log_of_a_one_shot_command_is_quiet_unless_asked(flags: str, level: int, cli: Callable) -> None:
    import logging

    cli(f"preview {flags}")
    assert logging.getLogger().level == level
