"""An in-memory DynamoDB behind the engine's own ports: tables, items, time and identities, no socket and no SDK.

It models what the engine tests need: statuses that take time, one index operation at a time, refused no-op calls,
deletion protection, identities that change with a recreate, tags, and a journal of every call. ``faults`` lets a test
replace any answer.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from simulation.scaling import ScalableTargets

from reconciler.model.change import Call
from reconciler.model.errors import Busy, NotFound, Rejected, Throttled, Unsupported

START = datetime(2026, 1, 1, tzinfo=UTC)
MUTATING = ("CreateTable", "UpdateTable", "DeleteTable", "UpdateTimeToLive", "TagResource", "UntagResource")


class VirtualClock:
    """Time that moves only when somebody sleeps (or a test turns it)."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.on_sleep: Callable[[], None] | None = None

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> bool:
        self.seconds += max(seconds, 0.001)
        if self.on_sleep:
            self.on_sleep()
        return True


class CountingRandom:
    """Tokens that count up and jitter that is always the upper bound."""

    def __init__(self) -> None:
        self.count = 0

    def uniform(self, low: float, high: float) -> float:
        return high

    def token(self) -> str:
        self.count += 1
        return f"t{self.count:06d}"


class OneByOne:
    """The ``Parallel`` port without threads."""

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        return iter([function(item) for item in items])


@dataclass
class Table:
    """One live table as DescribeTable would show it, with its items and side settings."""

    description: dict[str, Any]
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    ttl: dict[str, Any] = field(default_factory=lambda: {"TimeToLiveStatus": "DISABLED"})
    settles_at: float = 0.0


class ControlPlane:
    """The table API. ``delay`` is how many virtual seconds a create, update or index build takes."""

    def __init__(
        self, clock: VirtualClock, *, delay: float = 0.0, has_tags: bool = True, table_ids: bool = True
    ) -> None:
        self.clock, self.delay, self.has_tags, self.table_ids = clock, delay, has_tags, table_ids
        self.tables: dict[str, Table] = {}
        self.journal: list[Call] = []
        self.reads: list[tuple[str, Mapping[str, Any]]] = []
        self.faults: Callable[[str, Mapping[str, Any]], None] | None = None
        self.after: Callable[[str, Mapping[str, Any]], None] | None = None
        self.sticky: set[str] = set()
        self._born = 0
        self.scaling: ScalableTargets | None = ScalableTargets(self._provisioned)

    @property
    def mutating(self) -> list[str]:
        return [call.operation for call in self.journal]

    def list_tables(self) -> tuple[str, ...]:
        self.reads.append(("ListTables", {}))
        self._fault("ListTables", {})
        self._settle()
        return tuple(sorted(self.tables))

    def read(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        self.reads.append((operation, params))
        self._fault(operation, params)
        self._settle()
        if ":" in operation:
            return copy.deepcopy(self._scalable(operation).read(operation, params))
        if operation == "ListTagsOfResource":
            if not self.has_tags:
                raise Unsupported(operation, "UnknownOperationException", "no tags here")
            table = self._by_arn(params["ResourceArn"])
            return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(table.tags.items())]}
        table = self._table(operation, params["TableName"])
        if operation == "DescribeTimeToLive":
            return {"TimeToLiveDescription": dict(table.ttl)}
        return {"Table": copy.deepcopy(table.description)}

    def write(self, call: Call) -> Mapping[str, Any]:
        self._fault(call.operation, call.params)
        self._settle()
        self.journal.append(call)
        if ":" in call.operation:
            return self._scalable(call.operation).write(call.operation, call.params)
        answer = getattr(self, f"_{call.operation}")(dict(call.params))
        if self.after:
            self.after(call.operation, call.params)
        return copy.deepcopy(answer)

    def make(self, **params: Any) -> Table:
        """A table that somebody else created, settled at once."""
        params.setdefault("BillingMode", "PAY_PER_REQUEST")
        self._CreateTable(params)
        table = self.tables[params["TableName"]]
        table.settles_at = 0.0
        self._settle()
        return table

    def _CreateTable(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        name = params["TableName"]
        if name in self.tables:
            raise Busy("CreateTable", "ResourceInUseException", f"table {name} exists")
        self._born += 1
        description: dict[str, Any] = {
            "TableName": name,
            "TableStatus": "CREATING",
            "TableArn": f"arn:aws:dynamodb:eu-central-1:111122223333:table/{name}",
            "CreationDateTime": self.clock.now(),
            "KeySchema": params["KeySchema"],
            "AttributeDefinitions": params["AttributeDefinitions"],
            "BillingModeSummary": {"BillingMode": params.get("BillingMode", "PROVISIONED")},
            "ProvisionedThroughput": params.get("ProvisionedThroughput", _ZERO),
            "DeletionProtectionEnabled": params.get("DeletionProtectionEnabled", False),
            "ItemCount": 0,
            "TableSizeBytes": 0,
        }
        if self.table_ids:
            description["TableId"] = f"id-{self._born}"
        for member in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            if params.get(member):
                description[member] = [{**index, "IndexStatus": "CREATING"} for index in params[member]]
        if params.get("StreamSpecification", {}).get("StreamEnabled"):
            description["StreamSpecification"] = params["StreamSpecification"]
        table = Table(description, settles_at=self.clock.seconds + self.delay)
        table.tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])} if self.has_tags else {}
        self.tables[name] = table
        return {"TableDescription": description}

    def _UpdateTable(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        table = self._table("UpdateTable", params.pop("TableName"))
        description = table.description
        statuses = [index["IndexStatus"] for index in description.get("GlobalSecondaryIndexes", [])]
        if description["TableStatus"] != "ACTIVE" or any(status != "ACTIVE" for status in statuses):
            raise Busy("UpdateTable", "ResourceInUseException", "the table or an index is being changed")
        defined = {d["AttributeName"]: d for d in description["AttributeDefinitions"]}
        defined |= {d["AttributeName"]: d for d in params.pop("AttributeDefinitions", [])}
        concerns = [name for name in params if name != "ProvisionedThroughput" or "BillingMode" not in params]
        if len([c for c in concerns if c not in ("GlobalSecondaryIndexUpdates",)]) > 1:
            raise Rejected("UpdateTable", "ValidationException", f"more than one concern: {concerns}")
        for name, value in params.items():
            if name not in self.sticky:
                self._update(table, name, value)
        used = _key_attributes(description)
        description["AttributeDefinitions"] = [defined[name] for name in used if name in defined]
        if len(description["AttributeDefinitions"]) != len(used):
            raise Rejected("UpdateTable", "ValidationException", "a key attribute has no definition")
        description["TableStatus"] = "UPDATING" if self.delay else "ACTIVE"
        table.settles_at = self.clock.seconds + self.delay
        return {"TableDescription": description}

    def _update(self, table: Table, name: str, value: Any) -> None:
        description = table.description
        if name == "BillingMode":
            description["BillingModeSummary"] = {"BillingMode": value}
        elif name == "ProvisionedThroughput":
            description["ProvisionedThroughput"] = value
        elif name == "DeletionProtectionEnabled":
            description["DeletionProtectionEnabled"] = value
        elif name == "StreamSpecification":
            self._stream(description, value)
        elif name == "GlobalSecondaryIndexUpdates":
            self._indexes(description, value)

    def _stream(self, description: dict[str, Any], value: dict[str, Any]) -> None:
        enabled = "StreamSpecification" in description
        if enabled == value["StreamEnabled"]:
            raise Rejected("UpdateTable", "ValidationException", "the stream is already so")
        if enabled:
            del description["StreamSpecification"]
        else:
            description["StreamSpecification"] = value

    def _indexes(self, description: dict[str, Any], updates: list[dict[str, Any]]) -> None:
        indexes = {index["IndexName"]: index for index in description.get("GlobalSecondaryIndexes", [])}
        if sum("Create" in update or "Delete" in update for update in updates) > 1:
            raise Rejected("UpdateTable", "LimitExceededException", "only one online index operation at a time")
        for update in updates:
            ((kind, value),) = update.items()
            name = value["IndexName"]
            if kind == "Create":
                indexes[name] = {**value, "IndexStatus": "CREATING", "Backfilling": False}
            elif kind == "Delete":
                indexes[name]["IndexStatus"] = "DELETING"
            else:
                indexes[name] = {**indexes[name], **value}
        description["GlobalSecondaryIndexes"] = list(indexes.values())

    def _DeleteTable(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        table = self._table("DeleteTable", params["TableName"])
        if table.description["DeletionProtectionEnabled"]:
            raise Rejected("DeleteTable", "ValidationException", "deletion protection is on")
        if table.description["TableStatus"] != "ACTIVE":
            raise Busy("DeleteTable", "ResourceInUseException", "the table is not ACTIVE")
        table.description["TableStatus"] = "DELETING"
        table.settles_at = self.clock.seconds + self.delay
        return {"TableDescription": table.description}

    def _UpdateTimeToLive(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        table = self._table("UpdateTimeToLive", params["TableName"])
        wish, enabled = params["TimeToLiveSpecification"], table.ttl["TimeToLiveStatus"] == "ENABLED"
        if wish["Enabled"] == enabled or (enabled and wish["AttributeName"] != table.ttl["AttributeName"]):
            raise Rejected("UpdateTimeToLive", "ValidationException", "nothing to change, or another attribute")
        if "TimeToLiveSpecification" not in self.sticky:
            table.ttl = {"TimeToLiveStatus": "DISABLED"}
            if wish["Enabled"]:
                table.ttl = {"TimeToLiveStatus": "ENABLED", "AttributeName": wish["AttributeName"]}
        return {"TimeToLiveSpecification": wish}

    def _TagResource(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if not self.has_tags:
            raise Unsupported("TagResource", "UnknownOperationException", "no tags here")
        self._by_arn(params["ResourceArn"]).tags.update({tag["Key"]: tag["Value"] for tag in params["Tags"]})
        return {}

    def _table(self, operation: str, name: str) -> Table:
        if name not in self.tables:
            raise NotFound(operation, "ResourceNotFoundException", f"no table {name}")
        return self.tables[name]

    def _by_arn(self, arn: str) -> Table:
        return self._table("ListTagsOfResource", arn.rsplit("/", 1)[1])

    def _scalable(self, operation: str) -> ScalableTargets:
        if self.scaling is None:
            raise Unsupported(operation, "NoService", "no auto scaling here")
        return self.scaling

    def _provisioned(self, name: str, index: str | None) -> bool:
        table = self.tables.get(name)
        if table is None or table.description["BillingModeSummary"]["BillingMode"] != "PROVISIONED":
            return False
        indexes = table.description.get("GlobalSecondaryIndexes", [])
        return index is None or index in [i["IndexName"] for i in indexes if i["IndexStatus"] != "DELETING"]

    def _fault(self, operation: str, params: Mapping[str, Any]) -> None:
        if self.faults:
            self.faults(operation, params)

    def _settle(self) -> None:
        for name, table in list(self.tables.items()):
            if table.settles_at > self.clock.seconds:
                continue
            if table.description["TableStatus"] == "DELETING":
                del self.tables[name]
                continue
            if table.description["TableStatus"] in ("CREATING", "UPDATING"):
                table.description["TableStatus"] = "ACTIVE"
            indexes = table.description.get("GlobalSecondaryIndexes", [])
            kept = [i for i in indexes if i["IndexStatus"] != "DELETING"]
            for index in kept:
                index["IndexStatus"] = "ACTIVE"
                index.pop("Backfilling", None)
            if indexes:
                table.description["GlobalSecondaryIndexes"] = kept


_ZERO = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}


class Items:
    """The item API over a control plane's tables."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.puts = 0
        self.faults: Callable[[str, Any], None] | None = None

    def first_items(self, table: str, limit: int) -> tuple[dict[str, Any], ...]:
        if self.faults:
            self.faults("Scan", table)
        live = self.plane._table("Scan", table)
        return tuple(list(live.items.values())[:limit])

    def put_if_absent(self, table: str, item: Mapping[str, Any], key_names: Iterable[str]) -> bool:
        if self.faults:
            self.faults("PutItem", item)
        live, key = self.plane._table("PutItem", table), _key(item, key_names)
        if key in live.items:
            return False
        live.items[key] = dict(item)
        self.puts += 1
        return True

    def delete_if_equal(self, table: str, item: Mapping[str, Any], key_names: Iterable[str]) -> bool:
        live, key = self.plane._table("DeleteItem", table), _key(item, key_names)
        if live.items.get(key) != dict(item):
            return False
        del live.items[key]
        return True


def _key_attributes(description: Mapping[str, Any]) -> list[str]:
    holders = [description]
    for member in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        holders += description.get(member, [])
    return sorted({element["AttributeName"] for holder in holders for element in holder["KeySchema"]})


def _key(item: Mapping[str, Any], key_names: Iterable[str]) -> str:
    return repr([item[name] for name in key_names])


def throttled(operation: str) -> Throttled:
    return Throttled(operation, "ThrottlingException", "slow down")
