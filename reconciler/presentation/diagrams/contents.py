"""What a diagram shows of a table: the attributes that something uses, and the indexes. Used by each diagram."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.desired import Declaration
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.table import GlobalIndex, LocalIndex, Projection


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute that a key, an index, a reference or the time to live uses.

    ``type`` is empty where the declaration does not say it. ``roles`` are short: ``PK``, ``SK``, ``FK``, ``TTL``;
    ``uses`` are sentences such as ``HASH of by_email``.
    """

    name: str
    type: str
    roles: tuple[str, ...]
    uses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """An index in words: ``global: email → ALL``."""

    name: str
    kind: str
    keys: tuple[str, ...]
    projection: str


ROLES = {"HASH": "PK", "RANGE": "SK"}


def attributes(declaration: Declaration) -> tuple[Attribute, ...]:
    """Those of the table's key first, each once."""
    spec = declaration.spec
    types: dict[str, str] = {}
    roles: dict[str, list[str]] = {}
    uses: dict[str, list[str]] = {}

    def use(name: str, kind: str = "", role: str | None = None, text: str | None = None) -> None:
        types[name] = types.get(name) or kind
        for known, word in ((roles, role), (uses, text)):
            found = known.setdefault(name, [])
            if word is not None and word not in found:
                found.append(word)

    for key in spec.keys:
        use(key.attribute, key.type, ROLES[key.role])
    for _, index in _indexes(declaration):
        for key in index.keys:
            use(key.attribute, key.type, None, f"{key.role} of {index.name}")
    for vector in spec.vector_indexes or ():
        use(vector.attribute, "", None, f"vectors of {vector.name}")
        for element in vector.search:
            use(element.attribute, element.type or "", None, f"{element.role} of {vector.name}")
    if spec.ttl is not None and spec.ttl.enabled and spec.ttl.attribute:
        use(spec.ttl.attribute, "N", "TTL")
    for reference in declaration.references:
        if reference.attribute is not None:
            use(reference.attribute, "", "FK", f"refers to {reference.table}")
    return tuple(Attribute(name, types[name], tuple(roles[name]), tuple(uses[name])) for name in types)


def indexes(declaration: Declaration) -> Iterator[Index]:
    """Global, local and vector indexes."""
    spec = declaration.spec
    for kind, index in _indexes(declaration):
        yield Index(index.name, kind, tuple(key.attribute for key in index.keys), _projection(index.projection))
    for vector in spec.vector_indexes or ():
        keys = (vector.attribute, *(element.attribute for element in vector.search))
        yield Index(vector.name, "vector", keys, _projection(vector.projection))


def _indexes(declaration: Declaration) -> Iterator[tuple[str, GlobalIndex | LocalIndex]]:
    spec = declaration.spec
    yield from (("global", index) for index in spec.global_indexes or ())
    yield from (("local", index) for index in spec.local_indexes or ())


def _projection(projection: Projection) -> str:
    names = sorted(projection.non_key_attributes)
    return f"INCLUDE {', '.join(names)}" if names else projection.type
