"""A client that knows nothing but the OpenAPI document goes from one answer to the next by its links."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from support.bundled_daemon import Daemon, ready, running, until
from support.endpoints import MotoServer
from support.waiting import PATIENCE

from reconciler.http.links import LINKS, Link

BEGINNINGS: dict[str, tuple[str, dict[str, Any] | None]] = {
    "JustThisPlan": ("", {"dry_run": True}),
    "202": ("?wait=false", {}),
}
"""What the first request of a link adds to its path, and its body, where that is not nothing."""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with MotoServer() as server:
        server.restart()
        with running(tmp_path_factory.mktemp("links"), server.url, RECONCILER_INTERVAL="1h") as started:
            until(lambda: ready(started), daemon=started)
            yield started
        server.restart()


def ask(daemon: Daemon, method: str, path: str, body: Any = None) -> tuple[int, str]:
    data = None if method == "GET" else json.dumps(body or {}).encode()
    url = f"http://127.0.0.1:{daemon.port}{path}"
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def resolved(value: Any, answer: Any) -> Any:
    """A value of a link with its runtime expressions taken from an answer."""
    match value:
        case dict():
            return {name: resolved(member, answer) for name, member in value.items()}
        case list():
            return [resolved(member, answer) for member in value]
        case str() if value.startswith("$response.body#/"):
            for part in value.removeprefix("$response.body#/").split("/"):
                answer = answer[int(part) if isinstance(answer, list) else part]
            return answer
    return value


@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{link.source} {link.status} {link.name}")
def test_a_link_leads_to_an_answer(daemon: Daemon, link: Link) -> None:
    paths = json.loads(daemon.get("/openapi.json")[1])["paths"]
    method, path = link.source.split(" ")
    reported = paths[path][method.lower()]["responses"][link.status]["links"][link.name]
    target, verb, operation = next(
        (route, verb, operation)
        for route, methods in paths.items()
        for verb, operation in methods.items()
        if operation["operationId"] == reported["operationId"]
    )
    query, body = BEGINNINGS.get(link.name) or BEGINNINGS.get(link.status) or ("", {})
    status, text = ask(daemon, method, path.replace("{name}", "users") + query, body)
    assert str(status) == link.status, text
    answer = json.loads(text)
    asked = {parameter["name"]: parameter["in"] for parameter in operation.get("parameters", ())}
    queries = []
    for name, value in resolved(reported.get("parameters", {}), answer).items():
        assert value, reported
        if asked[name] == "path":
            target = target.replace(f"{{{name}}}", value)
        else:
            queries.append(f"{name}={value}")
    assert "{" not in target
    desired = resolved(reported.get("requestBody", {}), answer)
    status, text = ask(daemon, verb.upper(), f"{target}?{'&'.join(queries)}", desired)
    assert status == 200, text
    assert all(desired.values()), desired
    if target.startswith("/api/"):
        assert json.loads(text)["success"] is True
