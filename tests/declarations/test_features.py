"""Every feature of a table has all its parts, and a part that is missing is named."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from pydantic import Field
from support.feature_parts import OF_ANOTHER, Parts, missing
from support.specs import observed, spec

from reconciler.declarations import cross_feature_rules
from reconciler.declarations.document.field_model import FieldModel
from reconciler.declarations.document.table_document import (
    API_FIELDS,
    IAM_FIELDS,
    TableDocument,
    table_document,
    table_spec,
)
from reconciler.declarations.features import FEATURES
from reconciler.declarations.features.base import Feature, rule
from reconciler.model.table import TableSpec

WHOLE = Parts()
LAST = FEATURES[-1]


class SilentFields(FieldModel):
    """A field that nobody describes."""

    tags: int | None = None


class LostFields(FieldModel):
    """A field that is in no document."""

    labels: int | None = Field(default=None, description="Lost.")


def with_last(**changed: object) -> Parts:
    """The features with another declaration of the last one."""
    return replace(WHOLE, features=(*FEATURES[:-1], replace(LAST, **changed)))  # type: ignore[arg-type]


def without(names: object, name: str) -> tuple[str, ...]:
    assert isinstance(names, tuple | frozenset)
    return tuple(each for each in names if each != name)


def test_nothing_is_missing() -> None:
    assert list(missing(WHOLE)) == []


INIT = "(reconciler/facets/__init__.py)"
FEATURES_INIT = "(reconciler/declarations/features/__init__.py)"
CASES: dict[str, tuple[Parts, list[str]]] = {
    "a field without facet and declaration": (
        replace(WHOLE, fields=(*WHOLE.fields, "audit")),
        [
            f"audit has 0 facets in FACETS {INIT}, not one",
            "audit has no file reconciler/facets/audit.py",
            f"audit has 0 declarations in FEATURES {FEATURES_INIT}, not one",
            "audit has no file reconciler/declarations/features/audit.py",
            "audit is not in the table of docs/guides/declaring-tables.md",
            "audit is not in docs/reference/declarations.md",
        ],
    ),
    "a facet without a field": (
        replace(WHOLE, fields=without(WHOLE.fields, "ttl")),
        ["ttl has no field in TableSpec (reconciler/model/table.py)"],
    ),
    "a facet that is not listed": (
        replace(WHOLE, facets=without(WHOLE.facets, "sse")),
        [f"sse has 0 facets in FACETS {INIT}, not one"],
    ),
    "a facet that is listed twice": (
        replace(WHOLE, facets=(*WHOLE.facets, "sse")),
        [f"sse has 2 facets in FACETS {INIT}, not one"],
    ),
    "a facet in the file of another": (
        replace(WHOLE, facet_files=without(WHOLE.facet_files, "keys")),
        ["keys has no file reconciler/facets/keys.py"],
    ),
    "a facet without a declaration": (
        replace(WHOLE, features=FEATURES[:-1]),
        [f"{LAST.name} has 0 declarations in FEATURES {FEATURES_INIT}, not one"],
    ),
    "a declaration that is listed twice": (
        replace(WHOLE, features=(*FEATURES, LAST)),
        [f"{LAST.name} has 2 declarations in FEATURES {FEATURES_INIT}, not one"],
    ),
    "a declaration in the file of another": (
        replace(WHOLE, feature_files=without(WHOLE.feature_files, "stream")),
        ["stream has no file reconciler/declarations/features/stream.py"],
    ),
    "a facet that the guide does not list": (
        replace(WHOLE, guide=without(WHOLE.guide, "backups")),
        ["backups is not in the table of docs/guides/declaring-tables.md"],
    ),
    "a facet without an example": (
        replace(WHOLE, page=WHOLE.page.replace("table_class", "")),
        ["table_class is not in docs/reference/declarations.md"],
    ),
    "a field without a description": (
        with_last(fields=SilentFields),
        [f"{LAST.name} has no description of the field tags of SilentFields"],
    ),
    "a field that a document has not": (
        with_last(fields=LostFields, rules=()),
        [f"{LAST.name} has the field labels, which a document has not"],
    ),
    "a rule about another feature": (
        with_last(rules=(rule(LAST.name, "billing_mode")(lambda _: iter(())),)),
        [f"{LAST.name} has a rule about billing_mode, {OF_ANOTHER}"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_missing_is_named(case: str) -> None:
    parts, expected = CASES[case]
    assert list(missing(parts)) == expected


def test_rules_of_several_features_read_fields_of_a_document_and_of_more_than_one_feature() -> None:
    for each in cross_feature_rules.RULES:
        assert set(each.fields) <= set(TableDocument.model_fields)
        owners = [feature for feature in FEATURES if set(each.fields) <= own_fields(feature)]
        assert owners == [], each


def own_fields(feature: Feature) -> set[str]:
    """The fields of a feature, without those of the features that its model extends."""
    return set(feature.fields.__annotations__)


def test_a_document_has_the_fields_of_every_feature_and_no_other() -> None:
    known = {name for feature in FEATURES for name in feature.fields.model_fields}
    extra = {"description", "seed", "references", "lifecycle", "replacement", "renamed_from"}
    assert set(TableDocument.model_fields) - known == extra
    assert next(iter(TableDocument.model_fields)) == "table_name"
    assert "tags" not in API_FIELDS
    assert set(TableDocument.model_fields) - API_FIELDS == {*extra, "tags"}
    assert {"resource_policy", "stream_policy"} == IAM_FIELDS


def test_nothing_but_the_key_is_managed_where_nothing_else_is_declared() -> None:
    document = TableDocument.model_validate({"table_name": "users", "key_schema": [], "attribute_definitions": []})
    declared = table_spec(document, "users")
    assert {field.name for field in fields(TableSpec) if getattr(declared, field.name) is not None} == {"name", "keys"}


def test_a_plain_table_is_written_by_its_key_and_billing_alone() -> None:
    written = table_document(observed(spec()).spec, "users")
    assert list(written) == ["table_name", "key_schema", "attribute_definitions", "billing_mode"]
