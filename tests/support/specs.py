"""Table specs in few words, for tables of named cases. The table is called ``subject``; see ``renamed``."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from support.pools import in_order

from reconciler.facets.policy_json import normal
from reconciler.model.desired import Declaration, Lifecycle, Origin
from reconciler.model.global_table import GlobalTableSettings, MultiRegionConsistency, Replica
from reconciler.model.identity import Identity
from reconciler.model.observed import ObservedTable
from reconciler.model.table import (
    Billing,
    ContributorInsights,
    GlobalIndex,
    KeyElement,
    KinesisStreaming,
    LocalIndex,
    OnDemandThroughput,
    PointInTimeRecovery,
    Projection,
    ResourcePolicy,
    SearchElement,
    Sse,
    Stream,
    TableSpec,
    Throughput,
    Ttl,
    VectorIndex,
)

NAME = "subject"
ON_DEMAND = Billing("PAY_PER_REQUEST")
UNLIMITED = OnDemandThroughput(-1, -1)
IDENTITY = Identity("id-1", f"arn:aws:dynamodb:us-east-1:123456789012:table/{NAME}", "2026-01-01T00:00:00+00:00")
HOME = Replica("us-east-1", home=True)
"""The home Region of the table, from its ARN."""
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def keys(*elements: str) -> tuple[KeyElement, ...]:
    """``"pk S"`` is a HASH element, the second one a RANGE; ``"a S HASH"`` says its role."""
    made = []
    for position, text in enumerate(elements):
        attribute, kind, *role = text.split()
        made.append(KeyElement(attribute, role[0] if role else ("RANGE" if position else "HASH"), kind))  # type: ignore[arg-type]
    return tuple(made)


def projection(kind: str) -> Projection:
    """``"ALL"``, ``"KEYS_ONLY"``, or the names of an INCLUDE list with spaces between."""
    if kind in ("ALL", "KEYS_ONLY"):
        return Projection(kind)  # type: ignore[arg-type]
    return Projection("INCLUDE", frozenset(kind.split()))


def gsi(
    name: str, *elements: str, project: str = "ALL", units: tuple[int, int] | None = None, **limits: Any
) -> GlobalIndex:
    """A global index; ``units`` are read and write capacity."""
    return GlobalIndex(name, keys(*elements), projection(project), Throughput(*units) if units else None, **limits)


def live(index: GlobalIndex) -> GlobalIndex:
    """A global index as an observer sees it: what no maximum was set for has none."""
    seen = index.on_demand_throughput or UNLIMITED
    read, write = (-1 if units is None else units for units in (seen.read, seen.write))
    return replace(index, on_demand_throughput=OnDemandThroughput(read, write))


def lsi(name: str, attribute: str, *, project: str = "ALL", hash_key: str = "pk S") -> LocalIndex:
    """A local index with the table's hash key ``pk``."""
    return LocalIndex(name, keys(hash_key, attribute), projection(project))


def vectors(
    name: str,
    attribute: str = "embedding",
    *search: str,
    size: int = 3,
    distance: str = "COSINE",
    project: str = "ALL",
) -> VectorIndex:
    """A vector index; each of ``search`` is ``"tenant S HASH"``, or ``"shop S"`` for an inline filter."""
    elements = []
    for text in search:
        filtered, kind, *role = text.split()
        elements.append(SearchElement(filtered, role[0] if role else "INLINE_FILTER", kind))  # type: ignore[arg-type]
    return VectorIndex(name, attribute, size, distance, projection(project), in_order(elements))  # type: ignore[arg-type]


def provisioned(read: int, write: int) -> Billing:
    """Provisioned billing with throughput."""
    return Billing("PROVISIONED", Throughput(read, write))


def stream(view: str | None) -> Stream:
    """An enabled stream with a view; None is a disabled one."""
    return Stream(False) if view is None else Stream(True, view)  # type: ignore[arg-type]


def ttl(attribute: str | None) -> Ttl:
    """Time to live on an attribute; None is off."""
    return Ttl(False) if attribute is None else Ttl(True, attribute)


def policy(*actions: str, who: str = "123456789012") -> ResourcePolicy:
    """A resource policy that lets an account do ``actions``; without actions there is no policy."""
    statement = {"Effect": "Allow", "Principal": {"AWS": who}, "Action": list(actions), "Resource": "*"}
    return ResourcePolicy(normal({"Version": "2012-10-17", "Statement": [statement]} if actions else {}))


def spec(*key: str, **fields: Any) -> TableSpec:
    """A table with the key ``pk S`` unless another is given."""
    for field in ("global_indexes", "local_indexes", "vector_indexes"):
        if field in fields:
            fields[field] = tuple(sorted(fields[field], key=lambda index: index.name))
    if "tags" in fields:
        fields["tags"] = tuple(sorted(fields["tags"].items()))
    return TableSpec(NAME, keys(*(key or ("pk S",))), **fields)


def renamed(table: TableSpec, name: str) -> TableSpec:
    """The same table under another name."""
    return replace(table, name=name)


def declaration(table: TableSpec, **lifecycle: Any) -> Declaration:
    """A declaration of it."""
    return Declaration(table.name, table, Origin("tables/subject.py", 1), Lifecycle(**lifecycle))


def whole(table: TableSpec) -> TableSpec:
    """The spec as an observer sees the table that was made from it: everything undeclared is at its default."""
    return replace(
        table,
        billing=table.billing or ON_DEMAND,
        global_indexes=tuple(live(index) for index in table.global_indexes or ()),
        local_indexes=table.local_indexes or (),
        stream=table.stream or Stream(False),
        ttl=table.ttl or Ttl(False),
        tags=table.tags or (),
        deletion_protection=bool(table.deletion_protection),
        table_class=table.table_class or "STANDARD",
        on_demand_throughput=table.on_demand_throughput or UNLIMITED,
        sse=table.sse or Sse(False),
        resource_policy=table.resource_policy or ResourcePolicy(None),
        stream_policy=table.stream_policy or ResourcePolicy(None),
        contributor_insights=table.contributor_insights or ContributorInsights(False),
        kinesis_streaming=table.kinesis_streaming or KinesisStreaming(None),
        point_in_time_recovery=table.point_in_time_recovery or PointInTimeRecovery(False),
        vector_indexes=table.vector_indexes or (),
        replicas=tuple(sorted((*(table.replicas or ()), HOME), key=lambda replica: replica.region)),
        multi_region_consistency=table.multi_region_consistency or MultiRegionConsistency("EVENTUAL"),
        global_table_settings=table.global_table_settings or GlobalTableSettings(),
    )


def observed(table: TableSpec, **fields: Any) -> ObservedTable:
    """A live, ACTIVE table that is just so."""
    return ObservedTable(**({"spec": whole(table), "identity": IDENTITY, "status": "ACTIVE"} | fields))
