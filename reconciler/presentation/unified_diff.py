"""The live and the declared document of a table as a unified diff, for ``preview --diff``. Pure.

Both documents have only what is declared: what is not is not managed, and a pass never changes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from difflib import unified_diff
from typing import Any

from reconciler.declarations.document.field_model import spellings
from reconciler.declarations.document.table_document import TableDocument
from reconciler.declarations.export.whole_document import whole_document
from reconciler.declarations.formats import yaml_file
from reconciler.facets import scaling_wire
from reconciler.model.desired import Declaration
from reconciler.model.report import PassReport, TableReport
from reconciler.model.table import TableSpec
from reconciler.planning.diff import effective
from reconciler.planning.text import printable

CONTEXT = 3
"""Lines that are shown around each difference, as in other tools."""


def unified_diffs(report: PassReport, declarations: Iterable[Declaration]) -> Mapping[str, tuple[str, ...]]:
    """The lines of each table that exists and differs, by its name."""
    declared = {each.spec.name: each for each in declarations}
    found = {each.name: _lines(each, declared[each.name]) for each in report.tables if each.name in declared}
    return {name: lines for name, lines in found.items() if lines}


def _lines(table: TableReport, declaration: Declaration) -> tuple[str, ...]:
    if table.observed is None or not table.changes:
        return ()
    capacities = declaration.spec.auto_scaling.capacities() if declaration.spec.auto_scaling else ()
    scaled = (scaling_wire.path_of((index, kind)) for index, kind, each in capacities if each.enabled)
    declared = effective(declaration.spec, table.observed, (*declaration.lifecycle.ignore_changes, *scaled))
    # What differs in form alone is no change, so that only the facets with a change are taken from the live table.
    changed = {change.facet for change in table.changes}
    live = {name: managed(getattr(table.observed, name), getattr(declared, name)) for name in changed}
    before, after = (_text(each) for each in (replace(declared, **live), declared))
    if before == after:
        # A detail that is left out can mean a certain one: no key in KMS is the key of AWS.
        before = _text(replace(declared, **{name: getattr(table.observed, name) for name in changed}))
    names = (f"{table.name} (live)", f"{table.name} (declared)")
    return tuple(printable(line) for line in unified_diff(before, after, *names, lineterm="", n=CONTEXT))


def managed(observed: Any, declared: Any) -> Any:
    """The observed value without what the declared one leaves unmanaged. Members of lists are matched by name."""
    if declared is None or observed is None:
        return None
    if isinstance(declared, tuple) and isinstance(observed, tuple):
        if all(isinstance(each, tuple) for each in (*declared, *observed)):
            # Of tags only the declared keys are managed.
            keys = {key for key, _ in declared}
            return tuple(pair for pair in observed if pair[0] in keys)
        if all(hasattr(each, "name") for each in (*declared, *observed)):
            named = {each.name: each for each in declared}
            return tuple(managed(each, named[each.name]) if each.name in named else each for each in observed)
        return observed
    if not is_dataclass(observed) or isinstance(observed, type) or type(observed) is not type(declared):
        return observed
    names = [field.name for field in fields(observed) if field.compare]
    return replace(observed, **{name: managed(getattr(observed, name), getattr(declared, name)) for name in names})


def _text(spec: TableSpec) -> list[str]:
    known = spellings(TableDocument)
    return yaml_file.text({known[key]: value for key, value in whole_document(spec).items()}).splitlines()
