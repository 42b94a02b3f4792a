"""Facet deletion_protection: whether DynamoDB rejects DeleteTable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.facets.base import Facet, InCreateTable, Removal
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.plan import Step
from reconciler.model.table import TableSpec


class DeletionProtectionFacet(Facet, InCreateTable):
    """Turned off only if the declaration says so (I7)."""

    name = "deletion_protection"
    rank = Rank.PROTECT
    forbids_replacement = True

    def observe(self, responses: Responses) -> bool:
        return bool(responses.table.get("DeletionProtectionEnabled", False))

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        have = bool(observed.deletion_protection)
        if desired.deletion_protection is not None and desired.deletion_protection != have:
            yield Change(self.name, "deletion_protection", have, desired.deletion_protection)

    def removal(self, observed: TableSpec) -> Removal:
        return Removal(False, "deletion_protection_enabled: false")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        enabled = bool(desired.deletion_protection)
        return Call("UpdateTable", {"TableName": desired.name, "DeletionProtectionEnabled": enabled})

    def rank_of(self, step: Step) -> Rank:
        return self.rank if all(change.after for change in step.changes) else Rank.UNPROTECT

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        return {"DeletionProtectionEnabled": True} if desired.deletion_protection else {}
