"""Whole sessions on a terminal: ``up`` with its question, Ctrl-C while it works, and ``seed`` with its bars."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path

import pytest
from support.endpoints import Live
from support.folders import SOUND, write
from support.terminal import CTRL_C, Terminal
from support.waiting import PATIENCE

TESTS = Path(__file__).resolve().parent.parent
LOG_LINE = re.compile(r"\[(?:debug|info|warning|error) *\]|\"level\":")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
FAKED = """
import sys, threading, time
from support.fake_wiring import FakeWiring, install
from support.reports import *
fake = FakeWiring(plan=a_report(missing()), result=a_report(missing()))
def converge(trigger, tables, on_step, approved, on_wait):
    on_wait("Waiting for the lease held by host:7, 24 s left.")
    time.sleep(0.3)
    print("started", flush=True)
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
fake.converge = converge
install(fake)
sys.argv = ["reconciler", *sys.argv[1:]]
from reconciler.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    items = [{"pk": str(number)} for number in range(40)]
    write(
        tmp_path,
        {"desired_state/users.yaml": json.dumps(SOUND), "desired_state/seeds/users.json": json.dumps(items)},
    )
    return tmp_path


def words(shown: str) -> str:
    """What was shown, without colours."""
    return ESCAPES.sub("", shown)


def test_up_shows_the_plan_once_asks_and_shows_the_results(folder: Path, moto: Live) -> None:
    line = ["-m", "reconciler", "up", "--endpoint-url", moto.url]
    with Terminal(line, folder) as terminal:
        asked = words(terminal.until("[y/N]"))
        terminal.press("y\n")
        code, shown = terminal.end()
    shown = words(shown)
    assert code == 0, shown
    assert asked.startswith("Stack ")
    assert f"at {moto.url}" in asked
    assert "Apply this plan to stack " in asked
    assert shown.count("1. + create, CreateTable") == 1, "the plan is not printed again"
    assert "+ users: created, seeded (40 written, 0 present, from seeds/users.json)" in " ".join(shown.split())
    assert shown.rstrip().endswith("Done: 1 created, 0 updated, 0 replaced, 0 deleted, 1 seeded.")
    assert not LOG_LINE.search(shown), "no log lines between the results"
    with Terminal([*line, "-v"], folder) as terminal:
        assert LOG_LINE.search(words(terminal.end()[1])), "-v shows the log"


def test_no_line_is_wider_than_a_narrow_terminal(folder: Path, moto: Live) -> None:
    with Terminal(["-m", "reconciler", "preview", "--endpoint-url", moto.url], folder, columns=60) as terminal:
        code, shown = terminal.end()
    lines = words(shown).splitlines()
    assert code == 0
    assert all(len(line) <= 60 or len(line.split()) <= 2 for line in lines), lines


def test_ctrl_c_says_what_was_done_and_a_second_one_ends_at_once(tmp_path: Path) -> None:
    path = os.pathsep.join([str(TESTS), *sys.path])
    with Terminal(["-c", FAKED, "up", "--yes"], tmp_path, {"PYTHONPATH": path}) as terminal:
        shown = words(terminal.until("started"))
        assert "Waiting for the lease held by host:7, 24 s left." in shown
        terminal.press(CTRL_C)
        time.sleep(0.5)
        assert terminal.process.poll() is None, "what was sent gets time to answer"
        terminal.press(CTRL_C)
        began = time.monotonic()
        code, shown = terminal.end()
        assert time.monotonic() - began < PATIENCE / 4
    assert code == 130
    assert words(shown).count("Interrupted by SIGINT") == 1
    assert "Traceback" not in shown


def test_seed_shows_its_result_and_no_log(folder: Path, moto: Live) -> None:
    given = ["--endpoint-url", moto.url]
    with Terminal(["-m", "reconciler", "up", "--yes", *given], folder) as terminal:
        assert terminal.end()[0] == 0
    with Terminal(["-m", "reconciler", "seed", *given], folder) as terminal:
        code, shown = terminal.end()
    shown = words(shown)
    assert code == 0
    assert "Done: 1 table: 0 items written, 40 present." in shown
    assert not LOG_LINE.search(shown)
