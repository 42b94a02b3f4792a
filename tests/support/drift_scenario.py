"""Drift of every kind, created at a live endpoint while a daemon runs: for tests and screenshots of the dashboard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

KEYS = {
    "key_schema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "attribute_definitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "billing_mode": "PAY_PER_REQUEST",
}
BY_EMAIL = {
    "IndexName": "by_email",
    "KeySchema": [{"AttributeName": "email", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
WITH_EMAIL = [*KEYS["attribute_definitions"], {"AttributeName": "email", "AttributeType": "S"}]
TABLES: dict[str, dict[str, Any]] = {
    "users": {**KEYS, "time_to_live": {"Enabled": True, "AttributeName": "expires_at"}},
    "orders": {**KEYS, "stream_specification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}},
    "invoices": {**KEYS, "attribute_definitions": WITH_EMAIL, "global_secondary_indexes": [BY_EMAIL]},
    "sessions": {**KEYS, "deletion_protection_enabled": True},
    "projects": KEYS,
    "audit": KEYS,
}
SEEDS = {"users": [{"pk": f"user-{number}"} for number in range(12)], "projects": [{"pk": "first"}]}
BLOCKED = "audit"
PROVISIONED = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}


def declare(folder: Path) -> None:
    """Write the declarations and seeds at the start of the scenario."""
    state = folder / "desired_state"
    (state / "seeds").mkdir(parents=True)
    for name, table in TABLES.items():
        write(folder, name, {"table_name": name, **table})
    for name, items in SEEDS.items():
        (state / "seeds" / f"{name}.json").write_text(json.dumps(items), encoding="utf-8")


def write(folder: Path, name: str, table: dict[str, Any]) -> None:
    """One declaration, renamed into its place."""
    target = folder / "desired_state" / f"{name}.json"
    beside = folder / f"{name}.tmp"
    beside.write_text(json.dumps(table), encoding="utf-8")
    beside.replace(target)


def make_drift(client: Any) -> None:
    """Somebody else changes every facet that DynamoDB Local lets change, and makes a table of their own."""
    client.put_item(TableName=BLOCKED, Item={"pk": {"S": "precious"}})
    client.update_time_to_live(
        TableName="users", TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires_at"}
    )
    client.update_table(TableName="orders", StreamSpecification={"StreamEnabled": False})
    client.update_table(TableName="invoices", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_email"}}])
    client.update_table(TableName="sessions", DeletionProtectionEnabled=False)
    client.update_table(TableName="projects", BillingMode="PROVISIONED", ProvisionedThroughput=PROVISIONED)
    client.create_table(
        TableName="strangers",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=KEYS["key_schema"],
        AttributeDefinitions=KEYS["attribute_definitions"],
    )


def drop_the_unmanaged_table(client: Any) -> None:
    """Deletes the unmanaged table."""
    client.delete_table(TableName="strangers")


def delete_a_table(client: Any) -> None:
    """Somebody deletes a table."""
    client.delete_table(TableName="projects")


def want_other_keys(folder: Path) -> None:
    """A declaration that ``DATA_LOSS=never`` refuses: other keys need a replacement, and the table holds an item."""
    write(
        folder,
        BLOCKED,
        {
            **KEYS,
            "table_name": BLOCKED,
            "key_schema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "attribute_definitions": [{"AttributeName": "id", "AttributeType": "S"}],
        },
    )
