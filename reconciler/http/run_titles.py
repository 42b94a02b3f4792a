"""Titles of runs by what they changed: ``Created orders and users; updated audit (ttl)``. Pure; called by the pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.model.plan import Action, StepStatus
from reconciler.model.report import Verdict
from reconciler.planning.text import several
from reconciler.runs import Record, State, Verb

DONE = {
    Action.CREATE.value: "Created",
    Action.REPLACE.value: "Replaced",
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
        return f"{record.verb.capitalize()} failed"
    if record.verb in (Verb.SUSPEND, Verb.RESUME):
        return "Suspended the loop" if record.verb == Verb.SUSPEND else "Resumed the loop"
    return _sentence([_found(record), *_count(record, StepStatus.BLOCKED.value, "blocked")])


def run_verdict(record: Record) -> str:
    """What a run came to. A pass reports the drift that it found; one that repaired all of it ``changed`` tables."""
    verdict = record.verdict or ""
    open_steps = any(
        record.summary.get(each.value) for each in (StepStatus.BLOCKED, StepStatus.DEFERRED, StepStatus.FAILED)
    )
    return "changed" if record.wrote and verdict == Verdict.DRIFTED.value and not open_steps else verdict


def _changes(record: Record) -> Iterable[str]:
    """One part for each kind of action that was done."""
    for action, word in DONE.items():
        done = [each for each in record.actions if each.action == action and each.fate == StepStatus.DONE.value]
        facets: dict[str, list[str]] = {}
        for each in done:
            facets.setdefault(each.table, []).append(each.facet)
        # A record keeps some of its actions, and one of an earlier process none: its counts include all.
        count = max(record.summary.get(action, 0) if record.wrote else 0, len(facets))
        if facets and action == Action.UPDATE.value:
            yield f"{word} {_named([f'{name} ({_listed(found)})' for name, found in facets.items()], count)}"
        elif facets:
            yield f"{word} {_named(list(facets), count)}"
        elif count:
            yield f"{word} {several(count, 'table')}"


def _failures(record: Record) -> Iterable[str]:
    failed = dict.fromkeys(each.table for each in record.actions if each.fate == StepStatus.FAILED.value)
    if failed:
        yield f"Failed at {_named(list(failed), len(failed))}"


def _found(record: Record) -> str:
    if record.verb.startswith("preview"):
        return "Previewed a plan"
    declared, in_sync = record.summary.get("declared", 0), record.summary.get("in_sync", 0)
    if declared > in_sync:
        return f"{several(declared - in_sync, 'table')} not in sync, nothing changed"
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
