"""Backups as they are declared, and every contradiction with its sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.folders import SOUND, load, sentences, write

from reconciler.model.backups import PATTERN, Backups

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no number to keep": ({"schedule": "@daily"}, "backups.keep: is required"),
    "none to keep": ({"schedule": "@daily", "keep": 0}, "backups.keep: 0 is less than 1"),
    "a schedule that is none": (
        {"schedule": "every night", "keep": 1},
        "backups.schedule: has 2 fields, not the five of cron",
    ),
    "an hour that is none": (
        {"schedule": "0 25 * * *", "keep": 1},
        "has the hour '25'; expected numbers, ranges, lists or steps within 0 to 23",
    ),
    "a name that is always the same": (
        {"schedule": "@daily", "keep": 1, "name": "nightly"},
        "backups.name: must contain {time} exactly once",
    ),
    "a name with a blank": ({"schedule": "@daily", "keep": 1, "name": "n {time}"}, "Use only a-z, A-Z, 0-9"),
    "a name too long": ({"schedule": "@daily", "keep": 1, "name": "n" * 240 + "{time}"}, "would exceed 255 characters"),
    "a field nobody knows": ({"schedule": "@daily", "keep": 1, "keeep": 1}, "backups.keeep: unknown field"),
}


@pytest.mark.parametrize("case", BAD)
def test_contradicting_options_are_reported(case: str, tmp_path: Path) -> None:
    backups, expected = BAD[case]
    (sentence,) = sentences(write(tmp_path / "app", {"users.json": {**SOUND, "backups": backups}}))
    assert expected in sentence


@pytest.mark.parametrize("name", ["backups", "Backups"])
def test_two_words_are_enough(name: str, tmp_path: Path) -> None:
    document = {**SOUND, name: {"schedule": "0 3 * * *", "keep": 7}}
    spec = load(write(tmp_path / "app", {"users.json": document})).declarations[0].spec
    assert spec.backups == Backups("0 3 * * *", 7, PATTERN)
