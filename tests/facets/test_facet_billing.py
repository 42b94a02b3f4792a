"""The facet billing: mode and throughput of the table, as endpoints answer them and as they are asked for."""

from __future__ import annotations

import pytest
from support.responses import answers
from support.specs import ON_DEMAND, gsi, observed, provisioned, spec

from reconciler.facets.billing import BillingFacet
from reconciler.model.table import Billing, TableSpec, Throughput

FACET = BillingFacet()
FIVE = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}


@pytest.mark.parametrize(
    ("members", "seen"),
    [
        pytest.param({}, ON_DEMAND, id="on demand"),
        pytest.param({"BillingModeSummary": None}, ON_DEMAND, id="zeros without a summary are on demand"),
        pytest.param(
            {"BillingModeSummary": None, "ProvisionedThroughput": FIVE},
            provisioned(5, 6),
            id="a table that never was on demand has no summary",
        ),
        pytest.param(
            {"BillingModeSummary": {"BillingMode": "PROVISIONED"}, "ProvisionedThroughput": FIVE},
            provisioned(5, 6),
            id="provisioned",
        ),
        pytest.param({"ProvisionedThroughput": FIVE}, ON_DEMAND, id="throughput left over on demand means nothing"),
    ],
)
def test_billing_is_read(members, seen: Billing) -> None:
    assert FACET.observe(answers(**members)) == seen


def changes(desired: TableSpec, seen: TableSpec) -> dict[str, tuple[object, object]]:
    return {change.path: (change.before, change.after) for change in FACET.diff(desired, observed(seen).spec)}


def test_a_switch_to_provisioned_shows_mode_and_throughput() -> None:
    assert changes(spec(billing=provisioned(5, 6)), spec()) == {
        "billing.mode": ("PAY_PER_REQUEST", "PROVISIONED"),
        "billing.throughput.read": (None, 5),
        "billing.throughput.write": (None, 6),
    }


def test_a_switch_to_on_demand_shows_only_the_mode() -> None:
    assert changes(spec(billing=ON_DEMAND), spec(billing=provisioned(5, 6))) == {
        "billing.mode": ("PROVISIONED", "PAY_PER_REQUEST")
    }


def test_equal_throughput_adds_no_line() -> None:
    assert changes(spec(billing=provisioned(5, 9)), spec(billing=provisioned(5, 6))) == {
        "billing.throughput.write": (6, 9)
    }


def test_the_switch_carries_every_index_that_exists_and_no_other() -> None:
    desired = spec(billing=provisioned(5, 6), global_indexes=[gsi("by_b", "b S", units=(2, 2)), gsi("by_c", "c S")])
    seen = observed(spec(global_indexes=[gsi("by_a", "a S"), gsi("by_b", "b S")]))
    change, *_ = FACET.diff(desired, seen.spec)
    assert FACET.request(change, desired, seen).params["GlobalSecondaryIndexUpdates"] == [
        {"Update": {"IndexName": "by_a", "ProvisionedThroughput": FIVE}},
        {"Update": {"IndexName": "by_b", "ProvisionedThroughput": {"ReadCapacityUnits": 2, "WriteCapacityUnits": 2}}},
    ]


def test_a_switch_to_provisioned_without_declared_throughput_asks_for_the_least() -> None:
    desired = spec(billing=Billing("PROVISIONED"))
    (change,) = FACET.diff(desired, observed(spec()).spec)
    units = FACET.request(change, desired, observed(spec())).params["ProvisionedThroughput"]
    assert units == {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}


def test_a_table_without_declared_billing_is_created_on_demand() -> None:
    assert FACET.create_members(spec()) == {"BillingMode": "PAY_PER_REQUEST"}
    assert FACET.create_members(spec(billing=Billing("PROVISIONED", Throughput(5, 6)))) == {
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": FIVE,
    }
