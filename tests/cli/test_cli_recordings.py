"""Recordings of whole sessions in a real terminal of 40, 80 and 200 columns: ``up``, ``seed``, and Ctrl-C in the work.

The golden files are what a person saw. WRITE_GOLDEN=1 writes them anew; look at them then.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from support import golden
from support.endpoints import Live
from support.folders import SOUND, write
from support.proxy import Recorded, RecordingProxy
from support.tmux import Tmux, Window
from support.waiting import PATIENCE, eventually

WIDTHS = (40, 80, 200)
REGIONS = dict(zip(WIDTHS, ("us-east-1", "us-west-1", "us-west-2"), strict=True))
"""moto keeps the tables of each Region apart, and the names are equally long."""
SCRIPT = """
reconciler() { python -m reconciler "$@"; local code=$?; echo "(ended with $code)"; echo; }
say() { echo "\\$ $*"; "$@"; }
trap : INT
say reconciler up
say reconciler seed
mv carts.yaml desired_state/
mv carts.json desired_state/seeds/
say reconciler up --yes
"""


class Stall:
    """Keeps every write of an item into ``carts`` waiting, until it is let go."""

    def __init__(self) -> None:
        self.come, self.go = threading.Event(), threading.Event()

    def arrived(self, request: Recorded) -> None:
        if request.operation in ("PutItem", "TransactWriteItems") and request.tables[:1] == ("carts",):
            self.come.set()
            self.go.wait(PATIENCE)

    def answered(self, request: Recorded) -> None:
        pass


@contextmanager
def stalled(url: str) -> Iterator[tuple[str, Stall]]:
    """The URL of a proxy to the endpoint at which the seeding of ``carts`` does not end."""
    with RecordingProxy(url) as proxy:
        proxy.fault = stall = Stall()
        try:
            yield proxy.url, stall
        finally:
            stall.go.set()


ROWS_WITHIN = 30.0
"""Seconds until a terminal looks as recorded."""


def session(tmux: Tmux, folder: Path, columns: int, url: str) -> Window:
    """A window in which somebody works in the folder ``shop``."""
    items = json.dumps([{"pk": str(number)} for number in range(40)])
    project = folder / str(columns) / "shop"
    files = {
        "desired_state/users.yaml": json.dumps({**SOUND, "table_name": "users"}),
        "desired_state/seeds/users.json": items,
        "carts.yaml": json.dumps({**SOUND, "table_name": "carts"}),
        "carts.json": items,
    }
    write(project, files)
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "RECONCILER_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGIONS[columns],
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    return tmux.window(SCRIPT, project, columns, environment)


def normalised(text: str, url: str, columns: int) -> str:
    """Without what differs from run to run. Replacements are as long as what they replace: lines stay as wide."""
    port = url.rpartition(":")[2]
    text = text.replace(port, "8" * len(port)).replace(REGIONS[columns], "us-east-1")
    text = re.sub(r"\d+:\d\d:\d\d", "0:00:00", text)
    # In a narrow row the count stands between the time and the word, which is on a line of its own.
    return re.sub(r" *\d+ s(?=(?: +\d+/\d+\n)? ?left)", lambda found: "N s".rjust(len(found[0])), text)


def test_a_session_looks_as_it_was_recorded(tmp_path: Path, moto: Live) -> None:
    with Tmux() as tmux, ExitStack() as stack:
        proxies = {columns: stack.enter_context(stalled(moto.url)) for columns in WIDTHS}
        windows = {columns: session(tmux, tmp_path, columns, proxies[columns][0]) for columns in WIDTHS}

        def compare(name: str, columns: int, shown: str) -> None:
            text = normalised(shown, proxies[columns][0], columns)
            golden.matches(f"{name}-{columns}", text)
            assert not [line for line in text.splitlines() if len(line) > columns]

        def compare_screen(name: str, columns: int, screen: Callable[[], str]) -> None:
            """A busy machine shows the parts of a screen one after the other, the last ones after a process ended."""
            deadline = time.monotonic() + ROWS_WITHIN
            while True:
                seen = screen()
                fits = golden.fits(f"{name}-{columns}", normalised(seen, proxies[columns][0], columns))
                if fits or time.monotonic() > deadline:
                    break
                time.sleep(0.05)
            compare(name, columns, seen)

        def compare_rows(name: str, columns: int, part: str) -> None:
            compare_screen(name, columns, lambda: _last_session(windows[columns].until(part)))

        for window in windows.values():
            window.until("[y/N]")
            window.press("y", "Enter")
        for columns, window in windows.items():
            assert proxies[columns][1].come.wait(PATIENCE), window.shown()
            compare_rows("recording-bars", columns, "last: create carts")
        for window in windows.values():
            window.press("C-c")
        for columns, window in windows.items():
            compare_rows("recording-stopping", columns, "Ctrl-C again ends at once.")
            window.press("C-c")
        for columns, window in windows.items():
            eventually(window.ended, window.shown)
            compare_screen("recording", columns, window.shown)


def _last_session(text: str) -> str:
    return text[text.rindex("$ reconciler") :]
