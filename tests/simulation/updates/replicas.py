"""Global tables: replicas one at a time, permanent consistency, leaving only on request (rules 26 to 29)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.copies import copied
from simulation.refusal import in_use, invalid, missing
from simulation.table import Table

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

OPERATION = "UpdateTable"
HOME = "eu-central-1"
REGION_SETS = (
    frozenset({"us-east-1", "us-east-2", "us-west-2"}),
    frozenset({"eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1"}),
    frozenset({"ap-northeast-1", "ap-northeast-2", "ap-northeast-3"}),
)


def apply(dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], params: dict[str, Any]) -> None:
    updates = params.get("ReplicaUpdates", [])
    verbs = [verb for update in updates for verb in update]
    if "MultiRegionConsistency" in params:
        _consistency(dynamodb, table, draft, params)
        return
    if "GlobalTableWitnessUpdates" in params:
        _without_witness(draft, params, verbs)
        return
    if draft.get("MultiRegionConsistency") == "STRONG" and set(verbs) == {"Delete"}:
        _undo_strong(table, draft, [update["Delete"]["RegionName"] for update in updates])
        return
    if len(updates) != 1:
        raise invalid(OPERATION, "one replica a call")
    {"Create": _create, "Update": _update, "Delete": _delete, "Disassociate": _disassociate}[verbs[0]](
        dynamodb, table, draft, updates[0][verbs[0]]
    )


def settings(dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], params: dict[str, Any]) -> None:
    mode = params["GlobalTableSettingsReplicationMode"]
    if draft.get("GlobalTableSettingsReplicationMode", "DISABLED") == mode:
        raise invalid(OPERATION, f"settings replication is {mode} already")
    draft["GlobalTableSettingsReplicationMode"] = mode
    dynamodb.sources[draft["TableArn"]] = mode


def disassociation_protection(
    dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], params: dict[str, Any]
) -> None:
    requested = params["DisassociationProtectionEnabled"]
    if not draft.get("Replicas") or draft.get("MultiRegionConsistency") == "STRONG":
        raise invalid(OPERATION, "only a replica of eventual consistency has disassociation protection")
    if draft.get("DisassociationProtectionEnabled", True) == requested:
        raise invalid(OPERATION, "disassociation protection will not change")
    draft["DisassociationProtectionEnabled"] = requested


def _replicas(draft: dict[str, Any]) -> list[dict[str, Any]]:
    replicas: list[dict[str, Any]] = draft.setdefault("Replicas", [])
    return replicas


def _one(draft: dict[str, Any], region: str) -> dict[str, Any]:
    for replica in _replicas(draft):
        if replica["RegionName"] == region:
            if replica["ReplicaStatus"] != "ACTIVE":
                raise in_use(OPERATION, f"replica {region} is {replica['ReplicaStatus']}")
            return replica
    raise missing(OPERATION, f"no replica in {region}")


def _create(dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], requested: dict[str, Any]) -> None:
    view = draft.get("StreamSpecification", {}).get("StreamViewType")
    if view != "NEW_AND_OLD_IMAGES":
        raise invalid(OPERATION, "a replica needs a stream with new and old images")
    if requested["RegionName"] in {HOME, *(replica["RegionName"] for replica in _replicas(draft))}:
        raise invalid(OPERATION, f"there is a replica in {requested['RegionName']}")
    if draft.get("MultiRegionConsistency") == "STRONG":
        raise invalid(OPERATION, "a table of strong consistency gets no further replica")
    replica: dict[str, Any] = {"RegionName": requested["RegionName"]}
    _override(replica, requested)
    _replicas(draft).append({**replica, "ReplicaStatus": "CREATING"})
    region = requested["RegionName"]
    dynamodb.soon(table, lambda: _settled(table, region, "ACTIVE"))


def _update(dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], requested: dict[str, Any]) -> None:
    replica = _one(draft, requested["RegionName"])
    if "KMSMasterKeyId" in requested:
        raise invalid(OPERATION, "the key of a replica never changes: it is made anew")
    before = copied(replica)
    _override(replica, requested)
    if replica == before:
        raise invalid(OPERATION, "the replica will not change")
    replica["ReplicaStatus"] = "UPDATING"
    dynamodb.soon(table, lambda: _settled(table, requested["RegionName"], "ACTIVE"))


def _override(replica: dict[str, Any], requested: dict[str, Any]) -> None:
    """Applies the overrides of a replica; its class is returned in a summary, its indexes by name."""
    for member in ("KMSMasterKeyId", "ProvisionedThroughputOverride", "OnDemandThroughputOverride"):
        if member in requested:
            replica[member] = requested[member]
    if "TableClassOverride" in requested:
        replica["ReplicaTableClassSummary"] = {"TableClass": requested["TableClassOverride"]}
    for index in requested.get("GlobalSecondaryIndexes", []):
        known = replica.setdefault("GlobalSecondaryIndexes", [])
        same = [other for other in known if other["IndexName"] == index["IndexName"]]
        if same:
            same[0].update(index)
        else:
            known.append(dict(index))


def _delete(dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], requested: dict[str, Any]) -> None:
    _one(draft, requested["RegionName"])["ReplicaStatus"] = "DELETING"
    dynamodb.soon(table, lambda: _gone(table, requested["RegionName"]))


def _disassociate(dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], requested: dict[str, Any]) -> None:
    if draft.get("MultiRegionConsistency") == "STRONG":
        raise invalid(OPERATION, "only replicas of eventual consistency can be disassociated")
    if requested["RegionName"] != HOME:
        raise invalid(OPERATION, "the call is made in the Region of the replica itself")
    if draft.get("DisassociationProtectionEnabled", True):
        raise invalid(OPERATION, "disassociation protection is on")
    draft["Replicas"] = []


def _consistency(dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], params: dict[str, Any]) -> None:
    """Strong consistency comes with all replicas at once, in one Region set, and with an empty table."""
    if draft.get("Replicas"):
        raise invalid(OPERATION, "the consistency of a global table never changes")
    declared = [update["Create"]["RegionName"] for update in params.get("ReplicaUpdates", []) if "Create" in update]
    witness = [update["Create"]["RegionName"] for update in params.get("GlobalTableWitnessUpdates", [])]
    regions = {HOME, *declared, *witness}
    if params["MultiRegionConsistency"] == "STRONG":
        if len(regions) != 3 or len(declared) + len(witness) != 2 or not declared:
            raise invalid(OPERATION, "strong consistency needs three replicas, or two and a witness")
        if not any(regions <= one for one in REGION_SETS):
            raise invalid(OPERATION, "the Regions must be of one set")
        if table.items:
            raise invalid(OPERATION, "strong consistency needs an empty table")
    draft["MultiRegionConsistency"] = params["MultiRegionConsistency"]
    draft["Replicas"] = [{"RegionName": region, "ReplicaStatus": "CREATING"} for region in declared]
    draft["GlobalTableWitnesses"] = [{"RegionName": region, "WitnessStatus": "ACTIVE"} for region in witness]
    for region in declared:
        dynamodb.soon(table, lambda region=region: _settled(table, region, "ACTIVE"))


def _undo_strong(table: Table, draft: dict[str, Any], regions: list[str]) -> None:
    if draft.get("GlobalTableWitnesses") or sorted(regions) != sorted(r["RegionName"] for r in _replicas(draft)):
        raise invalid(OPERATION, "a table of strong consistency loses all its replicas and its witness at once")
    draft["Replicas"] = []
    draft.pop("MultiRegionConsistency", None)


def _without_witness(draft: dict[str, Any], params: dict[str, Any], verbs: list[str]) -> None:
    deletes = all("Delete" in update for update in params["GlobalTableWitnessUpdates"])
    if not deletes or verbs != ["Delete"]:
        raise invalid(OPERATION, "a witness comes with the global table, and goes with a replica")
    draft |= {"Replicas": [], "GlobalTableWitnesses": []}
    draft.pop("MultiRegionConsistency", None)


def _settled(table: Table, region: str, status: str) -> None:
    for replica in table.description.get("Replicas", []):
        if replica["RegionName"] == region:
            replica["ReplicaStatus"] = status


def _gone(table: Table, region: str) -> None:
    kept = [replica for replica in table.description["Replicas"] if replica["RegionName"] != region]
    table.description["Replicas"] = kept
