"""The progress of an index rebuild, from its record and the observed table. Pure; called while assessing a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from reconciler.model.desired import Declaration
from reconciler.model.identity import Identity
from reconciler.model.observed import ObservedTable
from reconciler.model.records import IndexRebuild
from reconciler.model.report import RebuildPhase, RebuildProgress
from reconciler.model.table import TableSpec


def progress(
    record: IndexRebuild, observed: ObservedTable, desired: TableSpec | None, now: datetime
) -> RebuildProgress:
    """The phase of the rebuild, and what comes next as a sentence. The command ``rebuild-index`` does the work."""
    live = {index.name for index in observed.spec.global_indexes or ()}
    command = f"`reconciler rebuild-index {record.name} {record.index}`"
    if record.new_index not in live:
        return _at(record, "starting", f"{command} creates {record.new_index}")
    under_way = next((said for said in observed.ongoing if said.startswith(f"index {record.new_index} is ")), None)
    if under_way:
        phase: RebuildPhase = "backfilling" if under_way.endswith("(backfilling)") else "building"
        return _at(record, phase, f"{record.new_index} becomes ACTIVE by itself, then {record.index} is held")
    if record.index not in live:
        return _at(record, "dropping", f"{command} ends the rebuild once {record.index} is gone")
    if record.ready_at is not None and now < record.drop_at:
        return _at(
            record, "holding", f"{_readers(record, desired)}{command} drops {record.index} after that", held=True
        )
    return _at(record, "ready", f"{_readers(record, desired)}{command} {_then(record)}")


def active_rebuild(record: IndexRebuild | None, identity: Identity) -> IndexRebuild | None:
    """The rebuild of the table with this identity, or ``None``."""
    return record if record is not None and identity.same(record.identity) else None


def without_rebuilt_index(declaration: Declaration, rebuild: IndexRebuild | None) -> Declaration:
    """The declaration with the indexes ignored that ``rebuild-index`` works on."""
    if rebuild is None:
        return declaration
    lifecycle = declaration.lifecycle
    ignored = (*lifecycle.ignore_changes, *rebuild.left_alone)
    return replace(declaration, lifecycle=replace(lifecycle, ignore_changes=ignored))


def readers_switched(record: IndexRebuild, desired: TableSpec | None) -> bool:
    """Whether the declaration names the new index only, so that the next pass does not create the old one again."""
    if desired is None or desired.global_indexes is None:
        return True
    names = {index.name for index in desired.global_indexes}
    return record.new_index in names and record.index not in names


def _readers(record: IndexRebuild, desired: TableSpec | None) -> str:
    if readers_switched(record, desired):
        return ""
    return f"let readers and the declaration name {record.new_index} instead of {record.index}; then "


def _then(record: IndexRebuild) -> str:
    return f"drops {record.index}" if record.ready_at else f"begins the time for which {record.index} is held"


def _at(record: IndexRebuild, phase: RebuildPhase, then: str, *, held: bool = False) -> RebuildProgress:
    until = record.drop_at if held else None
    return RebuildProgress(record.index, record.new_index, phase, record.started, record.ready_at, until, then)
