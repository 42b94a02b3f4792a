"""The status page in Chromium over a served status: search, chips, folded problems, times, progress, prefix.

``tests/e2e/test_e2e_page.py`` has the whole daemon; here each state is set, so that nothing has to be waited for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from support.browser import SCHEMES, WIDTHS, Visitor, browser, chromium, listening, picture
from support.prefix_proxy import PrefixProxy
from support.sample_generation import COPYING, copying_by
from support.sample_reports import report, table, ttl_step

from reconciler.engine.loop_status import LoopStatus, Progress
from reconciler.http import Control, HttpServer, create_app
from reconciler.metrics import Metrics
from reconciler.model.change import Change
from reconciler.model.desired import Declaration, DesiredState, Origin, Reference
from reconciler.model.records import CopyEngine
from reconciler.model.report import TableReport, TableStatus
from reconciler.model.table import Billing, GlobalIndex, KeyElement, Projection, TableSpec

pytestmark = pytest.mark.timeout(300)
DENIED = "DescribeTable: not authorized on {}"
TENANTS = [f"tenant-{number:04}" for number in range(500)]
INDEX = GlobalIndex("by_email", (KeyElement("email", "HASH", "S"),), Projection("ALL"))


@dataclass
class Served:
    """A page whose state the tests set."""

    loop_status: LoopStatus
    control: Control
    http: HttpServer
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.port}"

    def finish(self, *tables: Any, ago: float = 0, **fields: Any) -> None:
        """A pass over these tables ended ``ago`` seconds ago; open pages hear of it."""
        ended = datetime.now(UTC) - timedelta(seconds=ago)
        self.loop_status.finish(replace(report(*tables, **fields), started=ended, finished=ended))
        self.control.feed.publish("pass_finished", {})

    def mixed(self, *more: TableReport) -> None:
        """500 tables: most in sync, some 60 that nobody may read, 5 drifted."""
        self.finish(*(tenant(number, name) for number, name in enumerate(TENANTS)), *more)


def tenant(number: int, name: str) -> TableReport:
    if number % 100 == 7:
        return table(name, TableStatus.DRIFTED, drifted=("ttl",))
    return table(name, TableStatus.ERROR, error=DENIED.format(name)) if number % 8 == 3 else table(name)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    chromium()
    with browser() as started:
        yield started


@pytest.fixture
def served() -> Iterator[Served]:
    loop_status = LoopStatus("default")
    loop_status.endpoint_up = True
    control, more = Control(loop_status), {}
    app = create_app(loop_status, Metrics(loop_status), control=control, status=lambda: more)
    made = Served(loop_status, control, HttpServer(app, "127.0.0.1", 0), more)
    made.http.start()
    yield made
    control.feed.close()
    made.http.stop()


@pytest.fixture
def visitor(chrome: Browser, served: Served) -> Iterator[Visitor]:
    made = Visitor(chrome, served.url)
    yield made
    complaints = made.complaints
    made.close()
    assert complaints == []


def rows(page: Page) -> Any:
    return page.locator("#listing tbody th a")


def test_search_filters_while_typing_and_the_address_follows(served: Served, visitor: Visitor) -> None:
    served.mixed()
    page = visitor.open("/")
    page.evaluate("window.sameDocument = true")
    expect(rows(page)).to_have_count(100)
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search")
    expect(search).to_be_focused()
    page.keyboard.type("0107")
    expect(rows(page)).to_have_text(["tenant-0107"])
    expect(page.locator("#attention strong a")).to_have_text(["tenant-0107"])
    expect(search).to_be_focused()
    assert "q=0107" in page.url
    search.fill("nothing like it")
    expect(page.locator("#listing")).to_contain_text("No table matches.")
    search.fill("")
    expect(rows(page)).to_have_count(100)
    assert page.evaluate("window.sameDocument") is True


def test_chips_count_and_filter_and_the_browser_goes_back(served: Served, visitor: Visitor) -> None:
    served.mixed()
    page = visitor.open("/")
    chips = page.get_by_role("navigation", name="Tables by status").get_by_role("link")
    expect(chips).to_have_text(["All 500", re.compile(r"Error \d+"), "Drifted 5", re.compile(r"In sync \d+")])
    chips.filter(has_text="Drifted").click()
    expect(rows(page)).to_have_text([name for name in TENANTS if name.endswith("07")])
    expect(chips.filter(has_text="Drifted")).to_have_attribute("aria-current", "true")
    page.get_by_role("searchbox", name="Search").fill("tenant-03")
    expect(rows(page)).to_have_text(["tenant-0307"])
    expect(chips.filter(has_text="All")).to_have_text("All 100")
    page.go_back()
    expect(rows(page)).to_have_count(100)
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("")


def test_the_search_stays_in_sight_above_what_needs_attention(served: Served, visitor: Visitor) -> None:
    served.mixed()
    page = visitor.open("/")
    places = page.evaluate(
        "['filter', 'attention', 'tables'].map((id) => document.getElementById(id).getBoundingClientRect().top)"
    )
    assert places == sorted(places)
    page.mouse.wheel(0, 3000)
    expect(page.get_by_role("searchbox", name="Search")).to_be_in_viewport()
    expect(page.locator("#chips a").first).to_be_in_viewport()


def test_equal_problems_are_one_entry_that_stays_open(served: Served, visitor: Visitor) -> None:
    served.mixed()
    page = listening(visitor.open("/"))
    entries = page.locator("#attention > section > ul > li")
    expect(entries).to_have_count(2)
    expect(entries.first).to_contain_text(re.compile(r"tenant-\d+ and \d+ more"))
    entries.first.get_by_text("tables with this problem").click()
    expect(entries.first.locator(".names a").first).to_be_visible()
    served.mixed(table("one-more"))
    expect(page.locator("#chips a").first).to_have_text("All 501")
    expect(entries.first.locator(".names a").first).to_be_visible()


def test_times_are_relative_go_on_and_have_the_exact_time_on_hover(served: Served, visitor: Visitor) -> None:
    served.finish(table(), ago=90)
    page = visitor.open("/")
    last = page.locator("#last-pass time")
    expect(last).to_have_text(re.compile(r"^9\d s ago$"))
    first = last.inner_text()
    expect(last).not_to_have_text(first)
    expect(last).to_have_attribute("title", re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$"))


def test_a_wrong_clock_of_the_browser_does_not_matter(served: Served, visitor: Visitor) -> None:
    visitor.page.clock.set_system_time(datetime(2031, 1, 1, tzinfo=UTC))
    served.finish(table(), ago=90)
    page = visitor.open("/")
    expect(page.locator("#last-pass time")).to_have_text(re.compile(r"^9\d s ago$"))


def test_progress_advances_without_an_event(served: Served, visitor: Visitor) -> None:
    served.finish(table("users"))
    served.loop_status.start("pass-2")
    page = listening(visitor.open("/"))
    work = page.locator("#progress")
    expect(work).to_be_empty()
    served.loop_status.advance(Progress("users", "seeding", 100, 1000, 50.0, 18.0))
    expect(work.get_by_role("progressbar", name="users seeding")).to_have_attribute("value", "100")
    served.loop_status.advance(Progress("users", "seeding", 600, 1000, 50.0, 8.0))
    expect(work).to_contain_text("600 of 1,000 · 50/s · 8 s left")
    served.more["progress"] = [{"table": "orders", "what": "copying", "done": 5, "total": 9}]
    expect(work).to_contain_text("orders copying")
    served.more.clear()
    served.loop_status.progress = {}
    expect(work.get_by_role("listitem")).to_have_count(0)


def test_a_table_shows_its_difference_in_red_and_green_and_folds_what_is_unmanaged(
    served: Served, visitor: Visitor
) -> None:
    spec = TableSpec("users", (KeyElement("pk", "HASH", "S"),), Billing("PAY_PER_REQUEST"))
    change = Change("global_indexes", "global_indexes.by_email", ["a", "b"], ["a", "c"])
    served.finish(
        table("users", TableStatus.DRIFTED, drifted=("global_indexes",), changes=(change,), observed=spec, steps=())
    )
    page = visitor.open("/tables/users")
    lines = page.locator("#differences pre span")
    expect(lines).to_have_text([re.compile("^  a"), re.compile("^- b"), re.compile(r"^\+ c")])
    red, green = (lines.nth(n).evaluate("e => getComputedStyle(e).backgroundColor") for n in (1, 2))
    assert red != green
    unmanaged = page.locator("#unmanaged")
    expect(unmanaged.get_by_role("table")).to_be_hidden()
    unmanaged.get_by_text("unmanaged field").click()
    expect(unmanaged.get_by_role("table")).to_be_visible()


def test_a_table_has_a_drawing_of_its_keys_indexes_and_relations(served: Served, visitor: Visitor) -> None:
    users = TableSpec("users", (KeyElement("pk", "HASH", "S"),), Billing("PAY_PER_REQUEST"), global_indexes=(INDEX,))
    orders = replace(users, name="orders", global_indexes=None)
    declarations = (
        Declaration("users", users, Origin("users.py", 1)),
        Declaration("orders", orders, Origin("orders.py", 1), references=(Reference("users", "user_id"),)),
        Declaration("audit", replace(orders, name="audit"), Origin("audit.py", 1)),
    )
    state = SimpleNamespace(last_good=DesiredState(declarations, ""))
    served.control.reconciler = SimpleNamespace(state=state, options=SimpleNamespace(mode="enforce"))  # type: ignore[assignment]
    served.finish(table("users"), table("orders"), table("audit"))
    page = visitor.open("/tables/users")
    drawing = page.locator("#schema svg")
    for text in ("pk S PK", "by_email: global (email) ALL", "user_id FK"):
        expect(drawing.get_by_text(text, exact=True).first).to_be_visible()
    expect(drawing.get_by_text("audit")).to_have_count(0)
    drawing.get_by_role("link", name="orders").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("orders")


def test_the_icon_of_the_tab_tells_the_health(served: Served, visitor: Visitor) -> None:
    served.finish(table())
    page = listening(visitor.open("/"))
    icon = page.locator("link[rel=icon]")
    expect(icon).to_have_attribute("href", "/favicon.svg?health=in-sync")
    served.finish(table(status=TableStatus.DRIFTED, drifted=("ttl",), steps=(ttl_step(),)))
    expect(icon).to_have_attribute("href", "/favicon.svg?health=drifted")


def test_the_first_tables_bring_the_search(served: Served, visitor: Visitor) -> None:
    page = listening(visitor.open("/"))
    expect(page.locator("#filter")).to_have_count(0)
    served.finish(table())
    expect(page.locator("#filter")).to_be_visible()


def test_below_a_path_everything_works_the_same(served: Served, chrome: Browser) -> None:
    served.mixed()
    with PrefixProxy(served.http.port, "/tools/reconciler") as proxy:
        visitor = Visitor(chrome, f"http://127.0.0.1:{proxy.port}")
        page = listening(visitor.open("/tools/reconciler/"))
        page.get_by_role("searchbox", name="Search").fill("0107")
        expect(rows(page)).to_have_text(["tenant-0107"])
        assert page.url.endswith("/tools/reconciler/?q=0107&sort=name")
        page.locator("#chips a").filter(has_text="Drifted").click()
        expect(page).to_have_url(re.compile(r"/tools/reconciler/\?q=0107&status=drifted"))
        served.finish(table("tenant-0107"))
        expect(page.get_by_role("status").first).to_contain_text("In sync")
        page.locator("#chips a").filter(has_text="All").click()
        rows(page).first.click()
        expect(page).to_have_url(re.compile(r"/tools/reconciler/tables/tenant-0107$"))
        expect(page.locator("#connection")).to_be_hidden()
        complaints = visitor.complaints
        visitor.close()
    assert complaints == []


@pytest.mark.parametrize("count", [500, 2500])
@pytest.mark.parametrize("path", ["/", "/tables/tenant-0000"])
def test_many_tables_fit_every_screen_and_axe_finds_nothing(
    served: Served, visitor: Visitor, count: int, path: str
) -> None:
    names = (f"tenant-{number:04}-a-name-that-is-as-long-as-the-names-of-tables-get" for number in range(1, count))
    drifted = table(
        "tenant-0000", TableStatus.DRIFTED, drifted=("ttl",), changes=ttl_step().changes, steps=(ttl_step(),)
    )
    served.finish(drifted, *(tenant(number, name) for number, name in enumerate(names, start=1)))
    served.loop_status.advance(Progress("tenant-0000", "seeding", 7, 9, 1.0, 2.0))
    visitor.open(path)
    found = {}
    for width in WIDTHS:
        for scheme in SCHEMES:
            visitor.look(width, scheme)
            picture(visitor, f"{count}-{path.strip('/').replace('/', '-') or 'status'}-{width}-{scheme}")
            found[width, scheme] = visitor.scrolls_sideways()
    assert found == dict.fromkeys(found, False)
    assert visitor.violations() == []


@pytest.mark.parametrize("engine", ["import", "bulk"])
def test_the_jobs_of_a_replacement_are_readable_on_every_screen(
    served: Served, visitor: Visitor, engine: CopyEngine
) -> None:
    served.finish(replace(table("orders"), generation=copying_by(engine)))
    page = visitor.open("/tables/orders")
    expect(page.locator("#engine")).to_contain_text(f"(engine {engine})")
    jobs = page.get_by_role("table", name="Jobs that copy the items")
    expect(jobs.get_by_role("rowheader")).to_have_text(["Export to S3", "Import" if engine == "import" else "Bulk put"])
    expect(jobs.get_by_role("row").nth(1)).to_contain_text("34,000,000")
    expect(jobs.get_by_role("row").nth(2)).to_contain_text("still running")
    for width, scheme in product(WIDTHS, SCHEMES):
        visitor.look(width, scheme)
        assert not visitor.scrolls_sideways(), width
        assert visitor.violations() == [], (width, scheme)
        picture(visitor, f"jobs-{engine}-{width}-{scheme}")


def test_the_progress_of_a_job_reaches_an_open_page(served: Served, visitor: Visitor) -> None:
    export, loaded = COPYING.jobs
    served.finish(replace(table("orders"), generation=COPYING))
    page = listening(visitor.open("/tables/orders"))
    last = page.locator("#jobs tbody tr").last
    expect(last).to_contain_text("17,000,000")
    further = replace(COPYING, jobs=(export, replace(loaded, size=25_000_000)))
    served.finish(replace(table("orders"), generation=further))
    expect(last).to_contain_text("25,000,000")
