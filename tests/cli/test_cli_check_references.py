"""The command check-references: its lines, its JSON and its exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from support.fake_wiring import FakeWiring, desired

from reconciler.engine.check_references import CheckedReference, Orphan
from reconciler.model.desired import Reference
from reconciler.planning.references import links

USERS = desired().declarations[0]
TASKS = replace(
    USERS,
    base_name="tasks",
    spec=replace(USERS.spec, name="tasks-prod"),
    references=(Reference("users", "owner"),),
)
(LINK,) = links([TASKS, USERS])


def found(orphans: int) -> CheckedReference:
    examples = [Orphan({"pk": {"S": "t\x1b1"}}, {"S": "u9"})] if orphans else []
    return CheckedReference(LINK, 5, 4, orphans, examples)


def test_orphans_are_printed_and_exit_with_2(cli: Callable, fake: FakeWiring) -> None:
    fake.checked = (found(3),)
    ended = cli("check-references tasks --sample 5")
    assert ended.code == 2
    assert ended.out.splitlines() == [
        "tasks-prod.owner → users.pk: 5 items, 4 values, 3 orphans",
        "  pk='t\\x1b1': owner 'u9' names no item",
        "  and 2 more",
        "3 values without an item.",
    ]
    assert ("open", True, True) in fake.calls
    assert ("check_references", ("tasks",), 5) in fake.calls


def test_without_orphans_it_exits_with_0(cli: Callable, fake: FakeWiring) -> None:
    fake.checked = (found(0),)
    ended = cli("check-references")
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "Every value names an item.")


def test_without_references_it_says_what_to_write(cli: Callable) -> None:
    ended = cli("check-references")
    assert ended.code == 0
    assert "write `references: [{table: NAME, attribute: ATTRIBUTE}]`" in ended.out


def test_the_json_has_counts_and_examples(cli: Callable, fake: FakeWiring) -> None:
    fake.checked = (found(1),)
    ended = cli("check-references -o json")
    assert ended.code == 2
    assert json.loads(ended.out) == {
        "format_version": "1.0",
        "sample": None,
        "orphans": 1,
        "references": [
            {
                "table": "tasks-prod",
                "attribute": "owner",
                "target": "users",
                "key": "pk",
                "index": None,
                "items": 5,
                "values": 4,
                "orphans": 1,
                "examples": [{"item": {"pk": {"S": "t\x1b1"}}, "value": {"S": "u9"}}],
            }
        ],
    }


def test_a_sample_is_at_least_one_item(cli: Callable) -> None:
    assert cli("check-references --sample 0").code == 1


def test_validate_warns_of_items_that_name_no_item(cli: Callable, fake: FakeWiring) -> None:
    fake.orphans = ("seeds/orders.json:2: item pk='o2': owner 'u9' is not the pk of any item",)
    ended = cli("validate")
    assert (ended.code, "owner 'u9' is not the pk of any item" in ended.err) == (0, True)
    assert fake.orphans[0] in json.loads(cli("validate -o json").out)["warnings"]
