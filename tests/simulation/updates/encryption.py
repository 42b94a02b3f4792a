"""Encryption at rest: a key may be named by its alias, and reads back as its ARN (rule 31)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.refusal import invalid
from simulation.table import Table

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

AWS_MANAGED = "alias/aws/dynamodb"


def apply(dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], params: dict[str, Any]) -> None:
    set_encryption(dynamodb, "UpdateTable", draft, params["SSESpecification"])


def set_encryption(
    dynamodb: SimulatedDynamoDB, operation: str, description: dict[str, Any], requested: dict[str, Any]
) -> None:
    """Writes the requested encryption into a description; the current one is refused."""
    after = None
    if requested.get("Enabled"):
        after = {
            "Status": "ENABLED",
            "SSEType": "KMS",
            "KMSMasterKeyArn": arn_of(dynamodb, requested.get("KMSMasterKeyId")),
        }
    if after == description.get("SSEDescription") and operation == "UpdateTable":
        raise invalid(operation, "Table is already encrypted by the given key")
    description.pop("SSEDescription", None)
    if after:
        description["SSEDescription"] = after


def arn_of(dynamodb: SimulatedDynamoDB, key: str | None) -> str:
    """The ARN of a key named by alias, id or ARN; None is the key that AWS manages."""
    key = key or AWS_MANAGED
    if key.startswith("arn:") and ":key/" in key:
        return key
    return dynamodb.aliases.get(key, f"arn:aws:kms:eu-central-1:111122223333:key/{key}")
