"""SIGINT and SIGTERM at whatever holds a process up: it ends in time, with its code, one sentence, no traceback."""

from __future__ import annotations

import os
import pty
import resource
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.waiting import PATIENCE

from reconciler.change_counter import ChangeCounter

TESTS = Path(__file__).resolve().parent.parent
FAKED = """
import sys, threading, time
from support.fake_wiring import FakeWiring, install
from support.reports import *
fake = FakeWiring(plan=a_report(missing()), result=a_report(missing()))
def started():
    print('started', flush=True)
{body}
install(fake)
import reconciler.interruption as interruption
sys.argv = ['reconciler', *sys.argv[1:]]
from reconciler.__main__ import main
sys.exit(main())
"""
SLOW = "fake.preview = lambda tables=(), **_: (started(), time.sleep(60))"
LOOP = """
def loop(tables=(), **_):
    started()
    while True:
        pass
fake.preview = loop
"""
DEAF = """
def deaf(tables=(), **_):
    started()
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
fake.preview = deaf
"""
POOL = """
from reconciler.system import Threads
import reconciler.interruption as interruption
def pooled(tables=(), **_):
    started()
    threads = Threads(10, interruption.stop_event())
    list(threads.map(lambda _: time.sleep(0.001), range(10**6)))
fake.preview = pooled
"""
READ = """
import os
from reconciler.system import Threads
def reading(tables=(), **_):
    started()
    ours, _ = os.pipe()
    list(Threads(4).map(lambda _: os.read(ours, 1), range(8)))
fake.preview = reading
"""
LOCKED = """
lock = threading.Lock()
lock.acquire()
fake.preview = lambda tables=(), **_: (started(), lock.acquire())
"""
TAKEN = """
import signal
def taken(tables=(), **_):
    started()
    signal.pthread_kill(threading.get_ident(), signal.Signals(int(sys.stdin.readline())))
    time.sleep(60)
fake.preview = taken
"""
"""As the kernel may do with a signal to the whole process."""
SITUATIONS = {
    "it sleeps": SLOW,
    "it computes for ever": LOOP,
    "it swallows every exception": DEAF,
    "it submits a million items": POOL,
    "its threads wait for bytes that never come": READ,
    "it waits for a lock": LOCKED,
}
ENDINGS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


def process(body: str, *words: str, folder: Path, **streams: int) -> subprocess.Popen[str]:
    chosen = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **streams}
    return subprocess.Popen(
        [sys.executable, "-c", FAKED.format(body=body), *words],
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])},
        **chosen,
    )


@pytest.mark.parametrize(("number", "code"), ENDINGS, ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_signal_ends_a_command_whatever_holds_it_up(situation: str, number: int, code: int, tmp_path: Path) -> None:
    running = process(SITUATIONS[situation], "preview", folder=tmp_path)
    assert running.stdout is not None
    assert running.stdout.readline() == "started\n"
    running.send_signal(number)
    _, messages = running.communicate(timeout=PATIENCE)
    assert (running.returncode, messages.count("Interrupted by"), "Traceback" in messages) == (code, 1, False), messages
    assert messages.strip() == f"Interrupted by {signal.Signals(number).name}: nothing was changed."


@pytest.mark.parametrize(("number", "code"), ENDINGS, ids=["SIGINT", "SIGTERM"])
def test_a_signal_that_reaches_another_thread_ends_the_command_too(number: int, code: int, tmp_path: Path) -> None:
    running = process(TAKEN, "preview", folder=tmp_path, stdin=subprocess.PIPE)
    _, messages = running.communicate(f"{int(number)}\n", timeout=PATIENCE)
    assert (running.returncode, messages.count("Interrupted by")) == (code, 1), messages


def test_a_writing_command_starts_nothing_more_and_ends_within_its_grace_time(tmp_path: Path) -> None:
    body = POOL.replace("fake.preview", "fake.converge").replace("tables=()", "*a")
    running = process(body, "--once", folder=tmp_path)
    assert running.stdout is not None
    assert running.stdout.readline() == "started\n"
    running.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _, messages = running.communicate(timeout=PATIENCE)
    assert (running.returncode, messages.count("Interrupted by")) == (143, 1)
    assert time.monotonic() - began < 6, "the grace of a command that writes is 8 s"


@pytest.mark.parametrize(("number", "code"), ENDINGS, ids=["SIGINT", "SIGTERM"])
def test_a_second_signal_ends_it_at_once(number: int, code: int, tmp_path: Path) -> None:
    running = process(LOOP.replace("preview", "converge").replace("tables=()", "*a"), "--once", folder=tmp_path)
    assert running.stdout is not None
    assert running.stdout.readline() == "started\n"
    running.send_signal(number)
    time.sleep(0.5)
    assert running.poll() is None, "the first signal gives what was sent time to answer"
    running.send_signal(number)
    began = time.monotonic()
    _, messages = running.communicate(timeout=PATIENCE)
    assert time.monotonic() - began < 3
    assert (running.returncode, messages.count("Interrupted by")) == (code, 1)


WRITES = """
def preview(tables=(), **_):
    interruption.current().done = lambda: "nothing was changed"
    return fake.plan
fake.preview = preview
"""
"""As the wiring does for a command that may write."""


def asked(verb: str, folder: Path) -> tuple[subprocess.Popen[str], int]:
    """A command at its question, and the terminal that it asks on."""
    ours, theirs = pty.openpty()
    running = process(WRITES, verb, folder=folder, stdin=theirs, stderr=theirs, stdout=subprocess.DEVNULL)
    os.close(theirs)
    shown = ""
    deadline = time.monotonic() + PATIENCE
    while "[y/N]" not in shown and time.monotonic() < deadline:
        shown += os.read(ours, 4096).decode()
    return running, ours


def last_words(terminal: int) -> str:
    """What else stands on the terminal after the end of the command."""
    shown = ""
    while select.select([terminal], [], [], 1)[0]:
        try:
            shown += os.read(terminal, 4096).decode()
        except OSError:  # Linux tells so that nobody has the other end open.
            break
    os.close(terminal)
    return " ".join(shown.split())


@pytest.mark.parametrize(("number", "code"), ENDINGS, ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("verb", ["up", "destroy"])
def test_a_signal_during_confirmation_ends_the_command_at_once(
    verb: str, number: int, code: int, tmp_path: Path
) -> None:
    running, terminal = asked(verb, tmp_path)
    running.send_signal(number)
    began = time.monotonic()
    assert running.wait(timeout=PATIENCE) == code
    assert time.monotonic() - began < 5
    shown = last_words(terminal)
    assert f"Interrupted by {signal.Signals(number).name}: nothing was changed." in shown
    assert "may take effect" not in shown


@pytest.mark.parametrize("verb", ["up", "destroy"])
@pytest.mark.parametrize("answer", [b"\x04", b"n\n"], ids=["Ctrl-D", "n"])
def test_the_end_of_the_input_refuses_as_no_does(answer: bytes, verb: str, tmp_path: Path) -> None:
    running, terminal = asked(verb, tmp_path)
    os.write(terminal, answer)
    assert running.wait(timeout=PATIENCE) == 1
    assert last_words(terminal).endswith("Nothing was changed.")


@contextmanager
def silent_server() -> Iterator[socket.socket]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


CLASS_FILE = "import time\nopen({!r}, 'w').close()\nwhile True:\n    time.sleep(1)\n"


def until_it_waits(server: socket.socket, started: Path) -> None:
    """Until a connection arrives, or the class file has begun; a busy machine may take long to come so far."""
    server.setblocking(False)
    for _ in range(1200):
        if started.exists() or select.select([server], [], [], 0.05)[0]:
            time.sleep(0.3)
            return
    pytest.fail("it has not begun to wait")


@pytest.mark.parametrize(
    ("words", "declared"),
    [
        (("--once", "--wait", "60s"), "one.yaml"),
        (("preview", "--wait", "60s"), "one.yaml"),
        (("up", "--yes", "--wait", "60s"), "one.yaml"),
        (("seed", "--wait", "60s"), "one.yaml"),
        (("status", "--wait", "60s"), "one.yaml"),
        (("doctor", "--wait", "60s"), "one.yaml"),
        (("validate",), "one_table.py"),
        (("--once",), "one_table.py"),
        (("run",), "one.yaml"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_a_real_command_ends_while_it_waits_for_the_endpoint_or_a_class_file(
    words: tuple[str, ...], declared: str, tmp_path: Path
) -> None:
    folder = tmp_path / "desired_state"
    folder.mkdir()
    yaml = "table_name: one\nkey_schema: [{AttributeName: pk, KeyType: HASH}]\n"
    yaml += "attribute_definitions: [{AttributeName: pk, AttributeType: S}]\n"
    started = tmp_path / "started"
    (folder / declared).write_text(
        CLASS_FILE.format(str(started)) if declared.endswith(".py") else yaml, encoding="utf-8"
    )
    with silent_server() as server:
        port = server.getsockname()[1]
        environ = {**os.environ, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "us-east-1"}
        environ["PYTHONPATH"] = os.pathsep.join(sys.path)
        command = [sys.executable, "-m", "reconciler", *words, "--endpoint-url", f"http://127.0.0.1:{port}"]
        command += ["--http-port", "0"] if words == ("run",) else []
        running = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environ
        )
        until_it_waits(server, started)
        assert running.poll() is None
        running.send_signal(signal.SIGTERM)
        _, messages = running.communicate(timeout=PATIENCE)
    assert (running.returncode, "Traceback" in messages) == (143, False), messages
    assert messages.count("Interrupted by") == int(words != ("run",))


@pytest.mark.parametrize(
    ("requests", "words"),
    [
        ([], "nothing was changed"),
        ([("DescribeTable", "a"), ("Scan", "a"), ("ListTables", "")], "nothing was changed"),
        ([("PutItem", "state")], "no table was changed, only records of the state table"),
        ([("CreateTable", "a")], "1 table (a) created"),
        ([("CreateTable", "a"), ("CreateTable", "b")], "2 tables (a, b) created"),
        ([("CreateTable", name) for name in "abcde"], "5 tables (a, b, c, ...) created"),
        ([("UpdateTable", "a"), ("TagResource", "a")], "1 table (a) changed"),
        ([("DeleteTable", "a")], "1 table (a) deleted"),
        ([("PutItem", "a")] * 1200, "1,200 of 8,000 items of a written"),
        ([("PutItem", "b")] * 2, "2 items of b written"),
        ([("DeleteItem", "a")] * 3, "3 of 8,000 items of a removed"),
        ([("CreateTable", "a"), ("PutItem", "a")], "1 table (a) created; 1 of 8,000 items of a written"),
    ],
)
def test_the_sentence_says_what_was_changed(requests: list[tuple[str, str]], words: str) -> None:
    change_counter = ChangeCounter("state")
    change_counter.expect("a", 8000)
    for operation, table in requests:
        change_counter.request(operation, (table,) if table else ())
    assert change_counter.summary() == words


def test_a_transaction_counts_with_all_of_its_items() -> None:
    change_counter = ChangeCounter("state")
    change_counter.expect("a", 8000)
    change_counter.request("TransactWriteItems", ("a",), 100)
    change_counter.request("TransactWriteItems", ("a",), 20)
    change_counter.request("TransactWriteItems", ("state",), 4)
    assert change_counter.summary() == "120 of 8,000 items of a written"


def test_a_command_within_a_process_leaves_no_descriptor_open(cli: Callable) -> None:
    cli("preview")
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(5):
        assert cli("preview").code == 0
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_a_command_ends_in_a_process_with_thousands_of_descriptors(cli: Callable) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        assert cli("preview").code == 0
    finally:
        for each in opened:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
