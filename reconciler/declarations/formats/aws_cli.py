"""The output of ``aws dynamodb describe-table`` or ``create-table`` as a declaration, whole or only its ``Table``.

What `import` would write of such a table is what the output declares. The skeleton for ``create-table`` is our own
format.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.declarations.document.table_document import table_document
from reconciler.declarations.formats.foreign_format import ForeignFormat
from reconciler.declarations.raw import FileReading, RawDeclaration
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.errors import Malformed
from reconciler.model.observed import Responses
from reconciler.parsing.parsed import Parsed, ParseError
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import Path
from reconciler.planning.observe import observe

_WRAPPERS = ("Table", "TableDescription")
_MEMBERS = frozenset(
    (
        *("ArchivalSummary", "AttributeDefinitions", "BillingModeSummary", "CreationDateTime"),
        *("DeletionProtectionEnabled", "GlobalSecondaryIndexes", "GlobalTableSettingsReplicationMode"),
        *("GlobalTableVersion", "GlobalTableWitnesses", "ItemCount", "KeySchema", "LatestStreamArn"),
        *("LatestStreamLabel", "LocalSecondaryIndexes", "MultiRegionConsistency", "OnDemandThroughput"),
        *("ProvisionedThroughput", "Replicas", "RestoreSummary", "SSEDescription", "StreamSpecification"),
        *("TableArn", "TableClassSummary", "TableId", "TableName", "TableSizeBytes", "TableStatus"),
        *("VectorIndexes", "WarmThroughput"),
    )
)
"""Of a TableDescription (API_TableDescription)."""
_ONLY_OUTPUT = frozenset(("TableStatus", "TableArn", "TableId", "CreationDateTime"))
"""Members that only a described table has."""


_GOING = {
    "DELETING": "Remove the file if the table should be gone; otherwise paste the output of an ACTIVE table.",
    "ARCHIVED": "Restore the table from its backup, and paste the output of the restored table.",
    "ARCHIVING": "Restore the table from its backup, and paste the output of the restored table.",
}
"""States of a table that is gone or about to be, with what to do."""


def is_output(value: Mapping[Any, Any]) -> bool:
    """Whether a document is what the AWS CLI prints about one table."""
    inner = _inner(value)
    named = isinstance(inner.get("TableName"), str) and not _ONLY_OUTPUT.isdisjoint(inner)
    # With any other field it is somebody's declaration, in which a member of the output is a mistake.
    return named and _MEMBERS.issuperset(inner)


def read_output(file: SourceFile, document: Parsed, inputs: TemplateInputs) -> FileReading:
    """The table, under its own name. Raises ``ParseError`` where members are missing."""
    del inputs
    start, inner = _start(document.value), _inner(document.value)
    name: str = inner["TableName"]
    status = inner.get("TableStatus")
    if status in _GOING:
        line = document.lines.get((*start, "TableStatus"), document.line)
        reason = f"shows the table {name} as {status}"
        raise ParseError(line, f"TableStatus: {reason}", _GOING[status])
    try:
        spec = observe(Responses({"DescribeTable": {"Table": {**_ABSENT, **inner, **_NOT_READ}}})).spec
    except Malformed as error:
        reason = f"is the output of describe-table, and {error.message}"
        raise ParseError(document.line, reason, "Paste the whole output.") from None
    note = f"{file.path}: declares {name} as `aws dynamodb describe-table` showed it"
    sources: dict[Path, Path] = {(): start}
    raw = RawDeclaration(
        file.path,
        document.line,
        table_document(spec, name),
        document.lines,
        name=name,
        base_name=name,
        sources=sources,
    )
    return FileReading((raw,), notes=(note,))


_ABSENT = {"TableArn": "", "TableStatus": "ACTIVE", "ItemCount": 0, "TableSizeBytes": 0}
"""Members that say nothing about the shape, and may be cut off."""
_NOT_READ = {"CreationDateTime": datetime(1970, 1, 1, tzinfo=UTC)}
"""A time is text or a number in the output, and nothing here depends on it."""


def _start(value: Mapping[Any, Any]) -> Path:
    return next(((name,) for name in _WRAPPERS if isinstance(value.get(name), Mapping) and len(value) == 1), ())


def _inner(value: Mapping[Any, Any]) -> Mapping[str, Any]:
    start = _start(value)
    found: Mapping[str, Any] = value[start[0]] if start else value
    return found


AWS_CLI = ForeignFormat("output of the AWS CLI", is_output, read_output)
