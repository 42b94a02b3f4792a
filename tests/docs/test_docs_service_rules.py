"""The page of the service's rules, the tests that hold them, and the numbers that refusals name are of one mind."""

import re
from pathlib import Path

from support.markdown import ROOT

PAGE = (ROOT / "docs" / "reference" / "service-rules.md").read_text(encoding="utf-8")
NUMBERS = [int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)]


def found(folder: Path, pattern: str) -> set[int]:
    texts = [path.read_text(encoding="utf-8") for path in folder.rglob("*.py")]
    return {int(number) for text in texts for number in re.findall(pattern, text)}


def test_the_rules_are_numbered_from_1_to_32():
    assert list(range(1, 33)) == NUMBERS


def test_every_rule_has_its_tests_and_no_other():
    assert found(ROOT / "tests" / "simulation", r"def test_rule_(\d+)_") == set(NUMBERS)


def test_every_number_that_a_refusal_names_is_on_the_page():
    named = found(ROOT / "reconciler", r"rule=(\d+)") | found(ROOT / "reconciler", r"\(rule (\d+)\)")
    assert named
    assert named <= set(NUMBERS)
