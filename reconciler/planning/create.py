"""CreateTable from a declaration: what rides in it, and what is left for the calls after.

Called by planner and engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.facets import BY_NAME, FACETS, RIDING, wire
from reconciler.facets.base import Facet
from reconciler.facets.tags import OWNER_TAG
from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable
from reconciler.model.table import TableSpec

HELD_EVERYWHERE = frozenset(
    {"keys", "billing", "global_indexes", "local_indexes", "stream", "deletion_protection", "tags"}
)
"""What no emulator forgets of a CreateTable without saying so; by these a table is known again."""


def create_call(spec: TableSpec, owner: str | None, *, with_tags: bool) -> Call:
    """The whole CreateTable.

    AttributeDefinitions are exactly the key attributes in use (CreateTable). ``owner`` is the value of our owner tag.
    Without ``with_tags`` no tags are sent: some endpoints drop them without a word.
    """
    params: dict[str, Any] = {"TableName": spec.name, "AttributeDefinitions": _definitions(spec)}
    for facet in RIDING.values():
        params.update(facet.create_members(spec))
    tags = [*params.pop("Tags", ()), *([{"Key": OWNER_TAG, "Value": owner}] if owner else ())]
    if with_tags and tags:
        params["Tags"] = sorted(tags, key=lambda tag: str(tag["Key"]))
    return Call("CreateTable", params)


def held(spec: TableSpec, lacks: frozenset[str]) -> TableSpec:
    """The declaration without the facets that an endpoint is known not to hold."""
    undeclared: dict[str, Any] = dict.fromkeys(sorted(lacks))
    return replace(spec, **undeclared) if undeclared else spec


def create_changes(spec: TableSpec, *, with_tags: bool) -> tuple[Change, ...]:
    """One change for each declared facet that CreateTable carries: from nothing to its part of the request."""
    riding = (facet for facet in FACETS if _rides(facet, with_tags=with_tags))
    declared = (facet for facet in riding if getattr(spec, facet.name) is not None)
    values = ((facet.name, _readable(facet, spec)) for facet in declared)
    return tuple(Change(name, name, None, value) for name, value in values if value is not None)


def as_created(spec: TableSpec, *, with_tags: bool) -> TableSpec:
    """The table right after CreateTable: everything of which nothing rides in it is not there yet."""
    riding = [f.name for f in FACETS if _rides(f, with_tags=with_tags) and _members(f, spec)]
    absent: dict[str, Any] = {f.name: None for f in FACETS if f.name not in riding}
    return replace(spec, **absent)


def equals_request(spec: TableSpec, observed: ObservedTable) -> bool:
    """Whether an observed table is just what CreateTable of ``spec`` makes, as far as this endpoint can hold it."""
    compared = HELD_EVERYWHERE - observed.unsupported
    riding = (BY_NAME[name] for name in RIDING if name in compared)
    return not any(change for facet in riding for change in facet.diff(spec, observed.spec))


def _rides(facet: Facet, *, with_tags: bool) -> bool:
    return facet.name in RIDING and (with_tags or facet.name != "tags")


def _members(facet: Facet, spec: TableSpec) -> Mapping[str, Any]:
    return RIDING[facet.name].create_members(spec) if facet.name in RIDING else {}


def _definitions(spec: TableSpec) -> list[dict[str, Any]]:
    schemas = [index.keys for index in spec.global_indexes or ()] + [index.keys for index in spec.local_indexes or ()]
    schemas += [wire.search_keys(index) for index in spec.vector_indexes or ()]
    return wire.attribute_definitions(spec.keys, *schemas)


def _readable(facet: Facet, spec: TableSpec) -> Any:
    if facet.name == "keys":
        return wire.readable_keys(spec.keys)
    members = _members(facet, spec)
    if len(members) > 1:
        return dict(members)
    return next(iter(members.values()), None)
