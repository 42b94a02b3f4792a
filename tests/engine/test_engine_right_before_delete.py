"""What happens between the decision to delete a table and DeleteTable, tried at every call of the pass.

Somebody makes the table anew, its owner tag cannot be read, the declarations change, or another process releases the
table or suspends the stack. What stands in the simulated service afterwards is looked at, not only the report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from campaigns.simulation_store import Session, State, Through
from simulation.simulated_engine import Sim, declaration, item, simulate

from reconciler.engine.context import EngineContext
from reconciler.engine.reconciler import Reconciler
from reconciler.engine.state import EngineState
from reconciler.model.errors import (
    Ambiguous,
    ApiError,
    Denied,
    LeaseLost,
    Malformed,
    RecordChanged,
    StateError,
    Unsupported,
)
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, Step, StepStatus
from reconciler.model.records import Lease, StateSnapshot
from reconciler.model.report import PassReport, Verdict
from reconciler.model.table import KeyElement

REKEYED = (KeyElement("id", "HASH", "S"),)
Verb = Callable[[Sim], PassReport]


def live(flavor: Flavor = Flavor.MOTO) -> Sim:
    """``users`` and ``orders`` are ours; ``orders`` holds an item that may be lost."""
    sim = simulate(flavor=flavor, prune_grace=timedelta(0), data_loss="allow")
    sim.declare(declaration("users"), declaration("orders"))
    sim.once()
    sim.clock.seconds += 3600
    sim.once()
    sim.dynamodb.tables["orders"].items["mine"] = item("mine")
    sim.dynamodb.journal.clear()
    return sim


def _pruned(sim: Sim) -> PassReport:
    sim.declare(declaration("users"))
    return sim.run()


def _pruned_once(sim: Sim) -> PassReport:
    sim.declare(declaration("users"))
    return sim.once()


def _replaced(sim: Sim) -> PassReport:
    sim.declare(declaration("users"), declaration("orders", keys=REKEYED))
    return sim.run()


def _destroyed(sim: Sim) -> PassReport:
    return sim.reconciler.destroy(("orders",))


VERBS: dict[str, Verb] = {
    "pruned": _pruned,
    "pruned once": _pruned_once,
    "replaced": _replaced,
    "destroyed": _destroyed,
}


def steps(sim: Sim) -> list[Step]:
    """Those of ``orders`` in all passes."""
    return [step for name, step in sim.telemetry.steps if name == "orders"]


@pytest.mark.parametrize("verb", VERBS)
def test_without_interference_the_table_is_deleted(verb: str) -> None:
    sim = live()
    VERBS[verb](sim)
    assert "DeleteTable" in sim.dynamodb.mutating


MADE_ANEW: dict[str, dict[str, Any]] = {
    "another TableId": {"TableId": "of-somebody-else"},
    "no TableId, created later": {"TableId": None, "CreationDateTime": 7200},
    "another Region": {"TableId": None, "TableArn": "arn:aws:dynamodb:eu-west-3:111122223333:table/orders"},
}


@pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.DYNAMODB_LOCAL, Flavor.AWS], ids=lambda flavor: flavor.value)
@pytest.mark.parametrize("anew", MADE_ANEW)
@pytest.mark.parametrize("verb", VERBS)
def test_an_answer_that_names_another_table_is_a_failure(verb: str, anew: str, flavor: Flavor) -> None:
    sim = live(flavor)

    def meddle(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "DeleteTable":
            shape = sim.dynamodb.tables["orders"].description
            for name, value in MADE_ANEW[anew].items():
                if name == "CreationDateTime":
                    shape[name] += timedelta(seconds=value)
                elif value is None:
                    shape.pop(name, None)
                else:
                    shape[name] = value

    sim.dynamodb.faults = meddle
    report = VERBS[verb](sim)
    failed = [step for step in steps(sim) if step.status is StepStatus.FAILED]
    assert [step.reason for step in failed] == [Reason.IDENTITY]
    assert "reached another table" in (failed[0].message or "")
    assert not [step for step in steps(sim) if step.status is StepStatus.DONE and step.destructive]
    assert report.verdict is not Verdict.IN_SYNC or verb == "pruned once"
    assert sim.dynamodb.mutating.count("DeleteTable") == 1


UNREADABLE: dict[str, ApiError] = {
    "no such operation": Unsupported("ListTagsOfResource", "UnknownOperationException", "no such operation"),
    "denied": Denied("ListTagsOfResource", "AccessDeniedException", "not allowed"),
    "garbled": Malformed("ListTagsOfResource", "InvalidResponse", "no Tags"),
}


@pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.AWS], ids=lambda flavor: flavor.value)
@pytest.mark.parametrize("error", UNREADABLE)
@pytest.mark.parametrize("verb", VERBS)
def test_a_table_whose_owner_tag_cannot_be_read_stays(verb: str, error: str, flavor: Flavor) -> None:
    sim = live(flavor)

    def unreadable(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "ListTagsOfResource":
            raise UNREADABLE[error]

    sim.dynamodb.faults = unreadable
    report = VERBS[verb](sim)
    assert "DeleteTable" not in sim.dynamodb.mutating
    assert sim.dynamodb.tables["orders"].items == {"mine": item("mine")}
    assert report.verdict is not Verdict.IN_SYNC


def test_a_table_whose_owner_tag_cannot_be_read_is_blocked_with_the_reason() -> None:
    sim = live()

    def unreadable(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "ListTagsOfResource":
            raise UNREADABLE["no such operation"]

    sim.dynamodb.faults = unreadable
    blocked = [step for table in _pruned(sim).tables for step in table.steps if step.status is StepStatus.BLOCKED]
    assert [step.reason for step in blocked] == [Reason.NOT_OWNED]
    assert "cannot be read" in (blocked[0].message or "")


class Boundary:
    """Counts the calls of a verb to the service, and does something right before the one of this number."""

    def __init__(self, sim: Sim, at: int, what: Callable[[], None]) -> None:
        self.at, self.what, self.count, self.last = at, what, 0, ""
        sim.dynamodb.faults = sim.items.faults = self.call

    def call(self, operation: str, _: Any) -> None:
        self.count += 1
        if self.count == self.at:
            self.last = operation
            self.what()


def _declared_again(sim: Sim) -> None:
    sim.declare(declaration("users"), declaration("orders"))


def _broken(sim: Sim) -> None:
    sim.source.broken = True


CHANGES = {"declared again": _declared_again, "not understood": _broken}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("verb", ["pruned", "pruned once", "replaced"])
def test_declarations_that_change_before_the_call_keep_the_table(verb: str, change: str) -> None:
    tried = 0
    while True:
        tried += 1
        sim = live()
        boundary = Boundary(sim, tried, lambda sim=sim: CHANGES[change](sim))  # type: ignore[misc]
        VERBS[verb](sim)
        if boundary.last == "DeleteTable":
            break
        assert boundary.last, "the table was not deleted at all"
        assert "DeleteTable" not in sim.dynamodb.mutating, (
            f"deleted after a change before call {tried}: {boundary.last}"
        )
        assert sim.dynamodb.tables["orders"].items == {"mine": item("mine")}
    assert tried > 3


class Party(Session):
    """A process at the state table, with what the real one checks in the write itself: lease, revision and fence."""

    _found: Lease | None = None

    def acquire_lease(self) -> Lease | None:
        def write() -> Lease | None:
            self._found = self._state.lease
            return self._acquire()

        return self._call("PutItem", write)  # type: ignore[no-any-return]

    def is_current(self, snapshot: StateSnapshot) -> bool:
        return self._own is not None and snapshot.lease in (self._own, self._found)

    def revoke_lease(self) -> Lease | None:
        def write() -> Lease | None:
            found = self._state.lease
            token = found.token + 1 if found else 1
            self._state.lease = Lease(self._holder, token, self._state.clock.now(), released=True)
            return None if found is None or found.released else found

        return self._call("PutItem", write)  # type: ignore[no-any-return]

    def _keep(self, kind: str, name: str, record: Any) -> None:
        def write() -> None:
            if self._own is not None and self._state.lease != self._own:
                raise LeaseLost("PutItem", "ConditionalCheckFailedException", "another reconciler leads")
            records = dict(getattr(self._state.snapshot, kind))
            standing = records.pop(name, None)
            if kind == "inventory" and standing and record and standing.revision != record.revision - 1:
                raise RecordChanged("PutItem", "ConditionalCheckFailedException", "the record was written anew")
            kept = records if record is None else {**records, name: record}
            self._state.snapshot = replace(self._state.snapshot, **{kind: kept})

        self._call("PutItem", write)


class Beside:
    """Another process, which acts right before the call of this number, be it to the service or to the state table."""

    def __init__(self, sim: Sim, at: int, action: Callable[[Reconciler], Any]) -> None:
        self.sim, self.at, self.action = sim, at, action
        self.count, self.before, self.acting, self.sent, self.refused = 0, "", False, False, ""
        self.state = State(sim.clock, sim.store.snapshot)
        self.other = replace(sim.reconciler, ports=self.environment("verb", plain), state=EngineState())
        sim.reconciler.ports = self.environment("pass", self.through)
        sim.dynamodb.faults = sim.items.faults = lambda operation, _: self.reached(operation)

    def environment(self, holder: str, through: Through) -> EngineContext:
        return replace(self.sim.reconciler.ports, store=Party(self.state, holder, through))

    def through(self, _: str, operation: str, work: Callable[[], Any]) -> Any:
        self.reached(f"state table: {operation}")
        return work()

    def reached(self, operation: str) -> None:
        if self.acting:
            return
        self.count += 1
        if self.count != self.at:
            return
        self.acting, self.before, self.sent = True, operation, "DeleteTable" in self.sim.dynamodb.mutating
        try:
            self.action(self.other)
        except StateError as error:
            self.refused = str(error)
        self.acting = False
        if operation == "DeleteTable":
            raise Ambiguous(operation, "Timeout", "it timed out while the other process waited for it")

    def later(self) -> None:
        """The same process goes on, and nobody stands in between."""
        self.sim.dynamodb.faults = self.sim.items.faults = None
        self.sim.reconciler.ports = self.environment("pass", plain)
        for _ in range(2):
            self.sim.clock.seconds += 400
            self.sim.run()


def plain(_: str, __: str, work: Callable[[], Any]) -> Any:
    """Nothing stands in between."""
    return work()


ACTIONS: dict[str, Callable[[Reconciler], Any]] = {
    "release": lambda other: other.release(("orders",)),
    "suspend": lambda other: other.suspend("somebody"),
}


@pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.DYNAMODB_LOCAL, Flavor.AWS], ids=lambda flavor: flavor.value)
@pytest.mark.parametrize("verb", ["pruned", "replaced"])
@pytest.mark.parametrize("action", ACTIONS)
def test_a_command_of_another_process_before_the_delete_keeps_the_table(action: str, verb: str, flavor: Flavor) -> None:
    for at in count(1):
        sim = live(flavor)
        beside = Beside(sim, at, ACTIONS[action])
        VERBS[verb](sim)
        where = f"{action} before call {at}: {beside.before}"
        if not beside.before:
            break
        if beside.sent:
            assert action != "release" or beside.refused or "orders" not in beside.state.snapshot.inventory, where
            continue
        assert not beside.refused, where
        beside.later()
        assert "DeleteTable" not in sim.dynamodb.mutating, where
        assert sim.dynamodb.tables["orders"].items == {"mine": item("mine")}, where
    assert at > 10
    assert "DeleteTable" in sim.dynamodb.mutating, "without the other process it goes"


def _leading_again(beside: Beside) -> Callable[[], None]:
    """The process whose lease was revoked, or the next one, makes a pass whenever the verb waits."""
    again = replace(beside.sim.reconciler, ports=beside.environment("pass again", plain), state=EngineState())

    def on_sleep() -> None:
        beside.sim.clock.on_sleep = None
        again.run_pass("interval")
        beside.sim.clock.on_sleep = on_sleep

    return on_sleep


def _released_meanwhile(beside: Beside, on_sleep: Callable[[], None]) -> Callable[[Reconciler], Any]:
    def action(other: Reconciler) -> Any:
        beside.sim.clock.on_sleep = on_sleep
        try:
            return other.release(("orders",))
        finally:
            beside.sim.clock.on_sleep = None

    return action


@pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.DYNAMODB_LOCAL, Flavor.AWS], ids=lambda flavor: flavor.value)
@pytest.mark.parametrize("verb", ["pruned", "replaced"])
def test_a_pass_that_leads_again_while_a_release_watches_keeps_the_table(verb: str, flavor: Flavor) -> None:
    watched = 0
    for at in count(1):
        sim = live(flavor)
        beside = Beside(sim, at, lambda _: None)
        beside.action = _released_meanwhile(beside, _leading_again(beside))
        began = sim.clock.seconds
        VERBS[verb](sim)
        where = f"release before call {at}: {beside.before}"
        if not beside.before:
            break
        if beside.sent:
            continue
        watched += sim.clock.seconds - began >= 30
        assert not beside.refused, where
        assert beside.state.snapshot.inventory["orders"].ownership == "released", where
        assert beside.state.snapshot.inventory["orders"].ending_at is None, where
        beside.later()
        assert "DeleteTable" not in sim.dynamodb.mutating, where
        assert sim.dynamodb.tables["orders"].items == {"mine": item("mine")}, where
    assert watched > 0, "one of them comes when the delete may be on its way"


@pytest.mark.parametrize("leads", [False, True], ids=["nobody leads meanwhile", "a pass leads meanwhile"])
@pytest.mark.parametrize("verb", ["pruned", "replaced"])
def test_a_delete_during_a_release_is_reported_as_a_delete(verb: str, leads: bool) -> None:
    sim = live()
    at = next(at for at in count(1) if _reaches(verb, at) == "DeleteTable")
    beside = Beside(sim, at, lambda _: None)
    again = _leading_again(beside)

    def on_sleep() -> None:
        sim.dynamodb.tables.pop("orders", None)
        if leads:
            again()

    beside.action = _released_meanwhile(beside, on_sleep)
    VERBS[verb](sim)
    assert "its deletion was already sent" in beside.refused
    beside.later()
    entry = beside.state.snapshot.inventory.get("orders")
    assert entry is None if verb == "pruned" else entry is not None and entry.ownership == "created"
    assert ("orders" in sim.dynamodb.tables) is (verb == "replaced"), "a declared table is made again"


def _reaches(verb: str, at: int) -> str:
    beside = Beside(live(), at, lambda _: None)
    VERBS[verb](beside.sim)
    return beside.before
