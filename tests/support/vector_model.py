"""Vector indexes of the imaginary table: the rules of the service, without the product's facets."""

from __future__ import annotations

from typing import Any

from support.refusal import require

Table = dict[str, Any]


def create(table: Table, params: dict[str, Any]) -> None:
    """What CreateTable asks of its vector indexes."""
    for index in params.get("VectorIndexes", []):
        _sound(table, index)
    require(len(table["VectorIndexes"]) <= 5, "LimitExceededException: at most 5 vector indexes")


def update(table: Table, updates: list[dict[str, Any]], definitions: list[dict[str, str]]) -> None:
    """One create or delete; the attributes of the search schema are defined in the very same request."""
    require(len(updates) == 1, "one vector index a call")
    for verb, index in updates[0].items():
        if verb == "Delete":
            found = [live for live in table["VectorIndexes"] if live["IndexName"] == index["IndexName"]]
            require(found, "ResourceNotFoundException: no such vector index")
            found[0]["IndexStatus"] = "DELETING"
            return
        names = {live["IndexName"] for live in (*table["VectorIndexes"], *table["GlobalSecondaryIndexes"])}
        require(index["IndexName"] not in names, "the index exists")
        require(len(table["VectorIndexes"]) < 5, "LimitExceededException: at most 5 vector indexes")
        defined = {definition["AttributeName"]: definition["AttributeType"] for definition in definitions}
        for element in index.get("SearchSchema", []):
            require(element["AttributeName"] in defined, "an element of the search schema is not defined")
        for definition in table["AttributeDefinitions"]:
            kind = defined.get(definition["AttributeName"], definition["AttributeType"])
            require(kind == definition["AttributeType"], f"{definition['AttributeName']} has two types")
        _sound(table, index)
        table["VectorIndexes"].append({**index, "IndexStatus": "CREATING", "Backfilling": False})
        table["AttributeDefinitions"] = definitions


def settle(table: Table) -> None:
    """Finishes all pending changes."""
    kept = [index for index in table["VectorIndexes"] if index["IndexStatus"] != "DELETING"]
    for index in kept:
        index.update(IndexStatus="ACTIVE", Backfilling=False)
    table["VectorIndexes"] = kept


def _sound(table: Table, index: dict[str, Any]) -> None:
    require(table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST", "vector indexes need on-demand billing")
    attribute = index["VectorAttribute"]["AttributeName"]
    keys = [element["AttributeName"] for element in table["KeySchema"]]
    require(attribute not in keys, "the vectors are in the key of the table")
    for other in table["VectorIndexes"]:
        same = other["VectorAttribute"]["AttributeName"] == attribute
        require(not same or other["Dimensions"] == index["Dimensions"], "one attribute, two dimensions")
