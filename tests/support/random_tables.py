"""Random valid declarations from ``random.Random``, for campaigns: some hundred times faster than drawing them.

Pools of names and values are those of ``pools``. Every declaration is one that any table can be brought to: where
one feature stands in the way of another (docs/reference/service-rules.md), both are declared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from support import pools
from support.specs import policy

from reconciler.model.table import (
    Billing,
    ContributorInsights,
    GlobalIndex,
    IndexInsights,
    KeyElement,
    KinesisStreaming,
    LocalIndex,
    OnDemandThroughput,
    PointInTimeRecovery,
    Projection,
    ResourcePolicy,
    Sse,
    Stream,
    TableSpec,
    Throughput,
    Ttl,
    VectorIndex,
    WarmThroughput,
)

T = TypeVar("T")
POLICIES = (ResourcePolicy(None), policy("dynamodb:GetItem"), policy("dynamodb:GetItem", "dynamodb:Query"))
STREAM_POLICIES = (ResourcePolicy(None), policy("dynamodb:GetRecords"))
WARM = (12000, 13000, 15000)


def table_spec(rng: Random, name: str, like: TableSpec | None = None) -> TableSpec:
    """A valid declaration, half of its features not declared; a table that is ``like`` becomes it in place."""
    types = {attribute: rng.choice("SSSNB") for attribute in pools.ATTRIBUTES}
    keys, local = _base(rng, types) if like is None else (like.keys, like.local_indexes)
    types |= {key.attribute: key.type for part in (keys, *(index.keys for index in local or ())) for key in part}
    vectors = vector_indexes(rng, types) if rng.random() < 0.2 else None
    billing = Billing("PAY_PER_REQUEST") if vectors else perhaps(rng, billing_of, 0.6)
    mode = billing.mode if billing else None
    indexes = perhaps(rng, lambda r: global_indexes(r, types, mode), 0.7)
    if vectors is None and (indexes or mode == "PROVISIONED"):
        vectors = ()
    if indexes is None and vectors:
        indexes = ()
    stream = perhaps(rng, stream_of)
    return TableSpec(
        name,
        keys,
        billing=billing,
        global_indexes=indexes,
        local_indexes=() if local is None and (indexes or vectors) and len(keys) == 2 else local,
        stream=stream,
        ttl=perhaps(rng, ttl_of),
        tags=perhaps(rng, tags_of),
        deletion_protection=perhaps(rng, lambda r: r.random() < 0.4),
        table_class=perhaps(rng, lambda r: r.choice(pools.CLASSES), 0.25),
        on_demand_throughput=perhaps(rng, maximum, 0.3) if mode == "PAY_PER_REQUEST" else None,
        warm_throughput=perhaps(rng, warm, 0.15),
        sse=perhaps(rng, sse_of, 0.25),
        point_in_time_recovery=perhaps(rng, recovery, 0.25),
        vector_indexes=vectors,
        resource_policy=perhaps(rng, lambda r: r.choice(POLICIES), 0.2),
        stream_policy=perhaps(rng, lambda r: r.choice(STREAM_POLICIES), 0.3) if stream and stream.enabled else None,
        contributor_insights=perhaps(rng, lambda r: insights(r, indexes), 0.2),
        kinesis_streaming=perhaps(rng, kinesis, 0.2),
    )


def sound(spec: TableSpec) -> bool:
    """Whether a declaration is reachable from any table: it declares everything that its features need."""
    names = {index.name for index in spec.global_indexes or ()}
    own = spec.contributor_insights.indexes if spec.contributor_insights else ()
    mode = spec.billing.mode if spec.billing else None
    return (
        bool(spec.keys)
        and spec.keys[0].attribute == "pk"
        and (mode == "PAY_PER_REQUEST" or not (spec.on_demand_throughput or spec.vector_indexes))
        and (spec.vector_indexes is not None or not (names or mode == "PROVISIONED"))
        and (spec.global_indexes is not None or not spec.vector_indexes)
        and (spec.local_indexes is not None or not (names or spec.vector_indexes) or len(spec.keys) == 1)
        and (spec.stream_policy is None or bool(spec.stream and spec.stream.enabled))
        and names.issuperset(index.name for index in own)
        and all(_whole(index.projection) and index.keys for index in spec.global_indexes or ())
        and all(_whole(index.projection) and len(index.keys) == 2 for index in spec.local_indexes or ())
        and all(_whole(index.projection) for index in spec.vector_indexes or ())
    )


def _whole(projection: Projection) -> bool:
    return projection.type != "INCLUDE" or bool(projection.non_key_attributes)


def _base(rng: Random, types: pools.Types) -> tuple[tuple[KeyElement, ...], tuple[LocalIndex, ...] | None]:
    """Key and local indexes: what never changes."""
    keys: tuple[KeyElement, ...] = (KeyElement("pk", "HASH", types["pk"]),)
    if rng.random() < 0.5:
        keys += (KeyElement("sk", "RANGE", types["sk"]),)
    return keys, perhaps(rng, lambda r: local_indexes(r, keys, types), 0.3)


def perhaps(rng: Random, make: Callable[[Random], T], share: float = 0.5) -> T | None:
    """What ``make`` gives, or None: not declared."""
    return make(rng) if rng.random() < share else None


def some(rng: Random, pool: Sequence[T], most: int) -> list[T]:
    """Up to ``most`` of the pool, in its order."""
    chosen = rng.sample(range(len(pool)), rng.randint(0, min(most, len(pool))))
    return [pool[position] for position in sorted(chosen)]


def units(rng: Random) -> Throughput:
    return Throughput(rng.randint(1, 4), rng.randint(1, 4))


def billing_of(rng: Random) -> Billing:
    return Billing("PROVISIONED", units(rng)) if rng.random() < 0.5 else Billing("PAY_PER_REQUEST")


def stream_of(rng: Random) -> Stream:
    return Stream(True, rng.choice(pools.VIEWS)) if rng.random() < 0.7 else Stream(False)


def ttl_of(rng: Random) -> Ttl:
    return rng.choice((Ttl(False), Ttl(True, "expires"), Ttl(True, "gone_at")))


def tags_of(rng: Random) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, rng.choice(pools.TAG_VALUES)) for key in some(rng, pools.TAGS, 3)))


def maximum(rng: Random) -> OnDemandThroughput:
    read, write = rng.choice(pools.UNITS), rng.choice(pools.UNITS)
    return rng.choice((OnDemandThroughput(read, write), OnDemandThroughput(read), OnDemandThroughput(write=write)))


def warm(rng: Random) -> WarmThroughput:
    read, write = rng.choice(WARM), rng.choice(WARM) // 3
    return rng.choice((WarmThroughput(read, write), WarmThroughput(read), WarmThroughput(write=write)))


def sse_of(rng: Random) -> Sse:
    return rng.choice((Sse(False), Sse(True), Sse(True, "alias/aws/dynamodb"), Sse(True, "alias/one")))


def recovery(rng: Random) -> PointInTimeRecovery:
    off, on = PointInTimeRecovery(False), PointInTimeRecovery(True)
    return rng.choice((off, on, PointInTimeRecovery(True, 7), PointInTimeRecovery(True, 35)))


def kinesis(rng: Random) -> KinesisStreaming:
    if rng.random() < 0.3:
        return KinesisStreaming(None)
    return KinesisStreaming(rng.choice(pools.KINESIS), rng.choice(pools.PRECISIONS))


def insights(rng: Random, indexes: tuple[GlobalIndex, ...] | None) -> ContributorInsights:
    """Of the table, or not ours; and of some of the declared indexes."""
    ours = some(rng, indexes or (), 2)
    own = tuple(IndexInsights(index.name, rng.random() < 0.7, rng.choice(pools.INSIGHT_MODES)) for index in ours)
    return ContributorInsights(rng.choice((None, True, False)), rng.choice(pools.INSIGHT_MODES), own)


def projection(rng: Random) -> Projection:
    kind = rng.choice(("ALL", "KEYS_ONLY", "INCLUDE"))
    if kind != "INCLUDE":
        return Projection(kind)
    return Projection(kind, frozenset(rng.sample(pools.OTHERS, rng.randint(1, 3))))


def index_keys(rng: Random, types: pools.Types) -> tuple[KeyElement, ...]:
    """One HASH and at most one RANGE element; now and then up to four of each."""
    most = rng.choice((1, 1, 1, 4))
    hashes = rng.randint(1, most)
    ranges = rng.randint(0, min(most, len(pools.ATTRIBUTES) - hashes))
    chosen = rng.sample(pools.ATTRIBUTES, hashes + ranges)
    return pools.key_of(chosen, hashes, types)


def global_indexes(rng: Random, types: pools.Types, mode: str | None) -> tuple[GlobalIndex, ...]:
    """Up to four, sorted by name; throughput in any of them where provisioned, a maximum where on demand."""
    made = []
    for name in sorted(some(rng, pools.INDEX_NAMES, 4)):
        capacity = perhaps(rng, units) if mode == "PROVISIONED" else None
        most = perhaps(rng, maximum, 0.3) if mode == "PAY_PER_REQUEST" else None
        made.append(GlobalIndex(name, index_keys(rng, types), projection(rng), capacity, most, perhaps(rng, warm, 0.1)))
    return tuple(made)


def local_indexes(rng: Random, keys: tuple[KeyElement, ...], types: pools.Types) -> tuple[LocalIndex, ...]:
    """Up to two, where the table has a range key."""
    made = []
    for name in some(rng, pools.LOCAL_NAMES, 2) if len(keys) == 2 else ():
        attribute = rng.choice([name for name in pools.ATTRIBUTES if name != keys[0].attribute])
        made.append(LocalIndex(name, (keys[0], KeyElement(attribute, "RANGE", types[attribute])), projection(rng)))
    return tuple(made)


def vector_indexes(rng: Random, types: pools.Types) -> tuple[VectorIndex, ...]:
    """Up to three over two attributes, each of one size within a table."""
    sizes = {attribute: rng.choice(pools.VECTOR_SIZES) for attribute in pools.VECTOR_ATTRIBUTES}
    made = []
    for name in sorted(some(rng, pools.VECTOR_NAMES, 3)):
        attribute = rng.choice(pools.VECTOR_ATTRIBUTES)
        searched, first = some(rng, pools.SEARCHED, 2), rng.choice(pools.ROLES)
        distance = rng.choice(pools.DISTANCES)
        search = pools.search(searched, first, types)
        made.append(VectorIndex(name, attribute, sizes[attribute], distance, projection(rng), search))
    return tuple(made)
