"""The lines and the JSON members of ``migrate``. Called by the command of this name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.cli import codes
from reconciler.model.errors import Problem
from reconciler.model.json_values import plain
from reconciler.model.records import ItemMigration
from reconciler.mover.item_change import ItemChange
from reconciler.mover.migrate import MigrationProgress, MigrationResult
from reconciler.mover.migrate_commands import Sampled, Verified
from reconciler.mover.migration_file import plain_value
from reconciler.mover.migration_order import MigrationOrder, MigrationState, MigrationStatus
from reconciler.planning.text import several
from reconciler.presentation.paths import seen_from_here

Shown = tuple[list[str], dict[str, Any], int]
"""Lines for a person, members of the JSON document, exit code."""
COUNTS = ("changed", "done", "skipped", "gone", "failed")
LONGEST = 60
WORDS = {
    MigrationStatus.STARTED: "started, not finished",
    MigrationStatus.REVERTING: "being undone",
    MigrationStatus.CHANGED: "applied, but its file has changed since",
    MigrationStatus.MISSING: "applied, but its file is gone",
}


COMMANDS = {
    MigrationStatus.STARTED: "`reconciler migrate up`",
    MigrationStatus.REVERTING: "`reconciler migrate down`",
}
"""What goes on with a migration that is not finished."""


def status(order: MigrationOrder, base: str) -> Shown:
    """Where each migration stands. Exit 2 where something is left, 1 for problems."""
    problems = _problems(order.problems, base)
    lines = [_state_line(state) for state in order.states] or [
        "There is no migration; `reconciler migrate new NAME` writes one."
    ]
    lines += [f"error: {problem}" for problem in problems]
    warnings = _problems(order.warnings, base)
    lines += [f"warning: {warning}" for warning in warnings]
    members = {
        "migrations": [_state(state) for state in order.states],
        "problems": [_problem(each) for each in problems],
        "warnings": [_problem(each) for each in warnings],
    }
    # The files of the first ones may be removed once they are applied everywhere; another missing one is a problem.
    ended = (MigrationStatus.APPLIED, MigrationStatus.MISSING)
    left = [state for state in order.states if state.status not in ended]
    return lines, members, codes.ERROR if problems else codes.DRIFT if left else codes.OK


def ran(action: str, results: Sequence[MigrationResult], base: str) -> Shown:
    """What ``up`` or ``down`` did. Exit 2 where it has to go on, 1 where an item or a call failed."""
    lines: list[str] = []
    entries = []
    failed = False
    for result in results:
        problems = _problems(result.problems, base)
        record = result.record
        counts = _counts(record.counts)
        if result.finished:
            done = "applied to" if action == "up" else "undone on"
            again = f", from the first item again, because {result.began_again}" if result.began_again else ""
            lines.append(f"{record.name}: {done} {record.table} ({counts}){again}")
        else:
            lines.append(f"{record.name}: not finished on {record.table} ({counts})")
            lines += [f"  {problem}" for problem in problems]
            left = record.counts.get("failed", 0) - result.failed
            lines += [f"  and {several(left, 'more item')}"] if left > 0 else []
            lines += [f"  {result.error}"] if result.error else []
            if problems:
                lines.append(
                    f"  Change {action}() in its file, or these items. Another {action}() begins at the first item."
                )
            lines.append(f"  `reconciler migrate {action}` continues from the last checkpoint.")
            failed = failed or bool(result.problems or result.error)
        entries.append(
            {
                **_record(record),
                "finished": result.finished,
                "problems": [_problem(each) for each in problems],
                "error": str(result.error) if result.error else None,
            }
        )
    if not results:
        lines.append("Nothing to do: every migration is applied.")
    members = {"action": action, "migrations": entries}
    if all(result.finished for result in results):
        return lines, members, codes.OK
    return lines, members, codes.ERROR if failed else codes.DRIFT


def sampled(samples: Sequence[Sampled], base: str) -> Shown:
    """What would be run, from a sample. Exit 2 where something would be run, 1 where an item fails."""
    lines: list[str] = []
    for sample in samples:
        lines += _sample_lines(sample, base)
    if not samples:
        lines.append("Nothing to do: every migration is applied.")
    members = {"dry_run": True, "migrations": [_sample(sample, base) for sample in samples]}
    failed = any(sample.problems for sample in samples)
    return lines, members, codes.ERROR if failed else codes.DRIFT if samples else codes.OK


def verified(order: MigrationOrder, found: Sequence[Verified], base: str) -> Shown:
    """Whether applied migrations hold for every item. Exit 2 where an item is left, 1 for problems."""
    problems = _problems(order.problems, base)
    lines = [f"error: {problem}" for problem in problems]
    for each in found:
        items = several(each.counts.get("scanned", 0), "item")
        lines.append(f"{each.migration.name}: {items} of {each.table} read, {each.left:,} left to change")
        lines += [f"  for example {_item(example)}" for example in each.examples]
        lines += [f"  {each.error}"] if each.error else []
    pending = [state for state in order.states if state.status in (MigrationStatus.PENDING, MigrationStatus.STARTED)]
    lines += [f"{state.name}: {state.status.value}" for state in pending]
    if not lines:
        lines.append("No migration is applied.")
    members = {
        "migrations": [
            {
                "name": each.migration.name,
                "table": each.table,
                "counts": dict(each.counts),
                "left": each.left,
                "examples": [plain(example) for example in each.examples],
                "error": str(each.error) if each.error else None,
            }
            for each in found
        ],
        "pending": [state.name for state in pending],
        "problems": [_problem(each) for each in problems],
    }
    if problems or any(each.error for each in found):
        return lines, members, codes.ERROR
    return lines, members, codes.DRIFT if pending or any(each.left for each in found) else codes.OK


def progress_line(progress: MigrationProgress) -> str:
    """``0007_add_status: 1,200 of about 8,000 items of users, 400 items/s``."""
    seen = progress.counts.get("scanned", 0)
    speed = seen / progress.seconds if progress.seconds > 0 else 0.0
    return (
        f"{progress.name}: {seen:,} of about {max(progress.total, seen):,} items of {progress.table}"
        f" ({_counts(progress.counts)}), {speed:,.0f} items/s"
    )


def _state_line(state: MigrationState) -> str:
    if state.status is MigrationStatus.APPLIED and state.record is not None:
        record = state.record
        when = record.finished.strftime("%Y-%m-%d %H:%M UTC") if record.finished else "?"
        return f"{state.name}: applied to {record.table}, {when}, by {record.by} ({_counts(record.counts)})"
    if state.status is MigrationStatus.PENDING and state.elsewhere is not None:
        was = "applied to" if state.elsewhere.applied else "begun on"
        return f"{state.name}: pending, because it was {was} another table, {state.elsewhere.table}"
    if state.status is MigrationStatus.PENDING and state.void:
        return f"{state.name}: pending again, because its table was created again"
    words = WORDS.get(state.status, state.status.value)
    if state.status not in COMMANDS:
        return f"{state.name}: {words}"
    command = COMMANDS[state.status]
    if state.file is None:
        return f"{state.name}: {words}, and its file is gone: restore it, then {command} resumes it"
    if state.changed_since:
        return f"{state.name}: {words}, and its file has changed since: {command} starts again at the first item"
    if state.record is not None and state.record.moved:
        return f"{state.name}: {words}, and its table was replaced since: {command} starts again at the first item"
    return f"{state.name}: {words}; {command} resumes it"


def _sample_lines(sample: Sampled, base: str) -> Iterator[str]:
    time = "" if sample.seconds is None else f", about {_duration(sample.seconds)}"
    yield (
        f"{sample.migration.name}: about {sample.changes:,} of {sample.total:,} items of {sample.table} change"
        f" ({sample.sampled:,} sampled: {_counts(sample.counts)})"
    )
    yield f"  about {sample.read_units:,.0f} read units and {sample.write_units:,.0f} write units{time}"
    for change in sample.examples:
        yield f"  {_item(change.update.key)}: {_difference(change)}"
    yield from (f"  error: {problem}" for problem in _problems(sample.problems, base))


def _difference(change: ItemChange) -> str:
    parts = []
    for name in change.names:
        before, after = (_short(each.get(name)) for each in (change.before, change.after))
        parts.append(f"{name} {before} → {after}")
    return ", ".join(parts)


def _short(value: Mapping[str, Any] | None) -> str:
    if value is None:
        return "(none)"
    text = str(plain(plain_value(value))) if "N" in value else repr(plain_value(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _item(key: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_short(value)}" for name, value in key.items())


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts[name]:,} {name}" for name in COUNTS if counts.get(name)) or "no items"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:,.0f} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"


def _problems(problems: Sequence[Problem], base: str) -> list[Problem]:
    return [seen_from_here(problem, base) for problem in problems]


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "field": problem.field,
        "reason": problem.reason,
        "remedy": problem.remedy,
    }


def _state(state: MigrationState) -> dict[str, Any]:
    return {
        "name": state.name,
        "status": state.status.value,
        "table": state.record.table if state.record else state.file.table if state.file else None,
        "checksum": state.file.checksum if state.file else None,
        "record": _record(state.record) if state.record else None,
    }


def _record(record: ItemMigration) -> dict[str, Any]:
    return {
        "name": record.name,
        "table": record.table,
        "direction": record.direction,
        "checksum": record.checksum,
        "by": record.by,
        "started": plain(record.started),
        "finished_at": plain(record.finished),
        "counts": dict(record.counts),
    }


def _sample(sample: Sampled, base: str) -> dict[str, Any]:
    return {
        "name": sample.migration.name,
        "table": sample.table,
        "items": sample.total,
        "sampled": sample.sampled,
        "counts": dict(sample.counts),
        "changes": sample.changes,
        "read_units": round(sample.read_units, 1),
        "write_units": round(sample.write_units, 1),
        "seconds": None if sample.seconds is None else round(sample.seconds, 1),
        "examples": [
            {
                "key": plain(change.update.key),
                "before": {name: plain(change.before.get(name)) for name in change.names},
                "after": {name: plain(change.after.get(name)) for name in change.names},
            }
            for change in sample.examples
        ],
        "problems": [_problem(each) for each in _problems(sample.problems, base)],
    }
