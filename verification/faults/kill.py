"""The fault kill -9 at a numbered mutating call: before the endpoint received it, after that, or after the answer."""

from __future__ import annotations

import queue
import threading
from enum import StrEnum

from faults.journal import Tally
from support.fork_server import Running
from support.proxy import Recorded
from support.waiting import PATIENCE


class Moment(StrEnum):
    """When the process dies, seen from the call that it makes."""

    BEFORE = "before"
    """The request is never passed on."""
    APPLIED = "after it was applied"
    """The endpoint applied the call, and the client did not receive the answer."""
    DELIVERED = "after its answer came"
    """The answer arrived, the next call of any kind is never passed on."""


class Kill:
    """A ``Fault`` of the proxy. ``aim`` names the process, which may be after the first call arrived."""

    def __init__(self, number: int, moment: Moment) -> None:
        self.number = number
        self.moment = moment
        self._victim: queue.SimpleQueue[Running] = queue.SimpleQueue()
        self._tally = Tally()
        self._lock = threading.Lock()
        self._here = threading.local()
        self._delivered = False
        self._struck = False

    def aim(self, victim: Running) -> None:
        self._victim.put(victim)

    def arrived(self, request: Recorded) -> None:
        with self._lock:
            if self._delivered or self._struck:
                self._strike()
            self._here.number = self._tally.number(request)
        if self._here.number == self.number and self.moment is Moment.BEFORE:
            self._strike()

    def answered(self, request: Recorded) -> None:
        if self._here.number != self.number:
            return
        if self.moment is Moment.APPLIED:
            self._strike()
        self._delivered = True

    def _strike(self) -> None:
        self._struck = True
        victim = self._victim.get(timeout=PATIENCE)
        self._victim.put(victim)
        victim.kill()
        raise ConnectionAbortedError
