"""What every answer has in common: headers, error form, counting, and that nothing else is reachable."""

from __future__ import annotations

import http.client
import json
import socket
import time

import pytest
from support.captured_logs import capture_logs
from support.scrape import samples, value
from support.waiting import PATIENCE
from support.web import ask

from reconciler.engine.loop_status import LoopStatus
from reconciler.http import HttpServer, create_app, protocol
from reconciler.http.page import Page
from reconciler.metrics import Metrics
from reconciler.model.errors import SettingsError

ROUTES = ("/", "/metrics", "/livez", "/readyz", "/healthz", "/api/v1/status", "/docs", "/openapi.json")


@pytest.mark.parametrize("path", [*ROUTES, "/nothing/here"])
def test_every_answer_carries_the_security_headers(ready, path):
    headers = ready.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Server"] is None


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/api/v1",
        "/redoc",
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/web/style.css",
        "//",
    ],
)
def test_an_unknown_path_is_a_problem_document_and_reads_no_file(ready, path):
    answer = ready.get(path)
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["title"] == "Not Found"
    assert "root:" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/metrics", "/api/v1/status"])
def test_nothing_can_be_changed_through_these_routes(ready, method, path):
    answer = ask(ready.port, path, method, b"{}")
    assert answer.status == 405
    assert answer.headers["Content-Type"] == "application/problem+json"


def counted(served, times, **labels):
    """Requests are counted after their answer has left, so the counter may lag a moment behind the client."""
    for _ in range(100):
        if value(served.metrics, "http_requests_total", **labels) == times:
            return True
        time.sleep(0.02)
    return False


def test_a_route_that_fails_answers_without_a_trace_and_is_counted(ready):
    ready.loop_status.report = "not a report"
    with capture_logs() as log:
        answer = ready.get("/api/v1/status")
    assert [(line["event"], line["path"]) for line in log] == [("request failed", "/api/v1/status")]
    assert answer.status == 500
    assert answer.json["detail"] == "The request failed. See the log for the reason."
    assert "Traceback" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    ready.loop_status.report = None
    assert counted(ready, 1, route="/api/v1/status", code_class="5xx")


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_a_browser_that_meets_a_fault_is_shown_a_page_with_the_id_of_its_request(ready):
    ready.loop_status.report = "not a report"
    with capture_logs() as log:
        answer = ready.get("/", Accept=BROWSER)
        plain = ready.get("/")
    assert [(line["event"], line["path"]) for line in log] == [("request failed", "/")] * 2
    assert (answer.status, answer.headers["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert "<h1>Internal Server Error</h1>" in answer.text
    assert "The request failed. See the log for the reason." in answer.text
    assert f"request {answer.headers['X-Request-Id']};" in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["Content-Security-Policy"] == ready.get("/docs").headers["Content-Security-Policy"]
    assert (plain.status, plain.headers["Content-Type"]) == (500, "application/problem+json")
    assert plain.json["request_id"] == plain.headers["X-Request-Id"]


def test_the_api_answers_a_browser_with_a_document_though_it_fails(ready):
    ready.loop_status.report = "not a report"
    with capture_logs():
        answer = ready.get("/api/v1/status", Accept=BROWSER)
    assert (answer.status, answer.headers["Content-Type"]) == (500, "application/problem+json")


def test_where_the_page_of_errors_fails_itself_there_is_still_a_document(ready, monkeypatch):
    def broken(*_, **__):
        raise ValueError("no template")

    monkeypatch.setattr(Page, "_render", broken)
    with capture_logs() as log:
        answer = ready.get("/", Accept=BROWSER)
    assert [line["event"] for line in log] == ["request failed", "the page of an error failed"]
    assert (answer.status, answer.headers["Content-Type"]) == (500, "application/problem+json")
    assert answer.json["detail"] == "The request failed. See the log for the reason."


def test_the_pages_declare_their_errors_in_both_forms(ready):
    for path in ("/", "/tables/{name}"):
        errors = ready.get("/openapi.json").json["paths"][path]["get"]["responses"]
        assert {status: sorted(answer["content"]) for status, answer in errors.items() if status != "200"} == {
            status: ["application/problem+json", "text/html"] for status in errors if status != "200"
        }


def test_metrics_are_served_in_both_formats(ready):
    plain = ready.get("/metrics")
    assert plain.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'dynamodb_reconciler_endpoint_up{environment="default"} 1.0' in plain.text
    asked = ready.get("/metrics", Accept="application/openmetrics-text;version=1.0.0")
    assert asked.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert asked.text.endswith("# EOF\n")


def test_requests_are_counted_by_the_template_of_their_route(ready):
    for path in ("/livez", "/livez?x=1", "/readyz", "/secret/1", "/secret/2"):
        ready.get(path)
    assert counted(ready, 2, method="GET", route="/livez", code_class="2xx")
    assert counted(ready, 2, route="unmatched", code_class="4xx")
    assert "secret" not in str(samples(ready.metrics, "http_requests_total"))


def test_openapi_lists_the_routes_and_no_foreign_host(ready):
    answer = ready.get("/openapi.json")
    assert {path for path in ROUTES if path != "/openapi.json"} < set(answer.json["paths"])
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    operations = [o["operationId"] for path in answer.json["paths"].values() for o in path.values()]
    assert len(operations) == len(set(operations))


def test_a_request_that_is_not_http_does_not_end_the_server(ready):
    with socket.create_connection(("127.0.0.1", ready.port), timeout=PATIENCE) as raw:
        raw.sendall(b"\x16\x03\x01 garbage\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 400")
    assert ready.get("/livez").status == 200


def test_headers_that_never_end_are_cut_off(ready):
    with socket.create_connection(("127.0.0.1", ready.port), timeout=PATIENCE) as raw:
        raw.sendall(b"GET /livez HTTP/1.1\r\nX-Long: " + b"x" * 40_000)
        assert raw.recv(100).startswith(b"HTTP/1.1 4")


def test_a_client_that_never_ends_its_headers_is_cut_off_and_others_are_served(served, monkeypatch):
    monkeypatch.setattr(protocol, "HEADER_SECONDS", 0.1)
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE) as slow:
        slow.sendall(b"GET /livez HTTP/1.1\r\nX-Slow: ")
        assert served.get("/livez").status == 200
        assert slow.recv(100) == b""


def test_a_connection_is_kept_for_a_second_request(served):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE)
    for _ in range(2):
        connection.request("GET", "/livez")
        assert connection.getresponse().read()
    connection.close()


def server(port, host="127.0.0.1"):
    loop_status = LoopStatus("default")
    return HttpServer(create_app(loop_status, Metrics(loop_status)), host, port)


def test_a_port_in_use_is_one_sentence_that_names_the_setting(ready):
    with pytest.raises(SettingsError, match=rf"Port {ready.port} on 127.0.0.1 is in use .* RECONCILER_HTTP_PORT"):
        server(ready.port).start()


def test_a_foreign_host_is_one_sentence_that_names_the_setting():
    with pytest.raises(SettingsError, match="RECONCILER_HTTP_HOST"):
        server(0, "192.0.2.1").start()


def test_after_stop_the_port_is_free_again():
    first = server(0)
    first.start()
    assert first.port > 0
    first.stop()
    again = server(first.port)
    again.start()
    assert json.loads(ask(again.port, "/livez").body)["alive"] is True
    again.stop()


def test_a_server_that_never_started_stops():
    server(0).stop()
