"""The status page in Chromium over the real daemon on DynamoDB Local: live, by keyboard, without a script.

Whatever a test does, the browser must have had nothing to complain of: no error on its console, nothing against the
content security policy, no request that fails or goes to another host.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from support import drift_scenario as scenario
from support.browser import SCHEMES, WIDTHS, Visitor, browser, chromium, listening, picture
from support.daemon import Daemon
from support.endpoints import DynamoDBLocal, free_port

from reconciler.http.actions import ACTIONS

pytestmark = [pytest.mark.dynamodb_local, pytest.mark.timeout(300)]
Visit = Callable[..., Visitor]
MANY = 130
EMPTY = {"invoices", "orders"}
"""The tables that a rollback may delete while ``DATA_LOSS`` is ``never``."""


class DriftSetup(NamedTuple):
    """A daemon, the endpoint beside it, and the page's address."""

    server: DynamoDBLocal
    daemon: Daemon

    @property
    def url(self) -> str:
        return f"http://{self.daemon.target}"

    def tables(self) -> dict[str, str]:
        """The status of each table, as the JSON twin of the page tells it."""
        answer = json.loads(self.daemon.get("/api/v1/migrations/status") or '{"data": {"tables": []}}')
        return {table["name"]: table["status"] for table in answer["data"]["tables"]}

    def settled(self) -> bool:
        return set(self.tables().values()) == {"in_sync"}

    def block(self) -> None:
        """Wish for something that policy refuses: other keys for a table that holds an item."""
        if self.tables()[scenario.BLOCKED] != "blocked":
            self.server.client().put_item(TableName=scenario.BLOCKED, Item={"pk": {"S": "precious"}})
            scenario.want_other_keys(self.daemon.folder)
            self.daemon.until(lambda: self.tables().get(scenario.BLOCKED) == "blocked", "blocked")


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def drift_setup(module_local: DynamoDBLocal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DriftSetup]:
    chromium()
    folder = tmp_path_factory.mktemp("page")
    scenario.declare(folder)
    with Daemon(folder, module_local.url, DATA_LOSS="never") as daemon:
        made = DriftSetup(module_local, daemon)
        daemon.until(made.settled, "everything in sync")
        yield made


@pytest.fixture
def visit(chrome: Browser) -> Iterator[Visit]:
    visitors: list[Visitor] = []

    def enter(url: str, **manner: object) -> Visitor:
        visitors.append(Visitor(chrome, url, **manner))  # type: ignore[arg-type]
        return visitors[-1]

    yield enter
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        visitor.close()
    assert complaints == []


def banner(page: Page) -> str:
    return page.get_by_role("status").first.inner_text()


def listed(page: Page) -> Locator:
    """The tables of the list, from the top."""
    return page.locator("#tables a[href^='/tables/']")


def names(page: Page) -> list[str]:
    return listed(page).all_inner_texts()


def unlost(page: Page) -> None:
    """Wait until the page says that the daemon answers."""
    expect(page.locator("#connection")).to_be_hidden()


def test_1_the_page_shows_drift_and_its_repair_without_a_reload(drift_setup: DriftSetup, visit: Visit) -> None:
    page = visit(drift_setup.url).open("/")
    page.evaluate("window.sameDocument = true")
    expect(page.get_by_role("status").first).to_contain_text("In sync")
    assert drift_setup.daemon.command("suspend").returncode == 0
    expect(page.locator("#suspended")).to_be_visible()
    scenario.make_drift(drift_setup.server.client())
    scenario.delete_a_table(drift_setup.server.client())
    attention = page.locator("#attention")
    for name in ("users", "orders", "invoices", "sessions", "projects"):
        expect(attention.get_by_role("link", name=name, exact=True)).to_be_visible()
    expect(attention).to_contain_text("Drifted: ttl ·")
    assert drift_setup.daemon.command("resume").returncode == 0
    expect(attention.get_by_role("link")).to_have_count(0)
    expect(page.get_by_role("status").first).to_contain_text("In sync")
    expect(page.locator("#runs")).to_contain_text("Created projects")
    assert page.evaluate("window.sameDocument") is True


def test_2_an_expanded_table_shows_each_differing_field_and_its_repair(drift_setup: DriftSetup, visit: Visit) -> None:
    page = visit(drift_setup.url).open("/tables/users")
    page.evaluate("window.sameDocument = true")
    differing = page.get_by_role("row").filter(has_text="ttl").filter(has_text="differs")
    expect(page.get_by_role("row").filter(has_text="ttl")).not_to_have_count(0)
    expect(differing).to_have_count(0)
    assert drift_setup.daemon.command("suspend").returncode == 0
    drift_setup.server.client().update_time_to_live(
        TableName="users", TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires_at"}
    )
    expect(differing).not_to_have_count(0)
    assert drift_setup.daemon.command("resume").returncode == 0
    expect(differing).to_have_count(0)
    assert page.evaluate("window.sameDocument") is True


def test_3_blocked_tables_come_first_with_what_would_allow_them(drift_setup: DriftSetup, visit: Visit) -> None:
    drift_setup.block()
    page = visit(drift_setup.url).open("/")
    attention = page.locator("#attention")
    expect(attention.get_by_role("link", name=scenario.BLOCKED, exact=True)).to_be_visible()
    expect(attention).to_contain_text("Allow with")
    # A refresh may replace the headings between two questions.
    places = "() => ['attention', 'tables'].map(id => document.getElementById(id).getBoundingClientRect().top)"
    first, second = page.evaluate(places)
    assert first < second


def test_4_the_keyboard_alone_filters_and_opens_a_table(drift_setup: DriftSetup, visit: Visit) -> None:
    page = visit(drift_setup.url).open("/")
    page.get_by_role("searchbox", name="Search").focus()
    page.keyboard.type("inv")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=inv"))
    expect(listed(page)).to_have_text(["invoices"])
    link = page.locator("#tables").get_by_role("link", name="invoices", exact=True)
    for _ in range(40):
        page.keyboard.press("Tab")
        if link.evaluate("element => element === document.activeElement"):
            break
    assert link.evaluate("element => getComputedStyle(element).outlineStyle") != "none", "the focus can be seen"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("invoices")


def test_4_the_first_press_of_tab_offers_to_skip_to_the_content(drift_setup: DriftSetup, visit: Visit) -> None:
    page = visit(drift_setup.url).open("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_4_typed_text_survives_an_update_of_the_page(drift_setup: DriftSetup, visit: Visit) -> None:
    page = visit(drift_setup.url).open("/")
    page.get_by_role("searchbox", name="Search").fill("use")
    before = page.locator("#last-pass time").get_attribute("datetime") or ""
    expect(page.locator("#last-pass time")).not_to_have_attribute("datetime", before)
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("use")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_5_the_list_is_filtered_and_sorted(drift_setup: DriftSetup, visit: Visit, script: bool) -> None:
    page = visit(drift_setup.url, script=script).open("/")
    expect(listed(page)).to_have_text(sorted(scenario.TABLES))
    chips = page.get_by_role("navigation", name="Tables by status")
    chips.get_by_role("link", name="Blocked 1").click()
    expect(listed(page)).to_have_text([scenario.BLOCKED])
    chips.get_by_role("link", name=f"All {len(scenario.TABLES)}").click()
    expect(listed(page)).to_have_count(len(scenario.TABLES))
    page.get_by_label("Sort by").select_option("status")
    if not script:
        page.get_by_role("button", name="Show").click()
    expect(listed(page).first).to_have_text(scenario.BLOCKED)
    expect(listed(page)).to_have_count(len(scenario.TABLES))


RELATIVE = re.compile(r"\bnow\b|\bin \d+ \w+|\d+ (?:s|min|h|d) ago|for \d+ \w+")


def test_5_every_page_shows_the_same_without_javascript(drift_setup: DriftSetup, visit: Visit) -> None:
    texts = []
    for script in (True, False):
        page = visit(drift_setup.url, script=script).open("/tables/orders")
        texts.append(RELATIVE.sub("", page.get_by_role("main").inner_text()))
    assert texts[0] == texts[1]
    assert "stream" in texts[0]


@pytest.fixture(scope="module")
def crowd(drift_setup: DriftSetup, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page of a daemon over many tables that only looks."""
    folder = tmp_path_factory.mktemp("crowd")
    (folder / "desired_state").mkdir()
    for number in range(MANY):
        name = f"tenant-{number:04}-a-name-that-is-as-long-as-names-of-tables-get"
        scenario.write(folder, name, {"table_name": name, **scenario.KEYS})
    with Daemon(folder, drift_setup.server.url, MODE="observe", INTERVAL="1h", STACK="crowd") as daemon:
        daemon.until(lambda: len(DriftSetup(drift_setup.server, daemon).tables()) == MANY, "all looked at")
        yield f"http://{daemon.target}"


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_6_many_tables_are_paged_and_each_is_on_exactly_one_page(crowd: str, visit: Visit, script: bool) -> None:
    page = visit(crowd, script=script).open("/?sort=name")
    seen = names(page)
    number = 1
    while page.get_by_role("link", name="next", exact=True).count():
        page.get_by_role("link", name="next", exact=True).first.click()
        number += 1
        expect(page.locator("#listing")).to_contain_text(f"page {number} of")
        seen += names(page)
    assert len(seen) == len(set(seen)) == MANY
    assert seen == sorted(seen)


@pytest.fixture(scope="module")
def places(drift_setup: DriftSetup, crowd: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Every state that the pages have, by name."""
    bare, down = tmp_path_factory.mktemp("bare"), tmp_path_factory.mktemp("down")
    (bare / "desired_state").mkdir()
    scenario.declare(down)
    with (
        Daemon(bare, drift_setup.server.url, STACK="bare", INTERVAL="1h") as empty,
        Daemon(down, f"http://127.0.0.1:{free_port()}", INTERVAL="1h") as waiting,
    ):
        empty.until(lambda: "contains no table declaration" in empty.get("/"), "looked at nothing")
        waiting.until(lambda: waiting.get("/"), "answers")
        drift_setup.block()
        yield {
            "overview": f"{drift_setup.url}/",
            "table": f"{drift_setup.url}/tables/users",
            "blocked-table": f"{drift_setup.url}/tables/{scenario.BLOCKED}",
            "plan": f"{drift_setup.url}/preview",
            "confirm-run": f"{drift_setup.url}/confirm/run",
            "confirm-seed": f"{drift_setup.url}/confirm/seed",
            "confirm-clear": f"{drift_setup.url}/confirm/clear?table=users",
            "confirm-suspend": f"{drift_setup.url}/confirm/suspend",
            "confirm-rollback": f"{drift_setup.url}/confirm/rollback",
            "runs": f"{drift_setup.url}/runs",
            "settings": f"{drift_setup.url}/settings",
            "docs": f"{drift_setup.url}/docs",
            "many": f"{crowd}/?page=2",
            "nothing-declared": f"http://{empty.target}/",
            "endpoint-down": f"http://{waiting.target}/",
        }


PLACES = (
    *("overview", "table", "blocked-table", "many", "nothing-declared", "endpoint-down", "runs", "settings", "docs"),
    *("plan", "confirm-run", "confirm-seed", "confirm-clear", "confirm-suspend", "confirm-rollback"),
)


@pytest.mark.parametrize("place", PLACES)
def test_7_axe_finds_nothing_and_no_page_is_wider_than_the_screen(
    places: dict[str, str], visit: Visit, place: str
) -> None:
    visitor = visit(places[place])
    visitor.open("")
    found = {}
    for width, scheme in product(WIDTHS, SCHEMES):
        visitor.look(width, scheme)
        picture(visitor, f"{place}-{width}-{scheme}")
        found[width, scheme] = (visitor.violations(), visitor.scrolls_sideways())
    assert found == dict.fromkeys(found, ([], False))


def type_stack(page: Page) -> None:
    label = page.locator("label[for=stack]")
    expect(label).to_contain_text("type the name of the stack")
    page.get_by_label(re.compile("To confirm")).fill(label.locator("code").inner_text())


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_8_a_rollback_and_a_run_by_button(drift_setup: DriftSetup, visit: Visit, script: bool) -> None:
    page, client = visit(drift_setup.url, script=script).open("/"), drift_setup.server.client()
    page.get_by_role("link", name="Roll back: delete tables…").click()
    for name in EMPTY:
        expect(page.locator("#plan").get_by_role("heading", name=name, exact=True)).to_be_visible()
    expect(page.locator("#losing")).to_contain_text(f"{len(EMPTY)} tables with about 0 items will be deleted")
    type_stack(page)
    page.get_by_role("button", name=re.compile("now$")).click()
    expect(page).to_have_url(re.compile(r"/runs/\w+"))
    left = {*client.list_tables()["TableNames"]} & set(scenario.TABLES)
    assert left == set(scenario.TABLES) - EMPTY, "what holds items and what is protected stays"
    page.get_by_role("link", name="Status").click()
    expect(page.locator("#suspended")).to_be_visible()
    page.get_by_role("link", name="Run…").click()
    expect(page.get_by_role("main")).to_contain_text("lifts the suspension")
    page.get_by_role("button", name=re.compile("now$")).click()
    expect(page).to_have_url(re.compile(r"/runs/\w+"))
    drift_setup.daemon.until(lambda: set(client.list_tables()["TableNames"]) >= set(scenario.TABLES), "all there again")


def test_8_a_button_changes_nothing_before_confirmation(drift_setup: DriftSetup, visit: Visit) -> None:
    page, client = visit(drift_setup.url).open("/"), drift_setup.server.client()
    before = set(client.list_tables()["TableNames"])
    for label in ("Roll back: delete tables…", "Clear…", "Suspend…", "Run…", "Seed…"):
        page.get_by_role("link", name=label).click()
        page.get_by_role("link", name="Cancel").click()
        expect(page).to_have_url(f"{drift_setup.url}/")
    assert set(client.list_tables()["TableNames"]) == before
    assert client.scan(TableName="users")["Count"] == len(scenario.SEEDS["users"])


def test_8_the_seed_of_one_table_is_cleared_and_written_again_by_button(drift_setup: DriftSetup, visit: Visit) -> None:
    page, client = visit(drift_setup.url).open("/tables/users"), drift_setup.server.client()
    page.get_by_role("link", name="Clear…").click()
    page.get_by_role("button", name=re.compile("now$")).click()
    expect(page).to_have_url(re.compile(r"/runs/\w+"))
    drift_setup.daemon.until(lambda: client.scan(TableName="users")["Count"] == 0, "cleared")
    page.goto("/tables/users")
    expect(page.locator("#seed")).to_contain_text("cleared")
    page.get_by_role("link", name="Seed…").click()
    page.get_by_role("button", name=re.compile("now$")).click()
    drift_setup.daemon.until(
        lambda: client.scan(TableName="users")["Count"] == len(scenario.SEEDS["users"]), "seeded again"
    )


def test_8_suspending_by_button_shows_on_the_page(drift_setup: DriftSetup, visit: Visit) -> None:
    page = visit(drift_setup.url).open("/")
    page.get_by_role("link", name="Suspend…").click()
    page.get_by_role("button", name=re.compile("now$")).click()
    page.get_by_role("link", name="Status").click()
    expect(page.locator("#suspended")).to_be_visible()
    assert drift_setup.daemon.command("resume").returncode == 0
    expect(page.locator("#suspended")).to_have_count(0)


@pytest.fixture
def stopped_endpoint(drift_setup: DriftSetup) -> Iterator[Callable[[], None]]:
    """Stops the endpoint when it is called. It runs again after the test, whatever that found: the next ones use it."""
    yield drift_setup.server.stop
    if not drift_setup.server.runs:
        drift_setup.server.restart()


def test_9_while_the_endpoint_is_down_the_last_known_state_is_shown(
    drift_setup: DriftSetup, visit: Visit, stopped_endpoint: Callable[[], None]
) -> None:
    page = visit(drift_setup.url).open("/")
    before = names(page)
    stopped_endpoint()
    expect(page.get_by_role("status").first).to_contain_text(re.compile("down|not answer", re.IGNORECASE))
    expect(page.locator("#stale")).to_contain_text("Last known state")
    expect(page.locator("#listing")).to_have_css("filter", "grayscale(1)")
    assert names(page) == before
    assert not page.locator("#listing .status.error").count(), "what is known of a table is not that it failed"
    for path in ("/tables/users", "/runs", "/settings", "/preview", *(f"/confirm/{verb}" for verb in ACTIONS)):
        shown = visit(drift_setup.url).open(path)
        expect(shown.get_by_role("heading", level=1)).not_to_contain_text("Error")
        expect(shown.locator("#problem")).to_have_count(0)
    drift_setup.server.restart()
    expect(page.get_by_role("status").first).not_to_contain_text(re.compile("down|not answer", re.IGNORECASE))
    expect(page.locator("#stale")).to_have_count(0)


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_10_within_5_seconds_an_open_page_shows_that_the_daemon_does_not_respond(
    drift_setup: DriftSetup, chrome: Browser, tmp_path: Path, how: str
) -> None:
    scenario.declare(tmp_path)
    with Daemon(tmp_path, drift_setup.server.url, STACK="gone", MODE="observe", INTERVAL="1h") as daemon:
        daemon.until(lambda: DriftSetup(drift_setup.server, daemon).tables(), "looked")
        visitor = Visitor(chrome, f"http://{daemon.target}")
        page = visitor.open("/")
        before = banner(page)
        unlost(page)
        listening(page)
        (daemon.kill if how == "killed" else daemon.freeze)()
        expect(page.get_by_role("alert")).to_have_text("Disconnected: the daemon does not respond.", timeout=5000)
        expect(page.locator("#connection-seen")).to_contain_text(re.compile(r"Last seen \d+ s ago\."))
        expect(page).to_have_title(re.compile("^Disconnected"))
        expect(page.get_by_role("main")).to_have_css("filter", "grayscale(1)")
        assert banner(page) == before, "the rest of the page stays readable"
        for scheme in SCHEMES:
            visitor.look("wide", scheme)
            assert visitor.violations() == []
        (daemon.start if how == "killed" else daemon.thaw)()
        unlost(page)
        expect(page.get_by_role("main")).to_have_css("filter", "none")
        visitor.close()
