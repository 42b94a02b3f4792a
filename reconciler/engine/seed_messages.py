"""What seeding or clearing a table came to, as a sentence for its step. Pure."""

from __future__ import annotations

from reconciler.engine.seed_work import SeedOutcome
from reconciler.model.errors import LeaseLost, OutcomeUnknown, TableChanged
from reconciler.model.plan import Action, Reason, Step
from reconciler.planning.text import several

LEASE = "the lease was lost"


def seeded_step(step: Step, outcome: SeedOutcome) -> Step:
    """The step with the fate that its outcome gives it: failed, deferred where it stopped half-way, else done."""
    counts = seed_summary(outcome) if step.action is Action.SEED else clear_summary(outcome)
    error = outcome.error
    if outcome.unknown:
        # Each of them is named, whatever else happened: they are all that is left of what may be lost.
        others = () if error is None or isinstance(error, OutcomeUnknown) else (error,)
        return step.failed("; ".join([*map(str, (*outcome.unknown, *others)), counts]))
    if isinstance(error, LeaseLost):
        return step.deferred(Reason.LEASE, f"{LEASE}; {counts}")
    if isinstance(error, TableChanged):
        verb = "written, the last ones possibly into the new table" if step.action is Action.SEED else "removed"
        items = several(outcome.written if step.action is Action.SEED else outcome.removed, "item")
        return step.failed(f"{error.message}; stopped after {items} {verb}", Reason.IDENTITY)
    if error is not None:
        return step.failed(f"{error}; {counts}")
    if outcome.stopped is not None:
        return step.deferred(Reason.BUSY, f"{outcome.stopped}; {counts}")
    source = outcome.record.source if outcome.record else ""
    words = f"{counts}, from {source}" if step.action is Action.SEED and source else counts
    return step.done().with_message(words)


def seed_summary(outcome: SeedOutcome) -> str:
    """``2 written, 1 present``, and what failed or is of an earlier version of the seed."""
    parts = [f"{outcome.written} written", f"{outcome.present} present"]
    if outcome.failed:
        parts.append(f"{outcome.failed} failed")
    if outcome.earlier:
        parts.append(f"{outcome.earlier} of an earlier version of the seed remain")
    if outcome.recorded_earlier:
        parts.append(f"up to {outcome.recorded_earlier} of an earlier version of the seed remain")
    return ", ".join(parts)


def clear_summary(outcome: SeedOutcome) -> str:
    """``3 removed, 1 kept (changed since)``, and what was not there."""
    reasons = [
        f"{count} {reason}" if outcome.changed and outcome.others else reason
        for count, reason in (
            (outcome.changed, "changed since"),
            (outcome.others, "not recorded as written by the seed"),
        )
        if count
    ]
    kept = f"{outcome.kept} kept"
    parts = [f"{outcome.removed} removed", f"{kept} ({', '.join(reasons)})" if reasons else kept]
    if outcome.gone:
        parts.append(f"{outcome.gone} already gone")
    if outcome.earlier:
        parts.append(f"{outcome.earlier} of an earlier version of the seed not found unchanged")
    if outcome.failed:
        parts.append(f"{outcome.failed} failed")
    return ", ".join(parts)
