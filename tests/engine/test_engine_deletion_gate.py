"""Each clause of the deletion gate on its own: what it refuses, with which reason, and what it lets through."""

from dataclasses import replace
from datetime import timedelta

import pytest
from simulation.simulated_engine import declaration, item, simulate

from reconciler.engine.endpoint_watch import EndpointWatch
from reconciler.model.desired import Lifecycle
from reconciler.model.identity import Flavor, Identity
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.records import Fingerprint
from reconciler.model.report import Verdict
from reconciler.model.table import KeyElement

OTHER_KEY = (KeyElement("id", "HASH", "S"),)
SEED = (item("1", name="Ada"), item("2", name="Grace"))


def owned(flavor=Flavor.MOTO, *, seed=(), lifecycle=None, **options):
    """Two tables that we created; ``orders`` is declared no more."""
    sim = simulate(flavor=flavor, **options)
    sim.declare(declaration("users"), declaration("orders", seed=seed, lifecycle=lifecycle))
    sim.once()
    sim.clock.seconds += 3600
    sim.dynamodb.journal.clear()
    sim.declare(declaration("users"))
    return sim


def put(sim, name="orders", key="mine"):
    sim.dynamodb.tables[name].items[key] = item(key)


def reasons(report, step_status=StepStatus.BLOCKED):
    return [s.reason for t in report.tables for s in t.steps if s.status is step_status]


def test_an_owned_undeclared_table_is_deleted_and_forgotten():
    sim = owned()
    report = sim.once()
    assert report.verdict is Verdict.IN_SYNC
    assert report.summary()["delete"] == 1
    assert set(sim.dynamodb.tables) == {"users"}
    assert set(sim.store.snapshot.inventory) == {"users"}
    assert sim.dynamodb.mutating == ["DeleteTable"]


def test_an_owned_table_with_items_is_deleted_on_an_emulator_at_once_by_a_one_shot():
    sim = owned(prune_grace=timedelta(0), one_shot=True)
    put(sim)
    sim.once()
    assert set(sim.dynamodb.tables) == {"users"}


def test_the_daemon_waits_for_prune_grace_when_there_are_foreign_items():
    sim = owned(seed=SEED)
    put(sim)
    report = sim.run()
    assert reasons(report, StepStatus.DEFERRED) == [Reason.PRUNE_GRACE]
    assert report.next_not_before == sim.clock.now() + timedelta(minutes=5)
    sim.clock.seconds += 299
    sim.run()
    assert "orders" in sim.dynamodb.tables
    sim.clock.seconds += 2
    sim.run()
    sim.run()
    assert "orders" not in sim.dynamodb.tables


def test_the_daemon_deletes_a_table_that_holds_only_its_seed_at_once():
    sim = owned(seed=SEED)
    sim.run()
    sim.run()
    assert "orders" not in sim.dynamodb.tables


def test_a_cancelled_deletion_restarts_its_grace_period():
    sim = owned()
    put(sim)
    sim.run()
    sim.declare(declaration("users"), declaration("orders"))
    sim.run()
    sim.clock.seconds += 400
    sim.declare(declaration("users"))
    assert reasons(sim.run(), StepStatus.DEFERRED) == [Reason.PRUNE_GRACE]


def _protected_table(sim):
    sim.dynamodb.tables["orders"].description["DeletionProtectionEnabled"] = True


def _recreated(sim):
    sim.dynamodb.tables["orders"].description["TableId"] = "somebody-else"


def _foreign(sim):
    sim.declare(declaration("a_table"), declaration("another"))


def _adopted(sim):
    entry = sim.store.snapshot.inventory["orders"]
    sim.store.put_entry(replace(entry, ownership="state_lost"))


def _fingerprint(sim):
    elsewhere = Fingerprint("aws", "999988887777", "eu-central-1", Identity("state", "arn:state", "2026-01-01"))
    sim.store.snapshot = replace(sim.store.snapshot, actual_fingerprint=elsewhere)


def _fingerprint_for_a_new_process(sim):
    _fingerprint(sim)
    sim.reconciler.ports = replace(sim.reconciler.ports, endpoint_watch=EndpointWatch())


def _broken(sim):
    sim.source.broken = True


def _archived(sim):
    sim.dynamodb.tables["orders"].description["TableStatus"] = "ARCHIVED"


def _nothing(sim):
    return None


REFUSED = {
    "prune is off": ({"prune": "never"}, _nothing, [Reason.PRUNE_OFF]),
    "deletion protection is on": ({}, _protected_table, [Reason.PROTECTED]),
    "none of the created tables is declared": ({}, _foreign, [Reason.FOREIGN_DECLARATIONS] * 2),
    "the table is archived": ({}, _archived, [Reason.STATUS]),
    "more than the cap": ({"max_deletes": 0}, _nothing, [Reason.MAX_DELETES]),
    "data loss is never permitted": ({"data_loss": "never"}, put, [Reason.DATA_LOSS]),
    "the table was recreated by somebody": ({}, _recreated, []),
    "the inventory says state_lost": ({}, _adopted, []),
    "the fingerprint differs": ({}, _fingerprint, []),
    "a new process, the fingerprint differs": ({}, _fingerprint_for_a_new_process, []),
    "the desired state is broken": ({}, _broken, []),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_gate_refuses_when(case):
    options, prepare, expected = REFUSED[case]
    sim = owned(**{"prune_grace": timedelta(0), **options})
    prepare(sim)
    report = sim.once()
    assert "orders" in sim.dynamodb.tables
    assert "DeleteTable" not in sim.dynamodb.mutating
    assert reasons(report) == expected
    blocked = [s for t in report.tables for s in t.steps if s.status is StepStatus.BLOCKED]
    assert all(step.message for step in blocked)


def test_lifecycle_protect_outlives_its_file():
    sim = owned(lifecycle=Lifecycle(protect=True))
    report = sim.once()
    assert reasons(report) == [Reason.PROTECTED]
    (step,) = next(table for table in report.tables if table.name == "orders").steps
    assert step.allow_with == "lifecycle.protect: false in its restored declaration; run once, then remove it"
    assert "orders" in sim.dynamodb.tables


def test_allow_data_loss_in_the_declaration_outlives_its_file_too():
    sim = owned(lifecycle=Lifecycle(allow_data_loss=True), data_loss="never", prune_grace=timedelta(0), one_shot=True)
    put(sim)
    sim.once()
    assert "orders" not in sim.dynamodb.tables


def test_an_adopted_table_is_forgotten_when_undeclared_and_never_deleted():
    sim = simulate()
    sim.dynamodb.make(
        TableName="theirs",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    sim.declare(declaration("users"), declaration("theirs"))
    sim.once()
    assert sim.store.snapshot.inventory["theirs"].ownership == "adopted"
    sim.declare(declaration("users"))
    sim.once()
    assert "theirs" in sim.dynamodb.tables
    assert set(sim.store.snapshot.inventory) == {"users"}


def test_the_cap_executes_none_rather_than_some():
    sim = simulate(max_deletes=1)
    sim.declare(declaration("users"), declaration("orders"), declaration("invoices"))
    sim.once()
    sim.declare(declaration("users"))
    report = sim.once()
    assert reasons(report) == [Reason.MAX_DELETES] * 2
    assert set(sim.dynamodb.tables) == {"users", "orders", "invoices"}


def test_outside_emulators_a_one_shot_reports_even_an_empty_table_as_blocked():
    sim = owned(Flavor.AWS, one_shot=True, prune_grace=timedelta(0))
    assert reasons(sim.once()) == [Reason.DATA_LOSS]


def test_outside_emulators_data_loss_allow_lets_a_one_shot_delete():
    sim = owned(Flavor.AWS, one_shot=True, prune_grace=timedelta(0), data_loss="allow")
    put(sim)
    sim.once()
    assert set(sim.dynamodb.tables) == {"users"}


def test_outside_emulators_the_daemon_must_see_a_table_empty_twice():
    sim = owned(Flavor.AWS)
    assert reasons(sim.run(), StepStatus.DEFERRED) == [Reason.PRUNE_GRACE]
    sim.clock.seconds += 200
    put(sim)
    assert reasons(sim.run()) == [Reason.DATA_LOSS]
    sim.dynamodb.tables["orders"].items.clear()
    sim.clock.seconds += 200
    assert reasons(sim.run(), StepStatus.DEFERRED) == [Reason.PRUNE_GRACE]
    sim.clock.seconds += 301
    sim.run()
    sim.run()
    assert set(sim.dynamodb.tables) == {"users"}


def test_a_lease_that_was_lost_stops_the_delete_right_before_the_call():
    sim = owned()
    sim.store.lost = True
    assert reasons(sim.run(), StepStatus.DEFERRED) == [Reason.LEASE]
    assert "orders" in sim.dynamodb.tables


def test_a_table_that_changes_its_owner_between_plan_and_call_is_not_deleted():
    sim = owned()
    seen = []

    def swap(operation, params):
        if operation == "DescribeTable" and params["TableName"] == "orders":
            seen.append(operation)
            if len(seen) == 2:
                _recreated(sim)

    sim.dynamodb.faults = swap
    assert reasons(sim.run()) == [Reason.IDENTITY]
    assert "orders" in sim.dynamodb.tables


def test_an_item_that_arrives_between_plan_and_call_is_seen():
    sim = owned(data_loss="never")
    scans = []

    def arrive(operation, table):
        if operation == "Scan":
            scans.append(table)
            if len(scans) == 2:
                put(sim)

    sim.items.faults = arrive
    assert reasons(sim.run()) == [Reason.DATA_LOSS]
    assert "orders" in sim.dynamodb.tables


def test_a_replacement_passes_the_deletion_gate_and_reseeds():
    sim = simulate()
    sim.declare(declaration("users", seed=SEED))
    sim.once()
    new_seed = ({"id": {"S": "1"}},)
    sim.dynamodb.journal.clear()
    sim.declare(declaration("users", keys=OTHER_KEY, seed=new_seed))
    report = sim.once()
    assert sim.dynamodb.mutating == ["DeleteTable", "CreateTable"]
    assert report.verdict is Verdict.IN_SYNC
    assert report.summary()["replace"] == 1
    assert list(sim.dynamodb.tables["users"].items.values()) == [{"id": {"S": "1"}}]


def test_a_replacement_of_an_adopted_table_is_blocked_and_says_what_would_allow_it():
    sim = simulate()
    sim.dynamodb.make(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    sim.dynamodb.journal.clear()
    sim.declare(declaration("users", keys=OTHER_KEY))
    report = sim.once()
    (step,) = [s for t in report.tables for s in t.steps if s.status is StepStatus.BLOCKED]
    assert step.reason is Reason.NOT_OWNED
    assert step.allow_with == "lifecycle.on_existing: own"
    assert report.verdict is Verdict.DRIFTED
    assert sim.dynamodb.journal == []
    sim.declare(declaration("users", keys=OTHER_KEY, lifecycle=Lifecycle(on_existing="own")))
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sim.dynamodb.mutating == ["DeleteTable", "CreateTable"]


def test_while_a_replacement_is_blocked_the_rest_of_the_table_is_still_kept():
    sim = simulate(data_loss="never")
    sim.declare(declaration("users"))
    sim.once()
    put(sim, "users")
    sim.declare(declaration("users", keys=OTHER_KEY, deletion_protection=True))
    sim.once()
    assert sim.dynamodb.tables["users"].description["DeletionProtectionEnabled"] is True
    assert "DeleteTable" not in sim.dynamodb.mutating


def test_destroy_deletes_what_we_created_under_the_gate_and_then_suspends():
    sim = simulate(prune="never", max_deletes=0)
    sim.dynamodb.make(
        TableName="theirs",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    sim.declare(declaration("users"), declaration("orders", lifecycle=Lifecycle(protect=True)), declaration("theirs"))
    sim.once()
    put(sim, "users")
    report = sim.reconciler.destroy()
    assert set(sim.dynamodb.tables) == {"orders", "theirs"}
    assert reasons(report) == [Reason.PROTECTED]
    assert sim.store.snapshot.suspension is not None
    sim.dynamodb.journal.clear()
    assert sim.run().suspended
    assert sim.dynamodb.journal == []
    sim.reconciler.resume()
    sim.once()
    assert "users" in sim.dynamodb.tables


def test_an_owner_tag_without_an_inventory_entry_means_that_state_was_lost():
    sim = simulate(flavor=Flavor.AWS)
    sim.declare(declaration("users", seed=SEED))
    sim.once()
    sim.dynamodb.tables["users"].items.clear()
    sim.store.snapshot = replace(sim.store.snapshot, inventory={}, seeds={})
    sim.clock.seconds += 3600
    report = sim.once()
    assert reasons(report) == [Reason.STATE_LOST]
    assert sim.dynamodb.tables["users"].items == {}, "not seeded"
    assert sim.store.snapshot.inventory["users"].ownership == "state_lost"


def test_an_empty_desired_state_touches_nothing():
    sim = owned()
    sim.declare()
    report = sim.once()
    assert report.verdict is Verdict.ERROR
    assert "declares no table" in report.error
    assert set(sim.dynamodb.tables) == {"users", "orders"}
    assert sim.dynamodb.journal == []
