"""What a pass plans for a table whose next generation is built beside it. Called by ``assess``.

Before the switch the declared name means the old table, and nothing but the work itself is planned for it. After the
switch it means the new one, which is treated like any table; only what would end it waits for the end of the hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.engine.assess_replacement import way_on
from reconciler.engine.assessment import PassContext, TableAssessment, failed_assessment
from reconciler.engine.deletion_gate import assess_deletion
from reconciler.engine.observe import observe_twice
from reconciler.model.change import Call, Hazard
from reconciler.model.desired import Declaration, Lifecycle
from reconciler.model.errors import ApiError
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import ENDED, SWITCHED, Generation, GenerationPhase, InventoryEntry
from reconciler.planning.diff import diff
from reconciler.planning.shapes import shape_of
from reconciler.planning.text import several

WARN_AFTER = timedelta(minutes=5)
"""Of falling behind. A burst of writes is caught up with before that."""
UNSWITCHED = frozenset(GenerationPhase) - SWITCHED - {GenerationPhase.RETURN, GenerationPhase.CANCEL} - ENDED
OWNER = frozenset({Reason.NOT_OWNED, Reason.STATE_LOST, Reason.IDENTITY})
"""Why a table counts as none of ours."""
ENDING = frozenset({GenerationPhase.REVERT, GenerationPhase.RETURN, GenerationPhase.CANCEL})


def assess_before_switch(
    base: TableAssessment, generation: Generation, observed: ObservedTable | None, *, suspended: bool = False
) -> TableAssessment:
    """The assessment whose only step is the work. The inventory entry stays as it is."""
    # The work goes on where another shape is declared, because the declaration may be restored.
    said = _refused_shape(base, generation) or _progress_and_ways(generation, suspended=suspended)
    step = Step(Action.REPLACE, "table", returns_items=True, message=said, gives_up=generation.phase in ENDING)
    return replace(
        base, observed=observed, entry=base.recorded, generation=generation, steps=(_held(step, generation),)
    )


def until_switched(assessment: TableAssessment) -> TableAssessment:
    """The assessment as it is reported by a pass that does not work on it: what waits for ``--switch`` is blocked.

    Its step is ready, because a pass that writes repeats the changes. Afterwards that pass reports it blocked as here,
    and so it does where another table is declared by now.
    """
    generation = assessment.generation
    other = None if generation is None else _refused_shape(assessment, generation)
    if generation is None or not (generation.waits_for_switch or other):
        return assessment
    steps = tuple(
        (_until_cancelled(step, generation, other) if other else wait_for_switch(step, generation))
        if step.moves_items and step.status is StepStatus.READY
        else step
        for step in assessment.steps
    )
    return replace(assessment, steps=steps)


def until_deleted(assessments: Iterable[TableAssessment]) -> list[TableAssessment]:
    """The assessments as they are reported, where a table that is left behind is not deleted.

    The end of the work waits for that alone. A pass that writes looks at the work nevertheless, and finds the same.
    """
    each_of = tuple(assessments)
    stays = {
        each.left_by.name
        for each in each_of
        if each.left_by is not None and any(step.status is StepStatus.BLOCKED for step in each.steps)
    }
    return [
        replace(each, steps=tuple(s for s in each.steps if not (s.moves_items and s.status is StepStatus.READY)))
        if each.generation is not None and each.generation.name in stays and each.left_by is None
        else each
        for each in each_of
    ]


def wait_for_switch(step: Step, generation: Generation) -> Step:
    """The step blocked until a person asks for the switch: the new table has all items."""
    return step.blocked(Reason.REPLACING, ready_sentence(generation), generation.switch_command)


def _until_cancelled(step: Step, generation: Generation, why: str) -> Step:
    return step.blocked(Reason.REPLACING, why, f"`reconciler replace {generation.name} --cancel`")


def _refused_shape(assessment: TableAssessment, generation: Generation) -> str | None:
    """Why the switch would be refused for what is declared by now, or ``None``."""
    if assessment.declaration is None or generation.phase not in UNSWITCHED:
        return None
    taken_back = _declared_instead(generation, assessment.declaration)
    if taken_back is not None:
        return f"{progress_sentence(generation, generation.current)}; {taken_back}"
    if generation.shape in (None, shape_of(assessment.declaration)):
        return None
    return f"{progress_sentence(generation, generation.current)}; {_declared_otherwise(generation, ('its shape',))}"


def in_hold(assessment: TableAssessment, generation: Generation) -> TableAssessment:
    """The assessment of the new table during the hold."""
    steps = tuple(_until_finished(step, generation) for step in assessment.steps)
    if generation.paused or generation.problem is not None:
        held = _held(Step(Action.REPLACE, "table", returns_items=True), generation)
        if generation.problem is not None and assessment.observed is not None:
            held = replace(held, allow_with=hold_ways(generation))
        steps = (held, *steps)
    return replace(assessment, steps=steps, generation=generation)


def _until_finished(step: Step, generation: Generation) -> Step:
    if step.action is Action.CREATE and step.status is not StepStatus.BLOCKED:
        # An empty table in its place would look as if nothing was missing, and the way back would be lost.
        why = f"{generation.new} is missing, and {generation.old} has its items up to the last change that was repeated"
        return step.blocked(Reason.REPLACING, why, f"`reconciler replace {generation.name} --cancel`")
    if not (step.destructive or step.keeps_items) or step.status is StepStatus.BLOCKED:
        return step
    why = f"{generation.new} has taken the place of {generation.old}, which is kept for the way back"
    return step.blocked(Reason.REPLACING, why, f"`reconciler replace {generation.name} --finish`")


def undeclared_step(generation: Generation) -> Step:
    """The step of a table whose declaration was removed during the work: it goes on only if a person ended it."""
    step = Step(Action.REPLACE, "table", returns_items=True, gives_up=generation.phase in ENDING)
    if ends(generation):
        return _held(step.with_message(progress_sentence(generation, generation.current)), generation)
    why = f"{progress_sentence(generation, generation.current)}, and its declaration is gone"
    command = f"`reconciler replace {generation.name}"
    ways = f"its declaration again; or {command} --cancel` gives it up"
    if not generation.may_go_back:
        old = f"{generation.old} if it is still there, no longer managed"
        ways = f"its declaration again; or {command} --keep` ends it and keeps {old}"
    elif generation.phase is GenerationPhase.HOLD:
        ways += f", `--keep` ends the hold and keeps {generation.old}"
    return step.blocked(Reason.REPLACING, why, ways)


def ends(generation: Generation) -> bool:
    """Whether a person has ended the work in a way that needs no declaration: nothing is created for it any more."""
    kept = generation.keep and generation.finish
    return generation.phase in ENDING or (kept and generation.phase in (GenerationPhase.HOLD, GenerationPhase.FINISH))


def taken_step(generation: Generation, name: str) -> Step:
    """The blocked step of a declaration that names a table of another table's replacement."""
    why = f"{name} is a table of the replacement of {generation.name}"
    return Step(Action.UPDATE, "ownership").blocked(Reason.REPLACING, why, "another table_name")


def left_tables(context: PassContext) -> Iterator[tuple[Generation, str]]:
    """The tables that are to be deleted now, because another one has their items."""
    for generation in context.snapshot.generations.values():
        name = generation.other
        switched_back = generation.phase is GenerationPhase.CANCEL and generation.switched is not None
        if name is not None and not generation.keep and (generation.phase is GenerationPhase.FINISH or switched_back):
            yield generation, name


def assess_left_table(
    context: PassContext, generation: Generation, name: str, declaration: Declaration | None
) -> TableAssessment:
    """Plan the deletion of a table whose items another table has: a replacement, which goes through the gate."""
    recorded = context.snapshot.set_aside.get(name)
    base = TableAssessment(name, recorded=recorded, entry=recorded, left_by=generation)
    if recorded is None:
        return base
    identity = generation.old_identity if generation.phase is GenerationPhase.FINISH else generation.new_identity
    try:
        observed = observe_twice(context.ports, name)
        if observed is None or not observed.identity.same(identity):
            return base
        base = replace(base, observed=observed)
        if generation.problem is not None:
            step = Step(Action.REPLACE, "table", keeps_items=True)
            ways = return_ways(generation) if generation.phase is GenerationPhase.CANCEL else hold_ways(generation)
            return replace(base, steps=(step.blocked(Reason.REPLACING, generation.problem, ways),))
        step = Step(Action.REPLACE, "table", call=Call("DeleteTable", {"TableName": name}), keeps_items=True)
        lifecycle = _lifecycle(context, generation, recorded, declaration)
        # The record follows the declaration as that of a declared table does. The last check before the call reads it.
        base = replace(base, entry=replace(recorded, lifecycle=lifecycle))
        judged = assess_deletion(context, base, step, lifecycle)
        steps = tuple(_explained(each, judged, generation, declaration) for each in judged.steps)
        return replace(judged, steps=steps)
    except ApiError as error:
        return failed_assessment(base, error)


def _lifecycle(
    context: PassContext, generation: Generation, recorded: InventoryEntry, declaration: Declaration | None
) -> Lifecycle:
    """The lifecycle of a table that is left behind: what is declared for the name that meant it.

    Where the declaration is gone, what it said last: during the hold only the record of the other table followed it.
    """
    if declaration is not None:
        return declaration.lifecycle
    current = context.snapshot.inventory.get(generation.current)
    if current is not None and current.lifecycle.protect and not recorded.lifecycle.protect:
        return replace(recorded.lifecycle, protect=True, protect_as=current.lifecycle.protect_as)
    return recorded.lifecycle


def _explained(
    step: Step, judged: TableAssessment, generation: Generation, declaration: Declaration | None = None
) -> Step:
    if step.status is StepStatus.READY:
        has = f"{generation.current} has its {several(generation.items, 'item')}"
        return step.with_message(f"{has}{yielded_text(generation)}")
    if step.status is StepStatus.BLOCKED:
        if step.reason is Reason.PROTECTED:
            step = _protected(step, judged, generation, declared=declaration is not None)
        keep = f"`reconciler replace {generation.name} --keep`"
        # What is declared decides on the owner of the table that the name means now, and no more of this one.
        other = None if step.reason in OWNER else step.allow_with
        return replace(step, allow_with=f"{other}; or {keep}" if other else keep)
    return step


def _protected(step: Step, judged: TableAssessment, generation: Generation, *, declared: bool) -> Step:
    """What protects the table, and what ends that. The declared name means the other table."""
    if judged.observed is not None and judged.observed.spec.deletion_protection:
        why = f"deletion protection of {judged.name} is on, and the declared name means {generation.current} now"
        off = f"`aws dynamodb update-table --table-name {judged.name} --no-deletion-protection-enabled`"
        return step.blocked(Reason.PROTECTED, why, off)
    where = f"the declaration of {generation.name}"
    if declared:
        return replace(step, allow_with=f"{step.allow_with} in {where}")
    why = f"{where}, which is gone, protects {judged.name}"
    return step.blocked(Reason.PROTECTED, why, f"{step.allow_with} in its restored declaration")


def _held(step: Step, generation: Generation) -> Step:
    resume = f"`reconciler replace {generation.name} --resume`"
    if generation.paused:
        return step.blocked(Reason.REPLACING, f"{progress_sentence(generation, generation.current)}; paused", resume)
    if generation.problem is not None:
        return step.blocked(Reason.REPLACING, generation.problem, problem_ways(generation.name, generation.problem))
    return step


def problem_ways(name: str, problem: str) -> str:
    """What a person may do about a problem: the command that its sentence names, or trying again."""
    named, resume = way_on(name, problem), f"`reconciler replace {name} --resume`"
    return named if named == resume else f"{named}; or {resume} once that is settled"


def hold_ways(generation: Generation) -> str:
    """What a person may do about a problem during the hold, while the new table is there."""
    resume = f"`reconciler replace {generation.name} --resume` once that is settled"
    return f"{resume}; or `--keep` ends the hold and keeps {generation.old}, no longer managed"


def return_ways(generation: Generation) -> str:
    """What a person may do about a problem with the new table after the way back."""
    resume = f"`reconciler replace {generation.name} --resume` once that is settled"
    return f"{resume}; or `--keep` leaves {generation.new}, no longer managed"


def another_shape(generation: Generation, declaration: Declaration, new: ObservedTable) -> str | None:
    """Why the new table is not what is declared by now, so that it would have to be replaced in its turn, or ``None``.

    The declaration may have changed since the work began.
    """
    taken_back = _declared_instead(generation, declaration)
    if taken_back is not None:
        return taken_back
    changes = diff(replace(declaration.spec, name=generation.new), new.spec)
    paths = sorted({change.path for change in changes if change.hazard is Hazard.REPLACEMENT})
    return _declared_otherwise(generation, paths) if paths else None


def _declared_instead(generation: Generation, declaration: Declaration) -> str | None:
    """That a rename was taken back: the table is declared under its former name, as a sentence, or ``None``."""
    declared = declaration.declared_name or declaration.spec.name
    if declared == generation.name:
        return None
    return f"{declared} is declared instead of {generation.name}. {_ways_on(generation)}"


def _declared_otherwise(generation: Generation, paths: Sequence[str]) -> str:
    return (
        f"{' and '.join(paths)} {'is' if len(paths) == 1 else 'are'} declared otherwise by now than {generation.new}"
        f" was created. {_ways_on(generation)}"
    )


def _ways_on(generation: Generation) -> str:
    return (
        "Restore the declaration that this replacement began with, or run"
        f" `reconciler replace {generation.name} --cancel` and begin again"
    )


def _progress_and_ways(generation: Generation, *, suspended: bool) -> str:
    """How far it is, and what a person may do: a pass works on it again, but it may wait for a decision."""
    said = progress_sentence(generation, generation.current)
    switches = generation.switch and generation.phase is GenerationPhase.READY
    place = f"{generation.new} takes the place of {generation.old}"
    if suspended:
        return f"{said}. The stack is suspended; after `reconciler resume` {place if switches else 'it goes on'}"
    if switches:
        cancel = f"`reconciler replace {generation.name} --cancel` gives it up"
        return f"{said}. In the next run {place}, as was decided; {cancel}"
    if generation.phase not in UNSWITCHED:
        return said
    return f"{said}. `reconciler replace {generation.name}` goes on with it, `--cancel` gives it up"


def progress_sentence(generation: Generation, table: str | None = None) -> str:
    """How far it is: ``is being replaced by orders-g2: copy, 400 of 1,000 items``.

    ``table`` is the one that the sentence is about; ``None`` means the declared name.
    """
    share = ""
    if generation.phase is GenerationPhase.COPY:
        share = f", {min(generation.copied, generation.items):,} of {several(generation.items, 'item')}"
    elif generation.replayed and generation.phase not in (GenerationPhase.CREATE, GenerationPhase.CAPTURE):
        share = f", {several(generation.replayed, 'change')} repeated"
    behind = behind_text(generation)
    verb = f"is being replaced by {generation.new}"
    if (table or generation.name) == generation.new:
        verb = f"{'has taken the place' if generation.phase in SWITCHED else 'gets the items'} of {generation.old}"
    return f"{verb}: {generation.phase.value}{share}{f'; {behind}' if behind else ''}"


def behind_text(generation: Generation) -> str | None:
    """What a person has to know where applications write faster than their changes are repeated, or ``None``."""
    if generation.behind_since is None or generation.change_rate is None or generation.replay_rate is None:
        return None
    source, target = generation.old, generation.new
    if generation.current == generation.new:
        source, target = target, source
    return (
        f"about {several(generation.change_rate, 'change')} a second are made to {source}, and only about"
        f" {generation.replay_rate:,} are repeated, so it is {generation.lag or 0} s behind and does not catch up by"
        f" itself: write less for a while, or raise the capacity of {target}"
    )


def behind_warnings(generations: Iterable[Generation], now: datetime) -> Iterator[str]:
    """A warning for each replacement that has been falling behind for a while."""
    for each in generations:
        text = behind_text(each) if each.under_way else None
        if text is not None and each.behind_since is not None and now - each.behind_since >= WARN_AFTER:
            yield f"{each.name}: {text}. Changes that are older than 24 hours are lost, and the copy begins again"


def yielded_text(generation: Generation) -> str:
    """How many items gave way to others; empty if none did."""
    if not generation.yielded:
        return ""
    rule = f"newest by {generation.newest_by}" if generation.on_conflict == "newest" else generation.on_conflict
    return f", without {several(generation.yielded, 'item')} that yielded to another one of the same key ({rule})"


def ready_sentence(generation: Generation) -> str:
    """What a person has to know before the switch."""
    lag = f", the last one {generation.lag} s after it was made" if generation.lag is not None else ""
    behind = behind_text(generation)
    since = f", and {several(generation.replayed, 'change')} since the work began" if generation.replayed else ""
    ready = f"{behind}. The switch waits until it has caught up" if behind else "It is ready to switch"
    return (
        f"{generation.new} has all {several(generation.items, 'item')} that {generation.old} had when both were last"
        f" compared{yielded_text(generation)}{since}; changes are repeated{lag}. {ready}"
    )
