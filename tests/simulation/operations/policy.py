"""Resource policies of tables and streams: 20 KB, revision IDs, no lock-out without confirmation (rule 22)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from simulation.refusal import in_use, invalid, limit, no_policy

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

PUT, DELETE, GET = "PutResourcePolicy", "DeleteResourcePolicy", "GetResourcePolicy"
LARGEST = 20 * 1024
"""Bytes, whitespace included."""


def put_policy(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    arn, text = params["ResourceArn"], params["Policy"]
    policies = _policies(dynamodb, PUT, arn)
    check_policy(PUT, text)
    _expected(PUT, policies.get(arn), params.get("ExpectedRevisionId"))
    if _locks_out(text) and not params.get("ConfirmRemoveSelfResourceAccess"):
        raise invalid(PUT, "the policy would take away your own access: ConfirmRemoveSelfResourceAccess is needed")
    policies[arn] = (text, _revision(dynamodb))
    return {"RevisionId": policies[arn][1]}


def delete_policy(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    arn = params["ResourceArn"]
    policies = _policies(dynamodb, DELETE, arn)
    _expected(DELETE, policies.get(arn), params.get("ExpectedRevisionId"))
    if arn not in policies:
        return {}
    return {"RevisionId": policies.pop(arn)[1]}


def got(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    """As the adapter hands it on: the service's PolicyNotFoundException is an empty answer."""
    policies = dynamodb.table(GET, params["ResourceArn"]).side.get("policies", {})
    if params["ResourceArn"] not in policies:
        return {}
    text, revision = policies[params["ResourceArn"]]
    return {"Policy": text, "RevisionId": revision}


def check_policy(operation: str, text: str) -> None:
    """JSON, and small enough."""
    if len(text.encode()) > LARGEST:
        raise limit(operation, f"a policy is at most {LARGEST} bytes")
    try:
        json.loads(text)
    except ValueError:
        raise invalid(operation, "the policy is no JSON") from None


def _policies(dynamodb: SimulatedDynamoDB, operation: str, arn: str) -> dict[str, tuple[str, str]]:
    table = dynamodb.table(operation, arn)
    if table.status not in ("ACTIVE", "UPDATING"):
        raise in_use(operation, f"the table is {table.status}")
    policies: dict[str, tuple[str, str]] = table.side.setdefault("policies", {})
    return policies


def _expected(operation: str, known: tuple[str, str] | None, expected: str | None) -> None:
    if expected is not None and expected != (known[1] if known else "NO_POLICY"):
        raise no_policy(operation)


def _locks_out(text: str) -> bool:
    statements = json.loads(text).get("Statement", [])
    denied = [s for s in ([statements] if isinstance(statements, dict) else statements) if s.get("Effect") == "Deny"]
    return any(s.get("Action") in ("*", "dynamodb:*", "dynamodb:PutResourcePolicy") for s in denied)


def _revision(dynamodb: SimulatedDynamoDB) -> str:
    dynamodb.born += 1
    return f"revision-{dynamodb.born}"
