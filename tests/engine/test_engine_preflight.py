"""Right before a call that removes something from a remaining table, the table is read once more.

In each case somebody else acts after the table was assessed and before the call. The result is read from raw answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from simulation.simulated_engine import Sim, declaration, simulate
from support.specs import vectors

from reconciler.facets.tags import OWNER_TAG
from reconciler.model.backups import Backups
from reconciler.model.errors import Malformed, UsageError
from reconciler.model.global_table import Replica
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import PassReport, Verdict
from reconciler.model.scaling import AutoScaling, Scaling
from reconciler.model.table import Billing, GlobalIndex, KeyElement, Projection, Stream, Throughput

NARROW = GlobalIndex("by_mail", (KeyElement("mail", "HASH", "S"),), Projection("KEYS_ONLY"))
WIDE = replace(NARROW, projection=Projection("ALL"))
IMAGES = Stream(True, "NEW_AND_OLD_IMAGES")
Meddle = Callable[[Sim], None]


class Case(NamedTuple):
    """What is declared first and then, and the operation that takes something away."""

    before: dict[str, Any]
    after: dict[str, Any]
    operation: str = "UpdateTable"


CASES = {
    "an index": Case({"global_indexes": (NARROW,)}, {"global_indexes": ()}),
    "an index that is rebuilt": Case({"global_indexes": (NARROW,)}, {"global_indexes": (WIDE,)}),
    "a vector index": Case({"vector_indexes": (vectors("v"),)}, {"vector_indexes": ()}),
    "a replica": Case({"stream": IMAGES, "replicas": (Replica("eu-west-1"),)}, {"stream": IMAGES, "replicas": ()}),
    "a stream": Case({"stream": IMAGES}, {"stream": Stream(True, "KEYS_ONLY")}),
    "a scalable target": Case(
        {
            "billing": Billing("PROVISIONED", Throughput(5, 5)),
            "auto_scaling": AutoScaling(read=Scaling(True, 5, 100, 70.0)),
        },
        {
            "billing": Billing("PROVISIONED", Throughput(5, 5)),
            "auto_scaling": AutoScaling(read=Scaling(enabled=False)),
        },
        "application-autoscaling:DeregisterScalableTarget",
    ),
    "a backup": Case({"backups": Backups("0 * * * *", 2)}, {"backups": Backups("0 * * * *", 1)}, "DeleteBackup"),
}
INDEXED = {"an index": CASES["an index"], "a vector index": CASES["a vector index"]}


def live(case: Case, **options: Any) -> Sim:
    """The table as first declared, some hours old; the later declaration waits to be converged to."""
    sim = simulate(flavor=Flavor.AWS, disruption="allow", data_loss="allow", **options)
    sim.dynamodb.has_backups = True
    sim.declare(declaration(**case.before))
    for _ in range(4):
        sim.once()
        sim.clock.seconds += 3600
    sim.once()
    sim.dynamodb.journal.clear()
    sim.declare(declaration(**case.after))
    return sim


def surveyed_then(sim: Sim, meddle: Meddle) -> PassReport:
    """One pass; after the owner was read, which is the last thing that a survey does, somebody else acts."""
    looks = []

    def faults(operation: str, params: Any) -> None:
        if operation == "ListTagsOfResource" and not looks:
            looks.append(operation)
            meddle(sim)

    sim.dynamodb.faults = faults
    report = sim.run()
    sim.dynamodb.faults = None
    assert looks, "nobody acted in between"
    return report


def seen(sim: Sim) -> dict[str, Any]:
    """All that can be taken away, raw."""
    table = sim.dynamodb.tables["users"]
    parts = ("GlobalSecondaryIndexes", "VectorIndexes", "Replicas", "StreamSpecification", "LatestStreamArn")
    scaling = sim.dynamodb.scaling
    return {
        **{part: table.description.get(part) for part in parts},
        "backups": sorted(sim.dynamodb.backups),
        "targets": sorted(scaling.targets) if scaling else [],
    }


def statuses(report: PassReport) -> set[tuple[StepStatus, Reason | None]]:
    return {(step.status, step.reason) for step in report.tables[0].steps if step.removes}


def made_anew(sim: Sim) -> None:
    sim.dynamodb.tables["users"].description["TableId"] = "somebody-else"


def gone(sim: Sim) -> None:
    del sim.dynamodb.tables["users"]


def an_index_is_made(sim: Sim) -> None:
    sim.dynamodb.tables["users"].description["TableStatus"] = "UPDATING"


def without_the_lease(sim: Sim) -> None:
    sim.store.holds_lease = lambda: False  # type: ignore[method-assign]


def made_otherwise(sim: Sim) -> None:
    """Somebody deleted the index and built another one under its name."""
    description = sim.dynamodb.tables["users"].description
    for index in description.get("GlobalSecondaryIndexes", []):
        index["Projection"] = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["theirs"]}
    for index in description.get("VectorIndexes", []):
        index["Dimensions"] = 99


def deleted(sim: Sim) -> None:
    description = sim.dynamodb.tables["users"].description
    description.pop("GlobalSecondaryIndexes", None)
    description.pop("VectorIndexes", None)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_without_interference_it_is_removed(case: Case) -> None:
    sim = live(case)
    before = seen(sim)
    assert sim.once().verdict is Verdict.IN_SYNC
    assert seen(sim) != before
    assert case.operation in sim.dynamodb.mutating


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_nothing_is_removed_from_a_table_with_a_new_owner(case: Case) -> None:
    sim = live(case)
    before = seen(sim)
    report = surveyed_then(sim, made_anew)
    assert case.operation not in sim.dynamodb.mutating
    assert seen(sim) == before
    assert (StepStatus.BLOCKED, Reason.IDENTITY) in statuses(report)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_nothing_is_requested_after_the_table_was_deleted(case: Case) -> None:
    sim = live(case)
    surveyed_then(sim, gone)
    assert case.operation not in sim.dynamodb.mutating


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_nothing_is_removed_without_the_lease(case: Case) -> None:
    sim = live(case)
    before = seen(sim)
    report = surveyed_then(sim, without_the_lease)
    assert seen(sim) == before
    assert (StepStatus.DEFERRED, Reason.LEASE) in statuses(report)


@pytest.mark.parametrize("meddle", [made_otherwise, deleted, an_index_is_made])
@pytest.mark.parametrize("case", INDEXED.values(), ids=INDEXED)
def test_an_index_changed_in_between_is_planned_again(case: Case, meddle: Meddle) -> None:
    sim = live(case)
    report = surveyed_then(sim, meddle)
    assert sim.dynamodb.journal == []
    assert (StepStatus.DEFERRED, Reason.BUSY) in statuses(report)
    sim.dynamodb.tables["users"].description["TableStatus"] = "ACTIVE"
    assert sim.once().verdict is Verdict.IN_SYNC
    assert not seen(sim)["GlobalSecondaryIndexes"]
    assert not seen(sim)["VectorIndexes"]


def test_an_index_that_somebody_rebuilt_as_declared_is_not_built_again() -> None:
    sim = live(CASES["an index that is rebuilt"])

    def rebuilt(sim: Sim) -> None:
        sim.dynamodb.tables["users"].description["GlobalSecondaryIndexes"][0]["Projection"] = {"ProjectionType": "ALL"}

    surveyed_then(sim, rebuilt)
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sim.dynamodb.journal == []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_nothing_is_removed_from_a_table_that_another_stack_took_over_after_the_owner_was_read(case: Case) -> None:
    sim = live(case)
    before, looks = seen(sim), []

    def faults(operation: str, params: Any) -> None:
        if operation == "DescribeTable":
            looks.append(operation)
        if len(looks) == 2:
            sim.dynamodb.tables["users"].tags[OWNER_TAG] = "theirs/default/n"

    sim.dynamodb.faults = faults
    report = sim.run()
    assert len(looks) >= 2, "nobody acted in between"
    assert seen(sim) == before
    assert (StepStatus.BLOCKED, Reason.OTHER_STACK) in statuses(report)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_preflight_is_one_describe_table_and_one_list_tags(case: Case) -> None:
    sim = live(case)
    while case.operation not in sim.dynamodb.mutating:
        sim.dynamodb.reads.clear()
        sim.run()
        sim.clock.seconds += 1
    described = [
        name for name, params in sim.dynamodb.reads if name == "DescribeTable" and params["TableName"] == "users"
    ]
    assert len(described) == 2, "the survey's, and the last look"
    assert [name for name, _ in sim.dynamodb.reads].count("ListTagsOfResource") == 2


def test_an_ordinary_change_needs_no_preflight_read() -> None:
    sim = live(Case({}, {"deletion_protection": True}))
    sim.dynamodb.reads.clear()
    sim.run()
    assert sim.dynamodb.mutating == ["UpdateTable"]
    assert [name for name, _ in sim.dynamodb.reads].count("DescribeTable") == 1


@pytest.mark.parametrize("case", INDEXED.values(), ids=INDEXED)
def test_after_an_invalid_answer_nothing_is_removed_in_that_pass(case: Case) -> None:
    sim = live(case)
    sim.declare(declaration("a_sick_one"), declaration(**case.after))
    before = seen(sim)

    def faults(operation: str, params: Any) -> None:
        if params.get("TableName") == "a_sick_one":
            raise Malformed(operation, "NotJson", "garbled")

    sim.dynamodb.faults = faults
    report = sim.run()
    assert seen(sim) == before
    steps = {step.reason for table in report.tables for step in table.steps if step.status is StepStatus.BLOCKED}
    assert steps == {Reason.INVALID_ANSWER}


def test_a_rebuild_drops_nothing_from_a_table_that_changed_its_owner_during_the_wait() -> None:
    sim = live(Case({"global_indexes": (NARROW,)}, {"global_indexes": (replace(WIDE, name="mail2"),)}))
    taken = sim.store.acquire_lease

    def acquire() -> Any:
        if len(seen(sim)["GlobalSecondaryIndexes"]) == 2:
            made_anew(sim)
        return taken()

    sim.store.acquire_lease = acquire  # type: ignore[method-assign]
    with pytest.raises(UsageError, match="recreated in the meantime"):
        sim.reconciler.rebuild_index("users", "by_mail", "mail2", timedelta(0))
    assert [each["IndexName"] for each in seen(sim)["GlobalSecondaryIndexes"]] == ["by_mail", "mail2"]
