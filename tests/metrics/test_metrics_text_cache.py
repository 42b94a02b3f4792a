"""Series of tables are rewritten exactly when one of them changed; a scrape shows current values."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.exposition import choose_encoder
from support.reports import a_report, a_table, create, ttl_moved

from reconciler.engine.loop_status import LoopStatus
from reconciler.metrics import Metrics
from reconciler.metrics.text_cache import TableTextCache, by_family
from reconciler.model.report import TableStatus

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
USERS = replace(a_table("users", TableStatus.IN_SYNC), facets=("ttl",))
ORDERS = replace(a_table("orders", TableStatus.IN_SYNC), facets=("ttl",))


@pytest.fixture
def loop_status():
    return LoopStatus("default")


@pytest.fixture
def metrics(loop_status):
    return Metrics(loop_status)


def scraped(metrics, accept=""):
    return metrics.exposition(accept)[1].decode()


def ended(loop_status, metrics, *tables):
    report = a_report(*tables)
    loop_status.finish(report)
    metrics.pass_finished(report)


def line(text, *words):
    found = [each for each in text.splitlines() if all(word in each for word in words) and not each.startswith("#")]
    return found[0].rpartition(" ")[2] if found else None


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_a_changed_table_shows_in_the_next_scrape(accept, loop_status, metrics):
    ended(loop_status, metrics, USERS, ORDERS)
    assert line(scraped(metrics, accept), "table_status{", '"users"', '"in_sync"') == "1.0"
    drifted = replace(USERS, status=TableStatus.DRIFTED, changes=(ttl_moved(),), drifted=("ttl",))
    ended(loop_status, metrics, drifted, ORDERS)
    text = scraped(metrics, accept)
    assert line(text, "table_status{", '"users"', '"in_sync"') == "0.0"
    assert line(text, "table_status{", '"orders"', '"in_sync"') == "1.0"
    assert line(text, "drift_detected_total{", '"users"') == "1.0"
    ended(loop_status, metrics, USERS, ORDERS)
    assert line(scraped(metrics, accept), "table_status{", '"users"', '"in_sync"') == "1.0"


def test_a_step_within_a_pass_is_counted_by_the_next_scrape(loop_status, metrics):
    ended(loop_status, metrics, USERS)
    for number in (1, 2, 3):
        scraped(metrics)
        metrics.step("p", "users", create("users").done())
        assert line(scraped(metrics), "actions_total{", '"create"', '"success"') == f"{number}.0"


def test_seeds_are_counted_and_a_removed_table_has_no_state(loop_status, metrics):
    ended(loop_status, metrics, replace(USERS, seed_written=3), ORDERS)
    scraped(metrics)
    ended(loop_status, metrics, replace(USERS, seed_written=2))
    text = scraped(metrics)
    assert line(text, "seed_items_total{", '"users"', '"written"') == "5.0"
    assert line(text, "table_status{", '"orders"') is None


def test_pass_level_values_are_current_even_if_no_table_changed(loop_status, metrics):
    ended(loop_status, metrics, USERS)
    assert line(scraped(metrics), "pass_in_progress") == "0.0"
    loop_status.start("another")
    metrics.http_request("GET", "/", 200, 0.1)
    text = scraped(metrics)
    assert line(text, "pass_in_progress") == "1.0"
    assert line(text, "http_requests_total{", '"2xx"') == "1.0"


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_a_kept_text_is_the_one_that_would_be_written(accept, loop_status, metrics):
    ended(loop_status, metrics, USERS, ORDERS)
    first = scraped(metrics, accept)
    other = Metrics(loop_status)
    other.pass_finished(loop_status.report)
    ours = [each for each in first.splitlines() if "table=" in each]
    assert [each for each in scraped(metrics, accept).splitlines() if "table=" in each] == ours
    assert [each for each in scraped(other, accept).splitlines() if "table=" in each] == ours


def test_the_two_metric_formats_are_cached_separately_and_openmetrics_ends_once(loop_status, metrics):
    ended(loop_status, metrics, USERS)
    for _ in range(2):
        assert "# EOF" not in scraped(metrics)
        text = scraped(metrics, OPENMETRICS)
        assert text.count("# EOF") == 1
        assert text.endswith("# EOF\n")


def test_the_text_is_written_once_while_nothing_changes_and_never_kept_when_something_did_meanwhile(loop_status):
    written, changes = [], [0]
    prepared = TableTextCache(None, loop_status, lambda: changes[0])

    def encode(_):
        written.append(changes[0])
        return str(len(written)).encode()

    def text(content_type, encoder):
        return prepared.text(content_type, encoder).text

    loop_status.finish(a_report(USERS))
    assert [text("plain", encode) for _ in range(3)] == [b"1", b"1", b"1"]
    loop_status.finish(a_report(replace(USERS)))
    assert text("plain", encode) == b"1"
    changes[0] += 1
    assert text("plain", encode) == b"2"
    assert text("open", encode) == b"3"

    def disturbed(_):
        loop_status.finish(a_report(ORDERS))
        return b"of two moments"

    loop_status.finish(a_report(USERS, ORDERS))
    assert text("open", disturbed) == b"of two moments"
    loop_status.finish(a_report(USERS, ORDERS))
    assert text("open", encode) == b"4"


def test_tables_that_are_added_up_are_written_once_though_their_facets_differ(loop_status):
    metrics = Metrics(loop_status, "none")
    for _ in range(2):
        ended(loop_status, metrics, USERS, replace(ORDERS, facets=("ttl", "tags")))
    before = metrics._events.changes
    ended(loop_status, metrics, replace(USERS), replace(ORDERS, facets=("ttl", "tags")))
    assert metrics._events.changes == before


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_the_compressed_text_is_the_text(accept, loop_status, metrics):
    ended(loop_status, metrics, USERS, ORDERS)
    for _ in range(2):
        content_type, packed = metrics.compressed(accept)
        known_type, text = metrics.exposition(accept)
        unpacked = gzip.decompress(packed)
        assert (content_type, stable(unpacked)) == (known_type, stable(text))
        # One member: some clients read only the first.
        reader = zlib.decompressobj(31)
        assert (reader.decompress(packed), reader.eof, reader.unused_data) == (unpacked, True, b"")
        metrics.step("p", "users", create("users").done())


def stable(text):
    """Without what the process itself changes from one look to the next."""
    return [each for each in text.splitlines() if not each.startswith((b"process_", b"python_gc"))]


def test_the_text_is_made_at_the_end_of_a_pass_if_somebody_reads_it(loop_status):
    written = []
    prepared = TableTextCache(None, loop_status, lambda: 0)

    def encode(_):
        written.append(loop_status.report)
        return b"text"

    loop_status.finish(a_report(USERS))
    prepared.renew()
    assert written == []
    prepared.text("plain", encode)
    loop_status.finish(a_report(ORDERS))
    prepared.renew()
    loop_status.finish(a_report(USERS, ORDERS))
    prepared.renew()
    assert len(written) == 2
    prepared.text("plain", encode)
    assert len(written) == 3


def test_the_text_is_held_in_the_form_that_was_read_last(loop_status):
    prepared, changes = TableTextCache(None, loop_status, lambda: changes[0]), [0]

    def encode(_):
        return f"text {changes[0]}".encode()

    loop_status.finish(a_report(USERS))
    held = prepared.text("plain", encode)
    packed = held.deflated()
    assert held.plain is None
    assert prepared.text("plain", encode).text == b"text 0"
    assert held.deflated() is packed
    changes[0] = 1
    prepared.renew()
    renewed = prepared.text("plain", encode)
    assert renewed.packed is not None
    assert renewed.plain is None
    assert renewed.text == b"text 1"


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_families_are_written_one_by_one(accept):
    encode, _ = choose_encoder(accept)
    registry = CollectorRegistry()
    for name in ("one", "two"):
        Counter(name, f"Help of {name}.", ["table"], registry=registry).labels("users").inc()
    asked = []

    def counting(families):
        asked.extend(families.collect())
        return encode(families)

    assert by_family(counting)(registry) == encode(registry).removesuffix(b"# EOF\n")
    assert [family.name for family in asked] == ["one", "two"]
