"""The log: forms, context, secrets and hostile texts."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler import logs


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level
    logs.unbind(*logs.bound())


def written(format: logs.LogFormat, level: str = "info", **event: Any) -> str:
    stream = io.StringIO()
    logs.configure(format, level, stream)
    logs.get_logger("reconciler.test").info("a thing happened", **event)
    return stream.getvalue()


def test_json_is_one_object_a_line() -> None:
    line = json.loads(written("json", table="users"))
    assert (line["event"], line["table"], line["level"]) == ("a thing happened", "users", "info")
    assert line["logger"] == "reconciler.test"
    assert line["timestamp"].endswith("Z")


def test_logfmt_is_pairs() -> None:
    assert 'level=info event="a thing happened" table=users' in written("logfmt", table="users")


def test_auto_is_console_on_a_terminal_and_json_elsewhere() -> None:
    assert written("auto").startswith("{")
    terminal = Terminal()
    logs.configure("auto", "info", terminal)
    logs.get_logger("x").info("hello")
    assert "hello" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")


def test_the_level_is_a_threshold() -> None:
    assert written("json", "warning") == ""


def test_the_pass_id_is_in_the_context() -> None:
    logs.bind(pass_id="p-7")
    assert json.loads(written("json"))["pass_id"] == "p-7"


SECRETS = ("api_token", "Authorization", "aws_secret_access_key", "password", "X-Amz-Security-Token", "credentials")


@pytest.mark.parametrize("key", SECRETS)
@pytest.mark.parametrize("format", ["json", "logfmt", "console"])
def test_a_secret_is_never_written(key: str, format: logs.LogFormat) -> None:
    assert "hunter2" not in written(format, **{key: "hunter2"})
    assert "hunter2" not in written(format, nested={"deep": [{key: "hunter2"}]})


@pytest.mark.parametrize("text", ["Bearer hunter2", "authorization: bearer hunter2", "x?Signature=hunter2"])
def test_a_secret_inside_a_text_is_never_written(text: str) -> None:
    assert "hunter2" not in written("json", error=text)


@pytest.mark.parametrize("format", ["json", "logfmt", "console"])
def test_a_hostile_value_stays_on_its_line_and_moves_no_cursor(format: logs.LogFormat) -> None:
    line = written(format, table="a\nlevel=error\x1b[2J\r\u202e")
    assert line.count("\n") == 1
    assert not set("\x1b\r\u202e") & set(line)


def test_logs_of_libraries_come_through_in_the_same_form() -> None:
    stream = io.StringIO()
    logs.configure("json", "info", stream)
    logging.getLogger("some.library").info("started on %s", "port")
    assert json.loads(stream.getvalue())["event"] == "started on port"


def test_an_exception_is_logged_with_its_traceback() -> None:
    stream = io.StringIO()
    logs.configure("json", "info", stream)
    try:
        raise RuntimeError("boom")
    except RuntimeError:
        logs.get_logger("x").exception("it failed")
    assert "RuntimeError: boom" in json.loads(stream.getvalue())["exception"]


def test_botocore_never_logs_its_headers_even_at_debug() -> None:
    stream = io.StringIO()
    logs.configure("json", "debug", stream)
    logging.getLogger("botocore.endpoint").debug("headers of a request")
    assert stream.getvalue() == ""


def test_configuring_twice_writes_once() -> None:
    stream = io.StringIO()
    logs.configure("json", "info", stream)
    logs.configure("json", "info", stream)
    logs.get_logger("x").info("once")
    assert stream.getvalue().count("\n") == 1
