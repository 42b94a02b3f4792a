"""CreateTable from a declaration: which facets it sets, and which are left for later calls."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reconciler.facets import FACETS, IN_CREATE_TABLE, wire
from reconciler.facets.tags import with_owner_tag
from reconciler.model.change import Call, Change
from reconciler.model.table import TableSpec


def create_call(spec: TableSpec, owner: str | None = None) -> Call:
    """The CreateTable call. ``owner`` is the value of our owner tag, or ``None`` if the endpoint has no tags.

    AttributeDefinitions must be exactly the key attributes in use.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
    """
    keys = [attributes for facet in IN_CREATE_TABLE.values() for attributes in facet.key_attributes(spec)]
    params: dict[str, Any] = {"TableName": spec.name, "AttributeDefinitions": wire.attribute_definitions(*keys)}
    for facet in IN_CREATE_TABLE.values():
        params.update(facet.create_members(spec))
    call = Call("CreateTable", params)
    return call if owner is None else with_owner_tag(call, owner)


def without_unsupported(spec: TableSpec, lacks: frozenset[str]) -> TableSpec:
    """The declaration without the facets that the endpoint does not support."""
    undeclared: dict[str, Any] = dict.fromkeys(sorted(lacks))
    return replace(spec, **undeclared) if undeclared else spec


def create_changes(spec: TableSpec) -> tuple[Change, ...]:
    """One change for each declared facet that CreateTable sets, from ``None`` to its part of the request."""
    declared = (name for name in IN_CREATE_TABLE if getattr(spec, name) is not None)
    values = ((name, IN_CREATE_TABLE[name].shown_in_create(spec)) for name in declared)
    return tuple(Change(name, name, None, value) for name, value in values if value is not None)


def as_created(spec: TableSpec) -> TableSpec:
    """The table right after CreateTable, without the facets that need a call of their own."""
    riding = {name for name, facet in IN_CREATE_TABLE.items() if facet.create_members(spec)}
    absent: dict[str, Any] = {facet.name: None for facet in FACETS if facet.name not in riding}
    return replace(spec, **absent)
