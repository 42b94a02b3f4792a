"""Facet multi_region_consistency: eventual or strong, and the witness; decided when a table becomes global."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.facets import replica_calls
from reconciler.facets.base import Facet, HasPreconditions, Precondition, Removal
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change
from reconciler.model.global_table import ConsistencyMode, MultiRegionConsistency
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.table import TableSpec

EVENTUAL = MultiRegionConsistency("EVENTUAL")


class MultiRegionConsistencyFacet(Facet, HasPreconditions):
    """Part of the call that creates the replicas. It cannot change afterwards (rule 27)."""

    name = "multi_region_consistency"
    rank = Rank.REPLICA
    exclusive = True
    seed_waits_because = "the table must be empty until it is strongly consistent"

    def observe(self, responses: Responses) -> MultiRegionConsistency:
        table = responses.table
        witnesses = [
            witness["RegionName"]
            for witness in table.get("GlobalTableWitnesses") or ()
            if witness.get("WitnessStatus") != "DELETING"
        ]
        mode: ConsistencyMode = table.get("MultiRegionConsistency") or "EVENTUAL"
        return MultiRegionConsistency(mode, min(witnesses, default=None))

    def ongoing(self, responses: Responses) -> Iterator[str]:
        for witness in responses.table.get("GlobalTableWitnesses") or ():
            status = witness.get("WitnessStatus", "ACTIVE")
            if status != "ACTIVE":
                yield f"witness {witness['RegionName']} is {status}"

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        want = desired.multi_region_consistency
        if want is None:
            return
        # The consistency is chosen when a table becomes global, so without replicas the default is compared.
        live = observed.multi_region_consistency if replica_calls.other_replicas(observed) else None
        have = live or EVENTUAL
        if want.mode != have.mode:
            yield Change(self.name, f"{self.name}.mode", have.mode, want.mode)
        if want.mode == "STRONG" and want.witness != have.witness:
            yield Change(self.name, f"{self.name}.witness", have.witness, want.witness)

    def removal(self, observed: TableSpec) -> Removal | None:
        live = observed.multi_region_consistency
        if live is not None and (live.mode == EVENTUAL.mode or not replica_calls.other_replicas(observed)):
            return None
        return Removal(EVENTUAL, None, "the consistency of a global table never changes; `replicas: []` ends it")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        return replica_calls.strong_call(desired, observed.spec)

    def precondition(self, change: Change, desired: TableSpec, observed: TableSpec) -> Precondition | None:
        if replica_calls.other_replicas(observed):
            sentence = "the consistency and the witness of a global table never change"
            return Precondition(sentence, "replicas: [] converged first, on a table that is then emptied", rule=27)
        return replica_calls.strong_precondition(desired, observed)
