"""Writes docs/reference/fields.md from the fields' descriptions; ``--check`` compares it. ``reference`` calls it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.declarations.document.extras import ExtraFields, FileFields, TableNameFields
from reconciler.declarations.document.field_model import Aliases, FieldModel, marker_of
from reconciler.declarations.document.table_document import is_list, nested_model
from reconciler.declarations.features import FEATURES
from reconciler.parsing.source_location import camel

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "fields.md"
OPENING = """# Fields of a declaration

Written by `scripts/field_reference.py` from the descriptions in `reconciler/declarations/features/`. Every field may
also be written in CamelCase, as AWS spells it. [Declarations](declarations.md) has the shortest declaration of each
feature.
"""
HEAD = "| field | meaning |\n|---|---|\n"


def text() -> str:
    """The whole page."""
    extras = [*_rows(TableNameFields), *_rows(ExtraFields), *_rows(FileFields)]
    sections = [f"## Name and handling of the table\n\n{HEAD}{''.join(extras)}"]
    for feature in FEATURES:
        sections.append(f"## `{feature.name}`\n\n{HEAD}{''.join(_rows(feature.fields))}")
    return "\n".join([OPENING, *sections])


def _rows(model: type[FieldModel], path: str = "") -> Iterator[str]:
    """A row for each field that the model itself defines, followed by those of its members."""
    for name, info in model.model_fields.items():
        if name not in model.__annotations__:
            continue
        also, part = marker_of(info, Aliases), nested_model(info.annotation)
        words = [f"`{word}`" for word in (also.names if also else ()) if word != camel(name)]
        meaning = " ".join([info.description or "", *([f"Also written {', '.join(words)}."] if words else [])])
        by_name = part is not None and "dict[" in str(info.annotation)
        here = f"{path}{name}{'[]' if part is not None and is_list(info.annotation) and not by_name else ''}"
        yield f"| `{here}` | {meaning} |\n"
        here += ".NAME" if by_name else ""
        if part is not None:
            yield from _rows(part, f"{here}.")


def main(arguments: Sequence[str]) -> int:
    """Write the page, or say whether it is as it should be."""
    if "--check" not in arguments:
        PAGE.write_text(text(), encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text():
        return 0
    print(f"{PAGE.name} is out of date: run scripts/field_reference.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
