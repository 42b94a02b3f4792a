"""The document of one table, composed of the fields of all features, and its conversion from and to ``TableSpec``.

All fields are optional in the model; ``required`` reports missing ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from reconciler.declarations.document.extras import ExtraFields, TableNameFields
from reconciler.declarations.document.field_model import FieldModel, IamPolicy, marker_of
from reconciler.declarations.features import FEATURES
from reconciler.declarations.placeholders import escape, mapped
from reconciler.model.table import TableSpec
from reconciler.parsing.source_location import FieldProblem

_REMEDIES = {
    "table_name": "Add table_name: the name of the table.",
    "key_schema": 'Add key_schema, such as [{"AttributeName": "pk", "KeyType": "HASH"}].',
    "attribute_definitions": 'Add attribute_definitions, such as [{"AttributeName": "pk", "AttributeType": "S"}].',
}
REQUIRED = tuple(_REMEDIES)
"""Fields that each declaration must have."""


# pydantic collects fields from the last base to the first, so that the name comes first and the extras come last.
class TableDocument(ExtraFields, *reversed([feature.fields for feature in FEATURES]), TableNameFields):  # type: ignore[misc]
    """One DynamoDB table. A missing field is unmanaged; an empty list removes all its members."""


API_FIELDS = frozenset(TableNameFields.model_fields).union(
    *(feature.fields.model_fields for feature in FEATURES if feature.marks_a_table)
)
"""Fields that make a mapping recognisable as a table."""
IAM_FIELDS = frozenset(name for name, info in TableDocument.model_fields.items() if marker_of(info, IamPolicy))
"""Fields that hold a policy."""


def required(document: TableDocument) -> Iterator[FieldProblem]:
    """``table_name``, ``key_schema`` and ``attribute_definitions`` are there."""
    for name in REQUIRED:
        if name not in document.model_fields_set:
            yield FieldProblem((name,), "is required", _REMEDIES[name])
        elif getattr(document, name) in (None, [], ""):
            yield FieldProblem((name,), "is empty", _REMEDIES[name])


def nested_model(annotation: Any) -> type[FieldModel] | None:
    """The field model in ``SomePart | None`` or ``list[SomePart] | None``, at any depth; None if there is none."""
    if isinstance(annotation, type) and issubclass(annotation, FieldModel):
        return annotation
    found = [nested_model(argument) for argument in getattr(annotation, "__args__", ())]
    return next((part for part in found if part is not None), None)


def is_list(annotation: Any) -> bool:
    """Whether the field is a list, be it optional."""
    options = (annotation, *getattr(annotation, "__args__", ()))
    return any(getattr(option, "__origin__", None) is list for option in options)


def table_spec(document: TableDocument, name: str) -> TableSpec:
    """The table as the facets compare it. A missing field is None; an empty list stays empty."""
    return TableSpec(name=name, **{feature.name: feature.to_model(document) for feature in FEATURES})


def table_document(spec: TableSpec, base_name: str) -> dict[str, Any]:
    """The document with ``base_name``, in the order of ``FEATURES``. Fields without a value are left out."""
    document: dict[str, Any] = {"table_name": base_name}
    for feature in FEATURES:
        document |= feature.from_model(spec)
    return {name: _escaped(name, value) for name, value in document.items() if value not in (None, [], {})}


def _escaped(name: str, value: Any) -> Any:
    """The value with escapes, so that text like a placeholder is accepted when it is read."""
    return mapped(value, partial(escape, policy=name in IAM_FIELDS))
