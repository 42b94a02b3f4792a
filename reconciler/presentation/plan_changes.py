"""What differs between two plans, for somebody who agreed to the first one. Pure; called by ``up``.

Plans are compared as the documents of ``-o json``, because a saved plan is one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.planning.text import printable, several

MOST = 20
"""Sentences that are shown; the plan itself follows."""
Entry = Mapping[str, Any]
Steps = Mapping[tuple[str, str], Entry]


def plan_changes(before: Iterable[Entry], after: Iterable[Entry]) -> Sequence[str]:
    """A sentence for each step that came, went or is another one, by table; ``tables`` of two documents."""
    then, now = ({str(table["name"]): _steps(table) for table in tables} for tables in (before, after))
    found = [
        printable(f"{name}: {sentence}")
        for name in sorted(then.keys() | now.keys())
        for sentence in _of_table(then.get(name, {}), now.get(name, {}))
    ]
    left = len(found) - MOST
    return [*found[:MOST], f"and {several(left, 'more difference')}"] if left > 0 else found


def _steps(table: Entry) -> Steps:
    return {(str(step["action"]), str(step.get("facet") or "")): step for step in table.get("steps", ())}


def _of_table(then: Steps, now: Steps) -> Iterator[str]:
    for key in [*then, *(each for each in now if each not in then)]:
        action, facet = key
        title = f"{action} {facet}" if facet and facet not in (action, "table") else action
        if key not in now:
            yield f"{title} is no longer planned"
        elif key not in then:
            yield f"{title} is new ({_status(now[key])})"
        elif _status(then[key]) != _status(now[key]):
            yield f"{title} was {_status(then[key])} and is {_status(now[key])}"
        elif _content(then[key]) != _content(now[key]):
            yield f"{title} has another request"


def _status(step: Entry) -> str:
    reason = step.get("reason")
    return f"{step.get('status')} ({reason})" if reason else str(step.get("status"))


def _content(step: Entry) -> str:
    return json.dumps([step.get("operation"), step.get("request")], sort_keys=True, default=str)
