"""How many malformed declarations and seeds are reported by exact sentences, and that every sentence is complete."""

from __future__ import annotations

import re
import runpy
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent.parent
TABLES = sorted(
    str(path.relative_to(TESTS))
    for folder in ("declarations", "seeds")
    for path in (TESTS / folder).glob("test_bad_*.py")
    if path != Path(__file__)
)
WHOLE = re.compile(r"[^\n]*: [^\n]*\. [A-Z][^\n]*[.?]")
"""A place, what is wrong there, and a sentence on what to do."""


def cases(table: str) -> dict[str, tuple[Any, list[str]]]:
    """The named cases of one file."""
    found: dict[str, tuple[Any, Any]] = runpy.run_path(str(TESTS / table))["CASES"]
    return {
        case: (files, [reported] if isinstance(reported, str) else reported)
        for case, (files, reported) in found.items()
    }


def test_the_corpus_holds_at_least_five_hundred_named_cases() -> None:
    counted = Counter({table: len(cases(table)) for table in TABLES})
    assert counted.total() >= 500, counted


@pytest.mark.parametrize("table", TABLES)
def test_every_case_expects_whole_sentences_that_say_where_why_and_what_to_do(table: str) -> None:
    for case, (_, sentences) in cases(table).items():
        assert sentences, case
        for sentence in sentences:
            assert WHOLE.fullmatch(sentence), (case, sentence)
