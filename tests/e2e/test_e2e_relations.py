"""Relations of many tables in a real browser: groups that unfold, on a wide and a narrow screen, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from playwright.sync_api import Browser, expect
from support.browser import SCHEMES, WIDTHS, Visitor, browser, picture
from support.recording_app import declared, recording_server
from support.sample_reports import report, table

from reconciler.model.desired import Declaration, Reference
from reconciler.presentation.relations import MAX_DRAWN


def declaration(name: str, **references: str) -> Declaration:
    return replace(declared(name), references=tuple(Reference(to, by) for by, to in references.items()))


def shop(number: int) -> Iterator[Declaration]:
    users, goods, orders, invoices = (f"shop{number:02}-{name}" for name in ("users", "goods", "orders", "invoices"))
    yield declaration(users)
    yield declaration(goods)
    yield declaration(orders, buyer=users, article=goods)
    yield declaration(invoices, order_id=orders, payer=users)


SHOPS = 20
STAR = (declaration("hub"), *(declaration(f"spoke-{number:03}", of="hub") for number in range(MAX_DRAWN)))


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as started:
        yield started


def test_groups_unfold_and_no_screen_is_too_narrow_for_them(chrome: Browser) -> None:
    declarations = [each for number in range(SHOPS) for each in shop(number)]
    with recording_server(*declarations, *STAR) as server:
        server.loop_status.finish(report(table("shop00-users")))
        visitor = Visitor(chrome, f"http://127.0.0.1:{server.http.port}")
        page = visitor.open("/")
        groups = page.locator("#relations details")
        expect(groups).to_have_count(SHOPS)
        expect(page.locator("#relations svg").first).to_be_hidden()
        expect(page.locator("#relations")).to_contain_text(f"too many for a drawing: {MAX_DRAWN + 1} tables.")
        page.get_by_text("shop07-goods, shop07-invoices and 2 more", exact=True).click()
        drawing = page.get_by_role("img", name="Relations of shop07-goods, shop07-invoices and 2 more")
        expect(drawing).to_be_visible()
        found = {}
        for width, scheme in product(WIDTHS, SCHEMES):
            visitor.look(width, scheme)
            picture(visitor, f"relations-{width}-{scheme}")
            found[width, scheme] = (visitor.violations(), visitor.scrolls_sideways())
        assert found == dict.fromkeys(found, ([], False))
        server.loop_status.finish(report(table("shop00-goods")))
        expect(drawing).to_be_visible()
        visitor.close()
        assert visitor.complaints == []
