"""Outside emulators, work that loses tables or items is confirmed by the name of the stack, not by a y."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from support.fake_wiring import FakeWiring
from support.reports import LOCAL, a_report, a_table, converged, in_sync, missing, removal

from reconciler.model.identity import Flavor
from reconciler.model.report import TableStatus

AWS = replace(LOCAL, url="https://dynamodb.eu-west-1.amazonaws.com", account="123456789012", flavor=Flavor.AWS)
GONE = a_table("gone", TableStatus.DRIFTED, removal(), ownership="created")


class Typed:
    """A terminal where somebody types one answer to every question."""

    def __init__(self, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.prompts: list[str] = []
        self.questions: list[str] = []
        monkeypatch.setattr("reconciler.cli.console.Console.interactive", property(lambda _: True))
        monkeypatch.setattr("typer.prompt", lambda words, **_: self.prompts.append(words) or answer)
        monkeypatch.setattr("typer.confirm", lambda words, **_: self.questions.append(words) or True)


LOSING = {
    "destroy": ("destroy --stack shop", ("destroy", ())),
    "clear": ("clear users --stack shop", ("clear", ("users",))),
    "up": ("up --stack shop", ("converge", "up", ())),
    "rebuild-index": ("rebuild-index users i --stack shop", ("rebuild_index", "users", "i", None, None)),
}


@pytest.mark.parametrize("answer", ["y", "yes", "", "other", "Shop"])
@pytest.mark.parametrize("verb", LOSING)
def test_another_answer_than_the_name_changes_nothing(
    verb: str, answer: str, cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.plan, fake.emulator = a_report(GONE, endpoint=AWS), False
    typed = Typed(answer, monkeypatch)
    line, call = LOSING[verb]
    ended = cli(line)
    assert (ended.code, call in fake.calls, typed.questions) == (1, False, [])
    assert "Type the name of the stack (shop) to confirm" in typed.prompts[0]
    assert "stack shop, environment default, at https://dynamodb.eu-west-1.amazonaws.com" in typed.prompts[0]
    assert "account 123456789012" in typed.prompts[0]
    assert "Nothing was changed." in ended.err


@pytest.mark.parametrize("verb", LOSING)
def test_the_name_of_the_stack_confirms(
    verb: str, cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.plan, fake.result, fake.emulator = a_report(GONE, endpoint=AWS), a_report(in_sync(), endpoint=AWS), False
    Typed(" shop ", monkeypatch)
    line, call = LOSING[verb]
    assert (cli(line).code, call in fake.calls) == (0, True)


@pytest.mark.parametrize("verb", ["destroy", "up", "rebuild-index"])
def test_on_an_emulator_a_y_is_enough(
    verb: str, cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.plan, fake.result = a_report(GONE), a_report(in_sync())
    typed = Typed("", monkeypatch)
    line, call = LOSING[verb]
    assert (cli(line).code, call in fake.calls, len(typed.questions), typed.prompts) == (0, True, 1, [])


def test_a_plan_that_loses_nothing_needs_no_name_on_aws(
    cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.plan, fake.result = a_report(missing(), endpoint=AWS), a_report(converged(), endpoint=AWS)
    typed = Typed("", monkeypatch)
    assert (cli("up").code, len(typed.questions), typed.prompts) == (0, 1, [])
