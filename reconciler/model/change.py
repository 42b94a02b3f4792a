"""``Change``: a difference between declared and observed. ``Call``: the API request that closes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from reconciler.model.lazy_dataclass import dataclass


class Hazard(StrEnum):
    """What a change costs, before the policy decides on it."""

    NONE = "none"
    DISRUPTION = "disruption"
    """Readers are interrupted, no item is lost: an index rebuilt under its name, a new stream ARN."""
    DATA_LOSS = "data_loss"
    """Items are lost though the table stays: a replica and everything in it is deleted in its Region."""
    REPLACEMENT = "replacement"
    """The table must be deleted and created again: every item in it is lost."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one facet that differs.

    ``path`` reaches into indexes by name, for example ``global_indexes.by_email.throughput.read``.
    ``before`` is what was observed and ``after`` what is declared, both plain JSON values.
    ``unsafe`` says in a sentence why the change is hazardous; ``None`` where it is not.
    """

    facet: str
    path: str
    before: Any
    after: Any
    hazard: Hazard = Hazard.NONE
    unsafe: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One API request as data: a botocore operation name and its parameters."""

    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def changes_table(self) -> bool:
        """Whether it needs an ACTIVE table and makes it busy. A pass sends at most one such call per table."""
        return self.operation in ("CreateTable", "UpdateTable", "DeleteTable")

    @property
    def destroys(self) -> bool:
        """Whether it deletes a table or a part of one."""
        return destroys(self.operation, self.params)


def is_read(operation: str) -> bool:
    """Whether an operation of DynamoDB or a sibling service changes nothing. An unknown operation counts as a write.

    Operations of other services carry the name of the service: ``kms:DescribeKey``.
    """
    name = operation.rpartition(":")[2]
    return name.startswith(("Describe", "List", "Get")) or name in _READ_ITEMS


_READ_ITEMS = frozenset(("Scan", "Query", "BatchGetItem", "TransactGetItems"))


def destroys(operation: str, params: Mapping[str, Any]) -> bool:
    """Whether sending the request again after a lost response could destroy what others created in between (I4).

    A DeleteItem counts if it requests the old attributes as proof. The response to a second sending would be that there
    is no item, which proves nothing about the first one. Deletes of state records do not request them.
    """
    if operation == "UpdateTable":
        members = ("GlobalSecondaryIndexUpdates", "VectorIndexUpdates", "ReplicaUpdates")
        return any("Delete" in update for member in members for update in params.get(member) or ())
    if operation == "DeleteItem":
        return "ReturnValues" in params
    return operation.rpartition(":")[2].startswith(("Delete", "Deregister", "Untag"))
