"""The pass on the simulated DynamoDB: what it creates, skips, repairs and records."""

from dataclasses import replace
from datetime import timedelta

import pytest
from simulation.refusal import throttled
from simulation.simulated_dynamodb import SimulatedDynamoDB
from simulation.simulated_engine import declaration, item, simulate

from reconciler.model.desired import Lifecycle
from reconciler.model.errors import Ambiguous, Busy, Forbidden, Malformed, Unreachable
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.records import Lease, Suspension
from reconciler.model.report import TableStatus, Verdict
from reconciler.model.table import GlobalIndex, KeyElement, Projection, Stream, Ttl

BY_EMAIL = GlobalIndex("by_email", (KeyElement("email", "HASH", "S"),), Projection("ALL"))
SEED = (item("1", name="Ada"), item("2", name="Grace"))


def statuses(report):
    return {table.name: table.status for table in report.tables}


def blocked(report):
    return {s.reason for t in report.tables for s in t.steps if s.status is StepStatus.BLOCKED}


def test_a_declared_table_is_created_and_seeded_and_then_nothing_is_written():
    sim = simulate()
    sim.declare(declaration(seed=SEED))
    report = sim.once()
    assert report.verdict is Verdict.IN_SYNC
    assert list(sim.dynamodb.tables["users"].items.values()) == [dict(i) for i in SEED]
    assert report.summary()["create"] == report.summary()["seed"] == 1
    sim.dynamodb.journal.clear()
    puts = sim.items.puts
    for _ in range(5):
        assert sim.run().verdict is Verdict.IN_SYNC
    assert sim.dynamodb.journal == []
    assert sim.items.puts == puts


def test_a_create_that_takes_time_is_pending_and_never_called_in_sync():
    sim = simulate(delay=20)
    sim.declare(declaration(seed=SEED))
    assert statuses(sim.run()) == {"users": TableStatus.PENDING}
    assert statuses(sim.run()) == {"users": TableStatus.PENDING}
    sim.clock.seconds += 21
    sim.run()
    assert statuses(sim.run()) == {"users": TableStatus.IN_SYNC}
    assert len(sim.dynamodb.tables["users"].items) == 2


def test_once_waits_for_a_slow_table_up_to_its_deadline():
    assert simulate_slow(delay=60, timeout=300).verdict is Verdict.IN_SYNC
    late = simulate_slow(delay=600, timeout=300)
    assert late.verdict is Verdict.DRIFTED
    assert late.summary()["deferred"] == 1


def simulate_slow(*, delay, timeout):
    sim = simulate(delay=delay, timeout=timeout)
    sim.declare(declaration(seed=SEED))
    return sim.once()


def test_follow_up_facets_and_indexes_take_one_call_per_pass():
    sim = simulate(delay=5)
    sim.dynamodb.make(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    sim.dynamodb.journal.clear()
    by_city = replace(BY_EMAIL, name="by_city", keys=(KeyElement("city", "HASH", "S"),))
    sim.declare(
        declaration(global_indexes=(by_city, BY_EMAIL), ttl=Ttl(True, "gone"), stream=Stream(True, "KEYS_ONLY"))
    )
    report = sim.once()
    assert report.verdict is Verdict.IN_SYNC
    assert sorted(sim.dynamodb.mutating) == ["UpdateTable"] * 3 + ["UpdateTimeToLive"]
    assert report.summary()["update"] == 1


def test_a_table_deleted_by_others_is_recreated_and_reseeded():
    sim = simulate()
    sim.declare(declaration(seed=SEED))
    sim.once()
    del sim.dynamodb.tables["users"]
    report = sim.once()
    assert report.verdict is Verdict.IN_SYNC
    assert len(sim.dynamodb.tables["users"].items) == 2


def test_a_broken_declaration_writes_nothing_and_the_loop_continues_observing():
    sim = simulate()
    sim.declare(declaration("users"), declaration("orders"))
    sim.once()
    sim.dynamodb.journal.clear()
    del sim.dynamodb.tables["orders"]
    sim.source.broken = True
    report = sim.run()
    assert report.verdict is Verdict.ERROR
    assert len(report.problems) == 1
    assert statuses(report) == {"users": TableStatus.IN_SYNC, "orders": TableStatus.MISSING}
    assert sim.dynamodb.journal == []


def test_a_broken_declaration_at_the_start_sends_no_request():
    sim = simulate()
    sim.source.broken = True
    assert sim.once().verdict is Verdict.ERROR
    assert sim.dynamodb.reads == []
    assert sim.dynamodb.journal == []


def test_preview_and_observe_and_suspension_write_nothing():
    for prepare in ("preview", "observe", "suspended"):
        sim = simulate(mode="observe" if prepare == "observe" else "enforce")
        sim.declare(declaration(seed=SEED))
        if prepare == "suspended":
            sim.store.put_suspension(Suspension("me", sim.clock.now()))
        report = sim.reconciler.preview() if prepare == "preview" else sim.once()
        assert report.verdict is Verdict.DRIFTED, prepare
        assert statuses(report) == {"users": TableStatus.MISSING}
        assert sim.dynamodb.journal == []
        assert sim.store.snapshot.inventory == {}


def test_another_holder_of_the_lease_is_named_and_nothing_is_written():
    sim = simulate(timeout=10)
    sim.declare(declaration())
    sim.store.rival = Lease("somebody", 7, sim.clock.now() + timedelta(hours=1))
    report = sim.once()
    assert report.lease_holder == "somebody"
    assert report.verdict is Verdict.DRIFTED
    assert [s.reason for t in report.tables for s in t.steps if s.status is StepStatus.DEFERRED] == [Reason.LEASE]
    assert sim.dynamodb.journal == []


def test_no_lease_is_acquired_for_a_pass_with_nothing_to_write():
    sim = simulate()
    sim.declare(declaration())
    sim.once()
    taken = sim.store.acquired
    sim.run()
    assert sim.store.acquired == taken


def test_the_failure_of_one_table_never_stops_another():
    sim = simulate(timeout=20)
    sim.declare(declaration("users"), declaration("orders"))

    def denied(operation, params):
        if operation == "CreateTable" and params["TableName"] == "orders":
            raise Forbidden(operation, "AccessDeniedException", "not allowed")

    sim.dynamodb.faults = denied
    report = sim.once()
    assert statuses(report) == {"users": TableStatus.IN_SYNC, "orders": TableStatus.ERROR}
    assert report.verdict is Verdict.ERROR


@pytest.mark.parametrize("kind", ["throttled", "busy"])
def test_throttling_and_busy_answers_are_deferred_and_tried_again(kind):
    sim = simulate()
    sim.declare(declaration())
    failures = iter([throttled("CreateTable"), Busy("CreateTable", "LimitExceededException", "later")])

    def fault(operation, params):
        if operation == "CreateTable" and (error := next(failures, None)):
            raise error

    sim.dynamodb.faults = fault
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sim.dynamodb.mutating == ["CreateTable"]


def test_a_create_with_a_lost_answer_is_ours_only_if_a_tag_proves_it():
    for flavor in (Flavor.MOTO, Flavor.DYNAMODB_LOCAL, Flavor.AWS):
        sim = simulate(flavor=flavor)
        sim.declare(declaration(seed=SEED))
        lost = iter([Ambiguous("CreateTable", "timeout", "no answer")])

        def lose(operation, params, lost=lost):
            if operation == "CreateTable" and (error := next(lost, None)):
                raise error

        sim.dynamodb.after = lose
        assert sim.once().verdict is Verdict.IN_SYNC, flavor
        assert sim.dynamodb.mutating == ["CreateTable"]
        expected = "created" if flavor.has_tags else "adopted"
        assert sim.store.snapshot.inventory["users"].ownership == expected
        assert len(sim.dynamodb.tables["users"].items) == len(SEED)


def test_a_table_that_somebody_else_created_in_between_is_adopted_not_owned():
    sim = simulate()
    sim.declare(declaration())

    def rival(operation, params):
        if operation == "CreateTable" and "users" not in sim.dynamodb.tables:
            sim.dynamodb.make(**{**params, "Tags": []})

    sim.dynamodb.faults = rival
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sim.store.snapshot.inventory["users"].ownership == "adopted"


def test_an_unreachable_endpoint_is_an_error_of_the_pass_and_not_an_empty_endpoint():
    sim = simulate()
    sim.declare(declaration())
    sim.once()

    def down(operation, params):
        raise Unreachable(operation, "ConnectionRefused", "connection refused")

    sim.dynamodb.faults = down
    report = sim.run()
    assert report.verdict is Verdict.ERROR
    assert "Nothing answers at" in report.error
    sim.dynamodb.faults = None
    assert sim.run().verdict is Verdict.IN_SYNC


def test_a_malformed_answer_fails_its_table_and_forbids_deletes_in_the_pass():
    sim = simulate()
    sim.declare(declaration("carts"), declaration("orders"), declaration("users"))
    sim.once()
    sim.declare(declaration("carts"), declaration("users"))

    def garbled(operation, params):
        if operation == "DescribeTable" and params["TableName"] == "users":
            raise Malformed(operation, "malformed", "no Table member")

    sim.dynamodb.faults = garbled
    assert blocked(sim.reconciler.preview()) == {Reason.INVALID_ANSWER}, "a plan says so before a run finds out"
    report = sim.run()
    assert "orders" in sim.dynamodb.tables
    assert blocked(report) == {Reason.INVALID_ANSWER}
    sim.dynamodb.faults = None
    sim.once()
    assert "orders" not in sim.dynamodb.tables


def test_denied_list_tables_is_a_warning_and_the_count_of_unmanaged_tables_stays_unknown():
    sim = simulate()
    sim.declare(declaration())

    def denied(operation, params):
        if operation == "ListTables":
            raise Forbidden(operation, "AccessDeniedException", "no")

    sim.dynamodb.faults = denied
    report = sim.once()
    assert report.verdict is Verdict.IN_SYNC
    assert report.unmanaged is None
    assert "ListTables was denied" in report.warnings[0]


def test_an_unmanaged_table_is_counted_and_not_touched():
    sim = simulate()
    sim.dynamodb.make(
        TableName="theirs",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    sim.dynamodb.journal.clear()
    sim.declare(declaration())
    report = sim.once()
    assert report.unmanaged == 1
    assert statuses(report)["theirs"] is TableStatus.UNMANAGED
    assert report.verdict is Verdict.IN_SYNC
    assert sim.dynamodb.mutating == ["CreateTable"]


def test_a_field_without_effect_is_written_twice_and_then_unsupported_on_an_emulator():
    sim = simulate()
    sim.dynamodb.sticky = {"DeletionProtectionEnabled"}
    sim.declare(declaration())
    sim.once()
    sim.declare(declaration(deletion_protection=True))
    report = sim.once()
    assert sim.dynamodb.mutating == ["CreateTable", "UpdateTable", "UpdateTable"]
    assert report.verdict is Verdict.IN_SYNC
    assert report.summary()["unsupported"] == 1
    again = simulate_again(sim)
    assert again.run().verdict is Verdict.IN_SYNC
    assert sim.dynamodb.mutating.count("UpdateTable") == 2


def simulate_again(sim):
    """A new process over the same world: what was remembered is what was written down."""
    from reconciler.engine.state import EngineState

    sim.reconciler.state = EngineState()
    return sim


def test_the_same_on_aws_is_contested_blocked_and_still_drift():
    sim = simulate(flavor=Flavor.AWS)
    sim.dynamodb.sticky = {"DeletionProtectionEnabled"}
    sim.declare(declaration())
    sim.once()
    sim.clock.seconds += 60
    sim.declare(declaration(deletion_protection=True))
    report = sim.once()
    assert sim.dynamodb.mutating.count("UpdateTable") == 2
    assert report.verdict is Verdict.DRIFTED
    assert blocked(report) == {Reason.CONTESTED}
    (step,) = [s for t in report.tables for s in t.steps if s.status is StepStatus.BLOCKED]
    assert step.message == "deletion_protection: true was written 2 times and read back as false, then as false"


def test_a_new_desired_value_of_the_field_is_tried_again():
    sim = simulate()
    sim.dynamodb.sticky = {"TimeToLiveSpecification"}
    sim.declare(declaration(ttl=Ttl(True, "a")))
    sim.once()
    sim.dynamodb.sticky = set()
    sim.declare(declaration(ttl=Ttl(True, "b")))
    sim.once()
    assert sim.dynamodb.tables["users"].ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "b"}


def test_tags_on_an_endpoint_without_them_are_unsupported_and_never_written():
    sim = simulate(flavor=Flavor.DYNAMODB_LOCAL)
    sim.declare(declaration(tags=(("team", "a"),)))
    report = sim.once()
    assert report.verdict is Verdict.IN_SYNC
    assert report.summary()["unsupported"] == 1
    assert sim.dynamodb.mutating == ["CreateTable"]


@pytest.mark.parametrize(
    ("on_existing", "status", "mutations"),
    [
        ("observe", TableStatus.BLOCKED, []),
        ("fail", TableStatus.ERROR, []),
        ("adopt", TableStatus.IN_SYNC, ["UpdateTable"]),
    ],
)
def test_an_existing_table_is_treated_as_on_existing_says(on_existing, status, mutations):
    sim = simulate()
    sim.dynamodb.make(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    sim.dynamodb.journal.clear()
    sim.declare(declaration(deletion_protection=True, lifecycle=Lifecycle(on_existing=on_existing)))
    assert statuses(sim.once()) == {"users": status}
    assert sim.dynamodb.mutating == mutations


def test_right_after_a_create_a_missing_table_is_not_created_twice_outside_emulators():
    sim = simulate(flavor=Flavor.AWS)
    sim.declare(declaration())
    sim.run()
    table = sim.dynamodb.tables.pop("users")
    report = sim.run()
    assert sim.dynamodb.mutating == ["CreateTable"]
    assert statuses(report) == {"users": TableStatus.PENDING}
    sim.dynamodb.tables["users"] = table
    assert sim.run().verdict is Verdict.IN_SYNC


def test_seed_commands_clear_what_was_seeded_and_keep_what_changed():
    sim = simulate()
    sim.declare(declaration(seed=SEED))
    sim.once()
    live = sim.dynamodb.tables["users"].items
    changed = next(iter(live))
    live[changed] = item("1", name="Ada Lovelace")
    (report,) = sim.reconciler.clear().tables
    assert (report.seed_removed, report.seed_kept) == (1, 1)
    assert list(live.values()) == [item("1", name="Ada Lovelace")]
    live.clear()
    sim.once()
    assert live == {}, "a cleared table is not reseeded by the loop"
    sim.reconciler.seed()
    assert len(live) == 2


def test_seeding_interrupted_anywhere_is_resumed_to_the_seed_plus_the_foreign_items():
    for stop_after in range(3):
        sim = simulate()
        sim.declare(declaration(seed=SEED))
        puts = iter(range(stop_after))

        def killed(operation, value, puts=puts):
            if operation == "PutItem" and next(puts, None) is None:
                raise KeyboardInterrupt

        sim.items.faults = killed
        with pytest.raises(KeyboardInterrupt):
            sim.once() if stop_after < 2 else (sim.once(), killed("PutItem", None))
        sim.items.faults = None
        if "users" in sim.dynamodb.tables:
            sim.dynamodb.tables["users"].items.setdefault("other", item("9"))
        assert sim.once().verdict is Verdict.IN_SYNC
        assert {i["pk"]["S"] for i in sim.dynamodb.tables["users"].items.values()} == {"1", "2", "9"}


def test_a_table_that_holds_items_is_never_seeded():
    sim = simulate()
    sim.dynamodb.make(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    sim.dynamodb.tables["users"].items["x"] = item("1", name="mine")
    sim.declare(declaration(seed=SEED))
    assert sim.once().verdict is Verdict.IN_SYNC
    assert list(sim.dynamodb.tables["users"].items.values()) == [item("1", name="mine")]


def test_a_scan_that_fails_is_never_read_as_empty():
    sim = simulate()
    sim.dynamodb.make(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    sim.declare(declaration(seed=SEED))

    def garbled(operation, table):
        if operation == "Scan":
            raise Malformed("Scan", "malformed", "no Count")

    sim.items.faults = garbled
    assert sim.run().verdict is Verdict.ERROR
    assert sim.dynamodb.tables["users"].items == {}


def test_simulated_dynamodb_refuses_what_the_service_refuses():
    sim = simulate()
    assert isinstance(sim.dynamodb, SimulatedDynamoDB)
    sim.dynamodb.make(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        DeletionProtectionEnabled=True,
    )
    with pytest.raises(Exception, match="protection"):
        sim.dynamodb.do("DeleteTable", {"TableName": "users"})


def test_a_change_in_two_calls_is_not_reported_as_ignored_by_the_endpoint():
    sim = simulate(flavor=Flavor.AWS, disruption="allow")
    sim.declare(declaration(stream=Stream(True, "KEYS_ONLY")))
    sim.once()
    sim.dynamodb.sticky = {"StreamSpecification"}
    sim.declare(declaration(stream=Stream(True, "NEW_IMAGE")))
    sim.run()
    sim.dynamodb.sticky = set()
    assert sim.once().verdict is Verdict.IN_SYNC


def test_a_call_without_effect_is_not_repeated_for_ever():
    sim = simulate(flavor=Flavor.AWS, disruption="allow")
    sim.declare(declaration(stream=Stream(True, "KEYS_ONLY")))
    sim.once()
    sim.dynamodb.sticky = {"StreamSpecification"}
    sim.declare(declaration(stream=Stream(True, "NEW_IMAGE")))
    for _ in range(5):
        report = sim.run()
    assert sim.dynamodb.mutating.count("UpdateTable") == 2
    assert blocked(report) == {Reason.CONTESTED}
