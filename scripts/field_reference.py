"""Writes docs/reference/fields.md from the fields' descriptions; ``--check`` compares it. ``reference`` calls it."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from reconciler.declarations.document.extras import ExtraFields, FileFields, TableNameFields
from reconciler.declarations.document.field_model import Aliases, FieldModel, marker_of
from reconciler.declarations.document.table_document import is_list, nested_model
from reconciler.declarations.features import FEATURES
from reconciler.parsing.source_location import camel

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "fields.md"
EXAMPLES = PAGE.with_name("examples.yaml")
LONGEST = 60
"""Characters of an example that fits into its cell; a longer one is shown by its members."""
OPENING = """# Fields of a declaration

Written by `scripts/field_reference.py` from the descriptions in `reconciler/declarations/features/`. Every field may
also be written in CamelCase, as AWS spells it. [Declarations](declarations.md) has the shortest declaration of each
feature; the last section of this page has all examples together.
"""
HEAD = "| field | example | meaning |\n|---|---|---|\n"


def text() -> str:
    """The whole page."""
    extras = [*_rows(TableNameFields), *_rows(ExtraFields), *_rows(FileFields)]
    sections = [f"## Name and handling of the table\n\n{HEAD}{''.join(extras)}"]
    for feature in FEATURES:
        sections.append(f"## `{feature.name}`\n\n{HEAD}{''.join(_rows(feature.fields))}")
    whole = (
        f'## All of them\n\n```yaml title="desired_state/examples.yaml"\n{EXAMPLES.read_text(encoding="utf-8")}```\n'
    )
    return "\n".join([OPENING, *sections, whole])


@functools.cache
def documents() -> list[Any]:
    """The declarations that the examples are taken from."""
    return list(YAML(typ="safe").load_all(EXAMPLES.read_text(encoding="utf-8")))


def example(path: str) -> str:
    """The value of a field in the first declaration that has it, as YAML accepts it; empty where that is too long.

    Raises:
        LookupError: no declaration has the field.
    """
    for document in documents():
        found = document
        for name in path.replace("[]", "").split("."):
            found = found[0] if isinstance(found, list) else found
            found = next(iter(found.values())) if name == "NAME" else found.get(name) if found else None
        if found is not None:
            shown = found if isinstance(found, str) else json.dumps(found)
            return f"`{shown}`" if len(shown) <= LONGEST else ""
    raise LookupError(f"{EXAMPLES.name} has no example of {path}")


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
        yield f"| `{here}` | {example(here)} | {meaning} |\n"
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
