"""The schema of the state table: its CreateTable request, and how a table is recognised as one. See ``state_table``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.change import Call
from reconciler.model.errors import StateError
from reconciler.model.records import Fingerprint
from reconciler.planning.observe import identity_of

KEYS = (("scope", "HASH"), ("record", "RANGE"))


def create_request(name: str) -> Call:
    """The CreateTable request of the state table, as it is sent and as ``doctor`` prints it."""
    return Call(
        "CreateTable",
        {
            "TableName": name,
            "KeySchema": [
                {"AttributeName": "scope", "KeyType": "HASH"},
                {"AttributeName": "record", "KeyType": "RANGE"},
            ],
            "AttributeDefinitions": [
                {"AttributeName": "scope", "AttributeType": "S"},
                {"AttributeName": "record", "AttributeType": "S"},
            ],
            "BillingMode": "PAY_PER_REQUEST",
            # Without the inventory, this stack could no longer prove which tables are its own.
            "DeletionProtectionEnabled": True,
        },
    )


def has_state_table_keys(live: Mapping[str, Any]) -> bool:
    """Whether the ``Table`` member of a DescribeTable answer has the keys of a state table, both of type S."""
    keys = tuple((key["AttributeName"], key["KeyType"]) for key in live["KeySchema"])
    types = {definition["AttributeName"]: definition["AttributeType"] for definition in live["AttributeDefinitions"]}
    return keys == KEYS and all(types.get(name) == "S" for name, _ in KEYS)


def fingerprint_of(live: Mapping[str, Any]) -> Fingerprint:
    """Partition, account and Region of its ARN, and its identity. The Region of DynamoDB Local is ``ddblocal``."""
    arn = str(live["TableArn"])
    parts = arn.split(":", 5)
    if len(parts) != 6:
        raise StateError(f"The state table has the invalid ARN {arn!r}.")
    return Fingerprint(partition=parts[1], account=parts[4], region=parts[3], state_table=identity_of(live))
