"""``explain``: every reason, status and rule has a text, which is that of the documents."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import explanations as script
import pytest
from support.markdown import ROOT

from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import TableStatus
from reconciler.presentation import explanations

NUMBERS = sorted(
    {code for page in (ROOT / "docs").rglob("*.md") for code in re.findall(r"^\| ([IG]\d+) \|", page.read_text(), re.M)}
)


@pytest.mark.parametrize("code", [*Reason, *StepStatus, *TableStatus, *NUMBERS])
def test_every_code_has_a_text(code: str, cli: Callable) -> None:
    ended = cli(f"explain {code}")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"{code} (")
    assert len(ended.out.splitlines()[1].strip()) > 10


def test_every_rule_of_the_service_has_a_text() -> None:
    numbers = {
        int(entry["code"].split()[1]) for entry in explanations.everything() if entry["code"].startswith("rule ")
    }
    assert numbers == set(range(1, max(numbers) + 1))
    assert max(numbers) >= 22


@pytest.mark.parametrize("spelled", ["rule 12", "12", "R12", "RULE-12"])
def test_a_rule_of_the_service_is_found_as(spelled: str, cli: Callable) -> None:
    assert cli(f"explain {spelled}").out.startswith("rule 12 (rule of the service)")


def test_a_reason_comes_with_the_conditions_that_lead_to_it(cli: Callable) -> None:
    out = cli("explain data_loss").out
    assert "It is allowed by: `reconciler up TABLE`" in out
    assert all(f"  {number}: " in out for number in ("G15", "G17", "G18", "G21"))


def test_an_unknown_code_names_similar_ones(cli: Callable) -> None:
    ended = cli("explain data_los")
    assert (ended.code, ended.out) == (1, "")
    assert "Unknown code 'data_los'. Did you mean data_loss" in ended.err


def test_without_a_code_everything_is_listed_and_as_json(cli: Callable) -> None:
    assert all(f"  {reason.value} " in cli("explain").out for reason in Reason)
    (entry, *_) = json.loads(cli("explain G15 -o json").out)["entries"]
    assert (entry["code"], entry["kind"]) == ("G15", "condition of the deletion gate")


def test_the_texts_are_those_of_the_documents() -> None:
    assert script.main(["--check"]) == 0
