"""A foreign change of a table right before one of our calls about it. For the campaign ``stale-raced``.

What happens between our last look at a table and the call that deletes it nobody can see; that window is left out for
a table that is made anew, as docs/concepts/safety.md leaves open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from faults.inprocess.account import STATE
from faults.inprocess.baseline import baseline
from faults.inprocess.scenario import Scenario
from faults.inprocess.transport import SentRequest, Transport
from simulation.simulated_dynamodb import SimulatedDynamoDB
from simulation.simulated_engine import item
from simulation.table import Table

KEY = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}
ROW = item("somebody else's", name="not ours")


def _deleted(dynamodb: SimulatedDynamoDB, name: str) -> None:
    dynamodb.tables.pop(name, None)


def _made_anew(dynamodb: SimulatedDynamoDB, name: str) -> None:
    dynamodb.tables.pop(name, None)
    dynamodb.make(TableName=name, **KEY).items[repr([ROW["pk"]])] = dict(ROW)


def _protected(dynamodb: SimulatedDynamoDB, name: str) -> None:
    _described(dynamodb, name, DeletionProtectionEnabled=True)


def _written(dynamodb: SimulatedDynamoDB, name: str) -> None:
    table = dynamodb.tables.get(name)
    if table is not None:
        table.items["somebody else's"] = {**_key(table), "name": {"S": "not ours"}}


def _tagged(dynamodb: SimulatedDynamoDB, name: str) -> None:
    if name in dynamodb.tables:
        dynamodb.tables[name].tags["cost"] = "theirs"


def _provisioned(dynamodb: SimulatedDynamoDB, name: str) -> None:
    units = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 3}
    table = dynamodb.tables.get(name)
    if table is not None and not table.description.get("VectorIndexes"):
        _described(dynamodb, name, BillingModeSummary={"BillingMode": "PROVISIONED"}, ProvisionedThroughput=units)
        for index in table.description.get("GlobalSecondaryIndexes", []):
            index["ProvisionedThroughput"] = dict(units)


def _described(dynamodb: SimulatedDynamoDB, name: str, **members: object) -> None:
    if name in dynamodb.tables:
        dynamodb.tables[name].description.update(members)


def _key(table: Table) -> dict[str, dict[str, str]]:
    kinds = {d["AttributeName"]: d["AttributeType"] for d in table.description["AttributeDefinitions"]}
    names = [element["AttributeName"] for element in table.description["KeySchema"]]
    return {name: {kinds[name]: "99" if kinds[name] == "N" else "somebody else's"} for name in names}


RACES: dict[str, Callable[[SimulatedDynamoDB, str], None]] = {
    "deleted": _deleted,
    "made anew": _made_anew,
    "protected": _protected,
    "written to": _written,
    "tagged": _tagged,
    "provisioned": _provisioned,
}


@dataclass(frozen=True)
class Raced:
    """Right before this call somebody else changes its table."""

    scenario: Scenario
    call: SentRequest
    race: str

    def __str__(self) -> str:
        return f"{self.scenario.name} · {self.call} · its table was {self.race} by somebody else"


class Overtaken:
    """Lets somebody else act first, once, and checks that their change stays."""

    def __init__(self, plan: Raced, transport: Transport) -> None:
        self.plan, self.transport, self.hit = plan, transport, False
        self.theirs: Table | None = None
        transport.before, transport.after = self.before, self.after

    def before(self, request: SentRequest) -> None:
        if request.number == self.plan.call.number:
            self.hit = True
            RACES[self.plan.race](self.transport.dynamodb, self.plan.call.table)
            self.theirs = (
                self.transport.dynamodb.tables[self.plan.call.table] if self.plan.race == "made anew" else None
            )

    def after(self, request: SentRequest) -> None:
        if self.theirs is None:
            return
        here = self.transport.dynamodb.tables.get(self.plan.call.table)
        assert here is self.theirs, f"{request} took away the table that somebody else had made"
        assert here.status != "DELETING", f"{request} deletes the table that somebody else had made"
        assert ROW in here.items.values(), f"{request} took away a row of somebody else"


def raced_plans(scenario: Scenario) -> Iterator[Raced]:
    """Before every call about a table that is not the state table's."""
    known = baseline(scenario)
    for request in known.calls:
        if request.number not in known.points or request.table in ("", STATE) or ":" in request.operation:
            continue
        for race in RACES:
            if race != "made anew" or not (scenario.owns or _too_late(known.calls, request)):
                yield Raced(scenario, request, race)


def _too_late(calls: tuple[SentRequest, ...], call: SentRequest) -> bool:
    """Whether no look at the table follows before it is destroyed."""
    for request in calls[call.number :]:
        if request.table == call.table and request.operation == "DescribeTable":
            return False
        if request.table == call.table and request.destroys:
            return True
    return False
