"""One table of an imaginary endpoint with the rules of CreateTable, UpdateTable and UpdateTimeToLive.

Independent of the product's own facets: it knows only the service's shapes. Planner tests send it every planned call.
With ``lag`` a change takes until the next ``tick``: statuses UPDATING, CREATING and DELETING are seen in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from support import table_settings
from support import vector_model as vectors
from support.refusal import Refused, require
from support.table_side_features import SideFeatures

from reconciler.model.change import Call
from reconciler.model.observed import Responses

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/{name}"
ZERO = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}

__all__ = ["Refused", "TableModel", "require"]


class TableModel:
    """``table`` is the Table member of DescribeTable, or None."""

    def __init__(self, *, lag: bool = False, has_tags: bool = True) -> None:
        self.lag = lag
        self.has_tags = has_tags
        self.table: dict[str, Any] | None = None
        self.ttl: dict[str, Any] = {"TimeToLiveStatus": "DISABLED"}
        self.tags: dict[str, str] = {}
        self.backups: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
        self.side_features = SideFeatures(require)
        self.made = 0
        self.streams = 0

    def send(self, call: Call) -> None:
        """Apply one call, or refuse it."""
        params = deepcopy(dict(call.params))
        operations = {
            "CreateTable": self._create,
            "DeleteTable": self._delete,
            "UpdateTable": self._update,
            "UpdateTimeToLive": self._update_ttl,
            "TagResource": self._tag,
            "UpdateContinuousBackups": self._update_backups,
        }
        if call.operation in operations:
            operations[call.operation](params)
            return
        require(self.table and self.table["TableStatus"] in ("ACTIVE", "UPDATING"), "the table is not there")
        ready = {index["IndexName"] for index in self._indexes() if index["IndexStatus"] == "ACTIVE"}
        self.side_features.write(call.operation, params, ready)
        if not self.lag:
            self.side_features.settle()

    def tick(self) -> None:
        """Finishes all pending changes."""
        if self.table is None:
            return
        if self.table["TableStatus"] == "DELETING":
            self.table = None
            return
        self.side_features.settle()
        self.table["TableStatus"] = "ACTIVE"
        indexes = [index for index in self._indexes() if index["IndexStatus"] != "DELETING"]
        for index in indexes:
            index["IndexStatus"] = "ACTIVE"
        self.table["GlobalSecondaryIndexes"] = indexes
        vectors.settle(self.table)
        used = self._used()
        definitions = self.table["AttributeDefinitions"]
        self.table["AttributeDefinitions"] = [d for d in definitions if d["AttributeName"] in used]
        status = self.ttl["TimeToLiveStatus"]
        if status == "DISABLING":
            self.ttl = {"TimeToLiveStatus": "DISABLED"}
        elif status == "ENABLING":
            self.ttl["TimeToLiveStatus"] = "ENABLED"

    def responses(self) -> Responses | None:
        """What an observer would read."""
        if self.table is None:
            return None
        answers: dict[str, Mapping[str, Any]] = {
            "DescribeTable": {"Table": deepcopy(self.table)},
            "DescribeTimeToLive": {"TimeToLiveDescription": dict(self.ttl)},
            "DescribeContinuousBackups": {
                "ContinuousBackupsDescription": {
                    "ContinuousBackupsStatus": "ENABLED",
                    "PointInTimeRecoveryDescription": dict(self.backups),
                }
            },
        }
        by_name, by_arn = {"TableName": self.table["TableName"]}, {"ResourceArn": self.table["TableArn"]}
        for operation in ("DescribeContributorInsights", "DescribeKinesisStreamingDestination"):
            answers[operation] = self.side_features.read(operation, by_name)
        answers["GetResourcePolicy"] = self.side_features.read("GetResourcePolicy", by_arn)
        if not self.has_tags:
            return Responses(answers, frozenset({"ListTagsOfResource"}))
        answers["ListTagsOfResource"] = {"Tags": [{"Key": k, "Value": v} for k, v in self.tags.items()]}
        return Responses(answers)

    def read(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The reads that a facet asks for by itself."""
        if operation == "application-autoscaling:DescribeScalableTargets":
            return {"ScalableTargets": []}
        if operation != "kms:DescribeKey":
            return self.side_features.read(operation, params)
        return {"KeyMetadata": {"Arn": table_settings.KEYS[params["KeyId"]]}}

    def _create(self, params: dict[str, Any]) -> None:
        require(self.table is None, "ResourceInUseException: the table exists")
        provisioned = params["BillingMode"] == "PROVISIONED"
        require(("ProvisionedThroughput" in params) == provisioned, "throughput exactly with PROVISIONED")
        indexes = params.get("GlobalSecondaryIndexes", [])
        require(len(indexes) <= 20, "at most 20 global indexes")
        for index in indexes:
            require(("ProvisionedThroughput" in index) == provisioned, "index throughput exactly with PROVISIONED")
        hash_key = params["KeySchema"][0]["AttributeName"]
        for index in params.get("LocalSecondaryIndexes", []):
            require(index["KeySchema"][0]["AttributeName"] == hash_key, "a local index has the table's hash key")
            require(len(params["KeySchema"]) == 2, "a local index needs a table with a range key")
        require(self.has_tags or "Tags" not in params, "tags are dropped here")
        self.made += 1
        self.tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
        self.ttl = {"TimeToLiveStatus": "DISABLED"}
        self.backups = {"PointInTimeRecoveryStatus": "DISABLED"}
        self.side_features = SideFeatures(require)
        if "ResourcePolicy" in params:
            self.side_features.policies[ARN.format(name=params["TableName"])] = (params["ResourcePolicy"], 0)
        self.table = {
            "TableName": params["TableName"],
            "TableArn": ARN.format(name=params["TableName"]),
            "TableId": f"id-{self.made}",
            "CreationDateTime": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.made),
            "TableStatus": "CREATING" if self.lag else "ACTIVE",
            "KeySchema": params["KeySchema"],
            "AttributeDefinitions": params["AttributeDefinitions"],
            "BillingModeSummary": {"BillingMode": params["BillingMode"]},
            "ProvisionedThroughput": params.get("ProvisionedThroughput", dict(ZERO)),
            "LocalSecondaryIndexes": params.get("LocalSecondaryIndexes", []),
            "GlobalSecondaryIndexes": [self._described(index, "ACTIVE") for index in indexes],
            "DeletionProtectionEnabled": params.get("DeletionProtectionEnabled", False),
            **table_settings.described(params),
            "VectorIndexes": [{**index, "IndexStatus": "ACTIVE"} for index in params.get("VectorIndexes", [])],
        }
        if "StreamSpecification" in params:
            self._stream(self.table, params["StreamSpecification"])
        self._exactly_used(params["AttributeDefinitions"])
        vectors.create(self.table, params)

    def _delete(self, params: dict[str, Any]) -> None:
        table = self._idle()
        require(not table["DeletionProtectionEnabled"], "ValidationException: deletion protection")
        if self.lag:
            table["TableStatus"] = "DELETING"
        else:
            self.table = None

    def _update(self, params: dict[str, Any]) -> None:
        table = self._idle()
        updates = params.get("GlobalSecondaryIndexUpdates", [])
        verbs = [verb for update in updates for verb in update]
        scaled = [update for update in updates if "ProvisionedThroughput" in update.get("Update", {})]
        limited = [update["Update"] for update in updates if "Update" in update and update not in scaled]
        units = "ProvisionedThroughput" in params or "BillingMode" in params or bool(scaled)
        verbs += [verb for update in params.get("VectorIndexUpdates", []) for verb in update]
        singles = [verb for verb in verbs if verb != "Update"]
        kinds = {member for update in limited for member in update if member != "IndexName"}
        alone = ["StreamSpecification", "DeletionProtectionEnabled", *table_settings.ALONE]
        actions = units + len(kinds) + len(singles) + sum(member in params for member in alone)
        require(actions == 1, f"one action a call, not {actions}: {sorted(params)} {verbs}")
        if units:
            self._update_units(table, params, scaled)
        refused = table_settings.refusal(table, params)
        require(refused is None, f"ValidationException: {refused}")
        for update in limited:
            (index,) = (index for index in self._indexes() if index["IndexName"] == update["IndexName"])
            refused = table_settings.limit_refusal(table, index, update)
            require(refused is None, f"ValidationException: {refused}")
        for update in updates:
            if "Create" in update:
                self._create_index(table, update["Create"], params["AttributeDefinitions"])
            if "Delete" in update:
                self._delete_index(update["Delete"]["IndexName"])
        if "VectorIndexUpdates" in params:
            vectors.update(table, params["VectorIndexUpdates"], params.get("AttributeDefinitions", []))
            self._exactly_used(table["AttributeDefinitions"])
        if "StreamSpecification" in params:
            on = table.get("StreamSpecification", {}).get("StreamEnabled", False)
            require(
                params["StreamSpecification"]["StreamEnabled"] != on, "ValidationException: the stream is so already"
            )
            self._stream(table, params["StreamSpecification"])
        if "DeletionProtectionEnabled" in params:
            require(params["DeletionProtectionEnabled"] != table["DeletionProtectionEnabled"], "nothing changes")
            table["DeletionProtectionEnabled"] = params["DeletionProtectionEnabled"]
        table["TableStatus"] = "UPDATING"
        if not self.lag:
            self.tick()

    def _stream(self, table: dict[str, Any], requested: dict[str, Any]) -> None:
        table["StreamSpecification"] = requested
        if requested["StreamEnabled"]:
            self.streams += 1
            table["LatestStreamArn"] = f"{table['TableArn']}/stream/{self.streams}"

    def _update_units(self, table: dict[str, Any], params: dict[str, Any], updates: list[dict[str, Any]]) -> None:
        before = table["BillingModeSummary"]["BillingMode"]
        after = params.get("BillingMode", before)
        units = {update["Update"]["IndexName"]: update["Update"]["ProvisionedThroughput"] for update in updates}
        names = {index["IndexName"] for index in self._indexes()}
        require(units.keys() <= names and len(units) == len(updates), "each index once, and only those that exist")
        require(before != after or "BillingMode" not in params, "the mode is so already")
        require(after != "PROVISIONED" or not table["VectorIndexes"], "vector indexes need on-demand billing")
        if after == "PAY_PER_REQUEST":
            require(not units and "ProvisionedThroughput" not in params, "no throughput on demand")
            table["ProvisionedThroughput"] = dict(ZERO)
            for index in self._indexes():
                index["ProvisionedThroughput"] = dict(ZERO)
        elif before == "PAY_PER_REQUEST":
            for holder in (table, *self._indexes()):
                holder.pop("OnDemandThroughput", None)
            require("ProvisionedThroughput" in params, "ValidationException: throughput of the table is missing")
            require(units.keys() == names, "ValidationException: throughput of every index, in the same call")
        else:
            require(not ("ProvisionedThroughput" in params and units), "table and indexes in calls of their own")
        table["BillingModeSummary"] = {"BillingMode": after}
        if "ProvisionedThroughput" in params:
            require(params["ProvisionedThroughput"] != table["ProvisionedThroughput"], "throughput will not change")
            table["ProvisionedThroughput"] = params["ProvisionedThroughput"]
        for index in self._indexes():
            if index["IndexName"] in units:
                new = units[index["IndexName"]]
                require(new != index["ProvisionedThroughput"], "throughput of the index will not change")
                index["ProvisionedThroughput"] = new

    def _create_index(self, table: dict[str, Any], index: dict[str, Any], definitions: list[dict[str, Any]]) -> None:
        require(index["IndexName"] not in {i["IndexName"] for i in self._indexes()}, "the index exists")
        require(len(self._indexes()) < 20, "LimitExceededException: 20 global indexes")
        provisioned = table["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
        require(("ProvisionedThroughput" in index) == provisioned, "index throughput exactly with PROVISIONED")
        known = {d["AttributeName"]: d["AttributeType"] for d in table["AttributeDefinitions"]}
        for definition in definitions:
            name = definition["AttributeName"]
            require(
                known.get(name, definition["AttributeType"]) == definition["AttributeType"], f"{name} has two types"
            )
        self._indexes().append(self._described(index, "CREATING"))
        table["AttributeDefinitions"] = definitions
        self._exactly_used(definitions)

    def _delete_index(self, name: str) -> None:
        found = [index for index in self._indexes() if index["IndexName"] == name]
        require(found, "ResourceNotFoundException: no such index")
        found[0]["IndexStatus"] = "DELETING"
        self.side_features.insights.pop(name, None)

    def _update_ttl(self, params: dict[str, Any]) -> None:
        require(self.table and self.table["TableStatus"] in ("ACTIVE", "UPDATING"), "the table is not there")
        require(self.ttl["TimeToLiveStatus"] in ("ENABLED", "DISABLED"), "time to live is being changed")
        requested, on = params["TimeToLiveSpecification"], self.ttl["TimeToLiveStatus"] == "ENABLED"
        require(requested["Enabled"] != on, f"TimeToLive is already {self.ttl['TimeToLiveStatus']}")
        require(
            not on or requested["AttributeName"] == self.ttl["AttributeName"], "time to live is on another attribute"
        )
        status = "ENABLING" if requested["Enabled"] else "DISABLING"
        self.ttl = {"TimeToLiveStatus": status, "AttributeName": requested["AttributeName"]}
        if not self.lag:
            self.tick()

    def _update_backups(self, params: dict[str, Any]) -> None:
        require(self.table and self.table["TableStatus"] in ("ACTIVE", "UPDATING"), "TableNotFoundException")
        requested = params["PointInTimeRecoverySpecification"]
        if not requested["PointInTimeRecoveryEnabled"]:
            require("RecoveryPeriodInDays" not in requested, "ValidationException: days of what is off")
            after = {"PointInTimeRecoveryStatus": "DISABLED"}
        else:
            days = requested.get("RecoveryPeriodInDays", self.backups.get("RecoveryPeriodInDays", 35))
            after = {"PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": days}
        require(after != self.backups, "nothing changes")
        self.backups = after

    def _tag(self, params: dict[str, Any]) -> None:
        require(self.has_tags, "UnknownOperationException")
        require(self.table and params["ResourceArn"] == self.table["TableArn"], "no such ARN")
        require(params["Tags"], "no tags")
        self.tags |= {tag["Key"]: tag["Value"] for tag in params["Tags"]}

    def _idle(self) -> dict[str, Any]:
        require(self.table is not None, "ResourceNotFoundException")
        assert self.table is not None
        require(self.table["TableStatus"] == "ACTIVE", f"ResourceInUseException: {self.table['TableStatus']}")
        everything = [*self._indexes(), *self.table["VectorIndexes"]]
        require(all(index["IndexStatus"] == "ACTIVE" for index in everything), "ResourceInUseException: an index")
        return self.table

    def _indexes(self) -> list[dict[str, Any]]:
        assert self.table is not None
        indexes: list[dict[str, Any]] = self.table["GlobalSecondaryIndexes"]
        return indexes

    def _used(self) -> set[str]:
        assert self.table is not None
        schemas = [self.table["KeySchema"]]
        schemas += [index["KeySchema"] for index in (*self._indexes(), *self.table["LocalSecondaryIndexes"])]
        schemas += [index.get("SearchSchema", []) for index in self.table["VectorIndexes"]]
        return {element["AttributeName"] for schema in schemas for element in schema}

    def _exactly_used(self, definitions: list[dict[str, Any]]) -> None:
        names = [definition["AttributeName"] for definition in definitions]
        require(sorted(names) == sorted(self._used()), f"definitions {sorted(names)} but in use {sorted(self._used())}")

    @staticmethod
    def _described(index: dict[str, Any], status: str) -> dict[str, Any]:
        warm = {**table_settings.WARM, **index.get("WarmThroughput", {}), "Status": "ACTIVE"}
        return {"ProvisionedThroughput": dict(ZERO), **index, "WarmThroughput": warm, "IndexStatus": status}
