"""What other stacks and environments in the same state table have written down about tables. Called by ``table``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.records import Claim
from reconciler.state.attribute_values import Unreadable, encode
from reconciler.state.client import StateClient, pages
from reconciler.state.record_types import ENTRIES, TABLE
from reconciler.state.snapshot import understood


def foreign_claims(client: StateClient, table: str, scope: str) -> dict[str, tuple[Claim, ...]]:
    """By table name, the claims of every other scope, in the order of the scopes."""
    request = {
        "TableName": table,
        "FilterExpression": "#scope <> :scope AND begins_with(#record, :table)",
        "ExpressionAttributeNames": {"#scope": "scope", "#record": "record"},
        "ExpressionAttributeValues": encode({":scope": scope, ":table": TABLE}),
    }
    found: dict[str, list[Claim]] = {}
    for item in pages(client, "Scan", request):
        name = str(item["record"]["S"]).removeprefix(TABLE)
        found.setdefault(name, []).append(_claim(item))
    return {name: tuple(sorted(several, key=lambda claim: claim.scope)) for name, several in found.items()}


def _claim(item: Mapping[str, Any]) -> Claim:
    """A record that cannot be read still claims its name: whose the table is cannot be told from it."""
    scope = str(item["scope"]["S"])
    try:
        entry = ENTRIES.read(understood(item))
    except Unreadable:
        return Claim(scope, "intent", None)
    return Claim(scope, entry.ownership, entry.identity)
