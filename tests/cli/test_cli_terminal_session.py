"""A second Ctrl-C on a terminal. ``test_cli_recordings`` has whole sessions."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

from support.terminal import CTRL_C, Terminal
from support.waiting import PATIENCE

TESTS = Path(__file__).resolve().parent.parent
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


def words(shown: str) -> str:
    """What was shown, without colours."""
    return ESCAPES.sub("", shown)


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
