"""Titles of runs by what they changed: ``Created orders and users; updated audit (ttl)``.

Pure; called by the pages and by ``status``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.engine.command_history import MIGRATE
from reconciler.model.plan import CANCEL, Action, StepStatus
from reconciler.model.report import Verdict
from reconciler.planning.text import several
from reconciler.runs.job import Verb
from reconciler.runs.record import Record, State

DONE = {
    Action.CREATE.value: "Created",
    Action.REPLACE.value: "Replaced",
    CANCEL: "Cancelled the replacement of",
    Action.DELETE.value: "Deleted",
    Action.UPDATE.value: "Updated",
    Action.SEED.value: "Seeded",
    Action.CLEAR.value: "Cleared",
}
NAMED = 3
"""Tables that a title names before it counts."""


def run_title(record: Record) -> str:
    """What a run changed, else what it found. Begins with a capital letter and has no full stop."""
    if record.state is State.QUEUED:
        return f"Queued: {record.verb}"
    if record.state is State.RUNNING:
        return f"Running: {record.verb}"
    parts = [*_changes(record), *_failures(record)]
    if parts:
        return _sentence(parts)
    if record.error:
        failed = f"Migration of items not finished{_migrations(record)}"
        return failed if record.verb == MIGRATE else f"{record.verb.capitalize()} failed"
    if record.verb in (Verb.SUSPEND, Verb.RESUME):
        return "Suspended the loop" if record.verb == Verb.SUSPEND else "Resumed the loop"
    if record.verb == MIGRATE:
        return f"{'Migrated items' if record.wrote else 'Ran migrations, no item changed'}{_migrations(record)}"
    return _sentence([_found(record), *_count(record, StepStatus.BLOCKED.value, "blocked")])


def run_verdict(record: Record) -> str:
    """What a run came to.

    A pass reports the drift that it found, a command what it left: either ``changed`` tables if nothing is left. One
    that a signal ended is ``interrupted``, whatever it is a run of.
    """
    if record.interrupted:
        return "interrupted"
    verdict = record.verdict or ""
    open_steps = any(
        record.summary.get(each.value) for each in (StepStatus.BLOCKED, StepStatus.DEFERRED, StepStatus.FAILED)
    )
    changed = record.wrote and verdict in (Verdict.DRIFTED.value, Verdict.IN_SYNC.value) and not open_steps
    return "changed" if changed else verdict


def _migrations(record: Record) -> str:
    """``: 0001_add_group (users)``; empty where a record of an older release names none."""
    return f": {_named(record.worked, len(record.worked))}" if record.worked else ""


def _changes(record: Record) -> Iterable[str]:
    """One part for each kind of action that was done."""
    for action, word in DONE.items():
        done = [each for each in record.actions if each.action == action and each.fate == StepStatus.DONE.value]
        facets: dict[str, list[str]] = {}
        for each in done:
            facets.setdefault(each.table, []).append(each.facet)
        # A record keeps some of its actions, and one of an older release none: the counts include all.
        count = max(_done(record, action), len(facets))
        if facets and action == Action.UPDATE.value:
            yield f"{word} {_named([f'{name} ({_listed(found)})' for name, found in facets.items()], count)}"
        elif facets:
            yield f"{word} {_named(list(facets), count)}"
        elif count:
            yield f"{word} {several(count, 'table')}"


def _done(record: Record, action: str) -> int:
    """The tables on which an action was done. A summary counts those with a step that is still ready, too."""
    if record.done_counts is not None:
        return record.done_counts.get(action, 0)
    return record.summary.get(action, 0) if record.wrote else 0


def _failures(record: Record) -> Iterable[str]:
    failed = dict.fromkeys(each.table for each in record.actions if each.fate == StepStatus.FAILED.value)
    if failed:
        yield f"Failed at {_named(list(failed), len(failed))}"


def _found(record: Record) -> str:
    if record.verb.startswith("preview"):
        return "Previewed a plan"
    if record.worked:
        return f"Worked on the replacement of {_named(record.worked, len(record.worked))}"
    declared, in_sync = record.summary.get("declared", 0), record.summary.get("in_sync", 0)
    if declared > in_sync:
        outcome = "work goes on" if record.wrote else "nothing changed"
        return f"{several(declared - in_sync, 'table')} not in sync, {outcome}"
    return "No change"


def _count(record: Record, name: str, word: str) -> Iterable[str]:
    if record.summary.get(name):
        yield f"{record.summary[name]} {word}"


def _named(names: Sequence[str], count: int) -> str:
    """Some names and how many more: ``a, b and 7 more``."""
    shown = names[:NAMED] if count > NAMED else names
    if count > len(shown):
        return f"{', '.join(shown)} and {count - len(shown)} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def _listed(facets: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(facets))


def _sentence(parts: Sequence[str]) -> str:
    first, *rest = parts
    return "; ".join([first, *(part[:1].lower() + part[1:] for part in rest)])
