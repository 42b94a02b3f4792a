"""`validate` names a seed that a reader might take for a file that is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.folders import SOUND, load, problems, write

from reconciler.cli.commands.validate import _rare_seeds


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("users.ndjson", '{"pk": "a"}\n', ["seeds/users.ndjson: is the seed of users, 1 item"]),
        ("users.tsv", "pk\n", ["seeds/users.tsv: is the seed of users, 0 items"]),
        ("users.json", "[]", ["seeds/users.json: is the seed of users, 0 items"]),
        ("users.json", '[{"pk": "a"}]', []),
    ],
)
def test_a_rare_or_empty_seed_is_named(name: str, content: str, expected: list[str], tmp_path: Path) -> None:
    write(tmp_path, {"users.json": SOUND, f"seeds/{name}": content})
    assert list(_rare_seeds(load(tmp_path))) == expected


@pytest.mark.parametrize("name", ["users.tsv", "users.csv"])
def test_another_format_is_no_empty_seed(name: str, tmp_path: Path) -> None:
    write(tmp_path, {"users.json": SOUND, f"seeds/{name}": '{"pk":"a"}\n'})
    assert [str(problem) for problem in problems(tmp_path)] == [
        f"seeds/{name}:1:1: has no column of a key; expected pk. Write the names of the attributes into the first line."
    ]
