"""``/api/v1/testing``: which jobs its routes start, and that they are refused unless everything allows them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from support.captured_logs import capture_logs
from support.sample_reports import LOCAL, report, table
from support.web import Answer, ask

from reconciler.engine.loop_status import LoopStatus
from reconciler.http import Control, HttpServer, create_app
from reconciler.metrics import Metrics
from reconciler.model.identity import Endpoint, Flavor
from reconciler.runs import Job, Outcome, Run, Verb


class Api:
    """A served daemon; ``jobs`` are those that its routes started."""

    def __init__(self, port: int, jobs: list[Job], document: dict[str, object]) -> None:
        self.port, self.jobs, self.document = port, jobs, document

    def post(self, path: str, body: object = None, **headers: str) -> Answer:
        text = None if body is None else json.dumps(body).encode()
        kind = {} if body is None else {"Content-Type": "application/json"}
        return ask(self.port, f"/api/v1/testing/{path}", "POST", text, **kind, **headers)


@contextmanager
def served(*, testing: bool = True, endpoint: Endpoint = LOCAL, token: str | None = None) -> Iterator[Api]:
    """A server with the setting ``TESTING``, beside this endpoint."""
    loop_status = LoopStatus("default")
    loop_status.endpoint = endpoint
    jobs: list[Job] = []

    def submit(job: Job) -> Run:
        jobs.append(job)
        run = Run("run-1", job)
        run.ended.set_result(Outcome(report(table())))
        return run

    control = Control(loop_status, testing=testing, submit=submit)
    control.access = replace(control.access, token=token)
    app = create_app(loop_status, Metrics(loop_status), control=control)
    http = HttpServer(app, "127.0.0.1", 0)
    with capture_logs():
        http.start()
        try:
            yield Api(http.port, jobs, app.openapi())
        finally:
            http.stop()


@pytest.mark.parametrize(
    ("path", "body", "job"),
    [
        ("reset", None, Job(Verb.TEST_RESET)),
        ("reset", {"content": "seed"}, Job(Verb.TEST_RESET, content="seed")),
        ("reset", {"tables": ["b", "a", "b"], "content": "empty"}, Job(Verb.TEST_RESET, ("b", "a"), content="empty")),
        ("snapshot", None, Job(Verb.TEST_SNAPSHOT)),
        ("snapshot", {"tables": ["a"]}, Job(Verb.TEST_SNAPSHOT, ("a",))),
    ],
)
def test_a_request_becomes_exactly_this_job(path: str, body: object, job: Job) -> None:
    with served() as api:
        answer = api.post(path, body)
    assert (answer.status, api.jobs) == (200, [job])
    assert f"/api/v1/testing/{path}" in api.document["paths"]


@pytest.mark.parametrize("path", ["reset", "snapshot"])
def test_without_the_setting_the_routes_are_refused_and_not_documented(path: str) -> None:
    with served(testing=False) as api:
        answer = api.post(path)
    assert (answer.status, api.jobs) == (403, [])
    assert answer.json["detail"].startswith("RECONCILER_TESTING is off. Set RECONCILER_TESTING=true")
    assert f"/api/v1/testing/{path}" not in api.document["paths"]


@pytest.mark.parametrize("token", [None, "secret"])
@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.OTHER])
@pytest.mark.parametrize("path", ["reset", "snapshot"])
def test_off_emulators_the_routes_are_refused_even_with_a_token(path: str, flavor: Flavor, token: str | None) -> None:
    with served(endpoint=replace(LOCAL, flavor=flavor), token=token) as api:
        answer = api.post(path, **({"Authorization": f"Bearer {token}"} if token else {}))
    assert (answer.status, api.jobs) == (403, [])
    assert "emulator" in answer.json["detail"]


def test_the_page_of_another_site_cannot_reset() -> None:
    with served() as api:
        assert api.post("reset", Origin="https://evil.example").status == 403
        assert api.post("reset", {"content": "everything"}).status == 422
    assert api.jobs == []
