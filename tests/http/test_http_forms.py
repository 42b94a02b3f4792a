"""Who may send a form of the page: every form by token, Host, Origin, type, size and content, over a real socket."""

from __future__ import annotations

import itertools

import pytest
from support.captured_logs import capture_logs
from support.recording_app import DIGEST, FORM, declared, recording_server
from support.web import ask

from reconciler.http import Access
from reconciler.http.actions import ACTIONS
from reconciler.model.identity import Flavor

TOKEN = "s3cret-token-of-the-tests"
FIELDS = {
    name: [("digest", DIGEST)] * (action.verb.value in ("run", "rollback"))
    + [("stack", "default")] * action.types_stack
    for name, action in ACTIONS.items()
}
VERBS = tuple(ACTIONS)


@pytest.fixture(scope="module")
def with_token():
    with recording_server(
        declared("users", seed=True), access=Access(token=TOKEN, loopback=False), flavor=Flavor.AWS
    ) as made:
        yield made


@pytest.fixture(scope="module")
def on_emulator():
    with recording_server(declared("users", seed=True)) as made:
        yield made


TOKENS = {
    "no token": ([], 401),
    "an empty one": ([("token", "")], 401),
    "a wrong one": ([("token", "wrong")], 401),
    "a prefix of it": ([("token", TOKEN[:-1])], 401),
    "it and one more": ([("token", TOKEN + "x")], 401),
    "it with a scheme": ([("token", f"Bearer {TOKEN}")], 401),
    "another case": ([("token", TOKEN.upper())], 401),
    "two of them, both right": ([("token", TOKEN), ("token", TOKEN)], 422),
    "two of them, one right": ([("token", "wrong"), ("token", TOKEN)], 422),
    "the right one": ([("token", TOKEN)], 303),
}


@pytest.mark.parametrize(("verb", "case"), list(itertools.product(VERBS, TOKENS)))
def test_with_a_token_set_a_form_needs_the_right_one(with_token, verb, case):
    given, status = TOKENS[case]
    with_token.jobs.clear()
    answer = with_token.send(f"/confirm/{verb}", [*FIELDS[verb], *given])
    assert answer.status == status, answer.text
    assert [job.verb for job in with_token.jobs] == ([ACTIONS[verb].verb] if status == 303 else [])
    assert TOKEN not in answer.text + str(answer.headers)


@pytest.mark.parametrize("place", ["header", "query", "cookie"])
def test_a_token_outside_of_the_form_is_ignored(with_token, place):
    with_token.jobs.clear()
    path = f"/confirm/suspend?token={TOKEN}" if place == "query" else "/confirm/suspend"
    headers = {"header": {"Authorization": f"Bearer {TOKEN}"}, "cookie": {"Cookie": f"token={TOKEN}"}}.get(place, {})
    assert with_token.send(path, **headers).status == 401
    assert with_token.jobs == []


def origin(text):
    return {"Origin": text}


REQUESTS = {
    "as our own page sends it": ({}, 303),
    "with the browser's word that it is ours": ({"Sec_Fetch_Site": "same-origin"}, 303),
    "no Origin": ({"Origin": None}, 403),
    "no Origin, but the browser's word": ({"Origin": None, "Sec_Fetch_Site": "same-origin"}, 403),
    "an empty Origin": (origin(""), 403),
    "an opaque Origin": (origin("null"), 403),
    "a foreign Origin": (origin("https://evil.example"), 403),
    "an Origin that begins like ours": (origin("http://127.0.0.1:80.evil.example"), 403),
    "an Origin on another port": (origin("http://127.0.0.1:3000"), 403),
    "an Origin by another name of ours": (origin("http://localhost"), 403),
    "the browser's word that the page is foreign": ({"Sec_Fetch_Site": "cross-site"}, 403),
    "the browser's word that it is a neighbour": ({"Sec_Fetch_Site": "same-site"}, 403),
    "a foreign Host": ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
    "an empty Host": ({"Host": "", "Origin": "http://"}, 403),
    "JSON": ({"Content_Type": "application/json"}, 415),
    "plain text": ({"Content_Type": "text/plain"}, 415),
    "several parts": ({"Content_Type": "multipart/form-data; boundary=x"}, 415),
    "no type": ({"Content_Type": None}, 415),
    "a charset": ({"Content_Type": f"{FORM}; charset=utf-8"}, 303),
    "compressed": ({"Content_Encoding": "gzip"}, 415),
}


@pytest.mark.parametrize(("verb", "case"), list(itertools.product(VERBS, REQUESTS)))
def test_host_origin_and_type_are_checked_on_every_form(on_emulator, verb, case):
    headers, status = REQUESTS[case]
    on_emulator.jobs.clear()
    answer = on_emulator.send(f"/confirm/{verb}", FIELDS[verb] or [("token", "")], **headers)
    assert answer.status == status, answer.text
    assert len(on_emulator.jobs) == (status == 303)


BODIES = {
    "64 KiB and more": (b"token=" + b"x" * (64 * 1024), 413),
    "64 KiB": (b"token=" + b"x" * (64 * 1024 - 6), 303),
    "JSON in the clothes of a form": (b'{"tables": []}', 422),
    "no form at all": (b"\xff\xfe", 422),
    "bytes that are no text": (b"table=%ff", 422),
    "an unknown field": (b"verb=rollback", 422),
    "two digests": (f"digest={DIGEST}&digest={DIGEST}".encode(), 422),
    "a digest that is none": (b"digest=abc", 422),
    "an empty name": (b"table=", 422),
    "a name that is too long": (b"table=" + b"x" * 256, 422),
    "too many names": ("&".join(f"table=t{n}" for n in range(201)).encode(), 422),
    "too many fields": (b"&".join([b"table=a"] * 400), 422),
}


@pytest.mark.parametrize("case", BODIES)
def test_an_invalid_form_starts_no_job(on_emulator, case):
    body, status = BODIES[case]
    on_emulator.jobs.clear()
    assert on_emulator.send("/confirm/suspend", body=body).status == status
    assert len(on_emulator.jobs) == (status == 303)


@pytest.mark.parametrize("verb", ["run", "rollback"])
def test_a_form_without_a_plan_digest_starts_no_job(on_emulator, verb):
    on_emulator.jobs.clear()
    answer = on_emulator.send(f"/confirm/{verb}")
    assert (answer.status, on_emulator.jobs) == (422, [])


@pytest.mark.parametrize("verb", ["nothing", "preview", "RUN", "run%00", "%2e%2e"])
def test_no_other_verb_is_there(on_emulator, verb):
    on_emulator.jobs.clear()
    assert on_emulator.send(f"/confirm/{verb}", [("digest", DIGEST)]).status == 404
    assert on_emulator.get(f"/confirm/{verb}").status == 404
    assert on_emulator.jobs == []


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_no_other_method_does_anything(on_emulator, verb, method):
    on_emulator.jobs.clear()
    assert ask(on_emulator.http.port, f"/confirm/{verb}", method).status == 405
    assert on_emulator.jobs == []


@pytest.mark.parametrize("verb", VERBS)
def test_opening_a_form_changes_nothing(on_emulator, verb):
    on_emulator.jobs.clear()
    assert on_emulator.get(f"/confirm/{verb}?digest={DIGEST}").status == 200
    assert on_emulator.changing == []


PLACES = {
    "auto on loopback beside AWS": (Access(), Flavor.AWS, 403),
    "auto on every address beside an emulator": (Access(loopback=False), Flavor.MOTO, 403),
    "auto before the endpoint has answered": (Access(), None, 503),
    "token without one set": (Access(auth="token"), Flavor.MOTO, 403),
    "none beside AWS": (Access(auth="none"), Flavor.AWS, 403),
    "none beside an emulator": (Access(auth="none", loopback=False), Flavor.MOTO, 303),
}


@pytest.mark.parametrize("case", PLACES)
def test_without_a_token_the_bind_address_decides(case):
    access, flavor, status = PLACES[case]
    with recording_server(access=access, flavor=flavor) as server:
        assert server.send("/confirm/suspend").status == status
        assert server.get("/confirm/suspend").status == (200 if status == 303 else status)
        assert len(server.jobs) == (status == 303)


@pytest.mark.parametrize("path", ["/preview", "/confirm/run", "/confirm/rollback"])
def test_a_cross_site_navigation_creates_no_plan(on_emulator, path):
    on_emulator.jobs.clear()
    for headers in ({"Host": "evil.example"}, {"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert on_emulator.get(path, **headers).status == 403
    assert on_emulator.jobs == []


def test_the_token_of_a_form_is_in_no_log_line(with_token):
    with capture_logs() as lines:
        with_token.send("/confirm/suspend", [("token", TOKEN)])
        with_token.send("/confirm/suspend", [("token", TOKEN + "x")])
    assert TOKEN not in str(lines)


STACKS = {
    "no name": [],
    "an empty name": [("stack", "")],
    "another name": [("stack", "prod")],
    "another case": [("stack", "DEFAULT")],
    "a part of it": [("stack", "defaul")],
}


@pytest.mark.parametrize("tables", [[], [("table", "users")]], ids=["all tables", "one table"])
@pytest.mark.parametrize("case", STACKS)
def test_a_rollback_needs_the_name_of_the_stack(on_emulator, case, tables):
    on_emulator.jobs.clear()
    answer = on_emulator.send("/confirm/rollback", [("digest", DIGEST), *tables, *STACKS[case]])
    assert answer.status == 422
    assert "the name of the stack, default," in answer.text
    assert on_emulator.jobs == []


def test_spaces_around_the_name_of_the_stack_do_not_matter(on_emulator):
    assert on_emulator.send("/confirm/rollback", [("digest", DIGEST), ("stack", " default ")]).status == 303


def test_two_names_of_the_stack_are_refused(on_emulator):
    on_emulator.jobs.clear()
    given = [("digest", DIGEST), ("stack", "default"), ("stack", "default")]
    assert on_emulator.send("/confirm/rollback", given).status == 422
    assert on_emulator.jobs == []
