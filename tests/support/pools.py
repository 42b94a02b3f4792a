"""The small pools of names and values from which random tables are made, by hypothesis and by campaigns alike.

They are small, so that two random tables often share a name: with another type, key or projection. The order of a pool
is part of what a seed means.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.model.table import KeyElement, SearchElement

Types = dict[str, Any]
"""The one type of each attribute within a table."""
ATTRIBUTES = ("pk", "sk", "a", "b", "c")
OTHERS = ("n1", "n2", "n3")
"""Attributes that are in no key."""
INDEX_NAMES = ("by_a", "by_b", "by_c", "by.d", "by_a.keys")
LOCAL_NAMES = ("local_1", "local_2")
VECTOR_NAMES = ("vec_1", "vec_2", "vec.3")
VECTOR_ATTRIBUTES = ("v1", "v2")
VECTOR_SIZES = (3, 8)
SEARCHED = ("a", "b")
ROLES = ("HASH", "INLINE_FILTER")
DISTANCES: tuple[Any, ...] = ("COSINE", "DOT_PRODUCT", "EUCLIDEAN")
VIEWS: tuple[Any, ...] = ("NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY")
CLASSES: tuple[Any, ...] = ("STANDARD", "STANDARD_INFREQUENT_ACCESS")
KINESIS = tuple(f"arn:aws:kinesis:eu-central-1:111122223333:stream/{name}" for name in ("one", "two"))
PRECISIONS: tuple[Any, ...] = (None, "MILLISECOND", "MICROSECOND")
INSIGHT_MODES: tuple[Any, ...] = (None, "ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS")
TAGS, TAG_VALUES = ("team", "stage", "cost.center"), ("one", "two")
UNITS = (-1, 1, 1000)
"""Maxima on demand."""


def key_of(chosen: Sequence[str], hashes: int, types: Types) -> tuple[KeyElement, ...]:
    """A key of these attributes, the first ``hashes`` of them HASH elements."""
    return tuple(
        KeyElement(name, "HASH" if position < hashes else "RANGE", types[name]) for position, name in enumerate(chosen)
    )


def in_order(search: Iterable[SearchElement]) -> tuple[SearchElement, ...]:
    """A search schema as a spec holds it."""
    return tuple(sorted(search, key=lambda element: (element.role, element.attribute)))


def search(attributes: Sequence[str], first: Any, types: Types) -> tuple[SearchElement, ...]:
    """A search schema: the first of the attributes has the role ``first``, the others filter."""
    roles: tuple[Any, ...] = (first, "INLINE_FILTER")
    return in_order(SearchElement(each, role, types[each]) for each, role in zip(attributes, roles, strict=False))
