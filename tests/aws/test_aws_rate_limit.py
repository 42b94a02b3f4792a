"""Rate limits of an account: calls are spread over time, and bursts within the limit do not wait."""

from datetime import UTC, datetime

import pytest
from support.fakes import FakeClock

from reconciler.aws.rate_limit import RateLimited
from reconciler.model.change import Call


class Journal:
    """A ``TableApi`` that notes when it was called."""

    def __init__(self, clock):
        self.clock, self.times = clock, []

    def list_tables(self):
        self.times.append(self.clock.monotonic())
        return ()

    def read(self, operation, params):
        self.times.append(self.clock.monotonic())
        return {}

    def write(self, call):
        return self.read(call.operation, call.params)


@pytest.fixture
def clock():
    return FakeClock(datetime(2026, 1, 1, tzinfo=UTC))


def most_in_a_second(times):
    return max(sum(time <= other < time + 1 for other in times) for time in times)


def test_the_first_few_do_not_wait(clock):
    api = Journal(clock)
    paced = RateLimited(api, clock)
    for _ in range(5):
        paced.write(Call("TagResource"))
    assert api.times == [0.0] * 5


@pytest.mark.parametrize(("operation", "most"), [("TagResource", 5), ("ListTagsOfResource", 10)])
def test_no_second_has_more_calls_than_the_account_quota(clock, operation, most):
    api = Journal(clock)
    paced = RateLimited(api, clock)
    for _ in range(35):
        paced.read(operation, {})
    assert most_in_a_second(api.times) == most
    assert api.times[-1] == pytest.approx((35 - 1) // most * 1.05)


def test_tagging_and_untagging_share_one_limit(clock):
    api = Journal(clock)
    paced = RateLimited(api, clock)
    for _ in range(5):
        paced.write(Call("TagResource"))
        paced.write(Call("UntagResource"))
    assert most_in_a_second(api.times) == 5


def test_other_operations_never_wait(clock):
    api = Journal(clock)
    paced = RateLimited(api, clock)
    for _ in range(100):
        paced.list_tables()
        paced.read("DescribeTable", {})
        paced.write(Call("UpdateTable"))
    assert set(api.times) == {0.0}
