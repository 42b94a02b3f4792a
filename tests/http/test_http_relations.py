"""Relations of tables: what refers to what, its place in the drawing, and the same as a list."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from support.recording_app import declared, recording_server
from support.sample_reports import report, table

from reconciler.model.desired import DesiredState, Reference
from reconciler.presentation import relations as module
from reconciler.presentation.relations import relations


def related(**tables):
    """The relations of tables by name, each with what it refers to."""
    return relations(DesiredState(tuple(declaration(name, *to) for name, to in tables.items()), ""))


def drawn(**tables):
    """The one drawing of them."""
    (drawing,) = related(**tables).drawings
    return drawing


def declaration(name, *to):
    made = tuple(Reference(*one) if isinstance(one, tuple) else Reference(one) for one in to)
    return replace(declared(name), references=made)


def columns(drawing):
    found = {}
    for box in drawing.boxes:
        found.setdefault(box.x, []).append(box.name)
    return [found[x] for x in sorted(found)]


def test_without_references_nothing_is_drawn():
    assert related(users=(), orders=()) is None


SHAPES = {
    "one refers to another": ({"orders": ["users"], "users": []}, [["orders"], ["users"]]),
    "a chain": ({"a": ["b"], "b": ["c"], "c": []}, [["a"], ["b"], ["c"]]),
    "the far end of two ways stands behind both": ({"a": ["b", "c"], "b": ["c"], "c": []}, [["a"], ["b"], ["c"]]),
    "two that refer to each other": ({"a": ["b"], "b": ["a"]}, [["b"], ["a"]]),
    "itself": ({"a": ["a"]}, [["a"]]),
    "a circle with an entrance": ({"a": ["b"], "b": ["c"], "c": ["b"]}, [["a", "c"], ["b"]]),
    "those without any relation are left out": ({"a": ["b"], "b": [], "lonely": []}, [["a"], ["b"]]),
}


@pytest.mark.parametrize("case", SHAPES)
def test_a_table_is_drawn_left_of_those_it_refers_to(case):
    tables, expected = SHAPES[case]
    assert columns(drawn(**tables)) == expected


def test_tables_are_ordered_by_their_incoming_arrows():
    assert columns(drawn(orders=[("users", "a"), ("goods", "b")], goods=[], users=[])) == [
        ["orders"],
        ["users", "goods"],
    ]


def test_no_two_boxes_overlap_and_everything_is_inside():
    names = [f"t{number:02}" for number in range(40)]
    drawing = drawn(**{name: [(other, f"by_{other}") for other in names[i + 1 :: 7]] for i, name in enumerate(names)})
    for box in drawing.boxes:
        assert box.x + module.BOX_WIDTH < drawing.width
        assert box.y + box.height < drawing.height
        below = [one for one in drawing.boxes if one.x == box.x and one.y > box.y]
        assert all(one.y > box.y + box.height for one in below)
    assert len(drawing.arrows) == sum(len(names[i + 1 :: 7]) for i in range(len(names)))


def test_an_arrow_starts_at_its_attribute_and_ends_at_the_other_table():
    drawing = drawn(orders=[("users", "buyer"), ("users", "seller")], users=[])
    orders, users = drawing.boxes
    starts = [re.match(r"M(\d+) (\d+) ", arrow.path).groups() for arrow in drawing.arrows]
    assert orders.rows == ("buyer", "seller")
    assert starts == [("200", str(orders.y + 46)), ("200", str(orders.y + 70))]
    assert all(arrow.path.endswith(f"{users.x - 2} {users.y + 17}") for arrow in drawing.arrows)


def test_one_group_of_too_many_tables_is_listed_and_not_drawn():
    found = related(**{f"t{number}": ["t0"] for number in range(module.MAX_DRAWN + 1)})
    assert found.drawings == ()
    assert (len(found.all), found.undrawn) == (module.MAX_DRAWN + 1, module.MAX_DRAWN + 1)


def pairs(count):
    """Groups of two tables."""
    return {name: to for i in range(count) for name, to in ((f"a{i:03}", [(f"b{i:03}", "of")]), (f"b{i:03}", []))}


def star(size):
    """One group: ``s000`` and those that refer to it."""
    return {f"s{i:03}": ["s000"] if i else [] for i in range(size)}


def chain(size):
    return {f"c{i:03}": [f"c{i + 1:03}"] if i + 1 < size else [] for i in range(size)}


HALF, WHOLE = module.MAX_DRAWN // 2, module.MAX_SHOWN // 2
GROUPS = {
    "as many as fit into one drawing": (pairs(HALF), [2 * HALF], 0),
    "one pair more": (pairs(HALF + 1), [2] * (HALF + 1), 0),
    "the largest group comes first": (pairs(30) | chain(5) | star(9), [9, 5, *[2] * 30], 0),
    "a group that is too large is left out": (star(module.MAX_DRAWN + 1) | chain(3), [3], module.MAX_DRAWN + 1),
    "as many as a page shows": (pairs(WHOLE), [2] * WHOLE, 0),
    "one pair more than a page shows": (pairs(WHOLE + 1), [2] * WHOLE, 2),
    "those without relations count for nothing": (pairs(HALF) | {f"x{i}": [] for i in range(99)}, [2 * HALF], 0),
}


@pytest.mark.parametrize(("tables", "sizes", "undrawn"), GROUPS.values(), ids=list(GROUPS))
def test_many_tables_are_drawn_in_connected_groups(tables, sizes, undrawn):
    found = related(**tables)
    assert ([len(drawing.boxes) for drawing in found.drawings], found.undrawn) == (sizes, undrawn)
    assert len(found.all) == sum(len(to) for to in tables.values())
    for drawing in found.drawings:
        inside = {box.name for box in drawing.boxes}
        assert {name for arrow in drawing.arrows for name in (arrow.relation.source, arrow.relation.target)} == inside


def test_tables_are_grouped_by_any_kind_of_relation():
    found = related(**pairs(HALF), left=["middle"], right=["middle"], middle=[], rest=["rest"])
    assert [drawing.title for drawing in found.drawings][:2] == ["left, middle and 1 more", "a000, b000"]
    assert found.drawings[-1].title == "rest"


def test_a_long_circle_ends():
    names = [f"t{number:02}" for number in range(module.MAX_DRAWN)]
    tables = {name: [*names[:5], names[(i + 1) % len(names)]] for i, name in enumerate(names)}
    assert len(drawn(**tables).boxes) == module.MAX_DRAWN


def test_the_page_draws_them_with_title_description_and_a_list_in_words():
    with recording_server(declaration("orders", ("users", "<owner>")), declaration("users")) as server:
        server.loop_status.finish(report(table("orders"), table("users")))
        answer = server.get("/")
        assert '<svg role="img" aria-labelledby="drawing-title-1 drawing-text-1"' in answer.text
        for mark in ("<title id=", "<desc id="):
            assert mark in answer.text
        [messages] = re.findall(r'<ul class="relations">.*?</ul>', answer.text, re.DOTALL)
        words = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", messages))).strip()
        assert re.sub(r"\s+", " ", words) == "orders refers to users by <owner>"
        assert "<owner>" not in answer.text


def test_the_page_folds_groups_and_gives_every_mark_a_unique_id():
    tables = pairs(HALF + 1) | star(module.MAX_DRAWN + 1)
    with recording_server(*(declaration(name, *to) for name, to in tables.items())) as server:
        server.loop_status.finish(report(table("a000")))
        text = server.get("/").text
        ids = re.findall(r' id="([^"]+)"', text)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(ids)
        assert text.count("<svg") == text.count('<details class="group"') == HALF + 1
        assert "In the list alone, as too many for a drawing: 61 tables." in text


def test_a_page_without_relations_has_no_drawing():
    with recording_server(declared("users")) as server:
        server.loop_status.finish(report(table("users")))
        assert "<svg" not in server.get("/").text
        assert "Relations" not in server.get("/").text
