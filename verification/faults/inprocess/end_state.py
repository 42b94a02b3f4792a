"""The final state of an account without values that differ between runs: times, IDs, nonces, revisions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from faults.inprocess.account import STATE
from simulation.data_plane import records
from simulation.simulated_dynamodb import SimulatedDynamoDB
from simulation.table import Table

VOLATILE = frozenset(
    {
        *("CreationDateTime", "TableId", "LatestStreamArn", "ItemCount", "TableSizeBytes"),
        *("LastUpdateToPayPerRequestDateTime", "NumberOfDecreasesToday", "LastDecreaseDateTime"),
        *("LastIncreaseDateTime", "LastUpdateDateTime", "RestoreSummary", "EarliestRestorableDateTime"),
    }
)
KINDS = ("table#", "seed#", "attempts#", "rebuild#", "suspension")
"""Records that say what is so; lease, history and fingerprint, and the marks of quotas, only say what was done."""
MESSAGES = ("ownership", "base_name", "lifecycle", "state", "count", "digest", "counts", "index", "new_index")
OWNER = "dynamodb-reconciler:owner"


def end_state(dynamodb: SimulatedDynamoDB) -> dict[str, Any]:
    """By table: its visible state. By record of the state table: its content."""
    state: dict[str, Any] = {f"table {name}": _table(table) for name, table in sorted(dynamodb.tables.items())}
    for item in records(dynamodb, STATE):
        scope, record = item["scope"]["S"], item["record"]["S"]
        if record.startswith(KINDS):
            state[f"record {scope} {record}"] = {name: item[name] for name in MESSAGES if name in item}
    if dynamodb.scaling is not None:
        state["scaling"] = json.dumps([sorted(dynamodb.scaling.targets), sorted(dynamodb.scaling.policies)])
    state["tables with backups"] = sorted({kept["summary"]["TableName"] for kept in dynamodb.backups.values()})
    return state


def differences(seen: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Each leaf that is not as it should be, both sides shown."""
    return list(_unlike("", seen, wanted))


def _unlike(path: str, seen: Any, wanted: Any) -> Iterator[str]:
    if isinstance(seen, dict) and isinstance(wanted, dict):
        for part in sorted(seen.keys() | wanted.keys()):
            yield from _unlike(f"{path} / {part}", seen.get(part, "nothing"), wanted.get(part, "nothing"))
    elif seen != wanted:
        yield f"{path}: {json.dumps(seen, default=str)[:400]} instead of {json.dumps(wanted, default=str)[:400]}"


def mismatched_entries(dynamodb: SimulatedDynamoDB) -> list[str]:
    """Inventory entries whose identity differs from that of the live table of the same name."""
    found = []
    for item in records(dynamodb, STATE):
        name, identity = item.get("name", {}).get("S", ""), item.get("identity", {}).get("M")
        live = dynamodb.tables.get(name)
        if live is None or identity is None or not item["record"]["S"].startswith("table#"):
            continue
        known = identity.get("table_id", {}).get("S")
        if known is not None and known != live.description.get("TableId"):
            found.append(f"the inventory names {known} for {name}, which is {live.description['TableId']}")
    return found


def _table(table: Table) -> dict[str, Any]:
    side = {name: content for name, content in table.side.items() if name != "stale_tags"}
    if "policies" in side:
        side["policies"] = {arn.split("/stream/")[0]: text for arn, (text, _) in side["policies"].items()}
    shown = {
        "description": _lasting(table.description),
        "items": {} if table.name == STATE else table.items,
        "tags": {key: value for key, value in table.tags.items() if key != OWNER},
        "ttl": table.ttl,
        "side": _lasting(side),
    }
    return json.loads(json.dumps(shown, sort_keys=True, default=str))  # type: ignore[no-any-return]


def _lasting(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _lasting(member) for key, member in value.items() if key not in VOLATILE}
    return [_lasting(member) for member in value] if isinstance(value, list) else value
