"""The GitHub action: its steps as a runner executes them, against moto and a GitHub of this test's own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from support.endpoints import Live
from support.markdown import ROOT

ACTION = YAML(typ="safe").load(ROOT / "action.yml")
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
TABLE = """
table_name: users
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
"""


class GitHub(HTTPServer):
    """The comments of one pull request. ``refuses`` is a read-only token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: list[dict[str, Any]] = []
        self.refuses = False
        self.tokens: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Lists by pages, creates and updates."""

    server: GitHub

    def do_GET(self) -> None:
        page = int(re.search(r"&page=(\d+)", self.path)[1])  # type: ignore[index]
        assert self.path.startswith("/repos/shop/tables/issues/7/comments?per_page=100&")
        self._answer(200, self.server.comments[(page - 1) * 100 : page * 100])

    def do_POST(self) -> None:
        assert self.path == "/repos/shop/tables/issues/7/comments"
        self._write(len(self.server.comments))

    def do_PATCH(self) -> None:
        self._write(int(self.path.removeprefix("/repos/shop/tables/issues/comments/")))

    def _write(self, number: int) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
        self.server.tokens.add(self.headers["Authorization"])
        if self.server.refuses:
            self._answer(403, {"message": "Resource not accessible by integration"})
            return
        self.server.comments[number : number + 1] = [{"id": number, "body": body}]
        self._answer(201, self.server.comments[number])

    def _answer(self, status: int, content: Any) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *_: object) -> None:
        """No line for each request."""


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Runner:
    """A workspace with one table, and what a runner gives to the steps of an action."""

    def __init__(self, folder: Path, live: Live, github: GitHub) -> None:
        self.folder = folder
        self.temporary = folder.parent / "temp"
        self.temporary.mkdir()
        self.summary = self.temporary / "summary.md"
        event = self.temporary / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": 7}}))
        # The tool is started by its file, which a runner finds on no path.
        self.executable = self.temporary / "reconciler"
        self.executable.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n')
        self.executable.chmod(0o755)
        self.variables = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "GITHUB_WORKSPACE": str(folder),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "shop/tables",
            "GITHUB_API_URL": github.url,
            "RUNNER_TEMP": str(self.temporary),
        }
        self.inputs = {
            **{name: given.get("default", "") for name, given in ACTION["inputs"].items()},
            "executable": str(self.executable),
            "endpoint-url": live.url,
            "stack": "shop",
            "github-token": "secret",
        }
        self.output = ""

    def run(self, **inputs: str) -> tuple[bool, dict[str, str]]:
        """Whether the action succeeded, and its outputs."""
        given = self.inputs | {name.replace("_", "-"): value for name, value in inputs.items()}
        outputs: dict[str, dict[str, str]] = {}
        good, self.output = True, ""
        for step in STEPS:
            condition = str(step.get("if", ""))
            if "uses" in step or not (good or "always()" in condition) or not self._holds(condition, given, outputs):
                continue
            outputs[step["id"]], succeeded = self._step(step, given, outputs)
            good = good and succeeded
        values = {name: self._value(each["value"], given, outputs) for name, each in ACTION["outputs"].items()}
        return good, values

    def _step(
        self, step: dict[str, Any], given: dict[str, str], outputs: dict[str, dict[str, str]]
    ) -> tuple[dict[str, str], bool]:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "a value in the text of a script can become a command"
        file = self.temporary / "output"
        file.write_text("")
        variables = {name: self._value(str(value), given, outputs) for name, value in step["env"].items()}
        variables |= {"GITHUB_OUTPUT": str(file)}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            env=self.variables | variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.output += done.stdout + done.stderr
        return dict(line.split("=", 1) for line in file.read_text().splitlines()), done.returncode == 0

    def _value(self, text: str, given: dict[str, str], outputs: dict[str, dict[str, str]]) -> str:
        def looked_up(found: re.Match[str]) -> str:
            kind, *names = found[1].split(".")
            if kind == "inputs":
                return given[names[0]]
            if kind == "steps":
                return outputs.get(names[0], {}).get(names[2], "")
            assert found[1] == "github.action_path"
            return str(ROOT)

        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", looked_up, text)

    def _holds(self, condition: str, given: dict[str, str], outputs: dict[str, dict[str, str]]) -> bool:
        for part in filter(None, (each.strip() for each in condition.split("&&"))):
            compared = re.fullmatch(r"([\w.-]+) (==|!=) '(.*)'", part)
            assert compared or part == "always()", part
            if compared:
                value = self._value(f"${{{{ {compared[1]} }}}}", given, outputs)
                if (value == compared[3]) is not (compared[2] == "=="):
                    return False
        return True


@pytest.fixture
def runner(tmp_path: Path, moto: Live, github: GitHub) -> Runner:
    folder = tmp_path / "workspace"
    (folder / "desired_state").mkdir(parents=True)
    (folder / "desired_state" / "users.yaml").write_text(TABLE)
    return Runner(folder, moto, github)


def tables(live: Live) -> set[str]:
    return set(live.client.list_tables()["TableNames"]) - {"reconciler_state"}


def test_a_pull_request_shows_the_plan_in_every_place_and_writes_nothing(
    runner: Runner, github: GitHub, moto: Live
) -> None:
    good, outputs = runner.run()
    assert good, runner.output
    assert (outputs["changes"], outputs["drift"], outputs["exit-code"]) == ("1", "true", "2")
    report = Path(outputs["report"])
    assert report.read_text().startswith("## DynamoDB: drift")
    assert {each.name for each in report.parent.iterdir()} == {
        *("report.md", "report.json", "report.xml", "report.sarif")
    }
    assert Path(outputs["sarif"]) == report.with_name("report.sarif")
    assert "::warning file=desired_state/users.yaml,line=2::users: missing" in runner.output
    assert runner.summary.read_text().count("## DynamoDB: drift") == 1
    [comment] = github.comments
    assert comment["body"] == f"<!-- dynamodb-reconciler shop/default -->\n{report.read_text()}"
    assert github.tokens == {"Bearer secret"}
    assert tables(moto) == set()


def test_a_later_run_updates_its_comment_among_many_others(runner: Runner, github: GitHub) -> None:
    github.comments = [{"id": number, "body": f"comment {number}"} for number in range(130)]
    assert runner.run()[0]
    (runner.folder / "desired_state" / "orders.yaml").write_text(TABLE.replace("users", "orders"))
    assert runner.run()[0]
    assert len(github.comments) == 131
    assert "orders" in github.comments[130]["body"]
    assert runner.run(environment="prod")[0]
    assert len(github.comments) == 132, "another environment has a comment of its own"


def test_a_token_that_may_only_read_is_a_warning(runner: Runner, github: GitHub) -> None:
    github.refuses = True
    good, _ = runner.run()
    assert good
    assert "::warning::The comment was not written: HTTP Error 403" in runner.output


def test_without_a_pull_request_or_a_wish_there_is_no_comment(runner: Runner, github: GitHub) -> None:
    assert runner.run(comment="false")[0]
    Path(runner.variables["GITHUB_EVENT_PATH"]).write_text("{}")
    assert runner.run()[0]
    assert github.comments == []


def test_main_makes_the_tables_as_declared(runner: Runner, moto: Live) -> None:
    good, outputs = runner.run(command="once")
    assert good, runner.output
    assert (outputs["changes"], outputs["drift"], outputs["exit-code"]) == ("1", "false", "0")
    assert tables(moto) == {"users"}


def test_a_saved_plan_is_applied_in_a_later_job(runner: Runner, moto: Live) -> None:
    assert runner.run(plan="plan.json")[0]
    (runner.folder / "desired_state" / "users.yaml").write_text(TABLE.replace("pk", "id"))
    good, outputs = runner.run(command="up", plan="plan.json")
    assert (good, outputs["exit-code"], tables(moto)) == (False, "1", set())
    (runner.folder / "desired_state" / "users.yaml").write_text(TABLE)
    good, outputs = runner.run(command="up", plan="plan.json")
    assert (good, outputs["exit-code"], tables(moto)) == (True, "0", {"users"}), runner.output


@pytest.mark.parametrize(
    ("fail_on", "command", "good"),
    [
        ("", "preview", True),
        ("error", "preview", True),
        ("drift", "preview", False),
        ("never", "preview", True),
    ],
)
def test_the_exit_code_fails_the_job_as_asked(fail_on: str, command: str, good: bool, runner: Runner) -> None:
    assert runner.run(command=command, fail_on=fail_on)[0] is good


def test_a_broken_declaration_fails_the_job_after_the_comment(runner: Runner, github: GitHub) -> None:
    (runner.folder / "desired_state" / "users.yaml").write_text("table_name: users\n")
    good, outputs = runner.run()
    assert (good, outputs["exit-code"]) == (False, "1")
    assert "::error file=desired_state/users.yaml" in runner.output
    assert "error" in github.comments[0]["body"]


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"command": "destroy"}, "command: invalid value 'destroy'"),
        ({"command": "up"}, "plan: `up` needs the file of a saved plan."),
        ({"command": "once", "plan": "plan.json"}, "plan: `once` applies no saved plan."),
        ({"fail_on": "warning"}, "fail-on: invalid value 'warning'"),
    ],
    ids=json.dumps,
)
def test_a_wrong_input_fails_the_job(inputs: dict[str, str], sentence: str, runner: Runner) -> None:
    assert runner.run(**inputs)[0] is False
    assert sentence in runner.output


def test_an_input_never_becomes_a_command(runner: Runner) -> None:
    runner.run(stack='a"; touch "owned', desired_state="$(touch owned)")
    assert not (runner.folder / "owned").exists()


def test_a_long_report_is_cut(runner: Runner, github: GitHub) -> None:
    folder = runner.folder / "desired_state"
    for number in range(300):
        (folder / f"t{number}.yaml").write_text(TABLE.replace("users", f"{'a' * 200}{number}"))
    assert runner.run()[0]
    [comment] = github.comments
    assert len(comment["body"]) < 65_536
    assert "the summary of the job has all of it" in comment["body"]


def test_every_input_is_used_and_described() -> None:
    text = (ROOT / "action.yml").read_text()
    assert all(f"inputs.{name} " in text for name in ACTION["inputs"])
    guide = (ROOT / "docs" / "guides" / "ci.md").read_text()
    named = [*ACTION["inputs"], *ACTION["outputs"]]
    assert [name for name in named if f"`{name}`" not in guide] == []
