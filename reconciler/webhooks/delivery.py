"""Delivers events to webhooks in a thread of its own. A pass only puts an event into a queue, and never waits.

The queue is bounded: while a receiver is down, the oldest events are dropped, and a warning says how many. A delivery
is tried a few times with growing pauses, because receivers restart; an answer that refuses it ends the tries.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import queue
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from reconciler.backoff import pauses
from reconciler.logs import get_logger
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.report import PassReport
from reconciler.webhooks.messages import Conditions, Event, body

log = get_logger("reconciler.webhooks")

QUEUED = 200
"""Events that wait at most."""
TRIES = 5
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
SECONDS = 5.0
"""Time limit of one request."""
CLOSE_SECONDS = 3.0
"""How long the end of the process waits for what is queued."""
SLACK_HOSTS = ("hooks.slack.com",)
Send = Callable[[str, bytes, dict[str, str]], int]


@dataclass(frozen=True, slots=True)
class Target:
    """One receiver. ``url`` is never logged as a whole, because its path may be a secret."""

    url: str
    slack: bool

    @property
    def shown(self) -> str:
        """Scheme, host and port, without a user and a password."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def start(urls: str, *, form: str, events: Sequence[str], secret: str | None, send: Send | None = None) -> Webhooks:
    """Webhooks for URLs that are separated by commas; ``form`` is ``auto``, ``json`` or ``slack``."""
    targets = [
        Target(url, form == "slack" or (form == "auto" and urlsplit(url).hostname in SLACK_HOSTS))
        for url in urls.split(",")
    ]
    return Webhooks(targets, events, secret, send or post)


class Webhooks:
    """The receivers of one process. ``send`` posts a body to a URL and returns the status code."""

    def __init__(self, targets: Sequence[Target], events: Sequence[str], secret: str | None, send: Send) -> None:
        self._targets, self._wanted, self._secret, self._send = targets, frozenset(events), secret, send
        self._conditions = Conditions()
        self._queue: queue.Queue[Event | None] = queue.Queue(QUEUED)
        self._stop = threading.Event()
        self._dropped = 0
        self._thread: threading.Thread | None = None

    def report(self, report: PassReport) -> None:
        """Queue the events of a report. Never waits and never raises for a receiver.

        If several processes observe one stack, only the one with the lease sends events.
        """
        if report.leader is False:
            return
        for event in self._conditions.events(report):
            if event.kind in self._wanted:
                self._put(event)

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Deliver what is queued, for at most this time; the rest is dropped with a warning."""
        if self._thread is None:
            return
        deadline = time.monotonic() + seconds
        while self._queue.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.02)
        self._stop.set()
        left = self._queue.unfinished_tasks
        self._put(None)
        if left:
            log.warning("webhooks were not delivered before the end", events=left)

    def _put(self, event: Event | None) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
            self._thread.start()
        while True:
            try:
                self._queue.put_nowait(event)
                return
            except queue.Full:
                try:
                    self._queue.get_nowait()
                    self._queue.task_done()
                    self._dropped += 1
                except queue.Empty:
                    continue

    def _run(self) -> None:
        while (event := self._queue.get()) is not None:
            dropped, self._dropped = self._dropped, 0
            if dropped:
                log.warning("webhook events were dropped, because receivers do not answer", events=dropped)
            for target in self._targets:
                self._deliver(target, event)
            self._queue.task_done()

    def _deliver(self, target: Target, event: Event) -> None:
        content = body(event, slack=target.slack)
        why = ""
        for number, pause in zip(range(TRIES), pauses(FIRST_PAUSE, LONGEST_PAUSE), strict=False):
            if number and self._stop.wait(pause):
                return
            try:
                status = self._send(target.url, content, self._headers(content, event))
            except (OSError, ValueError, http.client.HTTPException) as error:
                why = str(error) or type(error).__name__
                continue
            if 200 <= status < 300:
                return
            why = f"HTTP {status}"
            if status < 500 and status != 429:
                break
        log.warning("webhook was not delivered", to=target.shown, webhook_event=event.kind, why=why)

    def _headers(self, content: bytes, event: Event) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "X-Reconciler-Event": event.kind}
        if self._secret is not None:
            headers["X-Reconciler-Signature"] = signature(self._secret, int(time.time()), content)
        return headers


def signature(secret: str, seconds: int, content: bytes) -> str:
    """``t=SECONDS,v1=HEX``: the HMAC-SHA256 over ``SECONDS.BODY``; by the time a receiver refuses repetitions."""
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + content, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def post(url: str, content: bytes, headers: dict[str, str]) -> int:
    """One POST; redirects are not followed, because they would send the event elsewhere."""
    parts = urlsplit(url)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=SECONDS, context=context)
    else:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        connection.request("POST", path, content, headers)
        return connection.getresponse().status
    finally:
        connection.close()
