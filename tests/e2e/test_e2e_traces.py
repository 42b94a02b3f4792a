"""Traces of real runs: what a collector receives is compared with the journal of a proxy before the endpoint."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.bundled_daemon import names, ready, running, until
from support.collector import Collector, Spanned
from support.daemon import Daemon
from support.endpoints import Live, MotoServer
from support.proxy import Recorded, RecordingProxy
from support.tool import Tool
from support.waiting import PATIENCE

USERS = """
table_name: users
key_schema: [{ AttributeName: pk, KeyType: HASH }]
attribute_definitions: [{ AttributeName: pk, AttributeType: S }]
billing_mode: PAY_PER_REQUEST
"""
SEED = '[{"pk": "1"}, {"pk": "2"}, {"pk": "3"}]'


@pytest.fixture
def moto() -> Iterator[MotoServer]:
    with MotoServer() as server:
        server.restart()
        yield server


@pytest.fixture
def tool(tmp_path: Path, moto: MotoServer) -> Iterator[tuple[Tool, RecordingProxy]]:
    with RecordingProxy(moto.url) as proxy:
        made = Tool(proxy.url, tmp_path)
        made.write("users.yaml", USERS)
        made.write("orders.yaml", USERS.replace("users", "orders"))
        made.write("seeds/users.json", SEED)
        yield made, proxy


def counted(spans: list[Spanned]) -> Counter[str]:
    return Counter(span.attributes["rpc.method"] for span in spans)


def test_a_run_is_a_tree_of_pass_table_and_call_and_every_call_of_the_journal_is_in_it(
    tool: tuple[Tool, RecordingProxy],
) -> None:
    one, proxy = tool
    with Collector() as collector:
        done = one.run("--once", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_SERVICE_NAME="tables")
        assert done.exit_code == 0, done.stderr
        assert set(collector.paths) == {"/v1/traces"}
        assert counted(collector.calls) == Counter(proxy.operations)
        passes = collector.named("pass")
        assert len(passes) >= 2
        for whole in passes:
            assert whole.parent == b""
            assert whole.attributes["reconciler.pass.trigger"] == "once"
            below = collector.children(whole)
            tables = [span for span in below if not span.is_call]
            assert {span.name for span in tables} <= {"table users", "table orders"}
            for table in tables:
                assert table.attributes["reconciler.pass.id"] == whole.attributes["reconciler.pass.id"]
                assert whole.start <= table.start <= table.end <= whole.end
                for call in collector.children(table):
                    assert call.is_call
                    assert call.attributes["reconciler.pass.id"] == whole.attributes["reconciler.pass.id"]
                    named = call.attributes.get("aws.dynamodb.table_names", [])
                    assert set(named) <= {table.attributes["reconciler.table.name"], "reconciler_state"}
        [create] = [s for s in collector.calls if _is(s, "CreateTable", "users")]
        assert _steps(collector, create) == ("table users", ["create"])
        puts = [span for span in collector.calls if _is(span, "PutItem", "users")]
        assert [_steps(collector, put) for put in puts] == [("table users", ["seed"])] * 3


def _steps(collector: Collector, call: Spanned) -> tuple[str, list[str]]:
    """Name and steps of the table that a call was made for."""
    [table] = [span for span in collector.spans if span.id == call.parent]
    assert {event for event, _ in table.events} == {"step"}
    return table.name, [reported["reconciler.step.action"] for _, reported in table.events]


def _is(span: Spanned, method: str, table: str) -> bool:
    return span.name == f"DynamoDB.{method}" and span.attributes.get("aws.dynamodb.table_names") == [table]


def test_a_call_is_named_and_described_by_the_semantic_conventions(tool: tuple[Tool, RecordingProxy]) -> None:
    one, _ = tool
    with Collector() as collector:
        one.run("--once", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_RESOURCE_ATTRIBUTES="team=data")
        [create] = [span for span in collector.calls if _is(span, "CreateTable", "users")]
        expected = {
            "rpc.system": "aws-api",
            "rpc.service": "DynamoDB",
            "rpc.method": "CreateTable",
            "db.system.name": "aws.dynamodb",
            "db.operation.name": "CreateTable",
            "http.response.status_code": 200,
        }
        assert {name: create.attributes[name] for name in expected} == expected
        assert create.attributes["aws.request_id"]
        assert create.resource["service.name"] == "dynamodb-reconciler"
        assert create.resource["team"] == "data"


def test_a_refused_call_ends_its_span_and_that_of_its_table_as_errors(tool: tuple[Tool, RecordingProxy]) -> None:
    one, proxy = tool

    def refuse(request: Recorded) -> tuple[int, str] | None:
        wrong = request.operation == "CreateTable" and "orders" in request.tables
        return (400, "ValidationException") if wrong else None

    proxy.answer_instead = refuse
    with Collector() as collector:
        assert one.run("--once", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url).exit_code == 1
        [refused, *_] = [span for span in collector.calls if _is(span, "CreateTable", "orders")]
        assert refused.failed
        assert refused.attributes["error.type"] == "ValidationException"
        assert refused.attributes["http.response.status_code"] == 400
        [table] = [span for span in collector.spans if span.id == refused.parent]
        [whole] = [span for span in collector.spans if span.id == table.parent]
        assert (table.name, table.failed, whole.failed) == ("table orders", True, True)
        assert not any(span.failed for span in collector.named("table users"))


@pytest.mark.parametrize("how", ["refuses", "never answers"])
def test_a_dead_collector_fails_no_run(how: str, tool: tuple[Tool, RecordingProxy]) -> None:
    one, _ = tool
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        if how == "refuses":
            deaf.close()
        done = one.run("--once", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}")
    assert done.exit_code == 0, done.stderr
    assert "orders" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_console_exporter_leaves_standard_output_to_the_result(tool: tuple[Tool, RecordingProxy]) -> None:
    one, _ = tool
    plain = one.run("preview", "-o", "json", OTEL_TRACES_EXPORTER="console")
    assert '"name": "pass"' in plain.stderr
    assert plain.stdout.startswith("{")
    assert '"name": "pass"' not in plain.stdout


def test_variables_that_the_sdk_refuses_are_reported_and_the_run_continues(tool: tuple[Tool, RecordingProxy]) -> None:
    one, _ = tool
    done = one.run("--once", OTEL_TRACES_EXPORTER="otlp", OTEL_BSP_MAX_QUEUE_SIZE="-3")
    assert done.exit_code == 0
    assert done.stderr.count("tracing is off") == 1


IMPORTED = """
import sys
{before}
from reconciler.cli.app import main
try:
    main(["--once"])
except SystemExit as ended:
    assert not ended.code, ended.code
print("imported", sorted(name for name in sys.modules if name.split(".")[0] == "opentelemetry"), file=sys.stderr)
"""


def _once(one: Tool, before: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "AWS_ENDPOINT_URL_DYNAMODB": one.url, "PYTHONPATH": os.pathsep.join(sys.path)}
    code = IMPORTED.format(before=before)
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=one.folder,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    "variables",
    [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"}],
    ids=["nothing is asked for", "disabled"],
)
def test_nothing_of_opentelemetry_is_imported_before_traces_are_asked_for(
    variables: dict[str, str], tool: tuple[Tool, RecordingProxy]
) -> None:
    done = _once(tool[0], **variables)
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == "imported []"


def test_without_the_extra_one_warning_says_how_to_install_it(tool: tuple[Tool, RecordingProxy]) -> None:
    absent = "sys.modules['opentelemetry'] = None"
    done = _once(tool[0], absent, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 0
    warnings = [line for line in done.stderr.splitlines() if "traces" in line]
    assert len(warnings) == 1
    assert "pip install '.[otel]'" in warnings[0]
    assert "users" in done.stdout


@pytest.mark.dynamodb_local
def test_the_daemon_sends_each_pass_and_at_its_end_what_was_left(local: Live, tmp_path: Path) -> None:
    with RecordingProxy(local.url) as proxy, Collector() as collector:
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}
        with running(tmp_path, proxy.url, RECONCILER_INTERVAL="1s", **variables) as daemon:
            until(lambda: ready(daemon), daemon=daemon)
            until(lambda: len(collector.named("pass")) >= 3, daemon=daemon)
            local.client.delete_table(TableName="users")
            until(lambda: "users" in names(local.client), daemon=daemon)
            assert daemon.end(signal.SIGTERM) == 128 + signal.SIGTERM
        assert counted(collector.calls) == Counter(proxy.operations)
        triggers = {span.attributes["reconciler.pass.trigger"] for span in collector.named("pass")}
        assert triggers <= {"start", "interval", "followup", "file"}
        again = [span for span in collector.calls if _is(span, "CreateTable", "users")]
        assert len(again) == 2
        held = {span.id: span for span in collector.spans}
        assert all(held[held[span.parent].parent].name == "pass" for span in again)


@pytest.mark.dynamodb_local
def test_a_daemon_keeps_running_passes_when_the_trace_collector_never_answers(local: Live, tmp_path: Path) -> None:
    held = threading.Event()
    with Collector(stall=lambda: held.wait(PATIENCE)) as collector:
        (tmp_path / "desired_state").mkdir()
        (tmp_path / "desired_state" / "users.yaml").write_text(USERS, encoding="utf-8")
        before = os.environ.copy()
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
        os.environ["OTEL_BSP_SCHEDULE_DELAY"] = "50"
        try:
            made = Daemon(tmp_path, local.url, INTERVAL="1s")
        finally:
            os.environ.clear()
            os.environ.update(before)
        with made as daemon:
            daemon.until(lambda: _passes(daemon) >= 4, "four passes")
        held.set()


def _passes(daemon: Any) -> int:
    lines = [line for line in daemon.get("/metrics").splitlines() if "passes_total{" in line]
    return int(sum(float(line.rsplit(" ", 1)[1]) for line in lines))
