"""Behind a proxy that strips a path, every link, form and redirect of a page stays below that path."""

from __future__ import annotations

import asyncio
import re

import pytest
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Message

from reconciler.http.prefix import UnderPrefix, prefix_of

PAGE = (
    '<body data-prefix="/"><a href="/">a</a><form action="/confirm/run">'
    '<a href="/tables/x?y=/z"><a href="#id"><a href="">'
)
GIVEN = {
    "/reconciler": "/reconciler",
    "/reconciler/": "/reconciler",
    "/a/b-c/d_e": "/a/b-c/d_e",
    "": "",
    "/": "",
    "reconciler": "",
    "//evil.example": "",
    "/a//b": "",
    "/a/../b": "",
    '/"><script>': "",
    "/a b": "",
    "https://evil.example": "",
    "/" + "a" * 300: "",
}


@pytest.mark.parametrize(("given", "expected"), GIVEN.items())
def test_a_prefix_is_one_safe_path_or_none(given: str, expected: str) -> None:
    assert prefix_of(Headers({"X-Forwarded-Prefix": given})) == expected


def test_two_prefixes_are_none() -> None:
    raw = [(b"x-forwarded-prefix", b"/a"), (b"x-forwarded-prefix", b"/b")]
    assert prefix_of(Headers(raw=raw)) == ""


def asked(app: ASGIApp, prefix: str = "") -> tuple[Headers, str]:
    """Headers and body of the answer to ``GET /``."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"x-forwarded-prefix", prefix.encode())] if prefix else []
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
    asyncio.run(UnderPrefix(app)(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent)
    answered = Headers(raw=sent[0]["headers"])
    assert int(answered["content-length"]) == len(body)
    return answered, body.decode()


def test_links_forms_and_the_scripts_prefix_stay_below_it() -> None:
    _, page = asked(HTMLResponse(PAGE), "/reconciler")
    links = re.findall(r'(?:href|action|data-prefix)="([^"]*)"', page)
    assert links == ["/reconciler/", "/reconciler/", "/reconciler/confirm/run", "/reconciler/tables/x?y=/z", "#id", ""]
    assert asked(HTMLResponse(PAGE))[1] == PAGE


def test_a_redirect_stays_below_the_prefix() -> None:
    assert asked(RedirectResponse("/runs/1", 303), "/reconciler")[0]["location"] == "/reconciler/runs/1"
    assert asked(RedirectResponse("/runs/1", 303))[0]["location"] == "/runs/1"


def test_json_output_is_unchanged() -> None:
    assert asked(JSONResponse({"html": ' href="/a"'}), "/reconciler")[1] == '{"html":" href=\\"/a\\""}'
