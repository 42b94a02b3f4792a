"""A cached plan is used again only while none of its inputs has changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, simulate

from reconciler.engine.observe import observe_table
from reconciler.engine.plan_cache import PlanCache
from reconciler.model.desired import Declaration, Lifecycle
from reconciler.model.errors import Forbidden
from reconciler.model.identity import Flavor
from reconciler.model.observed import Responses
from reconciler.model.report import Verdict
from reconciler.model.table import Billing, GlobalIndex, KeyElement, Projection, Throughput, Ttl

TABLE: dict[str, Any] = {
    "TableName": "users",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}
DECLARED = declaration(ttl=Ttl(enabled=True, attribute="expires"))


def test_equal_answers_are_the_very_same_table() -> None:
    sim, recall = simulate(), PlanCache()
    sim.dynamodb.make(**TABLE)
    first, second = (observe_table(sim.reconciler.ports, "users", DECLARED.spec, recall=recall) for _ in range(2))
    assert first is second


def _item_count(sim: Sim) -> None:
    sim.dynamodb.tables["users"].description["ItemCount"] = 7


def _status(sim: Sim) -> None:
    sim.dynamodb.tables["users"].description["TableStatus"] = "UPDATING"


def _ttl(sim: Sim) -> None:
    sim.dynamodb.tables["users"].ttl = {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}


def _made_again(sim: Sim) -> None:
    sim.clock.seconds += 5
    del sim.dynamodb.tables["users"]
    sim.dynamodb.make(**TABLE)


@pytest.mark.parametrize("change", [_item_count, _status, _ttl, _made_again])
def test_any_changed_answer_is_planned_again(change: Callable[[Sim], None]) -> None:
    sim, recall = simulate(), PlanCache()
    sim.dynamodb.make(**TABLE)
    before = observe_table(sim.reconciler.ports, "users", DECLARED.spec, recall=recall)
    change(sim)
    after = observe_table(sim.reconciler.ports, "users", DECLARED.spec, recall=recall)
    assert after == observe_table(sim.reconciler.ports, "users", DECLARED.spec)
    assert after != before


def test_a_denied_read_differs_from_an_answered_one() -> None:
    sim, recall = simulate(), PlanCache()
    sim.dynamodb.make(**TABLE)
    seen = observe_table(sim.reconciler.ports, "users", DECLARED.spec)
    assert seen is not None
    answers = {"DescribeTable": {"Table": TABLE}}
    recall.observed("users", DECLARED.spec, Responses(answers), lambda: seen)
    hidden = replace(seen, not_observed={"ttl": "dynamodb:DescribeTimeToLive"})
    refused = Responses(answers, denied=frozenset({"DescribeTimeToLive"}))
    assert recall.observed("users", DECLARED.spec, refused, lambda: hidden) is hidden
    lacking = Responses(answers, unsupported=frozenset({"DescribeTimeToLive"}))
    assert recall.observed("users", DECLARED.spec, lacking, lambda: seen) is seen


_INDEX = GlobalIndex("by_sk", (KeyElement("sk", "HASH", "S"),), Projection("ALL"), throughput=Throughput(5, 5))


def _capacity(units: int, *indexes: GlobalIndex) -> Declaration:
    billing = Billing("PROVISIONED", Throughput(units, units))
    return declaration(billing=billing, global_indexes=indexes or None)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (DECLARED, declaration()),
        (DECLARED, declaration(ttl=DECLARED.spec.ttl, tags=(("team", "shop"),))),
        (_capacity(5), _capacity(7)),
        (_capacity(5), declaration()),
        (_capacity(5), _capacity(5, _INDEX)),
    ],
    ids=["no time to live", "tags too", "other capacity", "no capacity", "capacity of an index too"],
)
def test_of_a_table_whose_reads_are_denied_each_declaration_leaves_its_own_fields_unknown(
    first: Declaration, second: Declaration
) -> None:
    sim, recall = simulate(flavor=Flavor.AWS), PlanCache()
    sim.dynamodb.make(**TABLE)

    def denied(operation: str, params: object) -> None:
        if operation != "DescribeTable":
            raise Forbidden(operation, "AccessDeniedException", "no permission")

    sim.dynamodb.faults = denied
    for declared in (first, second, first):
        seen = observe_table(sim.reconciler.ports, "users", declared.spec, recall=recall)
        assert seen == observe_table(sim.reconciler.ports, "users", declared.spec)
        assert seen is not None
        assert recall.planned(declared, seen, Flavor.AWS) == PlanCache().planned(declared, seen, Flavor.AWS)


def test_backups_are_read_in_each_pass_because_they_become_due() -> None:
    sim, recall = simulate(), PlanCache()
    sim.dynamodb.make(**TABLE)
    seen = observe_table(sim.reconciler.ports, "users", DECLARED.spec)
    assert seen is not None
    answers = {"DescribeTable": {"Table": TABLE}, "ListBackups": {"BackupSummaries": []}}
    later = replace(seen, item_count=1)
    recall.observed("users", DECLARED.spec, Responses(answers), lambda: seen)
    assert recall.observed("users", DECLARED.spec, Responses(answers), lambda: later) is later


@pytest.mark.parametrize(
    "other",
    [
        declaration(ttl=Ttl(enabled=True, attribute="until")),
        declaration(ttl=Ttl(enabled=True, attribute="expires"), lifecycle=Lifecycle(ignore_changes=("ttl",))),
        declaration(),
    ],
)
def test_another_declaration_of_an_unchanged_table_is_planned_again(other: Declaration) -> None:
    sim, recall = simulate(), PlanCache()
    sim.dynamodb.make(**TABLE)
    seen = observe_table(sim.reconciler.ports, "users", DECLARED.spec, recall=recall)
    assert seen is not None
    first = recall.planned(DECLARED, seen, Flavor.MOTO)
    assert recall.planned(replace(DECLARED), seen, Flavor.MOTO) is first
    assert recall.planned(other, seen, Flavor.MOTO) == PlanCache().planned(other, seen, Flavor.MOTO) != first


def test_the_same_declaration_at_another_endpoint_is_planned_again() -> None:
    sim, recall = simulate(), PlanCache()
    sim.dynamodb.make(**TABLE)
    seen = observe_table(sim.reconciler.ports, "users", DECLARED.spec, recall=recall)
    assert seen is not None
    tagged = replace(DECLARED, spec=replace(DECLARED.spec, tags=(("team", "shop"),)))
    assert recall.planned(tagged, seen, Flavor.AWS) != recall.planned(tagged, seen, Flavor.DYNAMODB_LOCAL)


def test_recurring_drift_is_repaired_each_time() -> None:
    sim = simulate()
    sim.declare(DECLARED)
    while sim.run().verdict is not Verdict.IN_SYNC:
        sim.clock.seconds += 61
    for _ in range(3):
        sim.clock.seconds += 7200
        sim.dynamodb.tables["users"].ttl = {"TimeToLiveStatus": "DISABLED"}
        sim.dynamodb.tables["users"].counted.clear()
        while sim.run().verdict is not Verdict.IN_SYNC:
            sim.clock.seconds += 61
        assert sim.dynamodb.tables["users"].ttl["TimeToLiveStatus"] in ("ENABLING", "ENABLED")
