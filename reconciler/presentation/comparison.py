"""The result of ``diff`` as lines for a terminal, as Markdown and as a JSON document. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.model.change import Change
from reconciler.planning.compare import Comparison, Difference
from reconciler.planning.text import printable, several
from reconciler.presentation.changes import ABSENT, Line, change_lines
from reconciler.presentation.document import FORMAT_VERSION, change_entry
from reconciler.presentation.formats.markdown import escaped, fenced, language_of

_SYMBOLS = {Difference.CHANGED: "~", Difference.ONLY_IN_A: "-", Difference.ONLY_IN_B: "+"}
_STYLES = {Difference.CHANGED: "update", Difference.ONLY_IN_A: "delete", Difference.ONLY_IN_B: "create"}


def lines(comparison: Comparison) -> Iterator[Line]:
    """A line for each table that differs and for each of its fields, the counts last."""
    yield "dim", printable(f"A: {comparison.a}; B: {comparison.b}")
    for each in comparison.differences:
        yield _STYLES[each.kind], f"{_SYMBOLS[each.kind]} {printable(each.name)}{_where(each.kind)}"
        for change in each.changes:
            yield from ((style, f"       {text}") for style, text in _change(change))
    yield ("title" if comparison.differences else "in_sync"), _counts(comparison)


def markdown(comparison: Comparison) -> Iterator[Line]:
    """A heading, the counts, and a list of tables with their fields."""
    yield "plain", f"## DynamoDB: {escaped(comparison.a)} and {escaped(comparison.b)}"
    yield "plain", ""
    yield "plain", _counts(comparison)
    if comparison.differences:
        yield "plain", ""
    for each in comparison.differences:
        yield "plain", f"- `{_SYMBOLS[each.kind]}` {escaped(each.name)}{_where(each.kind)}"
        for change in each.changes:
            first, *rest = [text for _, text in _change(change)]
            yield "plain", f"  - {escaped(first)}"
            yield from (("plain", f"    {text}") for text in (fenced(rest, language_of(change)) if rest else ()))


def document(comparison: Comparison) -> dict[str, Any]:
    """The comparison as JSON values."""
    return {
        "format_version": FORMAT_VERSION,
        "a": comparison.a,
        "b": comparison.b,
        "equal": not comparison.differences,
        "summary": {
            "equal": comparison.tables - comparison.counted(Difference.CHANGED),
            **{kind.value: comparison.counted(kind) for kind in Difference},
        },
        "tables": [
            {"name": each.name, "status": each.kind.value, "changes": [change_entry(change) for change in each.changes]}
            for each in comparison.differences
        ],
        "notes": list(comparison.notes),
    }


def _where(kind: Difference) -> str:
    return {Difference.CHANGED: "", Difference.ONLY_IN_A: "  (only in A)", Difference.ONLY_IN_B: "  (only in B)"}[kind]


def _change(change: Change) -> Iterator[Line]:
    # A whole feature that one side does not declare is not managed there, which is another thing than off.
    return change_lines(change, absent="not declared" if change.path == change.facet else ABSENT)


def _counts(comparison: Comparison) -> str:
    if not comparison.differences:
        return f"Equal: {several(comparison.tables, 'table')}."
    changed, only_a, only_b = (comparison.counted(kind) for kind in Difference)
    return f"Different: {several(changed, 'table')} changed, {only_a} only in A, {only_b} only in B."
