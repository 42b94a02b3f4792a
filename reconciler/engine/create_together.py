"""Create many new tables with few requests to the state table: the records of a group of tables are written together.

For each table the order stays: the intent is stored and read back, then CreateTable is sent, then the record of the
created table is written. The intents of a group and the records of the group before it share one transaction, which is
under way while the tables in between are created. Called by ``apply``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest

from reconciler.engine.apply_step import Intent, intended_create, result_after_error
from reconciler.engine.assessment import PassContext, TableAssessment
from reconciler.engine.send_call import TableResult
from reconciler.model.errors import ApiError
from reconciler.model.records import InventoryEntry

GROUP = 25
"""Tables whose records are written together. A process that is killed leaves up to two groups of created tables without
their last record. Where no tag proves them ours, they are adopted (see ``ownership``), so a group is small."""
FEWEST = 2
"""Records below which there is nothing to share."""

Apply = Callable[[PassContext, TableAssessment, Intent | None], TableResult]
"""Applies one table, with its intent if there is one."""


def create_together(context: PassContext, assessments: Sequence[TableAssessment], apply: Apply) -> list[TableResult]:
    """Apply tables of which nothing is recorded. The results are in their order; errors are in them, as with ``apply``.

    Whatever ends it, tables that were created are recorded before it returns or raises.
    """
    results: dict[str, TableResult] = {}
    unrecorded: list[TableResult] = []
    intents: dict[str, Intent] = {}

    def create(assessment: TableAssessment) -> None:
        result = apply(context, assessment, intents.get(assessment.name))
        results[assessment.name] = result
        if result.created is not None:
            unrecorded.append(result)

    def record(following: Sequence[TableAssessment]) -> None:
        # Threads add to the list meanwhile; what comes later is recorded with the next group.
        finished = [unrecorded.pop() for _ in range(len(unrecorded))]
        intended = _intended(context, following)
        created = [result.created for result in finished if result.created is not None]
        stored = _stored_together(context, [*created, *intended])
        for result in finished:
            results[result.assessment.name] = _recorded(context, result, stored)
        for entry in intended:
            intents[entry.name] = Intent(stored.get(entry.name, entry), entry.name in stored)

    groups = [assessments[first : first + GROUP] for first in range(0, len(assessments), GROUP)]
    record(groups[0])
    try:
        for group, following in zip_longest(groups, groups[1:], fillvalue=()):
            under_way = context.ports.parallel.map(create, group)
            record(following)
            for _ in under_way:
                pass
    finally:
        record(())
    return [results[assessment.name] for assessment in assessments]


def _intended(context: PassContext, assessments: Iterable[TableAssessment]) -> list[InventoryEntry]:
    if context.out_of_time or context.latch.endpoint_changed:
        return []
    return [intended_create(context, each, each.declaration) for each in assessments if each.declaration is not None]


def _stored_together(context: PassContext, entries: Sequence[InventoryEntry]) -> dict[str, InventoryEntry]:
    """By table name, those of the records that are proven to be stored, with their revision."""
    if len(entries) < FEWEST:
        return {}
    try:
        return {entry.name: entry for entry in context.ports.store.put_entries(entries)}
    except ApiError as error:
        # Each record is written by itself now, which reports what is wrong; a later one may not tell of this response.
        context.latch.note(error)
        return {}


def _recorded(context: PassContext, result: TableResult, stored: dict[str, InventoryEntry]) -> TableResult:
    """The result of a created table once its record is stored."""
    assessment, created = result.assessment, result.created
    if created is None:
        return result
    try:
        entry = stored.get(assessment.name) or context.ports.store.put_entry(created)
    except ApiError as error:
        return result_after_error(context, assessment, error)
    return replace(result, assessment=replace(assessment, recorded=entry, entry=entry), created=None)
