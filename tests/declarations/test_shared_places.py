"""Equal maps of places are one object, and maps that differ in anything are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.declarations.document.check import checked_declaration
from reconciler.declarations.folder import FolderSource
from reconciler.declarations.formats.text.documents import read_documents
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.errors import DeclarationError
from reconciler.model.position import Position, column_of
from reconciler.parsing.shared_places import LARGEST, LAYOUTS, shared
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import SourceLocation

TABLE = """\
table_name: {name}
key_schema: [{{AttributeName: pk, KeyType: HASH}}]
attribute_definitions: [{{AttributeName: pk, AttributeType: S}}]
"""


def test_equal_maps_are_one_object() -> None:
    first = shared({("a",): Position(1, 2), ("a", 0): Position(2, 1)})
    second = shared({("a",): Position(1, 2), ("a", 0): Position(2, 1)})
    assert first is second
    assert {path: (int(place), column_of(place)) for path, place in first.items()} == {("a",): (1, 2), ("a", 0): (2, 1)}


OTHERS = {
    "another line": {("a",): Position(2, 2)},
    "another column": {("a",): Position(1, 3)},
    "no column": {("a",): 1},
    "another path": {("b",): Position(1, 2)},
    "one more": {("a",): Position(1, 2), ("b",): Position(2, 1)},
}


@pytest.mark.parametrize("case", OTHERS)
def test_maps_that_differ_are_kept_apart(case: str) -> None:
    shared({("a",): Position(1, 2)})
    found = shared(OTHERS[case])
    assert [(path, int(place), column_of(place)) for path, place in found.items()] == [
        (path, int(place), column_of(place)) for path, place in OTHERS[case].items()
    ]


def test_texts_and_paths_are_shared_as_well() -> None:
    assert shared({("a",): "012"}) is shared({("a",): "012"})
    assert shared({("a",): ("A",)}) is shared({("a",): ("A",)})


def test_a_large_map_and_one_of_many_layouts_cost_nothing() -> None:
    large = {("a", number): number for number in range(LARGEST + 1)}
    assert shared(large) is large
    kept = shared({("a",): Position(1, 2)})
    for number in range(LAYOUTS):
        shared({("other", number): number})
    assert shared({("a",): Position(1, 2)}) == kept
    assert shared({("a",): Position(1, 2)}) is not kept


def test_tables_of_one_layout_share_their_places(tmp_path: Path) -> None:
    def location(name: str) -> SourceLocation:
        text = TABLE.format(name=name).encode()
        (raw,) = read_documents(SourceFile(f"{name}.yaml", tmp_path / name, text), TemplateInputs()).declarations
        return checked_declaration(raw, None).location

    first, second = location("one"), location("two")
    assert first.lines
    assert first.lines is second.lines
    assert first.written
    assert first.written is second.written


def test_a_fault_in_one_of_two_alike_files_is_named_in_that_one(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(TABLE.format(name=name))
    FolderSource(str(tmp_path), None).load()
    (tmp_path / "two.yaml").write_text(TABLE.format(name="two").replace("KeyType: HASH", "KeyType: HOSH"))
    with pytest.raises(DeclarationError) as raised:
        FolderSource(str(tmp_path), None).load()
    assert [problem.file for problem in raised.value.problems] == ["two.yaml"]
    assert str(raised.value).startswith("two.yaml:2:")
