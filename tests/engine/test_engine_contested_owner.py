"""Two stacks with a state table each that both say ``on_existing: own``: their struggle comes to rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate
from simulation.stacks import beside

from reconciler.facets.tags import OWNER_TAG
from reconciler.model.desired import Lifecycle
from reconciler.model.errors import Throttled
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, Step, StepStatus
from reconciler.model.report import PassReport, TableStatus, Verdict
from reconciler.model.table import KeyElement

OWN = Lifecycle(on_existing="own")
OTHER_KEY = (KeyElement("id", "HASH", "S"),)
ANYTHING_GOES = {"data_loss": "allow", "disruption": "allow", "max_deletes": 100}
PLAIN: dict[str, Any] = {
    "TableName": "users",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}
Run = Callable[[Sim], PassReport]


class Case(NamedTuple):
    """Who made the table, how each stack runs, and what the second one declares of it."""

    made_by: str
    run: Run
    requested: dict[str, Any] = {}
    flavor: Flavor = Flavor.AWS


def as_loop(sim: Sim) -> PassReport:
    return sim.run()


def as_command(sim: Sim) -> PassReport:
    """A process of its own each time: what it knows is what was written down."""
    sim.reconciler.state.attempts.clear()
    return sim.once()


CASES = {
    "one created it, two loops": Case("first", as_loop),
    "one created it, two commands": Case("first", as_command),
    "a third stack created it, two loops": Case("third", as_loop),
    "a third stack created it, two commands": Case("third", as_command),
    "both want another field": Case("first", as_loop, {"deletion_protection": True}),
    "on an emulator": Case("third", as_loop, flavor=Flavor.MOTO),
}


def environment(case: Case) -> tuple[Sim, Sim]:
    """``users`` stands there; both stacks declare it as their own and have not run since."""
    first = simulate(flavor=case.flavor, **ANYTHING_GOES)
    first.declare(declaration("users", lifecycle=OWN))
    if case.made_by == "first":
        first.once()
    else:
        first.dynamodb.make(**PLAIN, Tags=[{"Key": OWNER_TAG, "Value": "elsewhere/default/n"}])
    first.clock.seconds += 3600
    second = beside(first, one_state=False, stack="shop", **ANYTHING_GOES)
    second.declare(declaration("users", lifecycle=OWN, **case.requested))
    first.dynamodb.journal.clear()
    return first, second


def owner(sim: Sim) -> str:
    return str(sim.dynamodb.tables["users"].tags[OWNER_TAG]).rsplit("/", 1)[0]


def written_tags(sim: Sim) -> Counter[str]:
    """How often each stack put its tag on the table, as the service was asked."""
    tags = [
        call.params["Tags"][0]["Value"].split("/")[0]
        for call in sim.dynamodb.journal
        if call.operation == "TagResource"
    ]
    return Counter(tags)


def fight(case: Case, first: Sim, second: Sim, rounds: int = 12) -> dict[str, PassReport]:
    """Turn by turn, the second stack first."""
    for _ in range(rounds):
        reports = {}
        for sim in (second, first):
            sim.clock.seconds += 60
            reports[sim.reconciler.options.stack] = case.run(sim)
    return reports


def blocked(report: PassReport) -> Step:
    (step,) = (step for table in report.tables for step in table.steps if step.status is StepStatus.BLOCKED)
    return step


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_puts_its_tag_on_the_table_once_at_most_and_then_both_rest(case: Case) -> None:
    first, second = environment(case)
    reports = fight(case, first, second)
    assert max(written_tags(first).values()) == 1
    calls = len(first.dynamodb.journal)
    written = first.store.written, second.store.written
    again = fight(case, first, second, 5)
    assert (len(first.dynamodb.journal), (first.store.written, second.store.written)) == (calls, written), "quiet"
    assert {stack: report.verdict for stack, report in reports.items()} == {
        stack: report.verdict for stack, report in again.items()
    }


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_owner_is_in_sync_and_the_former_owner_reports_the_new_one_and_the_remedy(case: Case) -> None:
    first, second = environment(case)
    reports = fight(case, first, second)
    (holder,) = [stack for stack, report in reports.items() if report.verdict is Verdict.IN_SYNC]
    (other,) = [stack for stack in reports if stack != holder]
    assert owner(first) == f"{holder}/default"
    assert [table.status for table in reports[other].tables] == [TableStatus.BLOCKED]
    step = blocked(reports[other])
    assert step.reason is Reason.CONTESTED
    assert step.message is not None
    assert f"stack {holder}, environment default took the table users over" in step.message
    assert step.allow_with == f"RECONCILER_STACK={other} reconciler release users"


def test_releasing_it_transfers_it_to_the_other_stack_for_good() -> None:
    case = CASES["one created it, two loops"]
    first, second = environment(case)
    fight(case, first, second)
    assert owner(first) == "shop/default"
    first.reconciler.release(("users",))
    first.dynamodb.journal.clear()
    reports = fight(case, first, second)
    assert {report.verdict for report in reports.values()} == {Verdict.IN_SYNC}
    assert first.dynamodb.journal == []


def test_after_one_pass_without_own_it_is_taken_over_again_once() -> None:
    case = CASES["one created it, two loops"]
    first, second = environment(case)
    fight(case, first, second)
    first.declare(declaration("users"))
    assert blocked(first.run()).reason is Reason.OTHER_STACK
    first.declare(declaration("users", lifecycle=OWN, deletion_protection=True))
    first.dynamodb.journal.clear()
    reports = fight(case, first, second)
    assert written_tags(first) == {"default": 1}
    assert (owner(first), blocked(reports["shop"]).reason) == ("default/default", Reason.CONTESTED)
    assert first.dynamodb.tables["users"].description["DeletionProtectionEnabled"] is True
    assert reports["default"].verdict is Verdict.IN_SYNC


@pytest.mark.parametrize("run", [as_loop, as_command])
def test_two_stacks_that_want_other_keys_do_not_replace_the_table_for_ever(run: Run) -> None:
    case = Case("first", run, {"keys": OTHER_KEY}, Flavor.MOTO)
    first, second = environment(case)
    first.dynamodb.tables["users"].items["mine"] = item("mine")
    reports = fight(case, first, second)
    assert first.dynamodb.mutating.count("DeleteTable") <= 1
    deleted = first.dynamodb.mutating.count("DeleteTable")
    fight(case, first, second)
    assert first.dynamodb.mutating.count("DeleteTable") == deleted
    assert sorted(report.verdict for report in reports.values()) == [Verdict.DRIFTED, Verdict.IN_SYNC]


def test_a_contested_table_is_neither_pruned_nor_destroyed_by_its_former_owner() -> None:
    case = CASES["one created it, two loops"]
    first, second = environment(case)
    fight(case, first, second)
    first.reconciler.destroy()
    first.reconciler.resume()
    first.declare(declaration("orders"))
    first.once()
    assert "users" in first.dynamodb.tables
    assert "DeleteTable" not in first.dynamodb.mutating


def test_a_refused_takeover_is_retried() -> None:
    case = CASES["a third stack created it, two loops"]
    first, _ = environment(case)
    turned_away = []

    def busy(operation: str, params: Any) -> None:
        if operation == "TagResource" and len(turned_away) < 3:
            turned_away.append(operation)
            raise Throttled(operation, "LimitExceededException", "slow down")

    first.dynamodb.faults = busy
    for _ in range(5):
        first.clock.seconds += 60
        report = first.run()
    assert owner(first) == "default/default"
    assert report.verdict is Verdict.IN_SYNC


def test_a_takeover_with_a_lost_answer_counts_once_its_tag_is_visible() -> None:
    case = CASES["a third stack created it, two loops"]
    first, second = environment(case)

    def lost(operation: str, params: Any) -> None:
        if operation == "TagResource":
            first.dynamodb.after = None
            raise Throttled(operation, "LimitExceededException", "said after it was applied")

    first.dynamodb.after = lost
    first.run()
    first.run()
    reports = fight(case, first, second)
    assert max(written_tags(first).values()) == 1
    assert blocked(reports["default"]).reason is Reason.CONTESTED


def test_our_own_tag_that_is_not_visible_yet_is_waited_for() -> None:
    first = simulate(flavor=Flavor.AWS, stale=20)
    first.dynamodb.make(**PLAIN, Tags=[{"Key": OWNER_TAG, "Value": "elsewhere/default/n"}])
    first.declare(declaration("users", lifecycle=OWN))
    assert first.once().verdict is Verdict.IN_SYNC
    assert (owner(first), written_tags(first)) == ("default/default", {"default": 1})
