"""Random valid tables for hypothesis.

Attributes and index names come from small ``pools``. Every attribute has one type within a table.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from hypothesis import strategies as st
from support import pools
from support.specs import NAME, policy

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
    Sse,
    Stream,
    TableSpec,
    Throughput,
    Ttl,
    VectorIndex,
    WarmThroughput,
)

units = st.builds(Throughput, st.integers(1, 4), st.integers(1, 4))
streams = st.sampled_from([Stream(False), *(Stream(True, view) for view in pools.VIEWS)])
ttls = st.sampled_from([Ttl(False), Ttl(True, "expires"), Ttl(True, "gone_at")])
tags = st.dictionaries(st.sampled_from(pools.TAGS), st.sampled_from(pools.TAG_VALUES), max_size=3)
billings = st.one_of(st.just(Billing("PAY_PER_REQUEST")), st.builds(Billing, st.just("PROVISIONED"), units))
distances = st.sampled_from(pools.DISTANCES)
projections = st.one_of(
    st.sampled_from([Projection("ALL"), Projection("KEYS_ONLY")]),
    st.builds(Projection, st.just("INCLUDE"), st.frozensets(st.sampled_from(pools.OTHERS), min_size=1, max_size=3)),
)


classes = st.sampled_from(pools.CLASSES)
request_units = st.sampled_from(pools.UNITS)
maxima = st.builds(OnDemandThroughput, request_units, request_units)
encryptions = st.sampled_from([Sse(False), *(Sse(True, key) for key in ("alias/aws/dynamodb", "alias/one"))])
recoveries = st.sampled_from([PointInTimeRecovery(False), *(PointInTimeRecovery(True, days) for days in (7, 35))])


@st.composite
def index_keys(draw: st.DrawFn, types: pools.Types) -> tuple[KeyElement, ...]:
    """One HASH and at most one RANGE element; now and then up to four of each."""
    most = draw(st.sampled_from([1, 1, 1, 4]))
    names = draw(st.permutations(pools.ATTRIBUTES))
    hashes = draw(st.integers(1, most))
    ranges = draw(st.integers(0, min(most, len(names) - hashes)))
    chosen = names[: hashes + ranges]
    return pools.key_of(chosen, hashes, types)


@st.composite
def global_indexes(draw: st.DrawFn, types: pools.Types, *, mode: str | None) -> tuple[GlobalIndex, ...]:
    """Up to four global indexes, sorted by name; throughput in any of them, or on demand a maximum."""
    names = sorted(draw(st.sets(st.sampled_from(pools.INDEX_NAMES), max_size=4)))
    capacity = st.one_of(st.none(), units) if mode == "PROVISIONED" else st.none()
    most = st.one_of(st.none(), maxima) if mode == "PAY_PER_REQUEST" else st.none()
    return tuple(
        GlobalIndex(name, draw(index_keys(types)), draw(projections), draw(capacity), draw(most)) for name in names
    )


@st.composite
def local_indexes(draw: st.DrawFn, keys: tuple[KeyElement, ...], types: pools.Types) -> tuple[LocalIndex, ...]:
    """Up to two local indexes, where the table has a range key."""
    names = sorted(draw(st.sets(st.sampled_from(pools.LOCAL_NAMES), max_size=2))) if len(keys) == 2 else []
    ranges = st.sampled_from([name for name in pools.ATTRIBUTES if name != keys[0].attribute])
    made = []
    for name in names:
        attribute = draw(ranges)
        made.append(LocalIndex(name, (keys[0], KeyElement(attribute, "RANGE", types[attribute])), draw(projections)))
    return tuple(made)


@st.composite
def vector_indexes(draw: st.DrawFn, types: pools.Types) -> tuple[VectorIndex, ...]:
    """Up to three vector indexes over two attributes, each of one size within a table."""
    names = sorted(draw(st.sets(st.sampled_from(pools.VECTOR_NAMES), max_size=3)))
    sizes = {attribute: draw(st.sampled_from(pools.VECTOR_SIZES)) for attribute in pools.VECTOR_ATTRIBUTES}
    made = []
    for name in names:
        attribute = draw(st.sampled_from(pools.VECTOR_ATTRIBUTES))
        searched = sorted(draw(st.sets(st.sampled_from(pools.SEARCHED), max_size=2)))
        search = pools.search(searched, draw(st.sampled_from(pools.ROLES)), types)
        made.append(VectorIndex(name, attribute, sizes[attribute], draw(distances), draw(projections), search))
    return tuple(made)


@st.composite
def table_specs(draw: st.DrawFn, *, name: str = NAME, whole: bool = False) -> TableSpec:
    """A valid declaration; with ``whole`` every field is given, as an observer fills it."""
    types = cast(pools.Types, {attribute: draw(st.sampled_from("SSSNB")) for attribute in pools.ATTRIBUTES})
    keys = [KeyElement("pk", "HASH", types["pk"])]
    if draw(st.booleans()):
        keys.append(KeyElement("sk", "RANGE", types["sk"]))

    def perhaps(strategy: st.SearchStrategy[Any]) -> Any:
        return draw(strategy if whole else st.one_of(st.none(), strategy))

    billing = perhaps(billings)
    mode = billing.mode if billing else None
    return TableSpec(
        name,
        tuple(keys),
        billing=billing,
        global_indexes=perhaps(global_indexes(types, mode=mode)),
        local_indexes=perhaps(local_indexes(tuple(keys), types)),
        stream=perhaps(streams),
        ttl=perhaps(ttls),
        tags=perhaps(tags.map(lambda chosen: tuple(sorted(chosen.items())))),
        deletion_protection=perhaps(st.booleans()),
        table_class=perhaps(classes),
        on_demand_throughput=draw(st.one_of(st.none(), maxima)) if mode == "PAY_PER_REQUEST" else None,
        sse=perhaps(encryptions),
        point_in_time_recovery=perhaps(recoveries),
        vector_indexes=perhaps(st.just(()) if mode == "PROVISIONED" else vector_indexes(types)),
    )


warmths = st.builds(
    WarmThroughput, st.sampled_from([None, 100, 12000, 20000]), st.sampled_from([None, 4000, 9000])
).filter(lambda warm: warm != WarmThroughput())
policies = st.sampled_from([policy(), policy("dynamodb:GetItem"), policy("dynamodb:Query", "dynamodb:Scan")])
insight_modes = st.sampled_from(pools.INSIGHT_MODES)
destinations = st.one_of(
    st.just(KinesisStreaming(None)),
    st.builds(KinesisStreaming, st.sampled_from(pools.KINESIS), st.sampled_from(pools.PRECISIONS)),
)


@st.composite
def table_specs_with_all(draw: st.DrawFn) -> TableSpec:
    """A valid declaration with features that only the service has: side features and warm throughput."""
    spec = draw(table_specs())

    def perhaps(strategy: st.SearchStrategy[Any]) -> Any:
        return draw(st.one_of(st.none(), strategy))

    warm = tuple(replace(index, warm_throughput=perhaps(warmths)) for index in spec.global_indexes or ())
    return replace(
        spec,
        global_indexes=None if spec.global_indexes is None else warm,
        warm_throughput=perhaps(warmths),
        resource_policy=perhaps(policies),
        stream_policy=perhaps(policies) if spec.stream and spec.stream.enabled else None,
        contributor_insights=perhaps(insights(spec)),
        kinesis_streaming=perhaps(destinations),
    )


@st.composite
def insights(draw: st.DrawFn, spec: TableSpec) -> ContributorInsights:
    """Of the table, of some of its declared indexes, or of both; a mode only where they are on."""

    def one() -> tuple[bool, Any]:
        enabled = draw(st.booleans())
        return enabled, draw(insight_modes) if enabled else None

    names = [index.name for index in spec.global_indexes or ()]
    chosen = sorted(draw(st.sets(st.sampled_from(names)))) if names else []
    own = one() if not chosen or draw(st.booleans()) else (None, None)
    return ContributorInsights(*own, tuple(IndexInsights(name, *one()) for name in chosen))
