"""Somebody suspends the stack between two passes: pages, JSON, metrics and events show it while somebody looks."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from reconciler.engine.loop_status import LoopStatus
from reconciler.http.record_watch import EVERY_SECONDS, PATIENCE_SECONDS, RecordWatch
from reconciler.model.errors import StateError


class Place:
    """A status, a clock that is set by hand, and a record that is read."""

    def __init__(self) -> None:
        self.loop_status = LoopStatus("default", endpoint_up=True)
        self.now = 100.0
        self.record: Callable[[], bool] = lambda: True
        self.reads = 0
        self.watch = RecordWatch(self.loop_status, self._refresh, lambda: self.now)

    def _refresh(self) -> None:
        self.reads += 1
        self.loop_status.suspended = self.record()


@pytest.fixture
def place() -> Place:
    return Place()


def test_a_suspension_shows_with_the_next_look_and_goes_again(place: Place) -> None:
    place.watch.look()
    assert place.loop_status.suspended is True
    place.record, place.now = (lambda: False), place.now + EVERY_SECONDS
    place.watch.look()
    assert place.loop_status.suspended is False


def test_many_readers_read_the_record_once_in_two_seconds(place: Place) -> None:
    for _ in range(50):
        place.watch.look()
        place.now += EVERY_SECONDS / 100
    assert place.reads == 1
    place.now += EVERY_SECONDS
    place.watch.look()
    assert place.reads == 2


def test_nothing_is_read_while_the_endpoint_is_down(place: Place) -> None:
    place.loop_status.endpoint_up = False
    place.watch.look()
    assert (place.reads, place.loop_status.suspended) == (0, False)


def test_an_error_leaves_what_the_last_pass_saw(place: Place) -> None:
    def fails() -> bool:
        raise StateError("the state table is gone")

    place.loop_status.suspended, place.record = True, fails
    place.watch.look()
    assert place.loop_status.suspended is True


def test_an_endpoint_that_hangs_delays_one_page_shortly_and_gets_one_request(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered, waits = threading.Event(), list[float | None]()
    place.record = lambda: answered.wait(60)
    join = threading.Thread.join

    def joined(thread: threading.Thread, timeout: float | None = None) -> None:
        waits.append(timeout)
        join(thread, 0.01)

    monkeypatch.setattr(threading.Thread, "join", joined)
    for _ in range(5):
        place.watch.look()
        place.now += 10
    assert (place.reads, waits) == (1, [PATIENCE_SECONDS])
    answered.set()
