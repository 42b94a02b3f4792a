"""A table that needs nothing is not assessed again, and anything that the assessment rests on ends this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from simulation.simulated_engine import MemoryStore, Sim, declaration, item, simulate

from reconciler.engine import assess
from reconciler.facets.tags import OWNER_TAG
from reconciler.model.backups import Backups
from reconciler.model.desired import Declaration, Lifecycle
from reconciler.model.errors import ApiError, Denied, Forbidden, Malformed, Unreachable
from reconciler.model.identity import Flavor
from reconciler.model.records import Attempts, IndexRebuild, Suspension
from reconciler.model.report import TableReport, TableStatus
from reconciler.model.table import PointInTimeRecovery, Ttl

SEED = (item("1"), item("2"))
DECLARED = declaration(ttl=Ttl(enabled=True, attribute="expires"), seed=SEED)
DESCRIBED_ALONE = declaration(seed=SEED)
"""A table without a facet that needs a further read: such tables are described together."""


@pytest.fixture
def assessed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the tables that were assessed, in order."""
    names: list[str] = []
    whole = assess.assess_present

    def noted(
        context: assess.PassContext,
        base: assess.TableAssessment,
        declaration: Declaration,
        observed: assess.ObservedTable,
    ) -> assess.TableAssessment:
        names.append(base.name)
        return whole(context, base, declaration, observed)

    monkeypatch.setattr(assess, "assess_present", noted)
    return names


def settled(sim: Sim, *declared: Declaration) -> Sim:
    """Converged, and then quiet for three days, until the time to live is ENABLED."""
    sim.declare(*declared)
    sim.once()
    for _ in range(3):
        sim.clock.seconds += 86400
        sim.run()
    return sim


def users(sim: Sim) -> TableReport:
    """What a pass reports of the table."""
    return next(table for table in sim.run().tables if table.name == "users")


def fresh(sim: Sim) -> TableReport:
    """What a process without memory reports of it."""
    sim.reconciler.state = type(sim.reconciler.state)()
    return users(sim)


@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.DYNAMODB_LOCAL, Flavor.MOTO])
def test_an_unchanged_table_costs_its_reads_and_no_assessment(flavor: Flavor, assessed: list[str]) -> None:
    sim = settled(simulate(flavor=flavor), DECLARED, declaration("carts"))
    assessed.clear()
    before = users(sim)
    sim.dynamodb.reads.clear()
    sim.clock.seconds += 86400
    assert users(sim) is before
    assert before.status is TableStatus.IN_SYNC
    assert not assessed
    assert sorted(operation for operation, _ in sim.dynamodb.reads) == [
        "DescribeTable",
        "DescribeTable",
        "DescribeTimeToLive",
        "ListTables",
    ]


def _another_declaration(sim: Sim) -> None:
    (declared,) = sim.source.declarations
    sim.declare(replace(declared, spec=replace(declared.spec, ttl=Ttl(enabled=True, attribute="until"))))


def _another_lifecycle(sim: Sim) -> None:
    (declared,) = sim.source.declarations
    sim.declare(replace(declared, lifecycle=Lifecycle(protect=True)))


def _another_place(sim: Sim) -> None:
    (declared,) = sim.source.declarations
    sim.declare(replace(declared, origin=replace(declared.origin, line=99)))


def _another_seed(sim: Sim) -> None:
    (declared,) = sim.source.declarations
    sim.declare(declaration(ttl=declared.spec.ttl, seed=(item("3"),)))


def _a_record_written_anew(sim: Sim) -> None:
    sim.store.put_entry(sim.store.snapshot.inventory["users"])


def _a_record_with_an_unknown_member(sim: Sim) -> None:
    sim.store.overwrite(replace(sim.store.snapshot.inventory["users"], unknown={"later": 1}))


def _no_record(sim: Sim) -> None:
    sim.store.snapshot = replace(sim.store.snapshot, inventory={})


def _no_seed_record(sim: Sim) -> None:
    sim.store.snapshot = replace(sim.store.snapshot, seeds={})


def _an_interrupted_seed(sim: Sim) -> None:
    seeds = {"users": replace(sim.store.snapshot.seeds["users"], state="started")}
    sim.store.snapshot = replace(sim.store.snapshot, seeds=seeds)


def _another_option(sim: Sim) -> None:
    sim.reconciler.options = replace(sim.reconciler.options, mode="observe")


def _another_endpoint(sim: Sim) -> None:
    endpoint = replace(sim.reconciler.ports.endpoint, url="http://127.0.0.1:1")
    sim.reconciler.ports = replace(sim.reconciler.ports, endpoint=endpoint)


def _time_to_live_turned_off(sim: Sim) -> None:
    sim.dynamodb.tables["users"].ttl = {"TimeToLiveStatus": "DISABLED"}


def _protected(sim: Sim) -> None:
    sim.dynamodb.tables["users"].description["DeletionProtectionEnabled"] = True


def _updating(sim: Sim) -> None:
    sim.dynamodb.tables["users"].description["TableStatus"] = "UPDATING"


def _more_items(sim: Sim) -> None:
    sim.dynamodb.tables["users"].description["ItemCount"] = 7


def _made_again_with_the_same_shape(sim: Sim) -> None:
    old = sim.dynamodb.tables["users"]
    sim.clock.seconds += 5
    del sim.dynamodb.tables["users"]
    shape = {name: old.description[name] for name in ("TableName", "KeySchema", "AttributeDefinitions")}
    sim.dynamodb.make(**shape)
    sim.dynamodb.tables["users"].ttl = old.ttl


def _another_table_id_alone(sim: Sim) -> None:
    sim.dynamodb.tables["users"].description["TableId"] = "another"


def _claimed_by_another_stack(sim: Sim) -> None:
    peer = MemoryStore(sim.clock)
    peer.overwrite(sim.store.snapshot.inventory["users"])
    sim.store.peers["shop/default"] = peer


def _other_attempts(sim: Sim) -> None:
    attempts = {"users": Attempts("users", sim.store.snapshot.inventory["users"].identity, {"ttl.attribute": 1})}
    sim.store.snapshot = replace(sim.store.snapshot, attempts=attempts)
    sim.reconciler.state.attempts.update(attempts)


def _an_index_rebuild(sim: Sim) -> None:
    identity = sim.store.snapshot.inventory["users"].identity
    assert identity is not None
    rebuild = IndexRebuild("users", identity, "by_sk", "by_sk_2", sim.clock.now(), 60)
    sim.store.snapshot = replace(sim.store.snapshot, rebuilds={"users": rebuild})


def _a_cancelled_deletion(sim: Sim) -> None:
    sim.reconciler.state.cancelled_deletions.cancelled["users", "unwanted_since"] = sim.clock.now()


def _time_to_live_unreadable(sim: Sim) -> None:
    def denied(operation: str, params: object) -> None:
        if operation == "DescribeTimeToLive":
            raise Forbidden(operation, "AccessDeniedException", "no permission")

    sim.dynamodb.faults = denied


CHANGES: tuple[Callable[[Sim], None], ...] = (
    _another_declaration,
    _another_lifecycle,
    _another_place,
    _another_seed,
    _a_record_written_anew,
    _a_record_with_an_unknown_member,
    _no_record,
    _no_seed_record,
    _an_interrupted_seed,
    _another_option,
    _another_endpoint,
    _time_to_live_turned_off,
    _protected,
    _updating,
    _more_items,
    _made_again_with_the_same_shape,
    _another_table_id_alone,
    _claimed_by_another_stack,
    _other_attempts,
    _an_index_rebuild,
    _a_cancelled_deletion,
    _time_to_live_unreadable,
)


@pytest.mark.parametrize(
    ("declared", "change"),
    [(DECLARED, change) for change in CHANGES]
    + [(DESCRIBED_ALONE, change) for change in CHANGES if not change.__name__.startswith("_time_to_live")],
)
@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.MOTO])
def test_whatever_an_assessment_rests_on_is_assessed_anew(
    declared: Declaration, change: Callable[[Sim], None], flavor: Flavor, assessed: list[str]
) -> None:
    """A process without memory must see the same."""
    sims = [settled(simulate(flavor=flavor), declared) for _ in range(2)]
    assessed.clear()
    for sim in sims:
        sim.run()
    assert not assessed
    for sim in sims:
        change(sim)
    remembered = users(sims[0])
    assert assessed == ["users"]
    forgetful = fresh(sims[1])
    if change is _a_cancelled_deletion:
        assert remembered.status is TableStatus.IN_SYNC
    else:
        assert _comparable(remembered) == _comparable(forgetful)


def _comparable(table: TableReport) -> tuple[object, ...]:
    return (table.status, table.changes, table.steps, table.error, table.ownership, table.item_count, table.identity)


def test_a_released_table_is_reported_as_released() -> None:
    sim = settled(simulate(), DECLARED)
    sim.reconciler.release(("users",))
    assert users(sim).status is TableStatus.RELEASED


def test_a_suspension_is_reported_and_lifted_without_an_assessment(assessed: list[str]) -> None:
    sim = settled(simulate(), DECLARED)
    assessed.clear()
    sim.store.put_suspension(Suspension("somebody", sim.clock.now()))
    assert sim.run().suspended
    sim.store.put_suspension(None)
    assert not sim.run().suspended
    assert not assessed


def test_drift_under_a_suspension_is_repaired_once_it_is_lifted() -> None:
    sim = settled(simulate(), DECLARED)
    sim.store.put_suspension(Suspension("somebody", sim.clock.now()))
    _time_to_live_turned_off(sim)
    sim.dynamodb.tables["users"].counted.clear()
    assert users(sim).status is TableStatus.DRIFTED
    sim.store.put_suspension(None)
    assert users(sim).status is TableStatus.PENDING


def test_drift_that_somebody_else_repairs_is_in_sync_again() -> None:
    sim = settled(simulate(), DECLARED)
    live, before = sim.dynamodb.tables["users"], users(sim)
    ttl, sim.reconciler.options = live.ttl, replace(sim.reconciler.options, mode="observe")
    live.ttl = {"TimeToLiveStatus": "DISABLED"}
    drifted = users(sim)
    assert (drifted.status, drifted.drifted) == (TableStatus.DRIFTED, ("ttl",))
    live.ttl = ttl
    again = users(sim)
    assert (again.status, again.changes, again.drift_since) == (before.status, (), None)


def test_a_read_that_is_refused_as_a_whole_is_an_error_although_the_table_was_in_sync() -> None:
    sim = settled(simulate(flavor=Flavor.AWS), DECLARED)

    def denied(operation: str, params: object) -> None:
        if operation == "DescribeTable":
            raise Denied(operation, "UnrecognizedClientException", "the key is unknown")

    sim.dynamodb.faults = denied
    assert users(sim).status is TableStatus.ERROR


@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.MOTO])
def test_the_tag_of_another_stack_is_seen_on_a_table_that_is_declared_as_our_own(flavor: Flavor) -> None:
    sim = settled(simulate(flavor=flavor), replace(DECLARED, lifecycle=Lifecycle(on_existing="own")))
    assert users(sim).status is TableStatus.IN_SYNC
    sim.dynamodb.tables["users"].tags[OWNER_TAG] = "shop/default/1234"
    assert users(sim).status is not TableStatus.IN_SYNC


@pytest.mark.parametrize("flavor", [Flavor.AWS])
def test_a_table_with_backups_is_assessed_in_each_pass(flavor: Flavor, assessed: list[str]) -> None:
    spec = replace(DECLARED.spec, backups=Backups("0 3 * * *", 3))
    sim = settled(simulate(flavor=flavor), replace(DECLARED, spec=spec))
    for _ in range(3):
        assessed.clear()
        users(sim)
        assert assessed
        sim.clock.seconds += 60


def test_recovery_points_are_read_in_each_pass_and_decide_nothing_alone(assessed: list[str]) -> None:
    spec = replace(DECLARED.spec, point_in_time_recovery=PointInTimeRecovery(enabled=True))
    sim = settled(simulate(flavor=Flavor.AWS), replace(DECLARED, spec=spec))
    assessed.clear()
    assert users(sim).status is TableStatus.IN_SYNC
    assert not assessed


def test_tables_that_are_no_longer_declared_are_not_remembered() -> None:
    sim = settled(simulate(), declaration("carts"), declaration("orders"))
    assert sim.reconciler.state.conclusions.kept.keys() == {"carts", "orders"}
    sim.declare(declaration("carts"))
    sim.run()
    state = sim.reconciler.state
    assert state.conclusions.kept.keys() == state.conclusions.reports.keys() == {"carts"}
    assert state.plan_cache.observations.keys() == state.plan_cache.plans.keys() == {"carts"}


def test_a_table_whose_seed_is_decided_by_a_scan_is_scanned_in_each_pass(assessed: list[str]) -> None:
    sim = simulate()
    sim.dynamodb.make(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    sim.dynamodb.tables["users"].items['{"pk":{"S":"1"}}'] = dict(item("1"))
    settled(sim, declaration(seed=SEED))
    assessed.clear()
    assert users(sim).status is TableStatus.IN_SYNC
    assert assessed


def test_a_record_that_is_still_to_be_written_is_assessed_in_each_pass(assessed: list[str]) -> None:
    sim = settled(simulate(mode="observe"))
    sim.dynamodb.make(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    sim.declare(declaration())
    for _ in range(3):
        assessed.clear()
        assert users(sim).status is TableStatus.IN_SYNC
        assert assessed


@pytest.mark.parametrize("error", [Denied, Unreachable, Malformed])
def test_a_failed_list_of_tables_ends_the_pass_before_anything_is_written(error: type[ApiError]) -> None:
    sim = settled(simulate(flavor=Flavor.AWS), DECLARED)
    _time_to_live_turned_off(sim)

    def failing(operation: str, params: object) -> None:
        if operation == "ListTables":
            raise error(operation, "Failing", "it failed")

    sim.dynamodb.faults = failing
    sim.dynamodb.journal.clear()
    sim.dynamodb.reads.clear()
    report = sim.run()
    assert report.error
    assert not sim.dynamodb.journal
    assert [operation for operation, _ in sim.dynamodb.reads] == ["ListTables"]
