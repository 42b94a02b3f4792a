"""Reads an exported text as declarations and finds each feature that the format does not hold.

What is left out is found by reading, not by a list that could forget something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from reconciler.declarations.document.check import read_document
from reconciler.declarations.document.table_document import table_spec
from reconciler.declarations.formats.text.documents import read_documents
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.global_table import Replica
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.scaling import AutoScaling
from reconciler.model.table import ContributorInsights, GlobalIndex, OnDemandThroughput, TableSpec
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


def without_defaults(value: Any) -> Any:
    """A maximum, global indexes or replicas, without the maximum of -1, which is none; any other value as it is."""
    if isinstance(value, OnDemandThroughput):
        return limited(value)
    if isinstance(value, tuple) and any(isinstance(each, Replica) for each in value):
        return tuple(
            replace(each, max_read_request_units=None) if each.max_read_request_units == -1 else each for each in value
        )
    if not isinstance(value, tuple) or not all(isinstance(each, GlobalIndex) for each in value):
        return value
    return tuple(replace(each, on_demand_throughput=limited(each.on_demand_throughput)) for each in value)


def limited(maximum: OnDemandThroughput | None) -> OnDemandThroughput | None:
    """The maximum without members of -1; None where nothing is left."""
    if maximum is None:
        return None
    found = OnDemandThroughput(*(None if units == -1 else units for units in (maximum.read, maximum.write)))
    return None if found == OnDemandThroughput() else found


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
