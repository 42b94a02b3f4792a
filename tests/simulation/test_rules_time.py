"""Rules 6, 7, 10, 11 and 30: quotas over time, and changes that take two calls with a wait in between."""

from simulation.sequences import answer, converge, later, units, update, with_table
from simulation.simulated_engine import declaration, simulate
from support.specs import ON_DEMAND, provisioned, stream, ttl

from reconciler.model.identity import Flavor

PROVISIONED = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": units(50, 50)}
HOUR, DAY = 3600.0, 86400.0


def aws(**options):
    return simulate(flavor=Flavor.AWS, delay=30, disruption="allow", **options)


def to_live(attribute, *, on=True):
    return {"TimeToLiveSpecification": {"Enabled": on, "AttributeName": attribute}}


def test_rule_6_the_fifth_switch_to_on_demand_in_24_hours_is_refused():
    dynamodb = with_table(**PROVISIONED)
    for _ in range(4):
        assert update(dynamodb, BillingMode="PAY_PER_REQUEST") == "taken"
        assert update(dynamodb, **PROVISIONED) == "taken"
        later(dynamodb, HOUR)
    assert update(dynamodb, BillingMode="PAY_PER_REQUEST") == "LimitExceededException"
    later(dynamodb, DAY)
    assert update(dynamodb, BillingMode="PAY_PER_REQUEST") == "taken"


def test_rule_6_ours_switches_four_times_and_then_waits_for_the_day_to_be_over():
    sim = aws()
    for _ in range(6):
        for billing in (provisioned(5, 5), ON_DEMAND):
            converge(sim, declaration(billing=billing))
    assert sim.clock.seconds > DAY


def test_rule_7_the_fifth_decrease_within_an_hour_is_refused():
    dynamodb = with_table(**PROVISIONED)
    for less in range(1, 5):
        assert update(dynamodb, ProvisionedThroughput=units(50 - less, 50)) == "taken"
    assert update(dynamodb, ProvisionedThroughput=units(40, 50)) == "LimitExceededException"
    assert update(dynamodb, ProvisionedThroughput=units(60, 50)) == "taken"
    later(dynamodb, HOUR)
    assert update(dynamodb, ProvisionedThroughput=units(40, 50)) == "taken"
    assert update(dynamodb, ProvisionedThroughput=units(39, 50)) == "LimitExceededException"
    later(dynamodb, DAY)
    assert update(dynamodb, ProvisionedThroughput=units(39, 50)) == "taken"


def test_rule_7_ours_decreases_four_times_at_once_and_then_once_an_hour():
    sim = aws()
    converge(sim, declaration(billing=provisioned(50, 50)))
    for read in range(49, 45, -1):
        converge(sim, declaration(billing=provisioned(read, 50)))
    assert sim.clock.seconds < HOUR
    for read in range(45, 42, -1):
        converge(sim, declaration(billing=provisioned(read, 50)))
    assert sim.clock.seconds > 3 * HOUR


def test_rule_10_a_second_change_of_time_to_live_within_an_hour_is_refused():
    dynamodb = with_table()
    assert answer(dynamodb, "UpdateTimeToLive", **to_live("a")) == "taken"
    assert answer(dynamodb, "UpdateTimeToLive", **to_live("a", on=False)) == "ValidationException"
    later(dynamodb, HOUR)
    assert answer(dynamodb, "UpdateTimeToLive", **to_live("a", on=False)) == "taken"


def test_rule_10_another_attribute_while_one_is_enabled_is_refused():
    dynamodb = with_table()
    assert answer(dynamodb, "UpdateTimeToLive", **to_live("a")) == "taken"
    later(dynamodb, HOUR)
    assert answer(dynamodb, "UpdateTimeToLive", **to_live("b")) == "ValidationException"
    assert answer(dynamodb, "UpdateTimeToLive", **to_live("", on=False)) == "ValidationException"


def test_rule_10_ours_disables_waits_for_the_hour_and_enables():
    sim = aws()
    converge(sim, declaration(ttl=ttl("a")))
    began = sim.clock.seconds
    converge(sim, declaration(ttl=ttl("b")))
    assert sim.clock.seconds - began > HOUR
    assert sim.dynamodb.tables["users"].ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "b"}


def test_rule_11_another_view_of_an_enabled_stream_is_refused():
    dynamodb = with_table(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    requested = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert update(dynamodb, StreamSpecification=requested) == "ValidationException"


def test_rule_11_ours_disables_waits_and_enables_and_the_stream_has_another_arn():
    sim = aws()
    converge(sim, declaration(stream=stream("KEYS_ONLY")))
    before = sim.dynamodb.tables["users"].description["LatestStreamArn"]
    converge(sim, declaration(stream=stream("NEW_IMAGE")))
    live = sim.dynamodb.tables["users"].description
    assert live["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
    assert live["LatestStreamArn"] != before


def test_rule_30_the_class_it_has_and_a_third_switch_in_30_days_are_refused():
    dynamodb = with_table()
    assert update(dynamodb, TableClass="STANDARD") == "ValidationException"
    assert update(dynamodb, TableClass="STANDARD_INFREQUENT_ACCESS") == "taken"
    assert update(dynamodb, TableClass="STANDARD") == "taken"
    assert update(dynamodb, TableClass="STANDARD_INFREQUENT_ACCESS") == "LimitExceededException"
    later(dynamodb, 30 * DAY)
    assert update(dynamodb, TableClass="STANDARD_INFREQUENT_ACCESS") == "taken"


def test_rule_30_ours_switches_twice_and_then_waits_for_the_month_to_be_over():
    sim = aws()
    for requested in ("STANDARD", "STANDARD_INFREQUENT_ACCESS", "STANDARD", "STANDARD_INFREQUENT_ACCESS", "STANDARD"):
        converge(sim, declaration(table_class=requested))
    assert sim.clock.seconds > 30 * DAY
    assert sim.dynamodb.mutating == ["CreateTable"] + ["UpdateTable"] * 4
