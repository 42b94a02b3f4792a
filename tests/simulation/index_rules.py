"""Rules of the service for keys, indexes and attribute definitions, at create and later (rules 12, 13, 14 and 16)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulation.refusal import invalid, limit
from simulation.table import key_attributes, search_attributes

LOCAL, GLOBAL, VECTOR = 5, 20, 5
ELEMENTS = 4
"""HASH, and RANGE, elements of one global index."""
INCLUDED, INCLUDED_IN_ALL = 20, 100
"""Names in the INCLUDE list of one index, and of all indexes of a table together."""

Shape = dict[str, Any]


def check_table_key(operation: str, schema: list[Shape]) -> None:
    roles = [element["KeyType"] for element in schema]
    if roles not in (["HASH"], ["HASH", "RANGE"]):
        raise invalid(operation, "a table has one HASH element and at most one RANGE element")


def check_local(operation: str, description: Shape) -> None:
    indexes = description.get("LocalSecondaryIndexes", [])
    if len(indexes) > LOCAL:
        raise invalid(operation, f"at most {LOCAL} local indexes")
    hash_key = description["KeySchema"][0]["AttributeName"]
    for index in indexes:
        roles = [element["KeyType"] for element in index["KeySchema"]]
        if roles != ["HASH", "RANGE"] or index["KeySchema"][0]["AttributeName"] != hash_key:
            raise invalid(operation, "a local index has the table's HASH element and one RANGE element")
        if len(description["KeySchema"]) != 2:
            raise invalid(operation, "a local index needs a table with a RANGE element")


def check_global(operation: str, index: Shape, mode: str) -> None:
    roles = [element["KeyType"] for element in index["KeySchema"]]
    hashes = roles.count("HASH")
    if roles != ["HASH"] * hashes + ["RANGE"] * (len(roles) - hashes) or not 1 <= hashes <= ELEMENTS:
        raise invalid(operation, f"an index has 1 to {ELEMENTS} HASH elements, and then RANGE elements")
    if len(roles) - hashes > ELEMENTS:
        raise invalid(operation, f"an index has at most {ELEMENTS} RANGE elements")
    if ("ProvisionedThroughput" in index) != (mode == "PROVISIONED"):
        raise invalid(operation, f"throughput of index {index['IndexName']} goes exactly with PROVISIONED")


def check_vector(operation: str, index: Shape, description: Shape, mode: str) -> None:
    if mode != "PAY_PER_REQUEST":
        raise invalid(operation, "vector indexes need a table that is on demand")
    attribute = index["VectorAttribute"]["AttributeName"]
    if attribute in {element["AttributeName"] for element in description["KeySchema"]}:
        raise invalid(operation, "a vector attribute is no key attribute of the table")
    for other in description.get("VectorIndexes", []):
        same = other["VectorAttribute"]["AttributeName"] == attribute
        if same and other["Dimensions"] != index["Dimensions"]:
            raise invalid(operation, "indexes on one vector attribute have equal dimensions")


def check_counts(operation: str, description: Shape) -> None:
    too_many = invalid if operation == "CreateTable" else limit
    if len(description.get("GlobalSecondaryIndexes", [])) > GLOBAL:
        raise too_many(operation, f"at most {GLOBAL} global indexes")
    if len(description.get("VectorIndexes", [])) > VECTOR:
        raise too_many(operation, f"at most {VECTOR} vector indexes")
    members = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes", "VectorIndexes")
    every = [index for member in members for index in description.get(member, [])]
    names = [index["IndexName"] for index in every]
    if len(names) != len(set(names)):
        raise invalid(operation, "two indexes have one name")
    included = [index["Projection"].get("NonKeyAttributes", []) for index in every]
    if any(len(one) > INCLUDED for one in included):
        raise invalid(operation, f"an INCLUDE list has at most {INCLUDED} names")
    if sum(map(len, included)) > INCLUDED_IN_ALL:
        raise invalid(operation, f"the INCLUDE lists of a table have at most {INCLUDED_IN_ALL} names in all")


def defined(operation: str, description: Shape, given: Iterable[Shape], known: Iterable[Shape] = ()) -> list[Shape]:
    """The definitions of exactly the attributes in use; ``known`` are those that the table has already.

    Attributes of a vector index's search schema may be defined, key attributes must be.
    """
    given = list(given)
    types = {d["AttributeName"]: d["AttributeType"] for d in known}
    for definition in given:
        name, kind = definition["AttributeName"], definition["AttributeType"]
        if types.setdefault(name, kind) != kind:
            raise invalid(operation, f"{name} has two types")
    used = key_attributes(description)
    searched = search_attributes(description)
    unused = {definition["AttributeName"] for definition in given} - set(used) - searched
    if unused:
        raise invalid(operation, f"Some AttributeDefinitions are not used: {sorted(unused)}")
    undefined = [name for name in used if name not in types]
    if undefined:
        raise invalid(operation, f"Some index key attributes are not defined in AttributeDefinitions: {undefined}")
    return [{"AttributeName": name, "AttributeType": types[name]} for name in reversed(_kept(used, searched, types))]


def _kept(used: list[str], searched: set[str], types: dict[str, str]) -> list[str]:
    return sorted({*used, *(name for name in searched if name in types)})
