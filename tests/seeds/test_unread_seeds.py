"""Ignored files under ``seeds/`` are reported, and one that a declared table needs is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.folders import SOUND, load, problems, write

ITEM = '{"pk": "a"}\n'
UNREAD = {
    "users.NDJSON": "Rename it to users.ndjson.",
    "users.ldjson": "Rename it to users.jsonl.",
    "users.jsonlines": "Rename it to users.jsonl.",
    "users.JSON": "Rename it to users.json.",
    "users.Csv": "Rename it to users.csv.",
    "users.json.GZ": "Rename it to users.json.gz.",
    "users.JSONL.gz": "Rename it to users.jsonl.gz.",
    "users.TSV": "Rename it to users.tsv.",
    "users.JSON.ZST": "Rename it to users.json.zst.",
    "users.json.zstd": "Unpack it, or pack it as users.json.gz.",
    "users.json.bz2": "Unpack it, or pack it as users.json.gz.",
    "users.csv.zip": "Unpack it, or pack it as users.csv.gz.",
    "users.xlsx": "Convert it, or move it out of seeds. ",
    "users.parquet": "Convert it, or move it out of seeds. ",
    "users.sql": "Convert it, or move it out of seeds. ",
    "users.txt": "Convert it, or move it out of seeds. ",
    "users.json.bak": "Convert it, or move it out of seeds. ",
    "users.json~": "Convert it, or move it out of seeds. ",
    "users": "Give it the suffix of its format, as users.json. ",
    "Users.TSV": "Rename it to Users.tsv.",
    "2024/users.ldjson": "Rename it to users.jsonl.",
    "users-prod.ldjson": "Rename it to users-prod.jsonl.",
}


@pytest.mark.parametrize("name", UNREAD)
def test_a_seed_that_a_declared_table_waits_for_is_an_error(name: str, tmp_path: Path) -> None:
    write(tmp_path, {"users.json": SOUND, f"seeds/{name}": ITEM})
    (problem,) = problems(tmp_path, "prod" if "prod" in name else None)
    assert problem.file == f"seeds/{name}"
    assert "is not read" in problem.reason
    assert "would have no seed" in problem.reason
    assert problem.remedy.startswith(UNREAD[name])


@pytest.mark.parametrize("name", ["users.ldjson", "users.NDJSON", "users.jsonlines", "users.JSON", "users.Csv"])
def test_what_the_remedy_asks_for_is_read(name: str, tmp_path: Path) -> None:
    """Renaming is all that some files need."""
    new = UNREAD[name].removeprefix("Rename it to ").removesuffix(".")
    content = {".csv": "pk\na\n", ".jsonl": ITEM, ".ndjson": ITEM, ".json": f"[{ITEM}]"}[Path(new).suffix]
    write(tmp_path, {"users.json": SOUND, f"seeds/{new}": content})
    seed = load(tmp_path).declarations[0].seed
    assert seed is not None
    assert seed.items == ({"pk": {"S": "a"}},)


@pytest.mark.parametrize(
    "name", ["orders.ldjson", "README.md", "generate.py", "notes", "deep/er/x.TSV", "usersx.json.xz", "user.JSON"]
)
def test_any_other_file_is_a_warning_that_names_it(name: str, tmp_path: Path) -> None:
    (warning,) = load(write(tmp_path, {"users.json": SOUND, f"seeds/{name}": ITEM})).warnings
    assert warning.startswith(f"seeds/{name}: is not read, because of ") or "its name has no suffix" in warning


@pytest.mark.parametrize(
    "beside",
    [
        {"seeds/users.json": "[]"},
        {"seeds/users.csv.gz": b""},
        {"users.json": {**SOUND, "seed": {"file": "seeds/other.json"}}, "seeds/other.json": "[]"},
    ],
)
def test_next_to_the_seed_in_use_it_is_a_warning(beside: dict[str, Any], tmp_path: Path) -> None:
    if "seeds/users.csv.gz" in beside:
        import gzip

        beside = {"seeds/users.csv.gz": gzip.compress(b"pk\na\n")}
    write(tmp_path, {"users.json": SOUND, "seeds/users.psv": ITEM, **beside})
    (warning,) = load(tmp_path).warnings
    assert warning.startswith("seeds/users.psv: is not read, because of its suffix .psv. ")


@pytest.mark.parametrize("name", [".users.psv", ".hidden/users.psv", ".gitkeep", "__pycache__/users.psv"])
def test_hidden_files_are_skipped(name: str, tmp_path: Path) -> None:
    assert load(write(tmp_path, {"users.json": SOUND, f"seeds/{name}": ITEM})).warnings == ()


@pytest.mark.parametrize("named", ["seeds/people.jl", "people.jl", "./people.jl"])
def test_a_declaration_that_names_such_a_file_says_why_it_is_not_read(named: str, tmp_path: Path) -> None:
    write(tmp_path, {"users.json": {**SOUND, "seed": {"file": named}}, "seeds/people.jl": ITEM})
    (problem,) = problems(tmp_path)
    assert (problem.file, problem.field) == ("users.json", "seed.file")
    assert problem.remedy == "Rename it to people.jsonl."
