"""The hard spec changes of vector indexes, in the shape of ``spec_changes``; no emulator supports any."""

from __future__ import annotations

from support.spec_changes import SpecChange
from support.specs import ON_DEMAND, gsi, provisioned, spec, vectors

from reconciler.model.change import Hazard
from reconciler.model.table import TableSpec, VectorIndex

V = vectors("by_meaning")
FILTERED = vectors("by_meaning", "embedding", "tenant S HASH", "shop N")


def _with(*indexes: VectorIndex, **fields: object) -> TableSpec:
    return spec(vector_indexes=list(indexes), **fields)


def _case(name: str, before: TableSpec, after: TableSpec, *calls: str, hazard: Hazard = Hazard.NONE) -> SpecChange:
    return SpecChange(name, before, after, calls, hazard, frozenset({"vectors"}))


def _rebuilt(name: str, before: VectorIndex, after: VectorIndex) -> SpecChange:
    calls = ("-vectors by_meaning", "+vectors by_meaning")
    return _case(name, _with(before), _with(after), *calls, hazard=Hazard.DISRUPTION)


VECTORS: tuple[SpecChange, ...] = (
    _case("a vector index is added", spec(), _with(V), "+vectors by_meaning"),
    _case("a vector index with a search schema is added", spec(), _with(FILTERED), "+vectors by_meaning"),
    _case(
        "vector indexes are added one at a time",
        spec(),
        _with(V, vectors("by_look", "picture", size=8)),
        "+vectors by_look",
        "+vectors by_meaning",
    ),
    _case(
        "a vector index and an index are added one at a time",
        spec(),
        _with(V, global_indexes=[gsi("by_a", "a S")]),
        "+index by_a",
        "+vectors by_meaning",
    ),
    _case(
        "an index is added beside a vector index whose search schema is defined too",
        _with(FILTERED),
        _with(FILTERED, global_indexes=[gsi("by_a", "a S")]),
        "+index by_a",
    ),
    _case(
        "an index is added over an attribute of a search schema",
        _with(FILTERED),
        _with(FILTERED, global_indexes=[gsi("by_shop", "shop N")]),
        "+index by_shop",
    ),
    _case(
        "a vector index is added over an attribute of an index",
        spec(global_indexes=[gsi("by_shop", "shop N")]),
        _with(FILTERED, global_indexes=[gsi("by_shop", "shop N")]),
        "+vectors by_meaning",
    ),
    _case("a vector index is removed", _with(V), _with(), "-vectors by_meaning", hazard=Hazard.DISRUPTION),
    _case("a vector index that is not declared stays", _with(V), spec()),
    _case(
        "a vector index is renamed",
        _with(V),
        _with(vectors("by_sense")),
        "+vectors by_sense",
        "-vectors by_meaning",
        hazard=Hazard.DISRUPTION,
    ),
    _rebuilt("the dimensions of a vector index change", V, vectors("by_meaning", size=4)),
    _rebuilt("the distance of a vector index changes", V, vectors("by_meaning", distance="EUCLIDEAN")),
    _rebuilt("the attribute of a vector index changes", V, vectors("by_meaning", "picture")),
    _rebuilt("the projection of a vector index changes", V, vectors("by_meaning", project="title price")),
    _rebuilt("a vector index gets a search schema", V, FILTERED),
    _rebuilt("a filter of a vector index goes", FILTERED, vectors("by_meaning", "embedding", "tenant S HASH")),
    _rebuilt(
        "the type of a filter changes",
        FILTERED,
        vectors("by_meaning", "embedding", "tenant S HASH", "shop S"),
    ),
    _case(
        "a new vector index of other dimensions waits for the old one over its attribute",
        _with(V),
        _with(vectors("by_sense", size=8)),
        "-vectors by_meaning",
        "+vectors by_sense",
        hazard=Hazard.DISRUPTION,
    ),
    _case(
        "both indexes over an attribute go before one of other dimensions comes",
        _with(vectors("one"), vectors("two")),
        _with(vectors("one", size=8), vectors("two", size=8)),
        "-vectors one",
        "-vectors two",
        "+vectors one",
        "+vectors two",
        hazard=Hazard.DISRUPTION,
    ),
    _case(
        "at five vector indexes an old one goes before a new one comes",
        _with(*(vectors(f"vec_{number}") for number in range(5))),
        _with(*(vectors(f"vec_{number}") for number in range(1, 6))),
        "-vectors vec_0",
        "+vectors vec_5",
        hazard=Hazard.DISRUPTION,
    ),
    _case(
        "a table goes on demand before it gets a vector index",
        spec(billing=provisioned(5, 5)),
        _with(V, billing=ON_DEMAND),
        "mode PAY_PER_REQUEST",
        "+vectors by_meaning",
    ),
    _case(
        "a table loses its vector index before it is provisioned",
        _with(V),
        _with(billing=provisioned(5, 5)),
        "-vectors by_meaning",
        "mode PROVISIONED 5/5",
        hazard=Hazard.DISRUPTION,
    ),
    _case("nothing differs in a search schema", _with(FILTERED), _with(FILTERED)),
)
