"""Two reconcilers of one stack, one of them overtaken by the other between two of its requests.

What it read before its successor led, or decided on before it was paused, goes into no record any more. Judged by the
records themselves, as they stand in the simulated state table.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from faults.inprocess.account import STATE, Ended, Process, SimulatedAccount
from faults.inprocess.rivals import pool
from faults.inprocess.scenarios import with_state
from faults.inprocess.transport import SentRequest
from simulation.data_plane import records
from simulation.simulated_engine import ListSource, declaration, item
from support.waiting import PATIENCE

from reconciler.model.desired import Declaration
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import TableStatus, Verdict

PAST_A_LEASE = 31.0
SEED = (item("1"), item("2"))
Point = Callable[[SentRequest], bool]


def new_account(flavor: Flavor = Flavor.AWS) -> SimulatedAccount:
    account = SimulatedAccount(flavor)
    with_state(account)
    account.transport.whole = lambda: False
    return account


def rival(account: SimulatedAccount, place: int, *desired_states: Declaration, **options: Any) -> Process:
    process = account.process(one_shot=False, max_deletes=None, **options)
    process.pool, process.source = pool(place), ListSource(desired_states)
    return process


def led(process: Process) -> Ended:
    """One pass, and the lease is given back."""
    ended = process.passes()
    process.close()
    return ended


def overtaken(account: SimulatedAccount, process: Process, point: Point, meanwhile: Callable[[], object]) -> Ended:
    """One pass of ``process``; right before its first request at ``point`` something else happens."""
    reached: list[SentRequest] = []

    def before(request: SentRequest) -> None:
        if request.by == process.holder and not reached and point(request):
            reached.append(request)
            meanwhile()

    account.transport.before = before
    ended = process.passes()
    account.transport.before = None
    assert reached, "the point was never reached"
    return ended


def record_of(request: SentRequest) -> str:
    members = request.params.get("Item") or request.params.get("Key") or {}
    return str(members.get("record", {}).get("S", ""))


def describes(name: str) -> Point:
    return lambda request: (request.operation, request.table) == ("DescribeTable", name)


def puts(record: str, ownership: str) -> Point:
    def point(request: SentRequest) -> bool:
        written = request.params.get("Item", {}).get("ownership", {}).get("S")
        return (request.operation, record_of(request), written) == ("PutItem", record, ownership)

    return point


def inventory(account: SimulatedAccount) -> dict[str, dict[str, Any]]:
    """The current inventory entries by table."""
    kind = "table#"
    found = [each for each in records(account.dynamodb, STATE) if each["record"]["S"].startswith(kind)]
    return {each["record"]["S"].removeprefix(kind): each for each in found}


def ownership(account: SimulatedAccount) -> dict[str, str]:
    return {name: entry["ownership"]["S"] for name, entry in inventory(account).items()}


def reasons(ended: Ended) -> set[Reason | None]:
    tables = ended.report.tables if ended.report else ()
    return {
        step.reason
        for table in tables
        for step in table.steps
        if step.status in (StepStatus.BLOCKED, StepStatus.DEFERRED)
    }


@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.MOTO, Flavor.DYNAMODB_LOCAL], ids=lambda flavor: flavor.value)
@pytest.mark.parametrize("seed", [(), SEED], ids=["no seed", "a seed"])
def test_a_table_created_by_a_rival_after_the_state_was_read_is_not_lost_state(flavor: Flavor, seed: Any) -> None:
    account = new_account(flavor)
    requested = declaration("users", seed=seed)
    first, second = rival(account, 0, requested), rival(account, 1, requested)
    ended = overtaken(account, second, describes("users"), lambda: led(first))
    assert ended.report is not None
    assert ownership(account) == {"users": "created"}
    for _ in range(3):
        account.later(60)
        ended = led(second)
    assert ended.report is not None
    assert ended.report.verdict is Verdict.IN_SYNC
    assert ownership(account) == {"users": "created"}


def test_a_table_recreated_by_a_rival_after_the_state_was_read_keeps_its_record() -> None:
    account = new_account()
    first, second = rival(account, 0, declaration("users")), rival(account, 1, declaration("users"))
    led(first)
    account.later(3600)

    def made_anew() -> None:
        del account.dynamodb.tables["users"]
        led(first)

    overtaken(account, second, describes("users"), made_anew)
    account.later(60)
    ended = led(second)
    assert ownership(account) == {"users": "created"}
    assert ended.report is not None
    assert ended.report.verdict is Verdict.IN_SYNC


def test_a_pass_with_stale_state_writes_nothing_and_reports_it() -> None:
    account = new_account()
    first, second = rival(account, 0, declaration("users")), rival(account, 1, declaration("users", seed=SEED))
    before = len(account.transport.sent)
    ended = overtaken(account, second, describes("users"), lambda: led(first))
    wrote = [record_of(s) for s in account.transport.sent[before:] if s.by == second.holder and s.mutating]
    assert {record.partition("#")[0] for record in wrote} == {"lease", "run"}
    assert reasons(ended) == {Reason.LEASE}
    assert not account.dynamodb.tables["users"].items
    led(second)
    assert led(second).exit == 0
    assert len(account.dynamodb.tables["users"].items) == len(SEED)


@pytest.mark.parametrize(
    "requested", [declaration("users"), declaration("users", deletion_protection=True)], ids=["as it is", "protected"]
)
def test_a_command_with_stale_state_reads_it_again_and_succeeds(requested: Declaration) -> None:
    account = new_account()
    first = rival(account, 0, declaration("users"))
    second = account.process(max_deletes=None)
    second.pool, second.source = pool(1), ListSource((requested,))
    reached: list[int] = []

    def before(request: SentRequest) -> None:
        if request.by == second.holder and not reached and describes("users")(request):
            reached.append(request.number)
            led(first)

    account.transport.before = before
    ended = second.run("once", lambda reconciler: reconciler.converge("once"))
    assert reached
    assert (ended.exit, ownership(account)) == (0, {"users": "created"})
    protected = account.dynamodb.tables["users"].description["DeletionProtectionEnabled"]
    assert protected is bool(requested.spec.deletion_protection)


def paused(account: SimulatedAccount, successor: Process) -> None:
    """The leader pauses for longer than its lease lasts. Its successor takes over, reads the state again and writes."""
    successor.passes()
    account.later(PAST_A_LEASE)
    successor.passes()
    led(successor)


PAUSES: dict[str, Point] = {
    "before the intent is written": puts("table#users", "intent"),
    "before the table is known to be there": puts("table#users", "created"),
}


@pytest.mark.parametrize("point", PAUSES.values(), ids=PAUSES)
def test_a_leader_that_was_paused_overwrites_no_record_of_its_successor(point: Point) -> None:
    account = new_account()
    leader, successor = rival(account, 0, declaration("users")), rival(account, 1, declaration("users"))
    standing: dict[str, Any] = {}

    def meanwhile() -> None:
        paused(account, successor)
        standing.update(inventory(account))

    ended = overtaken(account, leader, point, meanwhile)
    assert standing["users"]["fence"] == {"N": "2"}
    assert inventory(account) == standing
    assert ended.report is not None
    assert ended.report.leader is False
    assert ended.report.lease_holder == successor.holder
    assert reasons(ended) == {Reason.LEASE}
    assert led(successor).exit == 0


def test_a_paused_leader_does_not_reclaim_a_released_table() -> None:
    account = new_account()
    leader, successor = rival(account, 0, declaration("users")), rival(account, 1, declaration("users"))

    def meanwhile() -> None:
        paused(account, successor)
        by_hand = account.process(one_shot=True)
        by_hand.pool = pool(2)
        assert by_hand.run("release", lambda reconciler: len(reconciler.release(("users",))) - 1).exit == 0

    overtaken(account, leader, puts("table#users", "created"), meanwhile)
    assert ownership(account) == {"users": "released"}


def test_a_paused_command_waits_and_keeps_the_result_of_its_successor() -> None:
    """``--once`` runs several passes: after it lost the lease it continues once the lease is free again."""
    account = new_account()
    leader = account.process(max_deletes=None)
    leader.pool = pool(0)
    leader.source = ListSource((declaration("users", seed=SEED),))
    successor = rival(account, 1, declaration("users", seed=SEED))
    reached: list[int] = []

    def before(request: SentRequest) -> None:
        if request.by == leader.holder and not reached and puts("table#users", "created")(request):
            reached.append(request.number)
            paused(account, successor)

    account.transport.before = before
    ended = leader.run("once", lambda reconciler: reconciler.converge("once"))
    assert reached
    assert (ended.exit, ownership(account)) == (0, {"users": "created"})
    assert len(account.dynamodb.tables["users"].items) == len(SEED)
    assert inventory(account)["users"]["fence"]["N"] in ("2", "3")


def drops(record: str) -> Point:
    return lambda request: (request.operation, record_of(request)) == ("DeleteItem", record)


def creates(name: str) -> Point:
    return lambda request: (request.operation, request.table) == ("CreateTable", name)


def after(point: Point) -> Point:
    """The request that follows the first one at ``point``."""
    met: list[SentRequest] = []

    def following(request: SentRequest) -> bool:
        if met:
            return True
        met.extend([request] if point(request) else [])
        return False

    return following


def interleaved(account: SimulatedAccount, leader: Process, stands: Point, successor: Process, goes_on: Point) -> Ended:
    """The leader stands still at ``stands`` for longer than its lease lasts, and goes on to the end of its pass while
    its successor, which has looked at everything by then, is at ``goes_on``. How that pass of the successor ended.
    """
    standing, on = threading.Event(), threading.Event()
    points: list[str] = []

    def before(request: SentRequest) -> None:
        if request.by == leader.holder and "stands" not in points and stands(request):
            points.append("stands")
            standing.set()
            on.wait(PATIENCE)
        elif request.by == successor.holder and "goes on" not in points and goes_on(request):
            points.append("goes on")
            on.set()
            thread.join(PATIENCE)

    thread = threading.Thread(target=leader.passes, daemon=True)
    account.transport.before = before
    thread.start()
    assert standing.wait(PATIENCE), "the leader never came to where it stands still"
    ended = successor.passes()
    for _ in range(2):
        if "goes on" not in points:
            account.later(PAST_A_LEASE)
            ended = successor.passes()
    on.set()
    thread.join(PATIENCE)
    account.transport.before = None
    assert points == ["stands", "goes on"]
    return ended


@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.MOTO, Flavor.DYNAMODB_LOCAL], ids=lambda flavor: flavor.value)
@pytest.mark.parametrize("late", [False, True], ids=["right before the drop", "right after it"])
def test_a_table_created_by_a_paused_leader_after_its_intent_was_dropped_is_not_lost_state(
    flavor: Flavor, late: bool
) -> None:
    account = new_account(flavor)
    leader = rival(account, 0, declaration("users", seed=SEED), declaration("orders"))
    successor = rival(account, 1, declaration("orders"))
    led(rival(account, 2, declaration("orders")))
    account.later(3600)
    drop = drops("table#users")
    interleaved(account, leader, creates("users"), successor, after(drop) if late else drop)
    assert "users" in account.dynamodb.tables
    assert ownership(account)["users"] == "created"
    successor.close()
    last = rival(account, 2, declaration("users", seed=SEED), declaration("orders"))
    for _ in range(3):
        account.later(60)
        ended = led(last)
    assert ended.report is not None
    assert (ended.report.verdict, reasons(ended)) == (Verdict.IN_SYNC, set())
    assert ownership(account) == {"users": "created", "orders": "created"}
    assert len(account.dynamodb.tables["users"].items) == len(SEED)


def test_a_pass_that_found_a_changed_record_reports_a_reread_and_keeps_the_lease() -> None:
    account = new_account()
    leader, successor = rival(account, 0, declaration("users")), rival(account, 1, declaration("orders"))
    ended = interleaved(account, leader, creates("users"), successor, drops("table#users"))
    assert ended.report is not None
    assert (ended.report.leader, ended.report.lease_holder, ended.report.error) == (True, None, None)
    tables = {table.name: table for table in ended.report.tables}
    assert tables["users"].status is TableStatus.PENDING
    assert [(step.status, step.reason) for step in tables["users"].steps] == [(StepStatus.DEFERRED, Reason.LEASE)]
    # "users" alone was ours and is declared no more: that is noted before another table is made.
    assert [(step.status, step.reason) for step in tables["orders"].steps] == [(StepStatus.DEFERRED, Reason.BUSY)]
    assert ownership(account) == {"users": "created"}
    for _ in range(2):
        led(successor)
    assert ownership(account) == {"users": "created", "orders": "created"}
