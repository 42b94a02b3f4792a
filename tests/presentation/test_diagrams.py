"""Diagrams of declared tables: what they show, and that any name is shown as text."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given, settings
from support.specs import gsi, keys, lsi, spec, ttl, vectors
from support.strategies import table_specs_with_all

from reconciler.model.desired import Declaration, Origin, Reference
from reconciler.model.table import TableSpec
from reconciler.presentation.diagrams import mermaid, svg

SVG = "{http://www.w3.org/2000/svg}"


def declared(table: TableSpec, *references: Reference) -> Declaration:
    return Declaration(table.name, table, Origin("tables.yaml", 1), references=references)


USERS = declared(
    replace(
        spec("pk S", global_indexes=[gsi("by_mail", "mail S", project="name age")], ttl=ttl("gone_at")), name="users"
    )
)
ORDERS = declared(
    replace(spec("order.id S", "sk N", local_indexes=[lsi("by_day", "day S", hash_key="order.id S")]), name="orders"),
    Reference("users", "user_id"),
    Reference("products"),
)
PRODUCTS = declared(
    replace(spec(vector_indexes=[vectors("by_meaning")]), name="products"), Reference("orders", "last_order")
)
ALL = (ORDERS, PRODUCTS, USERS)


def test_mermaid_has_an_entity_for_each_table_and_a_line_for_each_reference() -> None:
    assert mermaid.text(ALL) == (
        "erDiagram\n"
        '    t1["orders"] {\n'
        '        string order_id PK "order.id; HASH; HASH of by_day"\n'
        '        number sk PK "RANGE"\n'
        '        string day "RANGE of by_day"\n'
        '        any user_id FK "refers to users"\n'
        '        index by_day "local index on order.id, day; ALL"\n'
        "    }\n"
        '    t2["products"] {\n'
        '        string pk PK "HASH"\n'
        '        any embedding "vectors of by_meaning"\n'
        '        any last_order FK "refers to orders"\n'
        '        index by_meaning "vector index on embedding; ALL"\n'
        "    }\n"
        '    t3["users"] {\n'
        '        string pk PK "HASH"\n'
        '        string mail "HASH of by_mail"\n'
        '        number gone_at "time to live"\n'
        '        index by_mail "global index on mail; INCLUDE age, name"\n'
        "    }\n"
        '    t1 }o--o| t3 : "user_id"\n'
        '    t1 }o--o| t2 : "refers to"\n'
        '    t2 }o--o| t1 : "last_order"\n'
    )


def rows(text: str) -> list[str]:
    return ["".join(each.itertext()) for each in ET.fromstring(text).iter(f"{SVG}text")]


def test_svg_shows_keys_indexes_and_references_in_words_too() -> None:
    root = ET.fromstring(svg.text(ALL))
    assert rows(svg.text((USERS,))) == [
        "users",
        "pk S PK",
        "mail S",
        "gone_at N TTL",
        "by_mail: global (mail) INCLUDE age, name",
    ]
    titles = [each.findtext(f"{SVG}title") for each in root.iter(f"{SVG}path") if each.get("class") == "arrow"]
    assert titles == ["orders refers to users", "orders refers to products", "products refers to orders"]
    assert root.findtext(f"{SVG}desc") == (
        "Tables: orders, products, users. orders refers to users by user_id; orders refers to products; "
        "products refers to orders by last_order."
    )


def test_svg_stands_alone_and_has_a_dark_form() -> None:
    text = svg.text(ALL)
    names = {each.tag.removeprefix(SVG) for each in ET.fromstring(text).iter()}
    assert names == {"svg", "title", "desc", "style", "defs", "marker", "path", "rect", "g", "text"}
    assert "prefers-color-scheme: dark" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_boxes_of_svg_never_overlap() -> None:
    many = tuple(declared(replace(USERS.spec, name=f"t{number}")) for number in range(9))
    boxes = [
        tuple(float(each.get(name, "")) for name in ("x", "y", "width", "height"))
        for each in ET.fromstring(svg.text((*ALL, *many))).iter(f"{SVG}rect")
        if each.get("class") == "box"
    ]
    assert len(boxes) == 12
    for number, (x, y, width, height) in enumerate(boxes):
        for left, top, across, down in boxes[number + 1 :]:
            assert x + width <= left or left + across <= x or y + height <= top or top + down <= y


@pytest.mark.parametrize("name", ["<b>&\"'", "a\nb", "\u202e", "x" * 255, "]]>", "%%{init}%%", "ünï"])
def test_any_attribute_is_shown_as_text(name: str) -> None:
    table = declared(TableSpec("users", keys("pk S"), ttl=ttl(name)), Reference("users", name))
    assert len(ET.fromstring(svg.text((table,)))) > 0
    drawn = mermaid.text((table,))
    assert len(drawn.splitlines()) == 6
    assert all(line.count('"') % 2 == 0 for line in drawn.splitlines())
    assert "%%" not in drawn


@settings(max_examples=30, deadline=None)
@given(table=table_specs_with_all())
def test_every_table_is_drawn(table: TableSpec) -> None:
    assert rows(svg.text((declared(table),)))[0] == table.name
    assert mermaid.text((declared(table),)).startswith("erDiagram\n")


def test_nothing_declared_is_an_empty_diagram() -> None:
    assert mermaid.text(()) == "erDiagram\n"
    assert ET.fromstring(svg.text(())).findtext(f"{SVG}title") == "0 DynamoDB tables"
