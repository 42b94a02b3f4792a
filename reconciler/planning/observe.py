"""Turns responses into an observed table, and tells which reads it needs. Pure; the engine sends the reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.facets import FACETS, HAS_EXTRA_READS, LOOKUPS, READ_BY, READS, scaling_wire
from reconciler.facets.base import ExtraRead, Facet
from reconciler.facets.tags import READ as TAGS
from reconciler.facets.tags import owner_of
from reconciler.model.errors import Malformed
from reconciler.model.identity import Identity
from reconciler.model.observed import Counters, IndexBuild, ObservedTable, Responses
from reconciler.model.table import TableSpec


def reads(spec: TableSpec | None) -> tuple[str, ...]:
    """The operations besides DescribeTable that the declared facets need; none for an undeclared table."""
    if spec is None:
        return ()
    return tuple([read for name, reads in READS.items() if getattr(spec, name) is not None for read in reads])


def extra_reads(spec: TableSpec | None, table: Mapping[str, Any]) -> tuple[ExtraRead, ...]:
    """The reads that depend on the described table: one for each index, stream or encryption key."""
    if spec is None:
        return ()
    facets = (facet for name, facet in HAS_EXTRA_READS.items() if getattr(spec, name) is not None)
    return tuple(extra_read for facet in facets for extra_read in facet.extra_reads(spec, table))


def all_reads() -> tuple[str, ...]:
    """Every operation besides DescribeTable that any facet uses, to read a table completely."""
    return tuple(READ_BY)


def all_extra_reads(table: Mapping[str, Any]) -> tuple[ExtraRead, ...]:
    """The reads of all facets that depend on the described table."""
    return tuple(extra_read for facet in HAS_EXTRA_READS.values() for extra_read in facet.extra_reads(None, table))


def read_params(operation: str, name: str, arn: str, table: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """The parameters of one of these reads. ``table`` is the member Table of DescribeTable."""
    facet = READ_BY.get(operation)
    return facet.read_params(name, arn, table or {}) if facet is not None else {"TableName": name}


def observe(responses: Responses) -> ObservedTable:
    """The table that these responses describe. A field is ``None`` if it was not read or the endpoint lacks it.

    Raises ``Malformed`` if a response lacks a required member: a missing member never counts as an empty value.
    """
    try:
        return _observe(responses)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise Malformed("DescribeTable", type(error).__name__, f"an answer lacks or garbles {error}") from error


def identity_of(table: Mapping[str, Any]) -> Identity:
    """The identity in a Table or TableDescription. Some emulators have no TableId; then ARN and time identify it."""
    created = table["CreationDateTime"]
    if not isinstance(created, datetime):
        raise Malformed("DescribeTable", "CreationDateTime", f"CreationDateTime is no time: {created!r}")
    aware = created if created.tzinfo else created.replace(tzinfo=UTC)
    return Identity(table.get("TableId") or None, table["TableArn"], aware.astimezone(UTC).isoformat())


def _keys(facet: Facet, table: Mapping[str, Any]) -> set[str]:
    further = HAS_EXTRA_READS[facet.name].extra_reads(None, table) if facet.name in HAS_EXTRA_READS else ()
    return {*facet.reads, *(extra_read.key for extra_read in further)}


def _unsupported(responses: Responses) -> frozenset[str]:
    """The facets whose reads the endpoint does not have."""
    if not responses.unsupported:
        return frozenset()
    unsupported = {facet.name for facet in FACETS if responses.unsupported & _keys(facet, responses.table)}
    # The key of a lookup contains a name from the declaration, so only its operation is compared.
    operations = (key.partition(" ")[0] for key in responses.unsupported)
    return frozenset(unsupported | {LOOKUPS[operation] for operation in operations if operation in LOOKUPS})


def _observe(responses: Responses) -> ObservedTable:
    table = responses.table
    sentences = {facet.name: tuple(facet.ongoing(responses)) for facet in FACETS}
    return ObservedTable(
        spec=TableSpec(name=table["TableName"], **{facet.name: facet.observe(responses) for facet in FACETS}),
        identity=identity_of(table),
        status=table["TableStatus"],
        ongoing=tuple(sentence for said in sentences.values() for sentence in said),
        changing=frozenset(name for name, said in sentences.items() if said),
        unsupported=_unsupported(responses),
        item_count=int(table.get("ItemCount") or 0),
        size_bytes=int(table.get("TableSizeBytes") or 0),
        owner_tag=owner_of(responses),
        owner_known=TAGS in responses.answers,
        counters=counters_of(table),
        building=_building(table) if table["TableStatus"] != "CREATING" else (),
        scaled=scaling_wire.owned_capacities(responses),
    )


def _building(table: Mapping[str, Any]) -> tuple[IndexBuild, ...]:
    indexes = (*(table.get("GlobalSecondaryIndexes") or ()), *(table.get("VectorIndexes") or ()))
    return tuple(
        IndexBuild(index["IndexName"], bool(index.get("Backfilling")), int(index.get("ItemCount") or 0))
        for index in indexes
        if index.get("IndexStatus") == "CREATING"
    )


def counters_of(table: Mapping[str, Any]) -> Counters:
    """The counters and times in the member Table that tell how much of a quota is used. Emulators leave them out."""
    holders = {"": table, **{index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes") or ()}}
    capacity = {name: holder.get("ProvisionedThroughput") or {} for name, holder in holders.items()}
    counts = {name: int(shape.get("NumberOfDecreasesToday") or 0) for name, shape in capacity.items()}
    times = {name: _time(shape.get("LastDecreaseDateTime")) for name, shape in capacity.items()}
    return Counters(
        decreases={name: count for name, count in counts.items() if count},
        last_decrease={name: time for name, time in times.items() if time is not None},
        on_demand_since=_time((table.get("BillingModeSummary") or {}).get("LastUpdateToPayPerRequestDateTime")),
        class_changed=_time((table.get("TableClassSummary") or {}).get("LastUpdateDateTime")),
    )


def _time(value: Any) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
