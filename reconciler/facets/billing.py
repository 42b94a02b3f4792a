"""Facet billing: the billing mode and the provisioned throughput of the table itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.facets import capacity, wire
from reconciler.facets.base import (
    ExtraRead,
    Facet,
    HasExtraReads,
    HasPreconditions,
    InCreateTable,
    Precondition,
    Removal,
)
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.records import CountedChange
from reconciler.model.table import Billing, TableSpec


class BillingFacet(Facet, InCreateTable, HasPreconditions, HasExtraReads):
    """Compares the throughput only if it is declared with PROVISIONED.

    UpdateTable with the current values is a ValidationException, so every call changes something
    (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html).
    """

    name = "billing"
    rank = Rank.CAPACITY
    quotas = capacity.QUOTAS
    scaled_paths = ("billing.throughput",)

    def observe(self, responses: Responses) -> Billing:
        table = responses.table
        if capacity.read_mode(table) == "PAY_PER_REQUEST":
            return Billing("PAY_PER_REQUEST")
        return Billing("PROVISIONED", wire.read_throughput(table.get("ProvisionedThroughput")))

    def extra_reads(self, desired: TableSpec | None, table: Mapping[str, Any]) -> Iterator[ExtraRead]:
        return capacity.extra_reads(desired, table)

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        if desired.billing is None:
            return
        if desired.billing.mode != capacity.mode_of(observed):
            before = observed.billing.mode if observed.billing else None
            yield Change(self.name, "billing.mode", before, desired.billing.mode)
        if desired.billing.mode == "PROVISIONED" and desired.billing.throughput:
            had = observed.billing.throughput if observed.billing else None
            yield from wire.throughput_changes(self.name, "billing.throughput", desired.billing.throughput, had)

    def removal(self, observed: TableSpec) -> Removal:
        return Removal(Billing("PAY_PER_REQUEST"), "billing_mode: PAY_PER_REQUEST")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        if capacity.mode_after(desired, observed.spec) != capacity.mode_of(observed.spec):
            return capacity.switch_call(desired, observed.spec)
        return capacity.table_call(desired, observed.spec)

    def precondition(self, change: Change, desired: TableSpec, observed: TableSpec) -> Precondition | None:
        return capacity.switch_precondition(desired, observed)

    def uses(self, call: Call, observed: ObservedTable) -> tuple[CountedChange, ...]:
        return capacity.uses(call, observed)

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        mode = capacity.mode_of(desired)
        if mode == "PAY_PER_REQUEST":
            return {"BillingMode": mode}
        return {"BillingMode": mode, "ProvisionedThroughput": wire.throughput(capacity.table_throughput(desired))}
