"""What a pass plans for a table whose items are kept while it is replaced. Called by ``assess``.

Until the table is deleted, its replacement is a destructive step like any other and goes through the deletion gate in
each pass. After that nothing else is planned for the table: no seed and no change meets a half-filled one.
"""

from __future__ import annotations

import re
from dataclasses import replace

from reconciler.engine.assessment import PassContext, TableAssessment
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import Phase, Replacement
from reconciler.planning.shapes import key_texts
from reconciler.planning.text import several

UNITS = ("kB", "MB", "GB")


def assess_interrupted(
    base: TableAssessment, replacement: Replacement, observed: ObservedTable | None
) -> TableAssessment:
    """The assessment whose only step brings the items back. The inventory entry stays as it is."""
    given_up = replacement.phase is Phase.CANCELLING
    said = _progress_and_ways(replacement)
    step = Step(Action.REPLACE, "table", returns_items=True, message=said, gives_up=given_up)
    hindrance = _hindrance(base, replacement)
    if hindrance is not None:
        step = step.blocked(Reason.REPLACING, *hindrance)
    return replace(base, observed=observed, entry=base.recorded, steps=(_held(step, replacement),))


def _hindrance(base: TableAssessment, replacement: Replacement) -> tuple[str, str] | None:
    """Why a deleted table cannot be created as its replacement began, and the way on.

    It is asked in each pass and not recorded: once the declaration is as it was, the items are returned.
    """
    if replacement.phase is not Phase.CREATING or replacement.paused or replacement.problem is not None:
        return None
    if base.declaration is None:
        return _undeclared(replacement)
    if key_texts(base.declaration.spec.keys) == replacement.keys:
        return None
    key = ", ".join(replacement.keys)
    why = f"{replacement.name} was deleted to be created anew with the key {key}, and another one is declared"
    return f"{why}; its items are in {replacement.aside}", f"the key {key} in its declaration"


def _undeclared(replacement: Replacement) -> tuple[str, str]:
    """Why a deleted table without a declaration is not created again, and the way on."""
    name = replacement.name
    why = f"{name} was deleted to be created anew, and its items are in {replacement.aside}"
    return f"{why}. They are returned once it is declared again", f"its declaration, then `reconciler replace {name}`"


def cancelling(replacement: Replacement, why: str) -> Step:
    """The step that removes the copy of a table that is not replaced any more."""
    step = Step(Action.REPLACE, "table", returns_items=True, gives_up=True)
    return step.with_message(f"its replacement is cancelled, because {why}; the copy {replacement.aside} is removed")


def cancelled_for_rename(replacement: Replacement, new: str) -> Step:
    """The step before the move of a renamed table that still has all of its items; its copy is of no use for that."""
    return _held(cancelling(replacement, f"it is declared as renamed to {new}"), replacement)


def copy_refusal(context: PassContext, name: str) -> Step:
    """The one step of a declared table that has the name of a copy aside. It is blocked."""
    of = context.snapshot.copy_of(name)
    message = f"{name} is the copy of the items of {of.name if of else 'a table'} while that table is replaced"
    return Step(Action.UPDATE, "ownership").blocked(
        Reason.REPLACING, message, "no declaration of it, or another table_name"
    )


def with_preflight(context: PassContext, base: TableAssessment, step: Step) -> tuple[str | None, Step]:
    """Why the declared table could not hold all items, or ``None``; and the step, which says what is kept.

    All items are read for that, unless the replacement is under way already. Raises ``ApiError``.
    """
    replacer, declaration, observed = context.ports.replacer, base.declaration, base.observed
    if replacer is None or declaration is None or observed is None:
        return "they cannot be read", step
    replacement = context.replacement(base.name)
    if replacement is not None:
        return None, _held(step.with_message(_progress_and_ways(replacement)), replacement)
    found = replacer().examine(context, declaration, observed)
    if found.refusal is not None:
        return found.refusal, step
    drop = "lifecycle.allow_data_loss: true or RECONCILER_DATA_LOSS=allow would drop them"
    if step.status is not StepStatus.READY:
        return None, step
    return None, step.with_message(f"keeps its {several(found.items, 'item')} ({byte_text(found.size)}); {drop}")


def in_grace_period(step: Step, replacement: Replacement) -> Step:
    """The deferred step of a replacement that has begun: a person is not held by the grace period, a daemon is."""
    said = f"{_progress_and_ways(replacement)}; a daemon goes on after the grace period"
    return _held(step.with_message(said), replacement)


def way_on(name: str, problem: str) -> str:
    """The command that the sentence names, or the one that tries again."""
    named = re.search(r"`reconciler replace [^`]+`", problem)
    return named.group() if named is not None else f"`reconciler replace {name} --resume`"


def _held(step: Step, replacement: Replacement) -> Step:
    if replacement.paused:
        resume = f"`reconciler replace {replacement.name} --resume`"
        return step.blocked(Reason.REPLACING, f"{progress_sentence(replacement)}; paused", resume)
    if replacement.problem is not None:
        return step.blocked(Reason.REPLACING, replacement.problem, way_on(replacement.name, replacement.problem))
    return step


def _progress_and_ways(replacement: Replacement) -> str:
    """How far it is, and what a person may do: it may have been interrupted, or another process works on it."""
    run, cancel = f"`reconciler replace {replacement.name}` goes on with it", "`--cancel` gives it up"
    ways = f"{run}, {cancel}" if replacement.may_be_cancelled else run
    return f"{progress_sentence(replacement)}. {ways}"


def progress_sentence(replacement: Replacement) -> str:
    """How far a replacement is: ``is being replaced with its items: copying, 400 of 1,000 items``."""
    done = min(replacement.copied, replacement.items)
    counted = replacement.phase in (Phase.COPYING, Phase.RETURNING)
    share = f", {done:,} of {several(replacement.items, 'item')}" if counted else ""
    return f"is being replaced with its items: {replacement.phase.value}{share}; the copy is {replacement.aside}"


def byte_text(size: int) -> str:
    """``1.2 MB``."""
    amount, unit = float(size), "bytes"
    for bigger in UNITS:
        if amount < 1000:
            break
        amount, unit = amount / 1000, bigger
    return f"{amount:.0f} {unit}" if unit == "bytes" or amount >= 100 else f"{amount:.1f} {unit}"
