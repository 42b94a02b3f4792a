"""The shortest declaration of each feature is one line, is read, and declares that feature and no other."""

import re
from pathlib import Path

import pytest
from support.folders import load, write
from support.markdown import ROOT, code_blocks

from reconciler.facets import FACETS
from reconciler.model.desired import Lifecycle
from reconciler.model.table import TableSpec

PAGE = ROOT / "docs" / "reference" / "declarations.md"
BLOCKS = code_blocks(PAGE, "yaml")
ROWS = [line.split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
LINES = {row[0].strip("| `"): row[1].strip("`") for row in ROWS}
IMPLIED = {"auto_scaling": {"billing"}}


def declared(folder: Path, text: str) -> set[str]:
    (declaration,) = load(write(folder, {"tables.yaml": text})).declarations
    spec = declaration.spec
    return {name for name in TableSpec.__slots__ if getattr(spec, name) is not None} - {"name", "keys"}


@pytest.mark.parametrize("facet", LINES)
def test_a_feature_takes_one_line(facet: str, tmp_path: Path) -> None:
    assert declared(tmp_path, f"{BLOCKS[0]}{LINES[facet]}\n") == {facet} | IMPLIED.get(facet, set())


OTHER_FORMS = [(row[0].strip("| `"), form) for row in ROWS for form in re.findall(r"`(\{[^`]*\})`", row[2])]


@pytest.mark.parametrize(("facet", "form"), OTHER_FORMS, ids=[f"{facet}: {form}" for facet, form in OTHER_FORMS])
def test_every_other_form_of_a_feature_is_read(facet: str, form: str, tmp_path: Path) -> None:
    field = LINES[facet].partition(":")[0]
    assert declared(tmp_path, f"{BLOCKS[0]}{field}: {form}\n") == {facet}


def test_every_feature_that_can_be_off_says_how() -> None:
    off = {facet for facet, form in OTHER_FORMS if form == "{ enabled: false }"}
    assert off == {"stream", "sse", "ttl", "point_in_time_recovery", "kinesis_streaming"}


def test_every_feature_is_on_the_page() -> None:
    assert declared_anywhere() == {facet.name for facet in FACETS} - {"keys"}


def declared_anywhere() -> set[str]:
    return set(LINES) | {"multi_region_consistency"}


def test_the_least_is_three_lines_and_declares_nothing_but_the_key(tmp_path: Path) -> None:
    assert len(BLOCKS[0].splitlines()) == 3
    assert declared(tmp_path, BLOCKS[0]) == set()


LIFECYCLES = {
    "protect": Lifecycle(protect=True),
    "ignore_changes": Lifecycle(ignore_changes=("billing",)),
    "on_existing": Lifecycle(on_existing="observe"),
    "allow_data_loss": Lifecycle(allow_data_loss=True),
}


def test_each_member_of_lifecycle_has_an_example(tmp_path: Path) -> None:
    found = {}
    for number, block in enumerate(filter(is_lifecycle, BLOCKS)):
        (declaration,) = load(write(tmp_path / str(number), {"tables.yaml": block})).declarations
        found[block.partition("lifecycle: {")[2].partition(":")[0].strip()] = declaration.lifecycle
    assert found == LIFECYCLES
    # ``protect_as`` is no field: it is how a file of another tool says ``protect``.
    assert set(found) == set(Lifecycle.__slots__) - {"protect_as"}


def is_lifecycle(block: str) -> bool:
    return "\nlifecycle:" in block


def test_the_example_in_toml_is_read(tmp_path: Path) -> None:
    (block,) = code_blocks(PAGE, "toml")
    (declaration,) = load(write(tmp_path, {"orders.toml": block})).declarations
    assert (declaration.spec.deletion_protection, declaration.spec.tags) == (True, (("team", "shop"),))


@pytest.mark.parametrize(
    ("environment", "tags", "protected"),
    [
        (None, (("cost", "low"), ("team", "shop")), False),
        ("prod", (("cost", "high"), ("team", "shop")), True),
        ("test", (("team", "shop"),), False),
    ],
)
def test_the_example_of_overlays_is_merged(
    environment: str | None, tags: tuple[tuple[str, str], ...], protected: bool, tmp_path: Path
) -> None:
    block = next(block for block in BLOCKS if "environments:" in block)
    (declaration,) = load(write(tmp_path, {"orders.yaml": block}), environment).declarations
    assert (declaration.spec.tags, declaration.spec.deletion_protection) == (tags, protected)


@pytest.mark.parametrize("block", [block for block in BLOCKS[1:] if not is_lifecycle(block)])
def test_the_longer_examples_are_read(block: str, tmp_path: Path) -> None:
    assert len(declared(tmp_path, block)) >= 2
