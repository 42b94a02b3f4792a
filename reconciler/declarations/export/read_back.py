"""Reads an exported text as declarations and finds each feature that the format does not hold.

What is left out is found by reading, not by a list that could forget something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from reconciler.declarations.document.check import read_document
from reconciler.declarations.document.table_document import table_spec
from reconciler.declarations.formats.text.documents import read_documents
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.scaling import AutoScaling
from reconciler.model.table import ContributorInsights, OnDemandThroughput, TableSpec
from reconciler.parsing.source_file import SourceFile


@dataclass(frozen=True, slots=True)
class ReadBack:
    """One table as it is read from the exported text.

    ``written`` are the fields of its document; ``problem`` says why it cannot be declared as it was written.
    """

    spec: TableSpec | None
    written: frozenset[str]
    problem: str | None = None

    def lost(self, spec: TableSpec) -> tuple[str, ...]:
        """The facets whose value is another one than in ``spec``, in the order of ``TableSpec``."""
        if self.spec is None:
            return ()
        names = (each.name for each in fields(TableSpec) if each.name != "name")
        return tuple(name for name in names if getattr(self.spec, name) != getattr(spec, name))


def read_back(text: str, path: str, inputs: TemplateInputs) -> Mapping[str, ReadBack]:
    """Each table of the text by its name. ``path`` has the ending by which the format of the text is known."""
    reading = read_documents(SourceFile(path, Path(path), text.encode()), inputs)
    found: dict[str, ReadBack] = {}
    for raw in reading.declarations:
        checked = read_document(raw, None)
        written = frozenset(checked.document.model_fields_set)
        problem = str(checked.problems[0]) if checked.problems else None
        try:
            spec = table_spec(checked.document, checked.name or "")
        except (AttributeError, LookupError, TypeError):
            # A document with a field of a wrong type has no table.
            spec = None
        if checked.name:
            found[checked.name] = ReadBack(spec, written, problem)
    for problem_found in reading.problems:
        found.setdefault("", ReadBack(None, frozenset(), str(problem_found)))
    return found


def is_off(value: Any) -> bool:
    """Whether the value of a facet is what a table has without it: off, without members, or the default.

    Other tools manage a table as a whole: what their file does not have is off.
    """
    if value in ((), False, "STANDARD"):
        return True
    if isinstance(value, OnDemandThroughput):
        return {value.read, value.write} <= {None, -1}
    if isinstance(value, AutoScaling):
        return not any(scaling.enabled for _, _, scaling in value.capacities())
    if isinstance(value, ContributorInsights):
        return not value.enabled and not any(index.enabled for index in value.indexes)
    for name in ("enabled", "document", "stream_arn"):
        if hasattr(value, name):
            return not getattr(value, name)
    return False
