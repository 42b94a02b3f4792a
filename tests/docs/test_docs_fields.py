"""docs/reference/fields.md lists every field of a declaration, as its description has it."""

import re
from pathlib import Path

import field_reference
import pytest
from support.known_fields import TABLE_FIELDS

from reconciler.declarations.document.extras import FileFields


def test_the_page_is_what_the_descriptions_say() -> None:
    assert field_reference.main(["--check"]) == 0


def test_every_field_of_a_document_is_on_the_page_once() -> None:
    listed = re.findall(r"^\| `(\w+)(?:\[\])?` \|", field_reference.text(), re.MULTILINE)
    assert sorted(listed) == sorted([*TABLE_FIELDS.split(", "), *FileFields.model_fields])


def test_an_outdated_page_is_reported_and_can_be_regenerated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(field_reference, "PAGE", tmp_path / "fields.md")
    assert field_reference.main(["--check"]) == 1
    assert "run scripts/field_reference.py" in capsys.readouterr().err
    assert field_reference.main([]) == 0
    assert field_reference.main(["--check"]) == 0
