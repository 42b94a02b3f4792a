"""Which of several seeds of a table is used: by environment, by set, and what is said about the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.folders import SOUND, write

from reconciler.declarations.folder import FolderSource
from reconciler.model.errors import DeclarationError

ALL = (
    "seeds/users.json",
    "seeds/users.prod.json",
    "seeds/users.dev.csv",
    "seeds/demo/users.json",
    "seeds/demo/users.prod.jsonl",
    "seeds/load/users.json",
)


def folder_with(folder: Path, *paths: str, table: str = "users") -> Path:
    """A table, and seeds whose one item is their path."""
    contents = {".json": '[{{"pk": "{}"}}]', ".jsonl": '{{"pk": "{}"}}', ".csv": "pk\n{}\n"}
    write(folder, {"users.json": {**SOUND, "table_name": table}})
    return write(folder, {path: contents[Path(path).suffix].format(path) for path in paths})


def source(folder: Path, environment: str | None = None, seed_set: str | None = None) -> FolderSource:
    return FolderSource(str(folder), environment, seed_set=seed_set)


CHOICES: dict[str, tuple[tuple[str, ...], str | None, str | None, str | None]] = {
    "the plain one": (ALL, None, None, "seeds/users.json"),
    "the one of the environment": (ALL, "prod", None, "seeds/users.prod.json"),
    "the one of another environment": (ALL, "dev", None, "seeds/users.dev.csv"),
    "the plain one where the environment has none": (ALL, "test", None, "seeds/users.json"),
    "the one of the set": (ALL, None, "demo", "seeds/demo/users.json"),
    "the one of the environment in the set": (ALL, "prod", "demo", "seeds/demo/users.prod.jsonl"),
    "the plain one of the set before the environment outside": (ALL, "dev", "demo", "seeds/demo/users.json"),
    "another set": (ALL, "prod", "load", "seeds/load/users.json"),
    "the usual one where the set has none": (
        ("seeds/users.json", "seeds/demo/users.prod.json"),
        None,
        "demo",
        "seeds/users.json",
    ),
    "the only one, in a folder": (("seeds/2024/users.json",), None, None, "seeds/2024/users.json"),
    "none where it is in another set": (("seeds/load/users.json", "seeds/demo/orders.json"), None, "demo", None),
    "none where it is for another environment": (("seeds/users.prod.json",), "dev", None, None),
    "none without an environment": (("seeds/users.prod.json",), None, None, None),
    "the one of the environment alone": (("seeds/users.prod.json",), "prod", None, "seeds/users.prod.json"),
    "a set in a folder of the declarations": (
        ("shop/seeds/demo/users.json", "shop/seeds/users.json"),
        None,
        "demo",
        "shop/seeds/demo/users.json",
    ),
    "a set in a deeper folder": (
        ("seeds/demo/2024/users.json", "seeds/users.json"),
        None,
        "demo",
        "seeds/demo/2024/users.json",
    ),
}


@pytest.mark.parametrize("case", CHOICES)
def test_the_more_exact_seed_is_used(case: str, tmp_path: Path) -> None:
    paths, environment, seed_set, expected = CHOICES[case]
    (declaration,) = source(folder_with(tmp_path, *paths), environment, seed_set).load().declarations
    assert (declaration.seed.source if declaration.seed else None) == expected


def test_a_table_with_a_dot_in_its_name_keeps_its_seed(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "seeds/users.prod.json", table="users.prod")
    write(folder, {"plain.json": SOUND})
    found = {each.base_name: each.seed for each in source(folder, "prod").load().declarations}
    assert found["users"] is None
    assert found["users.prod"] is not None


BAD: dict[str, tuple[tuple[str, ...], str | None, str | None, str]] = {
    "an unknown set": (
        ALL,
        None,
        "dmo",
        "seeds: unknown seed set 'dmo'; expected demo or load. Did you mean --seed-set demo?",
    ),
    "a set that is like none": (
        ALL,
        None,
        "tests",
        "seeds: unknown seed set 'tests'; expected demo or load. Put its files into seeds/tests/.",
    ),
    "no set at all": (
        ("seeds/users.json",),
        None,
        "demo",
        "seeds: unknown seed set 'demo'; there is none. Put its files into seeds/demo/.",
    ),
    "two sets and no choice": (
        ("seeds/load/users.json", "seeds/demo/users.json"),
        None,
        None,
        "seeds/demo/users.json: is one of the seeds of users in the sets demo and load. Choose one: --seed-set demo.",
    ),
    "two files in a set": (
        ("seeds/demo/users.json", "seeds/demo/users.csv", "seeds/users.json"),
        None,
        "demo",
        "seeds/demo/users.json: duplicate seed of users; seeds/demo/users.csv is another one. Keep one of them.",
    ),
    "two files of an environment": (
        ("seeds/users.prod.json", "seeds/users.prod.csv", "seeds/users.json"),
        "prod",
        None,
        "seeds/users.prod.json: duplicate seed of users; seeds/users.prod.csv is another one. Keep one of them.",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_choice_that_cannot_be_made_is_an_error(case: str, tmp_path: Path) -> None:
    paths, environment, seed_set, expected = BAD[case]
    with pytest.raises(DeclarationError) as raised:
        source(folder_with(tmp_path, *paths), environment, seed_set).load()
    assert [str(problem) for problem in raised.value.problems] == [expected]


def test_seeds_of_other_environments_are_noted(tmp_path: Path) -> None:
    desired = source(folder_with(tmp_path, "seeds/users.json", "seeds/users.prod.json"), "dev").load()
    assert desired.warnings == ()
    assert desired.notes == ("seeds/users.prod.json: seed of users for environment prod; not read",)


def test_a_table_that_has_a_seed_in_other_environments_alone_is_a_warning(tmp_path: Path) -> None:
    desired = source(folder_with(tmp_path, "seeds/users.prd.json"), "prod").load()
    assert desired.warnings == (
        (
            "seeds/users.prd.json: seed of users for environment prd; not read, and users has none here. Name it "
            "users.prod if it is meant."
        ),
    )


def test_another_set_is_another_desired_state(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, *ALL)
    assert source(folder, None, "demo").load().digest != source(folder).load().digest
