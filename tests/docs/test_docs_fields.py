"""docs/reference/fields.md lists every field of a declaration, as its description has it."""

import re
from pathlib import Path

import field_reference
import pytest
from support.folders import load, write
from support.known_fields import TABLE_FIELDS

from reconciler.declarations.document.extras import FileFields


def test_the_page_is_what_the_descriptions_say() -> None:
    assert field_reference.main(["--check"]) == 0


def test_every_field_of_a_document_is_on_the_page_once() -> None:
    listed = re.findall(r"^\| `(\w+)(?:\[\])?` \|", field_reference.text(), re.MULTILINE)
    assert sorted(listed) == sorted([*TABLE_FIELDS.split(", "), *FileFields.model_fields])


def test_the_examples_are_declarations_and_every_field_has_one(tmp_path: Path) -> None:
    text = field_reference.EXAMPLES.read_text(encoding="utf-8")
    seed = '[{"customer": "ada", "placed_at": "2026-01-01"}]'
    found = load(write(tmp_path, {"examples.yaml": text, "seeds/orders.json": seed})).declarations
    assert len(found) == len(field_reference.documents())
    with pytest.raises(LookupError, match=r"no example of time_to_live\.atribute"):
        field_reference.example("time_to_live.atribute")
    assert field_reference.example("tags[].key") == "`team`"


def test_an_outdated_page_is_reported_and_can_be_regenerated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(field_reference, "PAGE", tmp_path / "fields.md")
    assert field_reference.main(["--check"]) == 1
    assert "run scripts/field_reference.py" in capsys.readouterr().err
    assert field_reference.main([]) == 0
    assert field_reference.main(["--check"]) == 0
