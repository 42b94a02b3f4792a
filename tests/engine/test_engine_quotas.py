"""Quotas in time through the whole engine: waits that outlive a restart, and calls that are not even tried."""

from dataclasses import replace
from datetime import timedelta

import pytest
from simulation.simulated_engine import declaration, simulate

from reconciler.aws.errors import from_answer
from reconciler.engine.reconciler import Reconciler
from reconciler.model.errors import Ambiguous, Busy, Rejected, Throttled
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import TableStatus
from reconciler.model.table import Billing, Throughput, Ttl

ON_DEMAND, PROVISIONED = Billing("PAY_PER_REQUEST"), Billing("PROVISIONED", Throughput(5, 5))
HOUR = timedelta(hours=1)
RARE = "STANDARD_INFREQUENT_ACCESS"
STRICT = pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.OTHER], ids=lambda flavor: flavor.value)


def living(flavor=Flavor.AWS, **spec):
    sim = simulate(flavor=flavor)
    sim.declare(declaration(**spec))
    sim.once()
    sim.clock.seconds += 7200
    sim.dynamodb.journal.clear()
    return sim


def restarted(sim):
    """The same world and records under a process that remembers nothing."""
    sim.reconciler = Reconciler(sim.reconciler.ports, sim.reconciler.options, sim.reconciler.timeout)
    return sim


def deferred(report):
    return [
        (s.facet, s.reason, s.not_before) for t in report.tables for s in t.steps if s.status is StepStatus.DEFERRED
    ]


def refuse(operation, kind, code):
    def fault(called, params):
        if called == operation:
            raise kind(operation, code, "no")

    return fault


def test_moving_time_to_live_waits_an_hour_in_between_and_a_restart_does_not_shorten_it():
    sim = living(ttl=Ttl(True, "a"))
    sim.declare(declaration(ttl=Ttl(True, "b")))
    began = sim.clock.now()
    sim.run()
    for _ in range(3):
        assert deferred(restarted(sim).run()) == [("ttl", Reason.NOT_BEFORE, began + HOUR)]
    assert sim.dynamodb.mutating == ["UpdateTimeToLive"]
    sim.clock.seconds += 3601
    restarted(sim).run()
    assert sim.run().tables[0].status is TableStatus.IN_SYNC
    assert sim.dynamodb.tables["users"].ttl["AttributeName"] == "b"
    assert sim.dynamodb.mutating == ["UpdateTimeToLive"] * 2


def test_a_run_that_cannot_reach_the_hour_ends_at_once():
    sim = living(ttl=Ttl(True, "a"))
    sim.declare(declaration(ttl=Ttl(True, "b")))
    began = sim.clock.now()
    report = sim.once()
    assert sim.clock.now() - began < timedelta(seconds=5)
    assert report.next_not_before >= began + HOUR
    assert report.tables[0].status is TableStatus.PENDING


def test_an_emulator_counts_nothing():
    sim = living(Flavor.DYNAMODB_LOCAL, ttl=Ttl(True, "a"))
    sim.declare(declaration(ttl=Ttl(True, "b")))
    assert sim.once().tables[0].status is TableStatus.IN_SYNC
    assert sim.store.snapshot.quota_usage == {}


def test_the_fifth_switch_to_on_demand_in_a_day_waits_for_the_first_to_be_a_day_old():
    sim = living(billing=PROVISIONED)
    began = sim.clock.now()
    for _ in range(4):
        for billing in (ON_DEMAND, PROVISIONED):
            sim.declare(declaration(billing=billing))
            assert sim.once().tables[0].status is TableStatus.IN_SYNC
            sim.clock.seconds += 600
    sim.declare(declaration(billing=ON_DEMAND))
    sim.dynamodb.journal.clear()
    report = restarted(sim).run()
    assert [(facet, reason) for facet, reason, _ in deferred(report)] == [("billing", Reason.NOT_BEFORE)]
    assert timedelta(0) <= report.next_not_before - (began + timedelta(days=1)) < timedelta(seconds=60)
    assert sim.dynamodb.journal == []


def test_a_call_whose_answer_was_lost_counts_as_made():
    sim = living(ttl=Ttl(False))
    sim.declare(declaration(ttl=Ttl(True, "a")))
    sim.dynamodb.faults = refuse("UpdateTimeToLive", Ambiguous, "RequestTimeout")
    began = sim.clock.now()
    sim.run()
    sim.dynamodb.faults = None
    assert deferred(sim.run()) == [("ttl", Reason.NOT_BEFORE, began + HOUR)]


def test_a_call_that_came_too_early_does_not_count():
    sim = living(ttl=Ttl(False))
    sim.declare(declaration(ttl=Ttl(True, "a")))
    sim.dynamodb.faults = refuse("UpdateTimeToLive", Busy, "ResourceInUseException")
    sim.run()
    sim.dynamodb.faults = None
    sim.run()
    assert sim.run().tables[0].status is TableStatus.IN_SYNC


def test_a_refusal_without_recorded_quota_usage_is_not_retried_for_an_hour():
    sim = living(ttl=Ttl(False))
    sim.declare(declaration(ttl=Ttl(True, "a")))
    sim.dynamodb.faults = refuse("UpdateTimeToLive", Rejected, "ValidationException")
    began = sim.clock.now()
    assert sim.run().tables[0].status is TableStatus.ERROR
    sim.dynamodb.faults = None
    assert deferred(restarted(sim).run()) == [("ttl", Reason.NOT_BEFORE, began + HOUR)]
    assert sim.dynamodb.journal == []
    sim.clock.seconds += 3601
    sim.run()
    assert sim.run().tables[0].status is TableStatus.IN_SYNC
    assert sim.store.snapshot.quota_usage["users"].refused == {}


USED_UP = {
    "a switch to on demand": (
        {"billing": PROVISIONED},
        {"billing": ON_DEMAND},
        "UpdateTable",
        "Subscriber limit exceeded: Update to PayPerRequest mode are limited to once in 1 day(s).",
        "at most four times in 24 hours (rule 6)",
    ),
    "a decrease": (
        {"billing": PROVISIONED},
        {"billing": replace(PROVISIONED, throughput=Throughput(4, 5))},
        "UpdateTable",
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day.",
        "one an hour (rule 7)",
    ),
    "time to live": (
        {"ttl": Ttl(False)},
        {"ttl": Ttl(True, "a")},
        "UpdateTimeToLive",
        "Time to live has been modified multiple times within a fixed interval",
        "one change an hour (rule 10)",
    ),
}


@pytest.mark.parametrize("case", USED_UP)
def test_a_quota_used_up_by_others_is_a_wait_with_its_rule_and_not_an_error(case):
    before, after, operation, message, rule = USED_UP[case]
    sim = living(**before)
    sim.declare(declaration(**after))
    code = "ValidationException" if operation == "UpdateTimeToLive" else "LimitExceededException"
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}

    def fault(called, params):
        if called == operation:
            raise from_answer(called, answer)

    sim.dynamodb.faults = fault
    began = sim.clock.now()
    report = sim.run()
    ((_, reason, until),) = deferred(report)
    assert (report.tables[0].status, reason, until) == (TableStatus.PENDING, Reason.NOT_BEFORE, began + HOUR)
    (step,) = report.tables[0].steps
    assert step.message.endswith(rule)
    sim.dynamodb.faults = None
    for _ in range(3):
        assert deferred(restarted(sim).run())[0][1:] == (Reason.NOT_BEFORE, began + HOUR)
    assert sim.dynamodb.journal == []
    sim.clock.seconds += 3601
    sim.run()
    assert sim.run().tables[0].status is TableStatus.IN_SYNC
    assert sim.store.snapshot.quota_usage["users"].refused == {}


def test_a_limit_on_concurrent_operations_is_retried_within_seconds():
    sim = living(billing=PROVISIONED)
    sim.declare(declaration(billing=ON_DEMAND))
    sim.dynamodb.faults = refuse("UpdateTable", Throttled, "LimitExceededException")
    ((_, reason, until),) = deferred(sim.run())
    assert (reason, until) == (Reason.BUSY, None)
    sim.dynamodb.faults = None
    assert sim.once().tables[0].status is TableStatus.IN_SYNC


@STRICT
@pytest.mark.parametrize("pause", [0, 240, 3600], ids=["as it was made", "minutes later", "an hour later"])
def test_a_table_class_that_others_switched_twice_is_tried_once_a_day(flavor, pause):
    sim = simulate(flavor=flavor)
    sim.dynamodb.make(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    sim.clock.seconds += pause
    for theirs in (RARE, "STANDARD"):
        sim.dynamodb.do("UpdateTable", {"TableName": "users", "TableClass": theirs})
    sim.declare(declaration(table_class=RARE))
    tomorrow = sim.clock.now() + timedelta(days=1)
    for _ in range(6):
        assert deferred(restarted(sim).run()) == [("table_class", Reason.NOT_BEFORE, tomorrow)]
        sim.clock.seconds += 61
    assert [call.operation for call, _ in sim.dynamodb.refusals] == ["UpdateTable"]
    sim.clock.seconds += 30 * 86_400
    assert sim.once().tables[0].status is TableStatus.IN_SYNC
    assert sim.dynamodb.tables["users"].description["TableClassSummary"]["TableClass"] == RARE


@STRICT
def test_a_limit_on_concurrent_operations_is_not_a_table_class_quota(flavor):
    sim = living(flavor)
    sim.declare(declaration(table_class=RARE))
    sim.dynamodb.faults = refuse("UpdateTable", Throttled, "LimitExceededException")
    assert deferred(sim.run()) == [("table_class", Reason.BUSY, None)]
    sim.dynamodb.faults = None
    sim.clock.seconds += 1
    assert sim.once().tables[0].status is TableStatus.IN_SYNC
    assert sim.dynamodb.tables["users"].description["TableClassSummary"]["TableClass"] == RARE


def test_decreases_are_counted_by_the_service_itself():
    sim = living(billing=PROVISIONED)
    live = sim.dynamodb.tables["users"].description["ProvisionedThroughput"]
    sim.dynamodb.tables["users"].description["ProvisionedThroughput"] = {
        **live,
        "NumberOfDecreasesToday": 4,
        "LastDecreaseDateTime": sim.clock.now() - timedelta(minutes=20),
    }
    sim.declare(declaration(billing=replace(PROVISIONED, throughput=Throughput(4, 5))))
    assert deferred(sim.run()) == [("billing", Reason.NOT_BEFORE, sim.clock.now() + timedelta(minutes=40))]
    sim.declare(declaration(billing=replace(PROVISIONED, throughput=Throughput(6, 5))))
    assert sim.once().tables[0].status is TableStatus.IN_SYNC


def test_a_preview_shows_until_when_a_change_waits():
    sim = living(ttl=Ttl(True, "a"))
    sim.declare(declaration(ttl=Ttl(True, "b")))
    began = sim.clock.now()
    sim.run()
    assert deferred(restarted(sim).reconciler.preview()) == [("ttl", Reason.NOT_BEFORE, began + HOUR)]
