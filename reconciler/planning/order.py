"""The order of the steps of one table, stated once: a plan is always sorted by ``order``.

A replacement makes all else moot. Protection goes on before anything risky. Tags, time to live and all other calls
aside do not make the table busy. Billing and throughput come before indexes, so that a new index is created with
throughput just where the table takes it; limits follow the billing mode that takes them, and a scalable target comes
after them, then its policy and its actions. The stream is quick, and wanted before the slow work: table class and
encryption, then new indexes before old ones go, so that readers can move over; unless the old ones are in the way. A
stream's view interrupts its readers, so it comes late; replicas need it. Protection goes off last: until then the table
stays protected. Scheduled backups hinder nothing and come last.
"""

from __future__ import annotations

from enum import IntEnum

from reconciler.model.change import Call, Hazard
from reconciler.model.plan import Action, Step

TABLE_CHANGING = frozenset({"CreateTable", "UpdateTable", "DeleteTable"})
"""Operations that need an ACTIVE table and make it busy; one a table and round."""


class Rank(IntEnum):
    """The place of a step in its table's plan."""

    TABLE = 0
    PROTECT = 1
    TAGS = 2
    TTL = 3
    ASIDE = 4
    CAPACITY = 5
    LIMITS = 6
    SCALING_TARGET = 7
    SCALING_POLICY = 8
    SCALING_ACTION = 9
    STREAM = 10
    SETTINGS = 11
    INDEX_CREATE = 12
    INDEX_DELETE = 13
    INDEX_CREATE_AFTER = 14
    STREAM_VIEW = 15
    REPLICA = 16
    REPLICA_REMOVE = 17
    UNPROTECT = 18
    BACKUP = 19
    WAIT = 20


def order(step: Step) -> tuple[int, str]:
    """The sort key of a step."""
    return rank(step), step.changes[0].path if step.changes else step.facet


def rank(step: Step) -> Rank:
    """What kind of call a step makes, read off the call itself."""
    if step.call is None:
        return Rank.WAIT
    if step.action is not Action.UPDATE:
        return Rank.TABLE
    hazardous = any(change.hazard is not Hazard.NONE for change in step.changes)
    match step.call.operation:
        case "TagResource":
            return Rank.TAGS
        case "UpdateTimeToLive":
            return Rank.TTL
        case "application-autoscaling:PutScalingPolicy":
            return Rank.SCALING_POLICY
        case "application-autoscaling:PutScheduledAction" | "application-autoscaling:DeleteScheduledAction":
            return Rank.SCALING_ACTION
        case "CreateBackup" | "DeleteBackup":
            return Rank.BACKUP
        case operation if operation.startswith("application-autoscaling:"):
            return Rank.SCALING_TARGET
        case operation if operation not in TABLE_CHANGING:
            return Rank.ASIDE
        case _:
            return _update_rank(step.call, hazardous=hazardous)


def _update_rank(call: Call, *, hazardous: bool) -> Rank:
    params = call.params
    if "DeletionProtectionEnabled" in params:
        return Rank.PROTECT if params["DeletionProtectionEnabled"] else Rank.UNPROTECT
    if "DisassociationProtectionEnabled" in params:
        return Rank.PROTECT if params["DisassociationProtectionEnabled"] else Rank.UNPROTECT
    if "ReplicaUpdates" in params:
        return Rank.REPLICA_REMOVE if hazardous else Rank.REPLICA
    if "GlobalTableSettingsReplicationMode" in params:
        return Rank.SETTINGS
    if "StreamSpecification" in params:
        return Rank.STREAM_VIEW if hazardous else Rank.STREAM
    if "TableClass" in params or "SSESpecification" in params:
        return Rank.SETTINGS
    if "OnDemandThroughput" in params or "WarmThroughput" in params:
        return Rank.LIMITS
    members = ("GlobalSecondaryIndexUpdates", "VectorIndexUpdates")
    verbs = {verb for member in members for update in params.get(member, ()) for verb in update}
    if "Create" in verbs:
        return Rank.INDEX_CREATE_AFTER if hazardous else Rank.INDEX_CREATE
    return Rank.INDEX_DELETE if "Delete" in verbs else Rank.CAPACITY
