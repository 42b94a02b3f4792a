"""Offline rules that concern several features: what excludes each other, and what must match.

Called by ``document.check`` after the rules of each feature. A rule is skipped if one of its fields has a wrong type.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.declarations.document.spelling import normalized_name, replacement_remedy
from reconciler.declarations.features import global_indexes, local_indexes, vector_indexes
from reconciler.declarations.features.auto_scaling import ScalingPart, scaled_capacities
from reconciler.declarations.features.base import Rule, rule
from reconciler.declarations.features.billing import is_provisioned
from reconciler.declarations.features.policy import as_mapping
from reconciler.parsing.source_location import FieldProblem, Path, alternatives, did_you_mean

if TYPE_CHECKING:
    from reconciler.declarations.features.billing import BillingDocument
    from reconciler.declarations.features.global_indexes import GlobalIndexPart
    from reconciler.declarations.features.index_parts import IndexPart
    from reconciler.declarations.features.keys import KeyElementPart
    from reconciler.declarations.features.local_indexes import LocalIndexPart
    from reconciler.declarations.features.multi_region_consistency import ConsistencyFields
    from reconciler.declarations.features.on_demand_throughput import OnDemandThroughputFields
    from reconciler.declarations.features.replicas import ReplicasFields
    from reconciler.declarations.features.stream import StreamFields
    from reconciler.declarations.features.stream_policy import StreamPolicyFields
    from reconciler.declarations.features.ttl import TtlFields
    from reconciler.declarations.features.vector_indexes import SearchElementPart

    class Document(
        vector_indexes.VectorIndexesFields,
        local_indexes.LocalIndexesFields,
        global_indexes.GlobalIndexesFields,
        BillingDocument,
        ConsistencyFields,
        OnDemandThroughputFields,
        ReplicasFields,
        StreamFields,
        StreamPolicyFields,
        TtlFields,
    ):
        """What these rules read of a document."""


_KEYS, _DEFINITIONS = "key_schema", "attribute_definitions"
_GLOBAL, _LOCAL, _VECTOR = "global_secondary_indexes", "local_secondary_indexes", "vector_indexes"
_BILLING = ("billing_mode", "provisioned_throughput", "auto_scaling")
_INDEXES = (_GLOBAL, _LOCAL, _VECTOR)
REGION_SETS = (
    frozenset({"us-east-1", "us-east-2", "us-west-2"}),
    frozenset({"eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1"}),
    frozenset({"ap-northeast-1", "ap-northeast-2", "ap-northeast-3"}),
)
"""All Regions of a strongly consistent table must be in one of these sets (UpdateTable)."""


@rule(_DEFINITIONS, _KEYS, *_INDEXES)
def every_key_defined(document: Document) -> Iterator[FieldProblem]:
    """CreateTable rejects a key attribute without a definition, which has its type."""
    if not document.attribute_definitions:
        return
    defined = {definition.attribute_name for definition in document.attribute_definitions}
    for path, element in _elements(document):
        name = element.attribute_name
        if name not in defined:
            remedy = f'Add {{"AttributeName": "{name}", "AttributeType": "S"}} (or "N", "B") to attribute_definitions.'
            yield FieldProblem((*path, "attribute_name"), f"attribute {name!r} is not in attribute_definitions", remedy)


@rule(_KEYS, *_INDEXES)
def visible_names(document: Document) -> Iterator[FieldProblem]:
    """The name of a key attribute has no surrounding spaces and no invisible characters, which are copying errors."""
    for path, element in _elements(document):
        name = element.attribute_name
        hidden = sorted({each for each in name if unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp")})
        if hidden or name != name.strip():
            codes = ", ".join(f"U+{ord(each):04X}" for each in hidden)
            held = f"contains the invisible character {codes}" if hidden else "starts or ends with a space"
            yield FieldProblem(
                (*path, "attribute_name"), f"invalid name {name!r}; it {held}", "Remove it from the name."
            )


@rule(_DEFINITIONS, _KEYS, *_INDEXES)
def every_definition_used(document: Document) -> Iterator[FieldProblem]:
    """CreateTable rejects definitions of attributes that are in no key."""
    used = {element.attribute_name for _, element in _elements(document)}
    for position, definition in enumerate(document.attribute_definitions or []):
        if used and definition.attribute_name not in used:
            reason = f"attribute {definition.attribute_name!r} is not used in a key of the table or of an index"
            yield FieldProblem(
                ("attribute_definitions", position),
                reason,
                "Remove it; attribute_definitions lists only key attributes.",
            )


@rule(*_INDEXES)
def index_names_differ(document: Document) -> Iterator[FieldProblem]:
    """Names are unique among all indexes of a table: global, local and vector."""
    seen: set[str] = set()
    for path, index in _indexes(document):
        if index.index_name in seen:
            reason = f"duplicate index name {index.index_name!r}"
            yield FieldProblem((*path, "index_name"), reason, "Give each index its own name.")
        seen.add(index.index_name)


@rule(*_INDEXES)
def projections_in_total(document: Document) -> Iterator[FieldProblem]:
    """The INCLUDE lists of a table name at most 100 attributes together, counted once for each index."""
    total = sum(len(set(index.projection.non_key_attributes or [])) for _, index in _keyed(document))
    if total > 100:
        path = ("global_secondary_indexes",) if document.global_secondary_indexes else ("local_secondary_indexes",)
        yield FieldProblem(
            path, f"project {total} attributes with INCLUDE", "DynamoDB allows 100 in all indexes of a table together."
        )


@rule(*_BILLING)
def mode_and_throughput(document: Document) -> Iterator[FieldProblem]:
    """An on-demand table has no throughput. A provisioned one has a throughput, or auto scaling of read and write."""
    if document.billing_mode == "PAY_PER_REQUEST" and document.provisioned_throughput:
        yield FieldProblem(
            ("provisioned_throughput",),
            "is not allowed when billing_mode is PAY_PER_REQUEST",
            "Remove it, or set billing_mode to PROVISIONED.",
        )
    scaling = document.auto_scaling
    scaled = scaling is not None and _are_scaled(scaling.read, scaling.write)
    if document.billing_mode == "PROVISIONED" and not document.provisioned_throughput and not scaled:
        yield FieldProblem(
            ("provisioned_throughput",),
            "is required when billing_mode is PROVISIONED",
            "Add read_capacity_units and write_capacity_units, or set billing_mode to PAY_PER_REQUEST.",
        )


@rule(*_BILLING, _GLOBAL)
def index_throughput(document: Document) -> Iterator[FieldProblem]:
    """Each global index of a provisioned table has its own throughput; other indexes have none."""
    provisioned = is_provisioned(document)
    scaling = document.auto_scaling
    scaled = {each.index_name for each in (scaling and scaling.indexes) or () if _are_scaled(each.read, each.write)}
    for position, index in enumerate(document.global_secondary_indexes or []):
        path = ("global_secondary_indexes", position, "provisioned_throughput")
        if provisioned and index.provisioned_throughput is None and index.index_name not in scaled:
            reason = "is required when the table is provisioned"
            yield FieldProblem(path, reason, "Add read_capacity_units and write_capacity_units.")
        if not provisioned and index.provisioned_throughput is not None:
            yield FieldProblem(
                path,
                "is not allowed when the table is not provisioned",
                "Remove it; an index of an on-demand table has no throughput.",
            )


def _are_scaled(read: ScalingPart | None, write: ScalingPart | None) -> bool:
    """Whether auto scaling replaces a declared throughput."""
    return bool(read and read.enabled and write and write.enabled)


@rule(*_BILLING)
def scaling_fits_billing(document: Document) -> Iterator[FieldProblem]:
    """Only provisioned capacity can be scaled."""
    if document.billing_mode == "PAY_PER_REQUEST" and any(part.enabled for _, part in scaled_capacities(document)):
        remedy = "Remove it, or set billing_mode to PROVISIONED."
        yield FieldProblem(("auto_scaling",), "is not allowed when billing_mode is PAY_PER_REQUEST", remedy)


@rule(_GLOBAL, "auto_scaling")
def scaled_indexes(document: Document) -> Iterator[FieldProblem]:
    """Each index occurs once, and is declared if the declaration lists indexes."""
    known = [index.index_name for index in document.global_secondary_indexes or ()]
    seen: set[str] = set()
    for position, index in enumerate((document.auto_scaling and document.auto_scaling.indexes) or ()):
        path, name = ("auto_scaling", "indexes", position, "index_name"), index.index_name
        if name in seen:
            yield FieldProblem(path, f"duplicate index {name!r}", "Keep one of them.")
        elif document.global_secondary_indexes is not None and name not in known:
            suggestion = did_you_mean(name, known)
            remedy = f"Did you mean `{suggestion}`?" if suggestion else "Declare the index, or remove its auto scaling."
            yield FieldProblem(path, f"unknown global secondary index {name!r}", remedy)
        seen.add(name)


@rule("on_demand_throughput", _GLOBAL, *_BILLING)
def maximum_needs_on_demand(document: Document) -> Iterator[FieldProblem]:
    """Only an on-demand table accepts a maximum (rule 9)."""
    limited: list[tuple[Path, Any]] = [((), document.on_demand_throughput)]
    limited += [(path, index.on_demand_throughput) for path, index in global_indexes.indexes_with_paths(document)]
    for path, part in limited:
        if part is not None and is_provisioned(document):
            reason = "is not allowed when the table is provisioned"
            remedy = "Remove it; only on-demand tables have a maximum."
            yield FieldProblem((*path, "on_demand_throughput"), reason, remedy)


@rule(*_BILLING, _VECTOR)
def vector_billing(document: Document) -> Iterator[FieldProblem]:
    """Vector indexes require on-demand billing (rule 16)."""
    if is_provisioned(document) and document.vector_indexes:
        given = [name for name in ("provisioned_throughput", "auto_scaling") if getattr(document, name)]
        removed = " and ".join(given or ["provisioned_throughput"])
        remedy = f"Set billing_mode to PAY_PER_REQUEST and remove {removed}, or remove the vector indexes."
        yield FieldProblem(("vector_indexes",), "are not allowed when the table is provisioned", remedy)


@rule("replicas", "stream_specification", "multi_region_consistency")
def replica_stream(document: Document) -> Iterator[FieldProblem]:
    """Replicas with eventual consistency require a stream with new and old images (rule 26)."""
    stream = document.stream_specification
    if not document.replicas or stream is None or document.multi_region_consistency == "STRONG":
        return
    if not stream.stream_enabled or stream.stream_view_type != "NEW_AND_OLD_IMAGES":
        remedy = "Enable it with stream_view_type NEW_AND_OLD_IMAGES."
        yield FieldProblem(("stream_specification",), "replicas need a stream with new and old images", remedy)


@rule("replicas", _GLOBAL)
def replica_indexes(document: Document) -> Iterator[FieldProblem]:
    """A replica overrides only declared indexes, each once."""
    if document.global_secondary_indexes is None:
        return
    known = {index.index_name for index in document.global_secondary_indexes}
    for position, replica in enumerate(document.replicas or []):
        seen: set[str] = set()
        for number, index in enumerate(replica.global_secondary_indexes or []):
            field_path = ("replicas", position, "global_secondary_indexes", number, "index_name")
            if index.index_name not in known:
                yield FieldProblem(field_path, f"unknown global secondary index {index.index_name!r}", "Correct it.")
            if index.index_name in seen:
                yield FieldProblem(field_path, f"duplicate index {index.index_name!r}", "Keep one of them.")
            seen.add(index.index_name)


@rule("replicas", *_BILLING)
def replica_billing(document: Document) -> Iterator[FieldProblem]:
    """A replica overrides the capacity of a provisioned table, and the maximum of an on-demand one."""
    mode = "PROVISIONED" if is_provisioned(document) else document.billing_mode
    wrong = {"PAY_PER_REQUEST": "provisioned_throughput_override", "PROVISIONED": "on_demand_throughput_override"}
    for position, replica in enumerate(document.replicas or []):
        field = wrong.get(mode or "")
        parts = [replica, *(replica.global_secondary_indexes or [])]
        if field and any(getattr(part, field) is not None for part in parts):
            yield FieldProblem(
                ("replicas", position), f"{field} is not allowed when the table is {mode}", f"Remove {field}."
            )


@rule("global_table_witnesses", "replicas")
def witness_count(document: Document) -> Iterator[FieldProblem]:
    """One witness, in a Region without a replica."""
    witnesses, path = document.global_table_witnesses or [], ("global_table_witnesses",)
    if len(witnesses) > 1:
        yield FieldProblem(path, f"has {len(witnesses)} witnesses", "A global table can have only one.")
    regions = {replica.region_name for replica in document.replicas or []}
    for position, witness in enumerate(witnesses):
        if witness.region_name in regions:
            reason = f"Region {witness.region_name!r} already has a replica"
            yield FieldProblem((*path, position, "region_name"), reason, "Use a Region without a replica.")


@rule("multi_region_consistency", "global_table_witnesses", "replicas")
def strong_regions(document: Document) -> Iterator[FieldProblem]:
    """Strong consistency requires three Regions of one set, one of which may be a witness (rule 27).

    Other tables have no witness.
    """
    witnesses = [witness.region_name for witness in document.global_table_witnesses or []]
    if document.multi_region_consistency != "STRONG":
        if witnesses:
            remedy = "Set multi_region_consistency to STRONG, or remove it."
            yield FieldProblem(("global_table_witnesses",), "is only allowed with strong consistency", remedy)
        return
    regions = [replica.region_name for replica in document.replicas or []]
    if not regions or len(regions) + len(witnesses) not in (2, 3):
        reason = "STRONG needs three Regions: the table's own and two more"
        remedy = "Declare two replicas, or one replica and a witness."
        yield FieldProblem(("multi_region_consistency",), reason, remedy)
    elif not any(one.issuperset([*regions, *witnesses]) for one in REGION_SETS):
        sets = alternatives(", ".join(sorted(one)) for one in REGION_SETS)
        yield FieldProblem(
            ("replicas",), "all Regions of a strongly consistent table must be in one Region set", f"Use {sets}."
        )


@rule("multi_region_consistency", "time_to_live", _LOCAL)
def strong_table(document: Document) -> Iterator[FieldProblem]:
    """A strongly consistent table has neither time to live nor local indexes."""
    if document.multi_region_consistency != "STRONG":
        return
    if document.time_to_live and document.time_to_live.enabled:
        reason = "is not allowed with strong consistency"
        yield FieldProblem(("time_to_live",), reason, "Turn it off, or use EVENTUAL consistency.")
    if document.local_secondary_indexes:
        reason = "are not allowed with strong consistency"
        yield FieldProblem(("local_secondary_indexes",), reason, "Use global indexes, or EVENTUAL consistency.")


@rule("stream_policy", "stream_specification")
def stream_policy_needs_stream(document: Document) -> Iterator[FieldProblem]:
    """A disabled stream has no policy."""
    stream = document.stream_specification
    if as_mapping(document.stream_policy) and stream and not stream.stream_enabled:
        yield FieldProblem(
            ("stream_policy",), "is not allowed when the stream is disabled", "Remove it, or enable the stream."
        )


def _elements(document: Document) -> Iterator[tuple[Path, KeyElementPart | SearchElementPart]]:
    """Each element of a key of the table or an index, and of a search schema, with its path."""
    schemas: list[tuple[Path, list[KeyElementPart]]] = [(("key_schema",), document.key_schema or [])]
    schemas += [((*path, "key_schema"), index.key_schema) for path, index in _keyed(document)]
    for path, keys in schemas:
        for position, element in enumerate(keys):
            yield (*path, position), element
    for path, index in vector_indexes.indexes_with_paths(document):
        for position, filtered in enumerate(index.search_schema or []):
            yield (*path, "search_schema", position), filtered


def _keyed(document: Document) -> Iterator[tuple[Path, GlobalIndexPart | LocalIndexPart]]:
    """The global and local indexes, with their paths."""
    yield from global_indexes.indexes_with_paths(document)
    yield from local_indexes.indexes_with_paths(document)


def _indexes(document: Document) -> Iterator[tuple[Path, IndexPart]]:
    """The indexes of all kinds, with their paths."""
    yield from _keyed(document)
    yield from vector_indexes.indexes_with_paths(document)


RULES: tuple[Rule, ...] = (
    every_key_defined,
    visible_names,
    every_definition_used,
    index_names_differ,
    projections_in_total,
    mode_and_throughput,
    index_throughput,
    scaling_fits_billing,
    scaled_indexes,
    maximum_needs_on_demand,
    vector_billing,
    replica_stream,
    replica_indexes,
    replica_billing,
    witness_count,
    strong_regions,
    strong_table,
    stream_policy_needs_stream,
)


def on_demand_capacity(document: Mapping[str, Any], written: Mapping[Any, Any]) -> list[FieldProblem]:
    """DescribeTable returns a throughput of 0 and 0 for an on-demand table; it is an error in a declaration.

    ``document`` has canonical names; ``written`` is the document as the user spelled it.
    """
    if document.get("billing_mode") == "PROVISIONED":
        return []
    found: list[FieldProblem] = []
    reason = "0 and 0 is what DescribeTable returns for an on-demand table"
    if _is_zero(document.get("provisioned_throughput")):
        told = "billing_mode" in document or any(normalized_name(str(key)) == "billingmodesummary" for key in written)
        remedy = "Remove it." if told else replacement_remedy("BillingMode", "PAY_PER_REQUEST")
        found.append(FieldProblem(("provisioned_throughput",), reason, remedy))
    indexes = document.get("global_secondary_indexes")
    for position, index in enumerate(indexes if isinstance(indexes, list) else []):
        if isinstance(index, Mapping) and _is_zero(index.get("provisioned_throughput")):
            path: Path = ("global_secondary_indexes", position, "provisioned_throughput")
            found.append(FieldProblem(path, reason, "Remove it."))
    return found


def _is_zero(throughput: Any) -> bool:
    members = ("read_capacity_units", "write_capacity_units")
    return isinstance(throughput, Mapping) and all(throughput.get(name) == 0 for name in members)
