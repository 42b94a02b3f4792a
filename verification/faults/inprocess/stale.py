"""One stale read: answered as it was one or two changes before. For the campaign ``stale-raced``."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

from faults.inprocess.baseline import Baseline, baseline, changes
from faults.inprocess.scenario import Scenario
from faults.inprocess.transport import SentRequest, Transport
from simulation.simulated_dynamodb import SimulatedDynamoDB

READS = ("Describe", "List")
BACK = (1, 2)


@dataclass(frozen=True)
class Stale:
    """This read of this scenario sees the service as it was before the change ``since``."""

    scenario: Scenario
    call: SentRequest
    since: SentRequest

    def __str__(self) -> str:
        return f"{self.scenario.name} · {self.call} · as it was before {self.since}"


class StaleReads:
    """Keeps the service as it stood before one change, and answers one read from it."""

    def __init__(self, plan: Stale, transport: Transport) -> None:
        self.plan, self.transport, self.hit = plan, transport, False
        self.past: SimulatedDynamoDB | None = None
        transport.before, transport.after = self.before, self.after

    def before(self, request: SentRequest) -> None:
        if request.number == self.plan.since.number:
            self.past = frozen_copy(self.transport.dynamodb)
        if request.number == self.plan.call.number and self.past is not None:
            self.hit = True
            self.past, self.transport.dynamodb = self.transport.dynamodb, self.past

    def after(self, request: SentRequest) -> None:
        if request.number == self.plan.call.number and self.past is not None:
            self.past, self.transport.dynamodb = self.transport.dynamodb, self.past


def frozen_copy(dynamodb: SimulatedDynamoDB) -> SimulatedDynamoDB:
    """The service frozen: nothing of what is under way in it will ever happen."""
    past = copy.copy(dynamodb)
    past.tables = {name: copy.copy(table) for name, table in dynamodb.tables.items()}
    for table in past.tables.values():
        table.description, table.items, table.tags, table.ttl, table.side = copy.deepcopy(
            (table.description, table.items, table.tags, table.ttl, table.side)
        )
        table.due = []
    past.backups, past.ghosts, past.reads = copy.deepcopy(dynamodb.backups), dict(dynamodb.ghosts), []
    past.scaling = copy.copy(dynamodb.scaling)
    if past.scaling is not None and dynamodb.scaling is not None:
        past.scaling.targets, past.scaling.policies, past.scaling.actions = copy.deepcopy(
            (dynamodb.scaling.targets, dynamodb.scaling.policies, dynamodb.scaling.actions)
        )
    return past


def stale_plans(scenario: Scenario) -> Iterator[Stale]:
    """Every read that follows a change, one and two changes back."""
    known: Baseline = baseline(scenario)
    done: list[SentRequest] = []
    for request in known.calls:
        name = request.operation.rpartition(":")[2]
        if name.startswith(READS) and request.number in known.points:
            yield from (Stale(scenario, request, done[-back]) for back in BACK if len(done) >= back)
        if changes(request) and request.applied:
            done.append(request)
