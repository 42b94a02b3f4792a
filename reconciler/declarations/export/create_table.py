"""Declarations as inputs of ``aws dynamodb create-table --cli-input-json``, one a table.

https://docs.aws.amazon.com/cli/latest/reference/dynamodb/create-table.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.declarations.export.exported import (
    Exported,
    Selection,
    json_text,
    lifecycle_members,
    seed_warnings,
)
from reconciler.declarations.export.not_held import not_held
from reconciler.declarations.export.read_back import read_back
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.desired import Declaration
from reconciler.model.json_values import plain
from reconciler.planning.create import create_call


def export(selection: Selection) -> Exported:
    """A text for each table, in the order of their names."""
    texts: dict[str, str] = {}
    warnings: list[str] = []
    for each in selection.declarations:
        text = json_text(plain(create_call(each.spec).params))
        # Table names have no other characters, but a name may be as long as a file name can be.
        texts[f"{re.sub(r'[^A-Za-z0-9_.-]', '_', each.spec.name)[:200]}.json"] = text
        warnings += _warnings(each, text)
    return Exported(texts, (*warnings, *seed_warnings(selection, "CreateTable")))


def _warnings(declaration: Declaration, text: str) -> Iterator[str]:
    spec, found = declaration.spec, read_back(text, "table.json", TemplateInputs())
    back = found.get(spec.name)
    if back is None or back.spec is None:
        problem = next((each.problem for each in found.values()), None)
        yield f"{spec.name}: the input cannot be read back: {problem or 'not found'}"
        return
    if back.problem is not None:
        yield f"{spec.name}: the input cannot be read back: {back.problem}"
    for facet, sentence in not_held(spec, back.spec, back.lost(spec), "CreateTable"):
        if sentence is not None and sentence.endswith("as declared"):
            yield f"{spec.name}: CreateTable does not set {facet} as declared; set it after the table is ACTIVE"
        elif sentence is not None:
            yield f"{spec.name}: {sentence}"
    for name in lifecycle_members(declaration.lifecycle):
        yield f"{spec.name}: CreateTable has no lifecycle.{name}"
    if declaration.lifecycle.protect:
        yield f"{spec.name}: CreateTable has no lifecycle.protect; DeletionProtectionEnabled is the protection of AWS"
    if declaration.references:
        yield f"{spec.name}: CreateTable has no references"
    if declaration.description:
        yield f"{spec.name}: CreateTable has no description"
    if declaration.pointer:
        yield f"{spec.name}: CreateTable has no replacement.pointer"
    if declaration.renamed_from:
        yield f"{spec.name}: CreateTable has no renamed_from"
