"""Webhooks: what is told and when, the signature, retries, the bounded queue, and that a pass never waits."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from support.captured_logs import capture_logs
from support.reports import a_report, blocked, converged, drifted, failed, in_sync, missing
from support.waiting import PATIENCE, eventually

from reconciler.model.report import PassReport
from reconciler.settings.model import EVENTS
from reconciler.webhooks import delivery, start
from reconciler.webhooks.messages import Conditions, Event

Sent = tuple[str, dict[str, Any], dict[str, str]]


class Receiver:
    """Takes what would be posted, and answers with prepared status codes, then 200."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers, self.sent = list(answers), list[Sent]()
        self.blocks = threading.Event()
        self.blocks.set()

    def __call__(self, url: str, content: bytes, headers: dict[str, str]) -> int:
        self.blocks.wait(PATIENCE)
        self.sent.append((url, json.loads(content), headers))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer


def kinds(*reports: PassReport) -> list[list[str]]:
    """The kinds of the events of each report, one after the other."""
    conditions = Conditions()
    return [[event.kind for event in conditions.events(report)] for report in reports]


TOLD = {
    "nothing of what is in sync": ([a_report(in_sync())], [[]]),
    "drift once": ([a_report(drifted()), a_report(drifted())], [["drift"], []]),
    "a missing table": ([a_report(missing())], [["drift"]]),
    "a blocked step once": ([a_report(blocked()), a_report(blocked())], [["blocked"], []]),
    "a failed table": ([a_report(failed())], [["failed"]]),
    "an error of the pass": ([a_report(error="the endpoint is down")], [["failed"]]),
    "what was done": ([a_report(converged(), wrote=True)], [["changed"]]),
    "that all is well again": ([a_report(drifted()), a_report(in_sync())], [["drift"], ["recovered"]]),
    "a new drift after an old one ended": (
        [a_report(drifted()), a_report(in_sync()), a_report(drifted())],
        [["drift"], ["recovered"], ["drift"]],
    ),
    "only the new of two": ([a_report(drifted("a")), a_report(drifted("a"), drifted("b"))], [["drift"], ["drift"]]),
}


@pytest.mark.parametrize("what", TOLD)
def test_a_webhook_is_told(what: str) -> None:
    reports, expected = TOLD[what]
    assert kinds(*reports) == expected


def test_only_new_conditions_are_named() -> None:
    conditions = Conditions()
    list(conditions.events(a_report(drifted("a"))))
    (event,) = conditions.events(a_report(drifted("a"), drifted("b")))
    assert event.details == (("b", "drifted: ttl"),)


def test_the_json_event_says_where_and_what() -> None:
    (event,) = Conditions().events(a_report(blocked("users"), stack="shop", environment="prod"))
    document = event.document()
    assert (document["format_version"], document["event"], document["stack"], document["environment"]) == (
        "1.0",
        "blocked",
        "shop",
        "prod",
    )
    assert document["endpoint"]["account"] == "000000000000"
    assert document["tables"] == [{"name": "users", "detail": "replace keys: data_loss: the table holds items"}]
    assert document["summary"]["blocked"] == 1


def test_the_slack_message_has_a_title_and_escapes_what_slack_would_read() -> None:
    report = a_report(failed("<!channel>&`x`"), stack="shop", environment="prod")
    (event,) = Conditions().events(report)
    message = event.slack()
    assert message["text"] == "shop/prod: failed"
    text = message["blocks"][0]["text"]["text"]
    assert "`&lt;!channel&gt;&amp;'x'` UpdateTimeToLive: refused" in text
    assert "region us-east-1, account 000000000000" in text


def test_a_long_message_is_cut_and_says_how_many_more() -> None:
    event = Event("drift", a_report(), tuple((f"t{number}", "drifted") for number in range(500)))
    text = event.slack()["blocks"][0]["text"]["text"]
    assert len(text) <= 3000
    assert "and 480 more tables" in text


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between tries."""
    monkeypatch.setattr(delivery, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(delivery, "LONGEST_PAUSE", 0.001)


def told(receiver: Receiver, *reports: PassReport, **how: Any) -> None:
    """Report, and wait until everything is delivered or given up."""
    given = {"form": "auto", "events": EVENTS, "secret": None, **how}
    urls = given.pop("urls", "http://receiver.example/hook")
    webhooks = start(urls, send=receiver, **given)
    for report in reports:
        webhooks.report(report)
    webhooks.close(PATIENCE)


def test_each_receiver_gets_its_format() -> None:
    receiver = Receiver()
    told(receiver, a_report(drifted()), urls="https://hooks.slack.com/services/T/B/x,http://own.example/hook")
    assert [("blocks" in body, "event" in body) for _, body, _ in receiver.sent] == [(True, False), (False, True)]


def test_of_several_processes_only_the_leader_tells() -> None:
    receiver = Receiver()
    told(receiver, a_report(drifted("a"), leader=False, held_by="pod-7"), a_report(drifted("b"), leader=True))
    assert [body["tables"][0]["name"] for _, body, _ in receiver.sent] == ["b"]


def test_only_the_wanted_events_are_sent() -> None:
    receiver = Receiver()
    told(receiver, a_report(drifted("a"), failed("b")), events=("failed",))
    assert [body["event"] for _, body, _ in receiver.sent] == ["failed"]


def test_the_body_is_signed_with_its_time() -> None:
    receiver = Receiver()
    told(receiver, a_report(drifted()), secret="hush")
    ((_, body, headers),) = receiver.sent
    stamp, _, digest = headers["X-Reconciler-Signature"].partition(",v1=")
    signed = f"{stamp.removeprefix('t=')}.".encode() + json.dumps(body, ensure_ascii=True).encode()
    assert digest == hmac.new(b"hush", signed, hashlib.sha256).hexdigest()
    told(receiver, a_report(drifted()))
    assert "X-Reconciler-Signature" not in receiver.sent[-1][2]


@pytest.mark.parametrize("answer", [500, 503, 429, OSError("refused"), TimeoutError("slow")])
def test_a_receiver_that_restarts_gets_the_event_later(answer: int | Exception) -> None:
    receiver = Receiver(answer, answer)
    told(receiver, a_report(drifted()))
    assert [body["event"] for _, body, _ in receiver.sent] == ["drift"] * 3


@pytest.mark.parametrize(("answers", "tries"), [((404,), 1), ((401,), 1), ((302,), 1), ((500,) * 9, delivery.TRIES)])
def test_a_refusal_ends_the_tries_and_is_logged_without_the_secret_path(answers: tuple[int, ...], tries: int) -> None:
    receiver = Receiver(*answers)
    with capture_logs() as lines:
        told(receiver, a_report(drifted()), urls="http://receiver.example/secret-path")
    assert len(receiver.sent) == tries
    text = str(lines)
    assert "webhook was not delivered" in text
    assert "secret-path" not in text


def test_a_pass_never_waits_and_the_oldest_events_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "QUEUED", 3)
    receiver = Receiver()
    receiver.blocks.clear()
    webhooks = start("http://r.example/", form="json", events=EVENTS, secret=None, send=receiver)
    webhooks.report(a_report(drifted("first")))
    eventually(webhooks._queue.empty, lambda: "the first one is taken")
    for number in range(20):
        webhooks.report(a_report(drifted(f"t{number}")))
    receiver.blocks.set()
    webhooks.close(PATIENCE)
    named = [body["tables"][0]["name"] for _, body, _ in receiver.sent]
    assert named[0] == "first"
    assert named[-1] == "t19"
    assert len(named) <= 1 + 3


def test_the_end_of_the_process_does_not_wait_for_a_dead_receiver() -> None:
    receiver = Receiver()
    receiver.blocks.clear()
    webhooks = start("http://r.example/", form="json", events=EVENTS, secret=None, send=receiver)
    webhooks.report(a_report(drifted()))
    with capture_logs() as lines:
        webhooks.close(0.05)
    receiver.blocks.set()
    assert "webhooks were not delivered before the end" in str(lines)


@pytest.fixture
def server() -> Iterator[tuple[str, list[bytes]]]:
    """A receiver on loopback."""
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}/hook?key=1", got
        made.shutdown()


def test_an_event_reaches_a_server(server: tuple[str, list[bytes]]) -> None:
    url, got = server
    webhooks = start(url, form="auto", events=EVENTS, secret="hush")
    webhooks.report(a_report(drifted()))
    webhooks.close(PATIENCE)
    assert json.loads(got[0])["event"] == "drift"


def test_a_user_and_a_password_in_a_url_are_not_shown() -> None:
    assert (
        delivery.Target("https://ann:secret@hooks.example:8443/T1/token?key=1", slack=False).shown
        == "https://hooks.example:8443"
    )
