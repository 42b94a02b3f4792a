"""Changes that the service counts wait just until it would take them: what was counted, and until when."""

from datetime import UTC, datetime, timedelta

import pytest
from support.specs import IDENTITY, NAME, ON_DEMAND, gsi, observed, provisioned, spec, ttl
from support.table_model import TableModel

from reconciler.model.change import Call
from reconciler.model.identity import Identity
from reconciler.model.observed import Counters
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import QuotaUsage
from reconciler.planning.create import create_call
from reconciler.planning.observe import observe
from reconciler.planning.quotas import counted, defer_over_quota, record_accepted, record_refusal, record_use

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PROVISIONED = observed(spec(billing=provisioned(10, 10), global_indexes=[gsi("by_a", "a S", units=(10, 10))]))


def update(facet="billing", **params):
    return Step(Action.UPDATE, facet, call=Call("UpdateTable", {"TableName": NAME, **params}))


def units(read, write):
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


def index(read, write):
    return [{"Update": {"IndexName": "by_a", "ProvisionedThroughput": units(read, write)}}]


TTL = Step(Action.UPDATE, "ttl", call=Call("UpdateTimeToLive", {"TableName": NAME}))
TO_DEMAND = update(BillingMode="PAY_PER_REQUEST")
CLASS = update("table_class", TableClass="STANDARD")
LESS = update(ProvisionedThroughput=units(9, 10))
LESS_INDEX = update("global_indexes", GlobalSecondaryIndexUpdates=index(10, 9))


def ago(*times):
    return tuple(NOW - time for time in times)


def marks(**times):
    return QuotaUsage(NAME, IDENTITY, {kind: ago(*past) for kind, past in times.items()})


COUNTED = {
    "any change of time to live": (TTL, ("ttl",)),
    "the switch to on demand": (TO_DEMAND, ("mode",)),
    "a table class": (CLASS, ("class",)),
    "less capacity of the table": (LESS, ("decrease",)),
    "less capacity of an index": (LESS_INDEX, ("decrease",)),
    "more reads but fewer writes": (update(ProvisionedThroughput=units(20, 9)), ("decrease",)),
    "more capacity": (update(ProvisionedThroughput=units(10, 11)), ()),
    "an index that is created": (
        update("global_indexes", GlobalSecondaryIndexUpdates=[{"Create": {"IndexName": "x"}}]),
        (),
    ),
    "a tag": (Step(Action.UPDATE, "tags", call=Call("TagResource", {})), ()),
    "a wait": (Step(Action.UPDATE, "table"), ()),
}


@pytest.mark.parametrize("case", COUNTED)
def test_what_a_call_counts_as(case):
    step, kinds = COUNTED[case]
    assert counted(step, PROVISIONED) == kinds


def test_the_switch_away_from_on_demand_counts_as_nothing():
    step = update(BillingMode="PROVISIONED", ProvisionedThroughput=units(1, 1))
    assert counted(step, observed(spec(billing=ON_DEMAND))) == ()


HELD = {
    "time to live, changed a minute ago": (TTL, marks(ttl=[MINUTE]), Counters(), NOW + 59 * MINUTE),
    "time to live, changed an hour ago": (TTL, marks(ttl=[HOUR]), Counters(), None),
    "time to live, never changed": (TTL, None, Counters(), None),
    "time to live, when only other things were counted": (TTL, marks(mode=[MINUTE] * 4), Counters(), None),
    "the fourth switch in a day": (TO_DEMAND, marks(mode=[9 * HOUR, 2 * HOUR, HOUR]), Counters(), None),
    "the fifth switch in a day": (
        TO_DEMAND,
        marks(mode=[9 * HOUR, 3 * HOUR, 2 * HOUR, HOUR]),
        Counters(),
        NOW + 15 * HOUR,
    ),
    "the fifth switch, the first of them a day ago": (
        TO_DEMAND,
        marks(mode=[DAY, 3 * HOUR, 2 * HOUR, HOUR]),
        Counters(),
        None,
    ),
    "a switch after three of ours and one of somebody else": (
        TO_DEMAND,
        marks(mode=[5 * HOUR, 3 * HOUR, 2 * HOUR]),
        Counters(on_demand_since=NOW - HOUR),
        NOW + 19 * HOUR,
    ),
    "a switch after three of ours, the last of which is told too": (
        TO_DEMAND,
        marks(mode=[5 * HOUR, 3 * HOUR, 2 * HOUR]),
        Counters(on_demand_since=NOW - 2 * HOUR + MINUTE),
        None,
    ),
    "the second switch of class in a month": (CLASS, marks(**{"class": [10 * DAY]}), Counters(), None),
    "the third switch of class in a month": (CLASS, marks(**{"class": [20 * DAY, DAY]}), Counters(), NOW + 10 * DAY),
    "the third switch of class, one by somebody else": (
        CLASS,
        marks(**{"class": [20 * DAY]}),
        Counters(class_changed=NOW - DAY),
        NOW + 10 * DAY,
    ),
    "the fourth decrease of a day": (LESS, None, Counters({"": 3}, {"": NOW - MINUTE}), None),
    "the fifth decrease, a minute after the last": (
        LESS,
        None,
        Counters({"": 4}, {"": NOW - MINUTE}),
        NOW + 59 * MINUTE,
    ),
    "the fifth decrease, an hour after the last": (LESS, None, Counters({"": 4}, {"": NOW - HOUR}), None),
    "the fifth decrease, after one whose time is not told": (LESS, None, Counters({"": 4}), NOW + 12 * HOUR),
    "a decrease of an index, when the table used its four": (
        LESS_INDEX,
        None,
        Counters({"": 4}, {"": NOW - MINUTE}),
        None,
    ),
    "the fifth decrease of an index": (
        LESS_INDEX,
        None,
        Counters({"by_a": 4}, {"by_a": NOW - MINUTE}),
        NOW + 59 * MINUTE,
    ),
    "time to live, refused ten minutes ago": (
        TTL,
        QuotaUsage(NAME, IDENTITY, refused={"ttl": NOW - 10 * MINUTE}),
        Counters(),
        NOW + 50 * MINUTE,
    ),
    "time to live, refused an hour ago": (
        TTL,
        QuotaUsage(NAME, IDENTITY, refused={"ttl": NOW - HOUR}),
        Counters(),
        None,
    ),
}


def test_a_table_created_on_demand_has_used_no_switch():
    born = datetime.fromisoformat(IDENTITY.created)
    live = observed(PROVISIONED.spec, counters=Counters(on_demand_since=born + MINUTE))
    three = QuotaUsage(NAME, IDENTITY, {"mode": tuple(born + number * HOUR for number in (1, 2, 3))})
    (held,) = defer_over_quota([TO_DEMAND], live, three, born + 4 * HOUR)
    assert held.status is StepStatus.READY


@pytest.mark.parametrize("case", HELD)
def test_until_when_it_waits(case):
    step, known, counters, until = HELD[case]
    live = observed(PROVISIONED.spec, counters=counters)
    (held,) = defer_over_quota([step], live, known, NOW)
    assert held.not_before == until
    assert held.status is (StepStatus.READY if until is None else StepStatus.DEFERRED)
    if until is not None:
        assert held.reason is Reason.NOT_BEFORE
        assert held.message


def test_a_decrease_just_before_midnight_waits_for_the_new_day_only():
    late = datetime(2026, 11, 23, 23, 50, tzinfo=UTC)
    live = observed(PROVISIONED.spec, counters=Counters({"": 4}, {"": late - MINUTE}))
    (held,) = defer_over_quota([LESS], live, None, late)
    assert held.not_before == datetime(2026, 11, 24, tzinfo=UTC)


def test_quota_usage_of_a_recreated_table_is_ignored():
    unmanaged_table = QuotaUsage(NAME, Identity("other", IDENTITY.arn, IDENTITY.created), {"ttl": ago(MINUTE)})
    (held,) = defer_over_quota([TTL], PROVISIONED, unmanaged_table, NOW)
    assert held.status is StepStatus.READY
    assert record_use(unmanaged_table, NAME, IDENTITY, ["ttl"], NOW) == QuotaUsage(NAME, IDENTITY, {"ttl": (NOW,)})


def test_a_step_that_is_already_blocked_or_waiting_keeps_its_reason():
    blocked = TTL.blocked(Reason.DISRUPTION, "no")
    waiting = TTL.deferred(Reason.BUSY, "busy")
    assert defer_over_quota([blocked, waiting], PROVISIONED, marks(ttl=[MINUTE]), NOW) == (blocked, waiting)


def test_times_that_no_quota_looks_at_any_more_are_dropped():
    known = marks(ttl=[2 * HOUR], mode=[25 * HOUR, HOUR], **{"class": [40 * DAY, DAY]})
    assert record_use(known, NAME, IDENTITY, ["ttl"], NOW).times == {
        "ttl": (NOW,),
        "mode": ago(HOUR),
        "class": ago(DAY),
    }


def test_a_refusal_is_remembered_until_the_service_accepts_such_a_change():
    known = record_refusal(None, NAME, IDENTITY, ["ttl"], NOW)
    assert known.refused == {"ttl": NOW}
    assert record_accepted(known, ["mode"]).refused == {"ttl": NOW}
    assert record_accepted(known, ["ttl"]).refused == {}


def test_the_counters_are_those_of_describe_table():
    model = TableModel()
    model.send(create_call(spec(billing=provisioned(2, 2), global_indexes=[gsi("by_a", "a S")]), None))
    assert model.table is not None
    model.table["ProvisionedThroughput"] |= {"NumberOfDecreasesToday": 4, "LastDecreaseDateTime": NOW}
    model.table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"] |= {"NumberOfDecreasesToday": 1}
    model.table["BillingModeSummary"] |= {"LastUpdateToPayPerRequestDateTime": NOW - HOUR}
    model.table["TableClassSummary"] = {"TableClass": "STANDARD", "LastUpdateDateTime": NOW - DAY}
    assert observe(model.responses()).counters == Counters({"": 4, "by_a": 1}, {"": NOW}, NOW - HOUR, NOW - DAY)


def test_moving_time_to_live_says_that_the_second_half_comes_an_hour_later():
    step = Step(Action.UPDATE, "ttl", call=TTL.call, message="then time to live is enabled on b")
    (held,) = defer_over_quota([step], observed(spec(ttl=ttl("a"))), None, NOW)
    assert held.message == "then time to live is enabled on b, an hour later at the earliest"
