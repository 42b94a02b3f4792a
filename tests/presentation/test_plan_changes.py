"""What differs between the plan that somebody saw and the one that is there now, a sentence for each step."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.presentation.plan_changes import MOST, plan_changes

STEP: dict[str, Any] = {"action": "update", "facet": "ttl", "status": "ready", "reason": None, "operation": "UpdateTTL"}


def step(**members: Any) -> dict[str, Any]:
    return {**STEP, "request": {"TableName": "users"}, **members}


def tables(*steps: dict[str, Any], name: str = "users") -> list[dict[str, Any]]:
    return [{"name": name, "steps": list(steps)}]


CASES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]] = {
    "the same": (tables(step()), tables(step()), []),
    "a step came": (tables(), tables(step()), ["users: update ttl is new (ready)"]),
    "a step went": (tables(step()), tables(), ["users: update ttl is no longer planned"]),
    "a table came": ([], tables(step(action="delete", facet="table")), ["users: delete is new (ready)"]),
    "a table went": (tables(step(action="create", facet="table")), [], ["users: create is no longer planned"]),
    "a step is blocked now": (
        tables(step()),
        tables(step(status="blocked", reason="protected")),
        ["users: update ttl was ready and is blocked (protected)"],
    ),
    "another request": (
        tables(step()),
        tables(step(request={"TableName": "users", "x": 1})),
        ["users: update ttl has another request"],
    ),
    "another message alone": (tables(step(message="a")), tables(step(message="b")), []),
    "control characters": (tables(), tables(step(), name="a\x1bb"), ["a\\x1bb: update ttl is new (ready)"]),
}


@pytest.mark.parametrize("case", CASES)
def test_the_difference_is(case: str) -> None:
    before, after, sentences = CASES[case]
    assert list(plan_changes(before, after)) == sentences


def test_many_differences_are_counted() -> None:
    now = [each for number in range(30) for each in tables(step(), name=f"t{number:02}")]
    found = plan_changes([], now)
    assert (len(found), found[-1]) == (MOST + 1, "and 10 more differences")
