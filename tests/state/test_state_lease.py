"""The lease between two processes: acquired, renewed, expired, taken over, released, and fenced by its token."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.connected import connected
from support.endpoints import Live
from support.fakes import FakeClock, Quiet
from support.proxy import RecordingProxy

from reconciler.aws.session import connect
from reconciler.model.errors import Ambiguous, ConditionFailed
from reconciler.model.records import Lease
from reconciler.state.table import StateTable

NAME = "reconciler_state"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Make = Callable[..., StateTable]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def make(endpoint: Live, clock: FakeClock) -> Make:
    def build(holder: str, scope: str = "default/default", own_clock: FakeClock | None = None) -> StateTable:
        client = connected(endpoint.url).state_client()
        return StateTable(client, NAME, scope, holder=holder, clock=own_clock or clock)

    build("set-up").ensure()
    return build


def test_a_free_lease_is_acquired_for_thirty_seconds(make: Make) -> None:
    one = make("one")
    lease = one.acquire_lease()
    assert lease == Lease("one", 1, NOW + timedelta(seconds=30), beat=1)
    assert one.current_lease() == lease
    assert make("two").load().lease == lease
    assert one.holds_lease()


def test_the_second_process_gets_no_lease_and_names_the_holder(make: Make) -> None:
    one, two = make("one"), make("two")
    one.acquire_lease()
    assert two.acquire_lease() is None
    assert not two.holds_lease()
    current = two.current_lease()
    assert current is not None
    assert current.holder == "one"
    assert not two.owns(current)
    assert one.owns(current)


def test_two_scopes_have_two_leases(make: Make) -> None:
    assert make("one", "default/default").acquire_lease() is not None
    assert make("two", "default/prod").acquire_lease() is not None


def test_a_young_lease_is_not_written_again_and_an_older_one_is_renewed_with_its_token(
    endpoint: Live, make: Make, clock: FakeClock
) -> None:
    with RecordingProxy(endpoint.url) as proxy:
        client = connect(proxy.url, None, 2, Quiet()).state_client()
        one = StateTable(client, NAME, "default/default", holder="one", clock=clock)
        one.acquire_lease()
        proxy.clear()
        clock.advance(9)
        assert one.acquire_lease() == Lease("one", 1, NOW + timedelta(seconds=30), beat=1)
        assert one.keep_lease()
        assert proxy.mutating() == []
        clock.advance(2)
        assert one.acquire_lease() == Lease("one", 1, NOW + timedelta(seconds=41), beat=2)
        clock.advance(11)
        assert one.keep_lease()
        assert one.current_lease() == Lease("one", 1, NOW + timedelta(seconds=52), beat=3)
        assert [request.operation for request in proxy.mutating()] == ["PutItem", "PutItem"]


def test_a_lease_without_renewal_for_a_term_is_taken_with_a_higher_token(make: Make, clock: FakeClock) -> None:
    one, two = make("one"), make("two")
    one.acquire_lease()
    clock.advance(25)
    assert two.acquire_lease() is None, "seen for the first time now"
    clock.advance(29)
    assert two.acquire_lease() is None
    clock.advance(1)
    assert two.acquire_lease() == Lease("two", 2, NOW + timedelta(seconds=85), beat=1)
    assert not one.holds_lease()
    assert one.acquire_lease() is None


def test_a_lease_that_is_renewed_is_never_taken_over(make: Make, clock: FakeClock) -> None:
    one, two = make("one"), make("two")
    for _ in range(20):
        assert one.acquire_lease() is not None
        assert two.acquire_lease() is None
        clock.advance(15)


@pytest.mark.parametrize("ahead", [timedelta(days=365), timedelta(days=36500), timedelta(minutes=29)])
def test_a_lease_of_a_fast_clock_blocks_for_one_term_only(make: Make, clock: FakeClock, ahead: timedelta) -> None:
    make("gone", own_clock=FakeClock(NOW + ahead)).acquire_lease()
    two = make("two")
    assert two.acquire_lease() is None
    clock.advance(30)
    lease = two.acquire_lease()
    assert lease is not None
    assert (lease.token, two.holds_lease()) == (2, True)


@pytest.mark.parametrize("behind", [timedelta(minutes=1), timedelta(minutes=14), timedelta(minutes=29)])
def test_a_holder_whose_clock_is_behind_keeps_its_lease(make: Make, clock: FakeClock, behind: timedelta) -> None:
    slow = FakeClock(NOW - behind)
    one, two = make("one", own_clock=slow), make("two")
    for _ in range(4):
        assert one.acquire_lease() is not None
        assert two.acquire_lease() is None
        slow.advance(20)
        clock.advance(20)


@pytest.mark.parametrize(
    "apart", [-36500, -24, -1, -0.5, -0.01, 0.01, 0.5, 1, 24, 36500], ids=lambda hours: f"{hours} h"
)
def test_no_wrong_clock_takes_the_lease_of_a_living_leader_or_loses_its_own(
    make: Make, clock: FakeClock, apart: float
) -> None:
    other = FakeClock(NOW + timedelta(hours=apart))
    one, two = make("one"), make("two", own_clock=other)
    for _ in range(6):
        assert one.acquire_lease() is not None
        assert one.holds_lease()
        assert two.acquire_lease() is None
        seen = two.load().lease
        assert seen is not None
        assert two.is_held(seen)
        clock.advance(14)
        other.advance(14)
    other.advance(30)
    assert two.acquire_lease() is not None, "it stood still for a term by the clock of the one who looks"
    assert not one.holds_lease()


def test_a_leader_paused_past_its_term_loses_the_lease_even_without_a_successor(make: Make, clock: FakeClock) -> None:
    one = make("one")
    one.acquire_lease()
    clock.advance(31)
    assert not one.lease_lasts()
    assert not one.keep_lease()
    assert not one.holds_lease()
    assert one.acquire_lease() == Lease("one", 2, NOW + timedelta(seconds=61), beat=1)


def test_a_leader_whose_clock_stands_still_is_refused_by_the_table(make: Make, clock: FakeClock) -> None:
    """As after a suspension of the machine: its own clock does not know how long it slept."""
    one, two = make("one", own_clock=FakeClock(NOW)), make("two")
    one.acquire_lease()
    two.acquire_lease()
    clock.advance(30)
    assert two.acquire_lease() is not None
    assert one.lease_lasts()
    assert not one.holds_lease()
    assert not one.keep_lease()
    assert two.holds_lease()


def test_the_check_before_a_delete_is_a_conditional_write(endpoint: Live, make: Make, clock: FakeClock) -> None:
    with RecordingProxy(endpoint.url) as proxy:
        client = connect(proxy.url, None, 2, Quiet()).state_client()
        one = StateTable(client, NAME, "default/default", holder="one", clock=clock)
        one.acquire_lease()
        proxy.clear()
        assert one.holds_lease()
        (request,) = proxy.requests
    assert request.operation == "PutItem"
    assert request.body["ConditionExpression"] == "#holder = :holder AND #token = :token"


def test_a_released_lease_is_free_at_once_and_keeps_its_token(make: Make, clock: FakeClock) -> None:
    one, two = make("one", own_clock=FakeClock(NOW + timedelta(hours=5))), make("two")
    one.acquire_lease()
    one.release_lease()
    current = one.current_lease()
    assert current is not None
    assert (current.holder, current.token, current.released) == ("one", 1, True)
    assert not one.holds_lease()
    assert two.acquire_lease() == Lease("two", 2, NOW + timedelta(seconds=30), beat=1)


def test_releasing_what_another_has_taken_over_changes_nothing(make: Make, clock: FakeClock) -> None:
    one, two = make("one"), make("two")
    one.acquire_lease()
    two.acquire_lease()
    clock.advance(31)
    assert two.acquire_lease() is not None
    one.release_lease()
    assert two.holds_lease()


def test_releasing_without_a_lease_or_without_a_table_is_quiet(endpoint: Live, make: Make) -> None:
    one, two = make("one"), make("two")
    two.release_lease()
    one.acquire_lease()
    endpoint.client.update_table(TableName=NAME, DeletionProtectionEnabled=False)
    endpoint.client.delete_table(TableName=NAME)
    assert not one.holds_lease()
    one.release_lease()


def test_of_many_processes_exactly_one_gets_an_expired_lease(make: Make, clock: FakeClock) -> None:
    make("dead").acquire_lease()
    stores = [make(f"store-{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(StateTable.acquire_lease, stores)) == [None] * 8
        clock.advance(60)
        leases = list(threads.map(StateTable.acquire_lease, stores))
    assert sum(lease is not None for lease in leases) == 1
    assert sum(store.holds_lease() for store in stores) == 1


def test_a_lease_record_without_a_heartbeat_is_taken_over_like_any_other(
    endpoint: Live, make: Make, clock: FakeClock
) -> None:
    record = {
        "scope": {"S": "default/default"},
        "record": {"S": "lease"},
        "holder": {"S": "old"},
        "token": {"N": "4"},
        "expires": {"S": "2026-11-22T12:00:20.000000+00:00"},
    }
    endpoint.client.put_item(TableName=NAME, Item=record)
    two = make("two")
    assert two.acquire_lease() is None
    clock.advance(30)
    assert two.acquire_lease() == Lease("two", 5, NOW + timedelta(seconds=60), beat=1)


class Losing:
    """A client whose next write is applied though its answer says otherwise."""

    def __init__(self, inner: Any, error: Exception) -> None:
        self.inner, self.error = inner, error

    def call(self, operation: str, params: Any) -> Any:
        answer = self.inner.call(operation, params)
        if operation == "PutItem" and self.error is not None:
            error, self.error = self.error, None
            raise error
        return answer


def lost(endpoint: Live, clock: FakeClock, error: Exception) -> StateTable:
    client = Losing(connected(endpoint.url).state_client(), error)
    return StateTable(client, NAME, "default/default", holder="one", clock=clock)


def test_a_retry_refused_by_our_own_first_write_still_holds_the_lease(
    endpoint: Live, make: Make, clock: FakeClock
) -> None:
    one = lost(endpoint, clock, ConditionFailed("PutItem", "ConditionalCheckFailedException", "again"))
    assert one.acquire_lease() == Lease("one", 1, NOW + timedelta(seconds=30), beat=1)
    assert one.holds_lease()


def test_a_write_whose_answer_was_lost_is_found_again_by_its_holder(
    endpoint: Live, make: Make, clock: FakeClock
) -> None:
    one = lost(endpoint, clock, Ambiguous("PutItem", "ReadTimeoutError", "lost"))
    with pytest.raises(Ambiguous):
        one.acquire_lease()
    assert not one.holds_lease()
    assert one.acquire_lease() == Lease("one", 2, NOW + timedelta(seconds=30), beat=1)
    assert make("two").acquire_lease() is None
