"""The diff of all facets, in their order, and what ignore_changes takes out of it."""

from __future__ import annotations

import pytest
from support.call_summary import summary
from support.specs import declaration, gsi, lsi, observed, provisioned, spec, stream, ttl

from reconciler.model.table import TableSpec
from reconciler.planning.diff import diff
from reconciler.planning.ignore import effective
from reconciler.planning.planner import plan

LIVE = spec(
    "pk S",
    "sk S",
    billing=provisioned(5, 5),
    global_indexes=[gsi("by_a", "a S", units=(1, 1)), gsi("by_b", "b S", units=(1, 1))],
    local_indexes=[lsi("by_date", "date S")],
    stream=stream("KEYS_ONLY"),
    ttl=ttl("expires"),
    tags={"team": "core", "cost.center": "1"},
)
DESIRED = spec(
    "pk S",
    "sk N",
    billing=provisioned(6, 7),
    global_indexes=[gsi("by_a", "a S", units=(2, 2)), gsi("by_b", "b N", units=(3, 3)), gsi("by.c", "c S")],
    local_indexes=[lsi("by_date", "date N")],
    stream=stream("NEW_IMAGE"),
    ttl=ttl("gone_at"),
    tags={"team": "web", "cost.center": "2"},
    deletion_protection=True,
)
PATHS = (
    "keys",
    "billing.throughput.read",
    "billing.throughput.write",
    "global_indexes.by.c",
    "global_indexes.by_a.throughput.read",
    "global_indexes.by_a.throughput.write",
    "global_indexes.by_b.keys",
    "local_indexes.by_date.keys",
    "stream.view",
    "ttl.attribute",
    "tags.cost.center",
    "tags.team",
    "deletion_protection",
)


def paths(desired: TableSpec, seen: TableSpec, *ignore: str) -> tuple[str, ...]:
    return tuple(change.path for change in diff(desired, observed(seen).spec, ignore))


def test_changes_come_in_the_order_of_the_facets() -> None:
    assert paths(DESIRED, LIVE) == PATHS


@pytest.mark.parametrize(
    ("pattern", "gone"),
    [
        ("keys", {"keys"}),
        ("billing", {"billing.throughput.read", "billing.throughput.write"}),
        ("billing.throughput", {"billing.throughput.read", "billing.throughput.write"}),
        ("billing.throughput.read", {"billing.throughput.read"}),
        ("global_indexes", {path for path in PATHS if path.startswith("global_indexes")}),
        ("global_indexes.by.c", {"global_indexes.by.c"}),
        (
            "global_indexes.by_a.throughput",
            {"global_indexes.by_a.throughput.read", "global_indexes.by_a.throughput.write"},
        ),
        (
            "global_indexes.*.throughput",
            {"global_indexes.by_a.throughput.read", "global_indexes.by_a.throughput.write"},
        ),
        ("global_indexes.*.throughput.write", {"global_indexes.by_a.throughput.write"}),
        ("local_indexes.*.keys", {"local_indexes.by_date.keys"}),
        ("stream", {"stream.view"}),
        ("ttl.attribute", {"ttl.attribute"}),
        ("tags.team", {"tags.team"}),
        ("tags.cost.center", {"tags.cost.center"}),
        ("tags.*", {"tags.team", "tags.cost.center"}),
        ("deletion_protection", {"deletion_protection"}),
        ("stream.enabled", set()),
        ("tags.tea", set()),
        ("global_indexes.by_", set()),
    ],
)
def test_a_pattern_covers_its_path_and_everything_below(pattern: str, gone: set[str]) -> None:
    assert set(PATHS) - set(paths(DESIRED, LIVE, pattern)) == gone


def calls(desired: TableSpec, seen: TableSpec, *ignore: str) -> list[str]:
    steps = plan(declaration(desired, ignore_changes=ignore), observed(seen))
    return [summary(step.call) for step in steps if step.call]


def test_what_is_ignored_is_never_written_along_with_something_else() -> None:
    requested, live = spec(tags={"team": "web", "stage": "dev"}), spec(tags={"team": "core"})
    assert calls(requested, live) == ["tags stage=dev team=web"]
    assert calls(requested, live, "tags.team") == ["tags stage=dev"]
    assert "table 5/7" in calls(DESIRED, LIVE, "billing.throughput.read")


def test_throughput_of_an_ignored_index_is_not_written() -> None:
    indexes = [gsi("by_a", "a S", units=(2, 2)), gsi("by_b", "b S", units=(3, 3))]
    requested = spec("pk S", "sk S", global_indexes=indexes)
    assert calls(requested, LIVE) == ["by_a 2/2, by_b 3/3"]
    assert calls(requested, LIVE, "global_indexes.by_a.throughput") == ["by_b 3/3"]


def test_an_ignored_index_is_neither_created_nor_deleted() -> None:
    one, other = spec(global_indexes=[gsi("by_a", "a S")]), spec(global_indexes=[])
    assert calls(one, other, "global_indexes.by_a") == []
    assert calls(other, one, "global_indexes.by_a") == []


def test_an_ignored_throughput_still_serves_a_switch_to_provisioned() -> None:
    requested = spec(billing=provisioned(6, 7))
    assert calls(requested, spec(), "billing.throughput") == ["mode PROVISIONED 6/7"]
    assert paths(requested, spec(), "billing.throughput") == ("billing.mode",)


def test_a_wildcard_covers_a_whole_table() -> None:
    assert paths(DESIRED, LIVE, "*") == ()


def test_nothing_ignored_leaves_the_declaration_as_it_is() -> None:
    assert effective(DESIRED, LIVE, ()) is DESIRED
