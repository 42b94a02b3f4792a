"""Vector indexes that CreateTable refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.documents import T, defs
from support.folders import SOUND, sentences, write


def vector(name: str = "by_meaning", attribute: str = "embedding", **more: Any) -> dict[str, Any]:
    """A vector index as declared."""
    return {
        "index_name": name,
        "vector_attribute": {"attribute_name": attribute},
        "dimensions": 3,
        "distance_function": "COSINE",
        "projection": {"projection_type": "ALL"},
        **more,
    }


def search(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"attribute_name": name, "search_schema_element_type": role} for name, role in pairs]


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "six of them": (
        {"vector_indexes": [vector(f"vec_{n}") for n in range(6)]},
        "vector_indexes: has 6 indexes. DynamoDB allows 5 a table.",
    ),
    "on a provisioned table": (
        {"provisioned_throughput": T, "vector_indexes": [vector()]},
        (
            "vector_indexes: are not allowed when the table is provisioned. Set billing_mode to "
            "PAY_PER_REQUEST and remove "
            "provisioned_throughput, or remove the vector indexes."
        ),
    ),
    "vectors in the key": (
        {"vector_indexes": [vector(attribute="pk")]},
        (
            "vector_indexes[0].vector_attribute.attribute_name: attribute 'pk' is a key attribute of the table. "
            "Store vectors in another attribute."
        ),
    ),
    "two sizes over one attribute": (
        {"vector_indexes": [vector("one"), vector("two", dimensions=4)]},
        (
            "vector_indexes[1].dimensions: conflicting dimensions 4; another index over 'embedding' has 3. Use "
            "the same number for all indexes over one attribute."
        ),
    ),
    "no dimensions at all": (
        {"vector_indexes": [vector(dimensions=0)]},
        "vector_indexes[0].dimensions: 0 is less than 1. Write 1 or more.",
    ),
    "too many dimensions": (
        {"vector_indexes": [vector(dimensions=4097)]},
        "vector_indexes[0].dimensions: 4097 is greater than 4096. Write 4096 or less.",
    ),
    "a distance nobody knows": (
        {"vector_indexes": [vector(distance_function="COSIN")]},
        (
            "vector_indexes[0].distance_function: invalid value 'COSIN'; expected COSINE, DOT_PRODUCT or EUCLIDEAN. "
            "Did you mean COSINE?"
        ),
    ),
    "the name of another index": (
        {
            "vector_indexes": [vector("by_pk")],
            "global_secondary_indexes": [
                {
                    "index_name": "by_pk",
                    "key_schema": [{"attribute_name": "pk", "key_type": "HASH"}],
                    "projection": {"projection_type": "ALL"},
                }
            ],
        },
        ("vector_indexes[0].index_name: duplicate index name 'by_pk'. Give each index its own name."),
    ),
    "a filter without definition": (
        {"vector_indexes": [vector(search_schema=search(("shop", "INLINE_FILTER")))]},
        (
            "vector_indexes[0].search_schema[0].attribute_name: attribute 'shop' is not in attribute_definitions."
            ' Add {"AttributeName": "shop", "AttributeType": "S"} (or "N", "B") to attribute_definitions.'
        ),
    ),
    "two partitions": (
        {
            "attribute_definitions": defs("pk", "a", "b"),
            "vector_indexes": [vector(search_schema=search(("a", "HASH"), ("b", "HASH")))],
        },
        "vector_indexes[0].search_schema: has 2 HASH elements. Use at most one.",
    ),
    "an empty search schema": (
        {"vector_indexes": [vector(search_schema=[])]},
        "vector_indexes[0].search_schema: is empty. Remove it, or name the attributes that narrow a search.",
    ),
    "an attribute filtered twice": (
        {
            "attribute_definitions": defs("pk", "a"),
            "vector_indexes": [vector(search_schema=search(("a", "HASH"), ("a", "INLINE_FILTER")))],
        },
        "vector_indexes[0].search_schema: duplicate attribute 'a'. Use each attribute only once per search schema.",
    ),
    "a filter on the vectors": (
        {
            "attribute_definitions": defs("pk", "embedding"),
            "vector_indexes": [vector(search_schema=search(("embedding", "INLINE_FILTER")))],
        },
        (
            "vector_indexes[0].search_schema: must not contain 'embedding', the attribute of the vectors. Use "
            "other attributes to narrow a search."
        ),
    ),
    "names projected by ALL": (
        {"vector_indexes": [vector(projection={"projection_type": "ALL", "non_key_attributes": ["a"]})]},
        (
            "vector_indexes[0].projection.non_key_attributes: is not allowed when projection_type is ALL. Remove "
            "it, or use INCLUDE."
        ),
    ),
}
"""Changes of the smallest sound document, and the one sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_bad_vector_index_is_reported_with_field_reason_and_remedy(case: str, tmp_path: Path) -> None:
    changes, expected = CASES[case]
    (sentence,) = sentences(write(tmp_path / "app", {"users.json": SOUND | changes}))
    assert sentence.split(": ", 1)[1] == expected
