"""The deletion gate alone, condition by condition: each refuses by itself when all others hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support.specs import IDENTITY, observed, spec

from reconciler.model.desired import Lifecycle
from reconciler.model.identity import Identity
from reconciler.model.options import Options
from reconciler.model.plan import Reason, Step, StepStatus
from reconciler.model.records import InventoryEntry
from reconciler.planning.planner import prune_step
from reconciler.planning.policy import GateInput, TableContents, deletion_gate

NOW = datetime(2026, 2, 1, tzinfo=UTC)
OURS = InventoryEntry("subject", "subject", "created", "n1", IDENTITY)
EMPTY, FULL = TableContents(holds_items=False), TableContents(holds_items=True)
FACTS = GateInput(Options(), emulator=True, now=NOW, observed=observed(spec()), entry=OURS, lifecycle=Lifecycle())
ANOTHER = Identity("id-2", IDENTITY.arn, IDENTITY.created)


def judged(facts: GateInput, contents: TableContents = EMPTY) -> Step:
    """The fate of a delete; what the contents alone decide is asked with them."""
    step = deletion_gate(prune_step("subject"), facts, None) or deletion_gate(prune_step("subject"), facts, contents)
    assert step is not None
    return step


def test_an_empty_table_that_we_created_may_be_deleted_on_an_emulator() -> None:
    assert judged(FACTS).status is StepStatus.READY


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        pytest.param(replace(FACTS, entry=None), Reason.NOT_OWNED, id="there is no entry"),
        pytest.param(replace(FACTS, entry=replace(OURS, ownership="adopted")), Reason.NOT_OWNED, id="it was adopted"),
        pytest.param(replace(FACTS, entry=replace(OURS, ownership="intent")), Reason.NOT_OWNED, id="it was but meant"),
        pytest.param(replace(FACTS, entry=replace(OURS, ownership="released")), Reason.NOT_OWNED, id="it was released"),
        pytest.param(
            replace(FACTS, entry=replace(OURS, ownership="state_lost")), Reason.STATE_LOST, id="the state was lost"
        ),
        pytest.param(replace(FACTS, entry=replace(OURS, identity=ANOTHER)), Reason.IDENTITY, id="it is another table"),
        pytest.param(replace(FACTS, entry=replace(OURS, identity=None)), Reason.IDENTITY, id="its identity is unknown"),
        pytest.param(replace(FACTS, options=Options(prune="never")), Reason.PRUNE_OFF, id="pruning is off"),
        pytest.param(replace(FACTS, foreign=True), Reason.FOREIGN_DECLARATIONS, id="none of ours is declared"),
        pytest.param(
            replace(FACTS, observed=observed(spec(deletion_protection=True))), Reason.PROTECTED, id="it is protected"
        ),
        pytest.param(
            replace(FACTS, lifecycle=Lifecycle(protect=True)), Reason.PROTECTED, id="its declaration says protect"
        ),
        pytest.param(replace(FACTS, observed=observed(spec(), status="ARCHIVED")), Reason.STATUS, id="it is archived"),
        pytest.param(
            replace(FACTS, observed=observed(spec(), status="INACCESSIBLE_ENCRYPTION_CREDENTIALS")),
            Reason.STATUS,
            id="its KMS key is gone",
        ),
    ],
)
def test_each_clause_blocks_by_itself(facts: GateInput, reason: Reason) -> None:
    step = judged(facts)
    assert (step.status, step.reason) == (StepStatus.BLOCKED, reason)
    assert step.message


@pytest.mark.parametrize("status", ["CREATING", "UPDATING", "DELETING"])
def test_a_busy_table_is_waited_for(status: str) -> None:
    step = judged(replace(FACTS, observed=observed(spec(), status=status)))
    assert (step.status, step.reason) == (StepStatus.DEFERRED, Reason.BUSY)


def test_losing_items_needs_permission() -> None:
    never = replace(FACTS, options=Options(data_loss="never"))
    assert judged(never, FULL).reason is Reason.DATA_LOSS
    assert judged(never, EMPTY).status is StepStatus.READY
    allowed = replace(never, lifecycle=Lifecycle(allow_data_loss=True), entry=replace(OURS, unwanted_since=NOW))
    assert (
        judged(replace(allowed, options=Options(data_loss="never", prune_grace=timedelta(0))), FULL).status
        is StepStatus.READY
    )


def test_outside_emulators_what_an_emulator_may_lose_may_not_be_lost() -> None:
    assert judged(replace(FACTS, emulator=False), FULL).reason is Reason.DATA_LOSS


def test_the_grace_runs_from_the_start_of_the_pending_deletion() -> None:
    def after(seconds: int) -> Step:
        entry = replace(OURS, unwanted_since=NOW - timedelta(seconds=seconds))
        return judged(replace(FACTS, entry=entry, options=Options(prune_grace=timedelta(minutes=5))), FULL)

    assert after(299).reason is Reason.PRUNE_GRACE
    assert after(299).not_before == NOW + timedelta(seconds=1)
    assert after(300).status is StepStatus.READY


def test_a_seed_alone_needs_no_grace() -> None:
    facts = replace(FACTS, options=Options(prune_grace=timedelta(minutes=5)))
    assert judged(facts, TableContents(holds_items=True, only_seed=True)).status is StepStatus.READY
