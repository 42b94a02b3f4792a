"""What only the whole pass can decide: caps on deletes, invalid answers elsewhere, operations in flight. Pure."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from reconciler.engine.doubt import doubted
from reconciler.engine.survey import Survey
from reconciler.model.options import Options
from reconciler.model.plan import Action, Fate, Reason, Step
from reconciler.model.records import Ended, StateSnapshot
from reconciler.planning.fates import without_prospect
from reconciler.planning.ownership import is_ours, may_be_ours
from reconciler.planning.policy import cap, is_wanted

READ_AGAIN = "another reconciler led since the state was read; it is read again first"
IN_FLIGHT_LIMIT = 250
"""Table operations at once that every account may have, creates with indexes included (CreateTable quota)."""


def hold_together(
    surveys: list[Survey],
    options: Options,
    snapshot: StateSnapshot,
    ended: Set[str] = frozenset(),
    foreign: Set[str] = frozenset(),
    *,
    recent: tuple[Ended, ...] = (),
    doubtful: bool = False,
) -> list[Survey]:
    """The surveys with the fates that follow from seeing all of them, and from what earlier rounds ended.

    ``foreign`` are the tables that the declarations look foreign to, or declare another one in place of. ``recent`` is
    what went within the last hour. ``doubtful`` says that an invalid answer came before the surveys.
    """
    if any(_first_unwanted(survey, foreign) for survey in surveys):
        surveys = [_after_the_note(survey) for survey in surveys]
    owners = [index for index, survey in enumerate(surveys) for _ in survey.steps]
    steps = [step for survey in surveys for step in survey.steps]
    if not steps:
        return surveys
    if doubtful or any(survey.doubtful for survey in surveys):
        steps = [_after_malformed(step) for step in steps]
    if not options.explicit_delete:
        unknown = sum(_unjudged(survey) for survey in surveys)
        steps = cap(steps, limit_of(options, snapshot), already=_went(surveys, ended, recent) + unknown)
    steps = _within_flight(steps, sum(_in_flight(survey) for survey in surveys))
    regrouped: list[list[Step]] = [[] for _ in surveys]
    for index, step in zip(owners, steps, strict=True):
        regrouped[index].append(step)
    return [_with_steps(survey, without_prospect(tuple(own))) for survey, own in zip(surveys, regrouped, strict=True)]


def _with_steps(survey: Survey, steps: tuple[Step, ...]) -> Survey:
    return survey if steps == survey.steps else replace(survey, steps=steps)


def without_lease(surveys: list[Survey], holder: str) -> list[Survey]:
    """Every ready step waits for the other reconciler; nothing is written down either."""
    message = f"another reconciler holds the lease: {holder}"
    return [
        replace(
            survey,
            steps=tuple(s.deferred(Reason.LEASE, message) if s.fate is Fate.READY else s for s in survey.steps),
        )
        for survey in surveys
    ]


def read_again(surveys: list[Survey], why: str = READ_AGAIN) -> list[Survey]:
    """All that was decided on a state which another reconciler has written to since waits for the next look at it."""
    return [replace(survey, steps=_waiting(survey, why)) for survey in surveys]


def _waiting(survey: Survey, why: str) -> tuple[Step, ...]:
    decided = (Fate.READY, Fate.BLOCKED)
    steps = tuple(s.deferred(Reason.LEASE, why) if s.fate in decided else s for s in survey.steps)
    if survey.entry_changed and not steps:
        return (Step(Action.UPDATE, "ownership").deferred(Reason.LEASE, why),)
    return steps


def needs_write(survey: Survey) -> bool:
    """Whether acting on this survey writes anything, be it only a record."""
    return survey.entry_changed or any(step.fate is Fate.READY for step in survey.steps)


def _went(surveys: list[Survey], ended: Set[str], recent: tuple[Ended, ...]) -> int:
    """How many tables went before that are not wanted gone now: a delete that did not come true counts once."""
    wanted = {survey.name: survey.observed for survey in surveys if any(is_wanted(step) for step in survey.steps)}
    gone = set(ended) - wanted.keys()
    for each in recent:
        again = wanted.get(each.name)
        if each.name not in wanted or (again is not None and not again.identity.same(each.identity)):
            gone.add(each.name)
    return len(gone)


def _unjudged(survey: Survey) -> bool:
    """Whether a table of ours that is not declared could not be looked at: it may have to go as well."""
    unseen = survey.entry is not None and not survey.noted_only
    return survey.declaration is None and unseen and not any(s.destructive for s in survey.steps)


def limit_of(options: Options, snapshot: StateSnapshot) -> int | None:
    """The cap on deletes and replaces; ``None`` where there is none."""
    if options.max_deletes is not None or options.max_deletes_share is None:
        return options.max_deletes
    owned = sum(is_ours(entry) for entry in snapshot.inventory.values())
    return max(1, int(owned * options.max_deletes_share))


def _in_flight(survey: Survey) -> bool:
    return survey.observed is not None and survey.observed.status != "ACTIVE"


def _within_flight(steps: list[Step], busy: int) -> list[Step]:
    free, kept = IN_FLIGHT_LIMIT - busy, []
    for step in steps:
        starts = step.fate is Fate.READY and step.call is not None and step.action is not Action.UPDATE
        free -= starts
        full = f"{IN_FLIGHT_LIMIT} table operations are in flight already"
        kept.append(step.deferred(Reason.BUSY, full) if starts and free < 0 else step)
    return kept


def _first_unwanted(survey: Survey, foreign: Set[str]) -> bool:
    """Whether this pass is the first that finds the table forgotten by declarations that look like somebody else's."""
    return survey.name in foreign and (survey.recorded is None or survey.recorded.forgotten_since is None)


def _after_the_note(survey: Survey) -> Survey:
    """No table is made, and none that stands there becomes ours, in the pass that notes which ones are forgotten."""
    claims = _claims(survey)
    held = tuple(_noted_first(s) if claims or s.action is Action.CREATE else s for s in survey.steps)
    return replace(survey, steps=held, entry=survey.recorded if claims else survey.entry)


def _noted_first(step: Step) -> Step:
    said = "which tables are declared no more is written down first"
    return step.deferred(Reason.BUSY, said) if step.fate is Fate.READY else step


def _claims(survey: Survey) -> bool:
    before, after = survey.recorded, survey.entry
    return is_ours(after) and not may_be_ours(before)


def _after_malformed(step: Step) -> Step:
    return doubted(step) if (step.destructive or step.takes_away) and step.fate is Fate.READY else step
