"""Facet disassociation_protection: whether DynamoDB refuses to remove this replica from its global table."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.facets.base import Facet, HasPreconditions, Precondition, Removal
from reconciler.facets.rank import Rank
from reconciler.facets.replica_calls import is_strong, other_replicas
from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.plan import Step
from reconciler.model.table import TableSpec


class DisassociationProtectionFacet(Facet, HasPreconditions):
    """A replica is protected by default. A table in one Region has no protection, so nothing is compared there."""

    name = "disassociation_protection"
    rank = Rank.PROTECT

    def observe(self, responses: Responses) -> bool | None:
        found = responses.table.get("DisassociationProtectionEnabled")
        return None if found is None else bool(found)

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        target, seen = desired.disassociation_protection, observed.disassociation_protection
        if target is None or not other_replicas(observed):
            return
        have = True if seen is None else seen
        if target != have:
            yield Change(self.name, self.name, have, target)

    def removal(self, observed: TableSpec) -> Removal:
        return Removal(False, "disassociation_protection_enabled: false")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        enabled = bool(desired.disassociation_protection)
        return Call("UpdateTable", {"TableName": desired.name, "DisassociationProtectionEnabled": enabled})

    def rank_of(self, step: Step) -> Rank:
        return self.rank if all(change.after for change in step.changes) else Rank.UNPROTECT

    def precondition(self, change: Change, desired: TableSpec, observed: TableSpec) -> Precondition | None:
        if not is_strong(observed):
            return None
        sentence = "a strongly consistent table has no disassociation protection"
        return Precondition(sentence, "disassociation_protection_enabled left out", rule=28)
