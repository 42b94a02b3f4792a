"""Runs a server beside a test run and ends it with the run, however the run ends. Started by ``local_server``.

A program of its own with the standard library alone: ``python -I -S server_guard.py FOLDER``. Every process of the run
holds a shared lock on ``FOLDER/alive``. The kernel frees the lock of a process that is killed, so that this program,
which waits for the exclusive lock, wakes up exactly when no process of the run is left.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

PR_SET_PDEATHSIG = 1


def main(folder: Path) -> None:
    """Start the command of ``server.json`` and wait for the end of the run; then remove the folder."""
    for ignored in (signal.SIGINT, signal.SIGHUP):
        # Ctrl-C ends the run, whose teardown still needs the server.
        signal.signal(ignored, signal.SIG_IGN)
    order = json.loads((folder / "server.json").read_text(encoding="utf-8"))
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            order["command"],
            cwd=order["cwd"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - there is no thread yet
        )
    noting = threading.Thread(target=_note_end, args=(server, folder), daemon=True)
    noting.start()
    for terminating in (signal.SIGTERM,):
        signal.signal(terminating, lambda *_: _end(server, noting, folder))
    with (folder / "alive").open("rb") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
    _end(server, noting, folder)


def _die_with_parent() -> None:
    """Linux ends the server even if this program is killed by SIGKILL; other systems cannot."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _note_end(server: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Tell those who wait for the server that it has ended."""
    code = server.wait()
    with contextlib.suppress(OSError):
        (folder / "server.exit").write_text(str(code), encoding="utf-8")


def _end(server: "subprocess.Popen[bytes]", noting: threading.Thread, folder: Path) -> None:
    server.kill()
    # Its note is a file in the folder that is removed next.
    noting.join()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
