"""Rounds of observe, plan and apply on a table model: the engine for one table, without policy."""

from __future__ import annotations

from dataclasses import dataclass, field

from support.table_model import TableModel

from reconciler.model.change import Call
from reconciler.model.desired import Declaration
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.plan import Action, Step, StepStatus
from reconciler.model.table import TableSpec
from reconciler.planning.create import create_call, without_unsupported
from reconciler.planning.observe import extra_reads, observe
from reconciler.planning.planner import plan

LIMIT = 80


@dataclass
class Outcome:
    """What a run did, and the plan it ended with."""

    calls: list[Call] = field(default_factory=list)
    left: tuple[Step, ...] = ()


def asked(model: TableModel, declared: TableSpec) -> Responses:
    """All answers that somebody who has declared the table so would read."""
    responses = model.responses()
    assert responses is not None
    asks = extra_reads(declared, responses.table)
    further = {ask.key: model.read(ask.operation, ask.params) for ask in asks}
    return Responses({**responses.answers, **further}, responses.unsupported)


def seen(model: TableModel, declared: TableSpec | None = None) -> ObservedTable | None:
    """The table as observed by somebody who has declared it so."""
    if model.table is None:
        return None
    return observe(asked(model, declared) if declared else model.responses() or Responses({}))


def lacking(*, has_tags: bool) -> frozenset[str]:
    """What the model cannot hold."""
    return frozenset() if has_tags else frozenset({"tags"})


def build(before: TableSpec, *, lag: bool = False, has_tags: bool = True) -> TableModel:
    """A model in which ``before`` is true."""
    model = TableModel(has_tags=has_tags)
    model.send(create_call(without_unsupported(before, lacking(has_tags=has_tags))))
    if before.ttl and before.ttl.enabled:
        model.ttl = {"TimeToLiveStatus": "ENABLED", "AttributeName": before.ttl.attribute}
    if before.point_in_time_recovery and before.point_in_time_recovery.enabled:
        days = before.point_in_time_recovery.days or 35
        model.backups = {"PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": days}
    assert model.table is not None
    model.side_features.prepare(before, model.table)
    model.lag = lag
    return model


def run(model: TableModel, declared: Declaration, *, replace: bool = True) -> Outcome:
    """Send the first step that may go, one a round, until nothing is ready or waits."""
    outcome = Outcome()
    for _ in range(LIMIT):
        steps = plan(declared, seen(model, declared.spec), lacks=lacking(has_tags=model.has_tags))
        ready = [step for step in steps if step.status is StepStatus.READY and _allowed(step, model, replace=replace)]
        waits = any(step.status is StepStatus.DEFERRED for step in steps)
        outcome.left = steps
        if not ready and not waits:
            return outcome
        if ready:
            assert ready[0].call is not None
            model.send(ready[0].call)
            outcome.calls.append(ready[0].call)
        model.tick()
    raise AssertionError(f"no end after {LIMIT} rounds: {[step.message for step in outcome.left]}")


def _allowed(step: Step, model: TableModel, *, replace: bool) -> bool:
    if step.action is not Action.REPLACE:
        return True
    return replace and not (model.table and model.table["DeletionProtectionEnabled"])
