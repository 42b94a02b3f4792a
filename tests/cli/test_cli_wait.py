"""``--wait`` is used in full before a command gives up on an endpoint that does not answer."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from support import forked
from support.folders import SOUND, write
from support.waiting import PATIENCE

NOTHING_LISTENS = "http://127.0.0.1:1"


@pytest.mark.parametrize("seconds", [0.5, 1.3])
def test_a_command_waits_as_long_as_it_says(tmp_path: Path, seconds: float) -> None:
    write(tmp_path / "desired_state", {"users.json": SOUND})
    words = ("preview", "--endpoint-url", NOTHING_LISTENS, "--wait", f"{seconds}s")
    began = time.monotonic()
    done = forked.run(*words, folder=tmp_path, timeout=PATIENCE)
    took = time.monotonic() - began
    (said,) = re.findall(r"\(waited ([0-9.]+) s\)", done.stderr)
    assert done.returncode == 1
    assert seconds <= took
    assert seconds <= float(said) <= took
