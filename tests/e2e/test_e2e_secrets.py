"""Secrets planted wherever a user may have them, and sought in all that the tool says, writes and serves (I12)."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.daemon import Daemon
from support.endpoints import Live, client
from support.scripted import ScriptedServer, refusal
from support.tool import Tool
from support.waiting import PATIENCE

PLANTED = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "planted1SecretKey",
    "AWS_SESSION_TOKEN": "planted2SessionToken",
    "RECONCILER_API_TOKEN": "planted3ApiToken",
    "HTTPS_PROXY": "http://proxy:planted5Password@127.0.0.1:9",
    "RECONCILER_LOG_LEVEL": "debug",
}
WORD = "planted"
USERS = """
table_name: users
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
"""
COMMANDS = (
    *(
        "--once -v",
        "--once -o json",
        "preview -o markdown --diff",
        "status -o json",
        "status",
        "doctor",
        "doctor -o json",
    ),
    *("validate", "seed -v", "clear -v", "suspend", "resume", "release users", "up --yes -o jsonl", "destroy --yes -v"),
)
PAGES = ("/", "/metrics", "/readyz", "/openapi.json", "/api/v1/status", "/api/v1/tables/users", "/api/v1/runs")


@pytest.fixture
def tool(moto: Live, tmp_path: Path) -> Tool:
    tool = Tool(moto.url, tmp_path)
    tool.write("users.yaml", USERS)
    tool.write("seeds/users.json", '[{"pk": "a"}]')
    return tool


def clean(text: str, where: str) -> None:
    assert WORD not in text, f"{where}: {text[max(0, text.find(WORD) - 300) : text.find(WORD) + 60]}"


def test_no_command_prints_or_writes_a_secret(moto: Live, tool: Tool) -> None:
    metrics = tool.folder / "metrics.prom"
    for command in COMMANDS:
        done = tool.run(*command.split(), RECONCILER_METRICS_FILE=str(metrics), **PLANTED)
        clean(done.stdout + done.stderr, command)
    clean(metrics.read_text(), "the metrics file")
    clean(json.dumps(moto.client.scan(TableName="reconciler_state")["Items"]), "the state table")


BAD_SETTINGS = {
    "a password in the endpoint": {"RECONCILER_ENDPOINT_URL": "http://me:planted6@127.0.0.1:1"},
    "a password in the endpoint of the SDK": {"AWS_ENDPOINT_URL_DYNAMODB": "http://me:planted6@127.0.0.1:1"},
    "a password in the push gateway": {"RECONCILER_PUSH_GATEWAY": "http://push:planted4@127.0.0.1:9"},
    "a setting that is none": {"RECONCILER_WORKERS": "x"},
    "a token and a file with one": {"RECONCILER_API_TOKEN_FILE": "/nonexistent"},
    "an endpoint that is not there": {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:9", "RECONCILER_WAIT": "0s"},
    "a proxy that is not there": {
        "AWS_ENDPOINT_URL_DYNAMODB": "http://dynamodb.invalid:8000",
        "HTTP_PROXY": "http://proxy:planted7@127.0.0.1:9",
        "RECONCILER_WAIT": "0s",
    },
}


@pytest.mark.parametrize("case", BAD_SETTINGS)
@pytest.mark.parametrize("command", ["--once -v", "doctor -v"])
def test_no_refusal_shows_a_secret(tool: Tool, case: str, command: str) -> None:
    done = tool.run(*command.split(), **{**PLANTED, **BAD_SETTINGS[case]})
    assert done.exit_code in (0, 1)
    clean(done.stdout + done.stderr, case)


def test_a_line_of_a_settings_file_that_cannot_be_read_is_not_repeated(tool: Tool) -> None:
    (tool.folder / ".env").write_text("RECONCILER_API_TOKEN planted8\nRECONCILER_INTERVAL=planted9x\n")
    done = tool.run("--once", "-v")
    clean((done.stdout + done.stderr).replace("planted9x", ""), ".env")
    (tool.folder / ".env").unlink()
    (tool.folder / "reconciler.toml").write_text('api_token = "planted8\n')
    done = tool.run("--once", "-v")
    assert done.exit_code == 1
    clean(done.stdout + done.stderr, "reconciler.toml")


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException", "AccessDeniedException"])
def test_no_error_of_the_service_shows_a_secret(tool: Tool, code: str) -> None:
    with ScriptedServer(refusal(code)) as server:
        there = Tool(server.url, tool.folder)
        done = there.run("--once", "-v", "--timeout", "1s", **PLANTED)
        assert done.exit_code == 1
        clean(done.stdout + done.stderr, code)


@pytest.fixture
def daemon(moto: Live, tool: Tool, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)
    with Daemon(tool.folder, moto.url, LOG_LEVEL="debug", LOG_FORMAT="json") as daemon:
        yield daemon


def post(daemon: Daemon, path: str, token: str) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://{daemon.target}{path}", b"{}", headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_no_page_answer_metric_or_log_line_of_the_daemon_holds_a_secret(daemon: Daemon, tool: Tool) -> None:
    daemon.until(lambda: "users" in daemon.get("/api/v1/status"), "a first pass")
    right = post(daemon, "/api/v1/migrations/run", PLANTED["RECONCILER_API_TOKEN"])
    wrong = post(daemon, "/api/v1/migrations/run", "planted10WrongToken")
    assert (right[0], wrong[0]) == (200, 401)
    clean(right[1] + wrong[1], "answers")
    for page in PAGES:
        text = daemon.get(page)
        assert text, page
        clean(text, page)
    daemon.stop()
    clean((tool.folder / "daemon.log").read_text(), "the log")
    items = client(tool.url).scan(TableName="reconciler_state")["Items"]
    assert items
    clean(json.dumps(items), "the state table")
