"""Keeps a pass from taking a table for whole while its items may be in a copy of which nothing is recorded.

A replacement has the items of a table in another one for a while: aside, or in its next generation. If its records are
lost, as with the state table, a pass would create the table empty and seed it, or adopt the half-filled one. What is
left is the name of the other table. Called once per pass, between assessing and the guards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.engine.assessment import TableAssessment
from reconciler.engine.context import EngineContext
from reconciler.facets.tags import READ as LIST_TAGS
from reconciler.facets.tags import owner_of
from reconciler.model.desired import Declaration, DesiredState
from reconciler.model.errors import ApiError, NotFound, Unsupported
from reconciler.model.observed import Responses
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import StateSnapshot
from reconciler.planning.copy_names import is_copy_aside, made_for
from reconciler.planning.observe import read_params

Copies = Mapping[str, tuple[str, ...]]


def find_copies(
    ports: EngineContext, desired: DesiredState, snapshot: StateSnapshot, names: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """By declared table without a record, the tables of ``names`` that nobody knows and that may have its items.

    Costs up to three reads for each such table, and none where there is no such name.
    """
    declared = {each.spec.name: each for each in desired.declarations}
    known = {*declared, *snapshot.inventory, *snapshot.set_aside}
    known |= {each.aside for each in snapshot.replacements.values()}
    known |= {name for each in snapshot.generations.values() for name in (each.old, each.new)}
    named = {
        meant: name
        for name, each in declared.items()
        if name not in snapshot.inventory and each.lifecycle.on_existing != "observe"
        for meant in _names_of(each)
    }
    found = made_for(named, (name for name in names if name not in known)) if named else {}
    told: dict[str, tuple[str, ...]] = {}
    for meant, made in found.items():
        # A declaration that names the copy as the former table says itself what is to become of it.
        unnamed = (name for name in made if declared[named[meant]].renamed_from != name)
        holding = tuple(name for name in unnamed if _may_have_items(ports, name))
        if holding:
            told[named[meant]] = (*told.get(named[meant], ()), *holding)
    return told


def _names_of(declaration: Declaration) -> tuple[str, ...]:
    """The names that the items of a table had: its own one last, which no other declaration takes from it."""
    former = () if declaration.renamed_from is None else (declaration.renamed_from, *declaration.other_readings)
    return (*former, declaration.spec.name)


def _may_have_items(ports: EngineContext, name: str) -> bool:
    """Whether the table may be one that a replacement has made, and has items. What cannot be read may be so."""
    try:
        if not is_copy_aside(name) and ports.endpoint.flavor.has_tags and not _carries_owner_tag(ports, name):
            return False
        return bool(ports.items.first_items(name, 1))
    except NotFound:
        return False
    except ApiError:
        return True


def _carries_owner_tag(ports: EngineContext, name: str) -> bool:
    table = ports.api.read("DescribeTable", {"TableName": name})["Table"]
    try:
        answer = ports.api.read(LIST_TAGS, read_params(LIST_TAGS, name, table["TableArn"], table))
    except Unsupported:
        return True
    return owner_of(Responses({LIST_TAGS: answer})) is not None


def held_for_copies(assessments: list[TableAssessment], copies: Copies) -> list[TableAssessment]:
    """The assessments, with one blocked step for each table that has such a copy. Nothing is recorded of it."""
    if not copies:
        return assessments
    return [
        TableAssessment(each.name, each.declaration, each.observed, steps=(_held(each, copies[each.name]),))
        if each.name in copies and each.recorded is None and _was_read(each) and not _is_refused(each)
        else each
        for each in assessments
    ]


def _was_read(assessment: TableAssessment) -> bool:
    """Whether it is known if the table exists: it was seen, or is about to be created."""
    return assessment.observed is not None or any(step.action is Action.CREATE for step in assessment.steps)


def _is_refused(assessment: TableAssessment) -> bool:
    """Whether nothing happens to the table anyway, as it belongs to another stack."""
    blocked = all(step.status is StepStatus.BLOCKED for step in assessment.steps)
    return assessment.entry is None and bool(assessment.steps) and blocked


def _held(assessment: TableAssessment, copies: tuple[str, ...]) -> Step:
    name, missing = assessment.name, assessment.observed is None
    named = " and ".join(copies)
    has, copy = ("has", "a copy") if len(copies) == 1 else ("have", "copies")
    would = "is not created" if missing else "may have a part of them only"
    of = name if made_for([name], copies) else assessment.declaration.renamed_from if assessment.declaration else name
    why = (
        f"{named} {has} items and the name of {copy} of {of}, and no replacement is recorded, as after the loss of "
        f"the state table: {name} {would}"
    )
    first = copies[0]
    back = f"{first} declared in its place with lifecycle.on_existing: own, `reconciler --once`, then {name} again with"
    back = f"{back} renamed_from: {first}"
    if missing:
        ways = f"{back}; or delete {named}, if no item in it is needed"
    else:
        ways = f"delete {named}, if {name} has all items; or delete {name}, and {back}"
    action, facet = (Action.CREATE, "table") if missing else (Action.UPDATE, "ownership")
    return Step(action, facet).blocked(Reason.REPLACING, why, ways)
