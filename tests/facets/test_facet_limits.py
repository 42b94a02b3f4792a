"""The facets on_demand_throughput and warm_throughput, and the same limits of an index."""

from __future__ import annotations

import pytest
from support.responses import answers, defined, index
from support.specs import ON_DEMAND, declaration, gsi, observed, provisioned, spec

from reconciler.facets.on_demand_throughput import OnDemandThroughputFacet
from reconciler.facets.warm_throughput import WarmThroughputFacet
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.table import OnDemandThroughput, TableSpec, WarmThroughput
from reconciler.planning.create import create_call
from reconciler.planning.observe import observe
from reconciler.planning.planner import plan


@pytest.mark.parametrize(
    ("shape", "seen"),
    [
        (None, OnDemandThroughput(-1, -1)),
        ({"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1}, OnDemandThroughput(-1, -1)),
        ({"MaxReadRequestUnits": 10}, OnDemandThroughput(10, -1)),
    ],
)
def test_no_maximum_reads_as_minus_one_or_as_absent(shape, seen) -> None:
    assert OnDemandThroughputFacet().observe(answers(OnDemandThroughput=shape)) == seen


@pytest.mark.parametrize(
    ("status", "messages"), [("ACTIVE", []), ("UPDATING", ["warm throughput is UPDATING"]), (None, [])]
)
def test_warm_throughput_is_read_with_its_pending_change(status, messages) -> None:
    shape = {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": status}
    responses = answers(WarmThroughput={name: value for name, value in shape.items() if value})
    assert WarmThroughputFacet().observe(responses) == WarmThroughput(12000, 4000)
    assert list(WarmThroughputFacet().ongoing(responses)) == messages


def test_an_endpoint_without_warm_throughput_is_asked_for_all_of_it() -> None:
    desired, live = spec(warm_throughput=WarmThroughput(5, 6)), observed(spec(warm_throughput=None))
    changes = list(WarmThroughputFacet().diff(desired, live.spec))
    assert [(change.before, change.after) for change in changes] == [(0, 5), (0, 6)]
    call = WarmThroughputFacet().request(changes[0], desired, live)
    assert call.params["WarmThroughput"] == {"ReadUnitsPerSecond": 5, "WriteUnitsPerSecond": 6}


def test_lower_warm_throughput_is_reported_never_written_and_not_drift() -> None:
    live = observed(spec(warm_throughput=WarmThroughput(20000, 4000)))
    lower, higher = plan(declaration(spec(warm_throughput=WarmThroughput(15000, 5000))), live)[::-1]
    assert (lower.status, lower.call) == (StepStatus.UNSUPPORTED, None)
    assert lower.message == "warm throughput never falls: 20000 stays, though 15000 is declared (rule 8)"
    assert (higher.status, higher.call and higher.call.params["WarmThroughput"]) == (
        StepStatus.READY,
        {"ReadUnitsPerSecond": 20000, "WriteUnitsPerSecond": 5000},
    )


@pytest.mark.parametrize(
    ("billing", "sent"),
    [
        (ON_DEMAND, {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4500}),
        (provisioned(1000, 5), {"ReadUnitsPerSecond": 1000, "WriteUnitsPerSecond": 4500}),
    ],
)
def test_create_table_requests_no_less_than_the_baseline(billing, sent) -> None:
    requested = WarmThroughput(100, 4500)
    index = gsi("by_a", "a S", warm_throughput=requested)
    call = create_call(spec(billing=billing, warm_throughput=requested, global_indexes=[index]), None)
    (created,) = call.params["GlobalSecondaryIndexes"]
    assert (call.params["WarmThroughput"], created["WarmThroughput"]) == (sent, sent)


def test_lower_warm_throughput_of_an_index_is_reported_and_never_written() -> None:
    live = observed(spec(global_indexes=[gsi("by_a", "a S", warm_throughput=WarmThroughput(20000, 4000))]))
    desired = spec(global_indexes=[gsi("by_a", "a S", warm_throughput=WarmThroughput(15000))])
    (step,) = plan(declaration(desired), live)
    assert (step.facet, step.status, step.call) == ("global_indexes", StepStatus.UNSUPPORTED, None)


@pytest.mark.parametrize(
    "desired",
    [
        spec(on_demand_throughput=OnDemandThroughput(5)),
        spec(global_indexes=[gsi("by_a", "a S", on_demand_throughput=OnDemandThroughput(5))]),
    ],
    ids=["table", "index"],
)
def test_an_on_demand_maximum_of_a_provisioned_table_is_blocked_with_the_remedy(desired: TableSpec) -> None:
    live = observed(spec(billing=provisioned(5, 5), global_indexes=[gsi("by_a", "a S", units=(1, 1))]))
    (step,) = plan(declaration(desired), live)
    assert (step.status, step.reason, step.call) == (StepStatus.BLOCKED, Reason.REJECTED, None)
    assert step.allow_with == "billing_mode: PAY_PER_REQUEST, or on_demand_throughput left out"


def test_a_maximum_waits_for_the_switch_that_the_same_plan_makes() -> None:
    desired = spec(billing=ON_DEMAND, on_demand_throughput=OnDemandThroughput(5))
    steps = plan(declaration(desired), observed(spec(billing=provisioned(5, 5))))
    assert [(step.facet, step.status) for step in steps] == [
        ("billing", StepStatus.READY),
        ("on_demand_throughput", StepStatus.DEFERRED),
    ]


def test_an_ignored_half_of_an_index_maximum_is_never_written() -> None:
    live = observed(spec(global_indexes=[gsi("by_a", "a S", on_demand_throughput=OnDemandThroughput(7, 7))]))
    desired = spec(global_indexes=[gsi("by_a", "a S", on_demand_throughput=OnDemandThroughput(1, 2))])
    ignoring = declaration(desired, ignore_changes=("global_indexes.by_a.on_demand_throughput.read",))
    (step,) = plan(ignoring, live)
    assert step.call is not None
    (update,) = step.call.params["GlobalSecondaryIndexUpdates"]
    assert update["Update"]["OnDemandThroughput"] == {"MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 2}


def test_an_index_named_like_a_limit_is_distinguished() -> None:
    name = "x.warm_throughput.read"
    live = observed(spec(billing=provisioned(5, 5), global_indexes=[gsi(name, "a S", units=(1, 1))]))
    desired = spec(billing=provisioned(5, 5), global_indexes=[gsi(name, "a S", units=(2, 1))])
    (step,) = plan(declaration(desired), live)
    assert step.call is not None
    (update,) = step.call.params["GlobalSecondaryIndexUpdates"]
    assert update["Update"]["ProvisionedThroughput"] == {"ReadCapacityUnits": 2, "WriteCapacityUnits": 1}


def test_the_limits_of_an_index_are_read() -> None:
    described = index(
        "by_a",
        "a",
        OnDemandThroughput={"MaxReadRequestUnits": 3, "MaxWriteRequestUnits": -1},
        WarmThroughput={"ReadUnitsPerSecond": 1, "WriteUnitsPerSecond": 2, "Status": "ACTIVE"},
    )
    seen = observe(answers(GlobalSecondaryIndexes=[described], AttributeDefinitions=defined(a="S", pk="S")))
    (live,) = seen.spec.global_indexes or ()
    assert (live.on_demand_throughput, live.warm_throughput) == (OnDemandThroughput(3, -1), WarmThroughput(1, 2))


@pytest.mark.parametrize("lacks", [frozenset({"warm_throughput"}), frozenset({"table_class"})], ids=str)
def test_an_endpoint_without_warm_throughput_is_not_asked_for_that_of_an_index_either(lacks: frozenset[str]) -> None:
    live = observed(spec(global_indexes=[gsi("by_a", "a S")]))
    desired = spec(global_indexes=[gsi("by_a", "a S", warm_throughput=WarmThroughput(5))])
    (step,) = plan(declaration(desired), live, lacks=lacks)
    assert step.status is (StepStatus.UNSUPPORTED if "warm_throughput" in lacks else StepStatus.READY)
