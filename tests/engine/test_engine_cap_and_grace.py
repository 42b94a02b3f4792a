"""The cap counts planned deletions and those of the last hour; grace and backup use a monotonic clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate
from support.specs import keys

from reconciler.engine.state import EngineState
from reconciler.model.errors import Throttled
from reconciler.model.identity import Flavor
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import Lease
from reconciler.model.report import PassReport
from reconciler.presentation.render import losses

HOUR = 3600.0
NAMES = ("a1", "a2", "a3", "a4", "a5")


def stack(flavor: Flavor = Flavor.AWS, **options: Any) -> Sim:
    """Six tables of ours with an item each; only ``kept`` is declared from now on."""
    chosen = {"data_loss": "allow", "prune_grace": timedelta(0), "max_deletes": 1, **options}
    sim = simulate(flavor=flavor, **chosen)
    sim.declare(*(declaration(name) for name in ("kept", *NAMES)))
    for _ in range(3):
        sim.run()
        sim.clock.seconds += 60
    for name in ("kept", *NAMES):
        sim.dynamodb.tables[name].items["theirs"] = item("theirs")
    sim.dynamodb.journal.clear()
    return sim


def passes(sim: Sim, count: int, pause: float = 60.0) -> None:
    for _ in range(count):
        sim.run()
        sim.clock.seconds += pause


def reasons(report: PassReport, step_status: StepStatus = StepStatus.BLOCKED) -> set[Reason | None]:
    return {step.reason for table in report.tables for step in table.steps if step.status is step_status}


def left(sim: Sim) -> list[str]:
    return sorted(sim.dynamodb.tables)


def _status(status: str) -> Callable[[Sim, str], None]:
    def put(sim: Sim, name: str) -> None:
        sim.dynamodb.tables[name].description["TableStatus"] = status

    return put


def _active(sim: Sim, name: str) -> None:
    sim.dynamodb.tables[name].description["TableStatus"] = "ACTIVE"


@pytest.mark.parametrize("status", ["UPDATING", "CREATING"])
def test_tables_becoming_active_one_by_one_are_not_deleted_one_per_pass(status: str) -> None:
    sim = stack()
    for name in NAMES:
        _status(status)(sim, name)
    sim.declare(declaration("kept"))
    for name in NAMES:
        _active(sim, name)
        passes(sim, 2)
    assert left(sim) == [*NAMES, "kept"]
    assert reasons(sim.run()) == {Reason.MAX_DELETES}


def test_tables_whose_grace_ends_one_by_one_are_not_deleted_one_per_pass() -> None:
    sim = stack(prune_grace=timedelta(minutes=5))
    for number in range(1, 6):
        sim.declare(*(declaration(name) for name in ("kept", *NAMES[number:])))
        passes(sim, 1)
    passes(sim, 10)
    assert left(sim) == [*NAMES, "kept"]


def test_tables_emptied_one_by_one_are_not_deleted_one_per_pass() -> None:
    sim = stack(data_loss="never")
    sim.declare(declaration("kept"))
    for name in NAMES:
        sim.dynamodb.tables[name].items.clear()
        passes(sim, 3)
    assert left(sim) == [*NAMES, "kept"]


def test_replacements_count_like_deletions() -> None:
    sim = stack()
    _status("UPDATING")(sim, "a2")
    sim.declare(*(declaration(n) for n in ("kept", *NAMES[2:])), declaration("a2", keys=keys("pk N")))
    passes(sim, 3)
    assert left(sim) == [*NAMES, "kept"]


def test_the_cap_allows_one_table_an_hour() -> None:
    sim = stack()
    for number in range(1, 4):
        sim.declare(*(declaration(name) for name in ("kept", *NAMES[number:])))
        passes(sim, 5)
        assert len(left(sim)) == 5, "the one that was declared no more is the second of this hour"
        if number == 1:
            assert "a1" not in left(sim)
        break
    sim.declare(*(declaration(name) for name in ("kept", *NAMES[2:])))
    passes(sim, 50)
    assert "a2" in left(sim)
    passes(sim, 15)
    assert "a2" not in left(sim)
    assert set(sim.store.snapshot.ended) == {"a2"}, "what no longer counts is dropped"


@pytest.mark.parametrize("hand", ["restart", "another process", "wall clock an hour on"])
def test_deletions_of_the_last_hour_are_remembered(hand: str) -> None:
    sim = stack()
    sim.declare(*(declaration(name) for name in ("kept", *NAMES[1:])))
    passes(sim, 2)
    assert "a1" not in left(sim)
    if hand == "wall clock an hour on":
        sim.clock.jumped += 2 * HOUR
    else:
        sim.reconciler = replace(sim.reconciler, state=EngineState())
    sim.declare(*(declaration(name) for name in ("kept", *NAMES[2:])))
    passes(sim, 5)
    assert "a2" in left(sim)


def test_a_delete_that_was_throttled_counts_once() -> None:
    sim = stack()
    sim.declare(*(declaration(name) for name in ("kept", *NAMES[1:])))
    refused = []

    def throttle(operation: str, params: object) -> None:
        if operation == "DeleteTable" and len(refused) < 3:
            refused.append(operation)
            raise Throttled(operation, "ThrottlingException", "slow")

    sim.dynamodb.faults = throttle
    passes(sim, 6)
    assert "a1" not in left(sim)


def test_the_same_table_replaced_twice_within_the_hour_counts_twice() -> None:
    sim = stack()
    rest = [declaration(name) for name in ("kept", *NAMES[1:])]
    sim.declare(*rest, declaration("a1", keys=keys("pk N")))
    passes(sim, 4)
    assert "theirs" not in sim.dynamodb.tables["a1"].items
    sim.dynamodb.tables["a1"].items["later"] = item("later")
    sim.declare(*rest, declaration("a1"))
    passes(sim, 5)
    assert "later" in sim.dynamodb.tables["a1"].items
    assert reasons(sim.run()) == {Reason.MAX_DELETES}


def test_without_a_cap_nothing_is_recorded_and_all_are_deleted() -> None:
    sim = stack(Flavor.DYNAMODB_LOCAL, max_deletes=None)
    sim.declare(declaration("kept"))
    passes(sim, 3)
    assert (left(sim), sim.store.snapshot.ended) == (["kept"], {})


def test_an_explicit_destroy_is_not_capped_and_does_not_count() -> None:
    sim = stack(one_shot=True)
    sim.declare(*(declaration(name) for name in ("kept", *NAMES)))
    sim.reconciler.destroy()
    assert (left(sim), sim.store.snapshot.ended) == ([], {})


def test_one_planned_deletion_is_told_in_the_singular() -> None:
    sim = stack(max_deletes=0)
    sim.declare(*(declaration(name) for name in ("kept", *NAMES[1:])))
    messages = [step.message for table in sim.run().tables for step in table.steps if step.message]
    expected = "1 deletion or replacement planned; limit is 0 (RECONCILER_MAX_DELETES); none executed"
    assert messages == [expected]


def test_a_protected_table_does_not_count_towards_the_cap() -> None:
    sim = stack()
    sim.dynamodb.tables["a1"].description["DeletionProtectionEnabled"] = True
    sim.declare(*(declaration(name) for name in ("kept", *NAMES[2:])))
    passes(sim, 3)
    assert left(sim) == ["a1", *NAMES[2:], "kept"]


GRACE = timedelta(minutes=5)
JUMPS = (301.0, HOUR, 24 * HOUR, 365 * 24 * HOUR)
FLAVORS = [Flavor.DYNAMODB_LOCAL, Flavor.AWS]


def pending(flavor: Flavor, *, empty: bool = False) -> Sim:
    sim = stack(flavor, prune_grace=GRACE, max_deletes=None, data_loss="never" if empty else "allow")
    if empty:
        sim.dynamodb.tables["a1"].items.clear()
    sim.declare(*(declaration(name) for name in ("kept", *NAMES[1:])))
    return sim


@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_jump_of_the_wall_clock_ends_no_grace(flavor: Flavor, jump: float) -> None:
    sim = pending(flavor)
    passes(sim, 2)
    sim.clock.jumped += jump
    passes(sim, 3)
    assert "a1" in left(sim)
    passes(sim, 3)
    assert "a1" not in left(sim)


@pytest.mark.parametrize("jump", JUMPS)
def test_a_wall_clock_jump_does_not_count_as_a_second_empty_observation(jump: float) -> None:
    sim = pending(Flavor.AWS, empty=True)
    passes(sim, 2)
    sim.clock.jumped += jump
    passes(sim, 3)
    assert "a1" in left(sim)
    passes(sim, 3)
    assert "a1" not in left(sim)


@pytest.mark.parametrize("jump", JUMPS)
def test_a_wall_clock_that_is_set_back_does_not_stop_the_grace_for_ever(jump: float) -> None:
    sim = pending(Flavor.AWS)
    passes(sim, 1)
    sim.clock.jumped -= jump
    passes(sim, 8)
    assert "a1" not in left(sim)


def test_a_restarted_daemon_waits_the_whole_grace_period() -> None:
    sim = pending(Flavor.AWS)
    passes(sim, 4)
    sim.reconciler = replace(sim.reconciler, state=EngineState())
    sim.clock.seconds += HOUR
    passes(sim, 5)
    assert "a1" in left(sim)
    passes(sim, 2)
    assert "a1" not in left(sim)


def test_one_shot_commands_count_from_the_recorded_time() -> None:
    sim = pending(Flavor.DYNAMODB_LOCAL)
    sim.reconciler.options = replace(sim.reconciler.options, one_shot=True)
    sim.run()
    sim.clock.seconds += 301
    sim.reconciler = replace(sim.reconciler, state=EngineState())
    passes(sim, 2)
    assert "a1" not in left(sim)


def backups(sim: Sim) -> int:
    return sum(operation == "CreateBackup" for operation in sim.dynamodb.mutating)


def throttled(sim: Sim) -> None:
    def throttle(operation: str, params: object) -> None:
        if operation == "DeleteTable":
            raise Throttled(operation, "ThrottlingException", "slow")

    sim.dynamodb.faults = throttle


@pytest.mark.parametrize(("pause", "made"), [(60.0, 1), (299.0, 1), (301.0, 2), (1800.0, 2), (3599.0, 2)], ids=str)
def test_a_backup_before_a_delete_that_was_not_executed_counts_for_five_minutes(pause: float, made: int) -> None:
    sim = pending(Flavor.AWS)
    sim.dynamodb.has_backups = True
    sim.reconciler.options = replace(sim.reconciler.options, prune_grace=timedelta(0))
    throttled(sim)
    sim.run()
    assert backups(sim) == 1
    sim.clock.seconds += pause
    sim.dynamodb.tables["a1"].items["later"] = item("later")
    sim.dynamodb.faults = None
    passes(sim, 2)
    assert ("a1" in left(sim), backups(sim)) == (False, made)


@pytest.mark.parametrize("jump", [-HOUR, -1800.0, HOUR])
def test_whatever_the_wall_clock_says_an_old_backup_does_not_count(jump: float) -> None:
    sim = pending(Flavor.AWS)
    sim.dynamodb.has_backups = True
    sim.reconciler.options = replace(sim.reconciler.options, prune_grace=timedelta(0))
    throttled(sim)
    sim.run()
    sim.clock.seconds += 1800
    sim.clock.jumped += jump
    sim.dynamodb.faults = None
    passes(sim, 2)
    assert ("a1" in left(sim), backups(sim)) == (False, 2)


def test_the_backup_of_another_process_does_not_count() -> None:
    sim = pending(Flavor.AWS)
    sim.dynamodb.has_backups = True
    sim.reconciler.options = replace(sim.reconciler.options, prune_grace=timedelta(0))
    throttled(sim)
    sim.run()
    sim.reconciler = replace(sim.reconciler, state=EngineState())
    sim.dynamodb.faults = None
    passes(sim, 2)
    assert backups(sim) == 2


def test_options_that_trust_records_are_refused_by_a_pass_that_writes() -> None:
    sim = simulate(trusts_records=True)
    sim.declare(declaration("users"))
    assert [step.action for table in sim.reconciler.preview().tables for step in table.steps] == [Action.CREATE]
    with pytest.raises(ValueError, match="for a dry run"):
        sim.run()
    assert sim.dynamodb.tables == {}


def _pending(report: PassReport, name: str = "a1") -> Step:
    (step,) = (step for table in report.tables if table.name == name for step in table.steps)
    assert (step.status, step.reason) == (StepStatus.DEFERRED, Reason.PRUNE_GRACE)
    return step


def test_the_end_of_a_grace_period_is_shown_once_its_beginning_is_recorded() -> None:
    sim = stack(prune_grace=timedelta(minutes=5), max_deletes=9)
    sim.declare(*(declaration(name) for name in ("kept", *NAMES[1:])))
    lasts = "the grace period lasts 5 min from when the process that leads first sees this"
    for _ in range(2):
        shown = sim.reconciler.preview()
        assert _pending(shown).not_before is None
        assert lasts in (_pending(shown).message or "")
        assert any(text.startswith("delete a1 after its grace period: ") for text in losses(shown.tables[0]))
        sim.clock.seconds += 60
    ends = sim.clock.now() + timedelta(minutes=5)
    for report in (sim.run(), sim.reconciler.preview()):
        assert _pending(report).not_before == ends
        assert lasts not in (_pending(report).message or "")
        sim.clock.seconds += 60
    assert _pending(sim.reconciler.preview()).not_before == ends
    sim.clock.seconds += 179
    sim.run()
    assert "a1" in left(sim)
    sim.clock.seconds += 2
    passes(sim, 3)
    assert "a1" not in left(sim), "after its safety backup"


def test_a_process_that_does_not_lead_shows_no_time_that_moves_on() -> None:
    sim = stack(prune_grace=timedelta(minutes=5), max_deletes=9)
    sim.declare(*(declaration(name) for name in ("kept", *NAMES[1:])))
    sim.store.rival = Lease("other", 1, sim.clock.now() + timedelta(days=1))
    for _ in range(3):
        report = sim.reconciler.run_pass("schedule")
        assert report.lease_holder is not None
        assert _pending(report).not_before is None
        sim.clock.seconds += 60
