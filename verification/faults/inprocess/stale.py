"""One read answered from the past: as it would have been one or two changes before. Of ``stale-raced``."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

from faults.inprocess.baseline import Baseline, baseline, changes
from faults.inprocess.scenario import Scenario
from faults.inprocess.transport import Sending, Wire
from simulation.simulated_dynamodb import ControlPlane

READS = ("Describe", "List")
BACK = (1, 2)


@dataclass(frozen=True)
class Stale:
    """This read of this scenario sees the service as it was before the change ``since``."""

    scenario: Scenario
    call: Sending
    since: Sending

    def __str__(self) -> str:
        return f"{self.scenario.name} · {self.call} · as it was before {self.since}"


class FromThePast:
    """Keeps the service as it stood before one change, and answers one read from it."""

    def __init__(self, plan: Stale, wire: Wire) -> None:
        self.plan, self.wire, self.hit = plan, wire, False
        self.past: ControlPlane | None = None
        wire.before, wire.after = self.before, self.after

    def before(self, sending: Sending) -> None:
        if sending.number == self.plan.since.number:
            self.past = as_it_stands(self.wire.plane)
        if sending.number == self.plan.call.number and self.past is not None:
            self.hit = True
            self.past, self.wire.plane = self.wire.plane, self.past

    def after(self, sending: Sending) -> None:
        if sending.number == self.plan.call.number and self.past is not None:
            self.past, self.wire.plane = self.wire.plane, self.past


def as_it_stands(plane: ControlPlane) -> ControlPlane:
    """The service frozen: nothing of what is under way in it will ever happen."""
    past = copy.copy(plane)
    past.tables = {name: copy.copy(table) for name, table in plane.tables.items()}
    for table in past.tables.values():
        table.description, table.items, table.tags, table.ttl, table.side = copy.deepcopy(
            (table.description, table.items, table.tags, table.ttl, table.side)
        )
        table.due = []
    past.backups, past.ghosts, past.reads = copy.deepcopy(plane.backups), dict(plane.ghosts), []
    past.scaling = copy.copy(plane.scaling)
    if past.scaling is not None and plane.scaling is not None:
        past.scaling.targets, past.scaling.policies, past.scaling.actions = copy.deepcopy(
            (plane.scaling.targets, plane.scaling.policies, plane.scaling.actions)
        )
    return past


def stale_plans(scenario: Scenario) -> Iterator[Stale]:
    """Every read that follows a change, one and two changes back."""
    known: Baseline = baseline(scenario)
    done: list[Sending] = []
    for sending in known.calls:
        name = sending.operation.rpartition(":")[2]
        if name.startswith(READS) and sending.number in known.points:
            yield from (Stale(scenario, sending, done[-back]) for back in BACK if len(done) >= back)
        if changes(sending) and sending.applied:
            done.append(sending)
