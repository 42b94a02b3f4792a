"""The process that ``forked`` starts: imports the tool once and forks for each command line that it is sent.

Runs as a script of its own, with one thread, so that a fork copies no lock that another thread holds. A request is a
line of JSON with three descriptors: a socket for the process id and the wait status, standard output, standard error.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import time
from datetime import timedelta
from typing import Any

from support.fork_child import warm

import reconciler.__main__
from reconciler.state.state_table import StateTable


def received(requests: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """The next request and its descriptors; ``None`` when there will be no other."""
    line, descriptors, _, _ = socket.recv_fds(requests, 65536, 3)
    while line and not line.endswith(b"\n"):
        line += requests.recv(65536)
    return (json.loads(line) if line else None), descriptors


def become(asked: dict[str, Any], out: int, err: int) -> int:
    """Run the command line as ``python -m reconciler`` would; its exit code."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # What a shell starts in the background ignores SIGINT, and so would this process and its tool.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    os.dup2(out, 1)
    os.dup2(err, 2)
    for number in (out, err):
        os.close(number)
    if asked["lease"]:
        StateTable.__init__.__kwdefaults__["lease_term"] = timedelta(seconds=asked["lease"])
    sys.path.insert(0, asked["folder"])
    sys.argv = [reconciler.__main__.__file__, *asked["words"]]
    return reconciler.__main__.main()


def reap(running: dict[int, socket.socket]) -> None:
    """Send the wait status of each process that has ended."""
    for process in list(running):
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            with running.pop(process) as to:
                send(to, "status", os.waitstatus_to_exitcode(status))


def send(to: socket.socket, name: str, value: int) -> None:
    """Nobody may read it any more: a test may leave a process behind."""
    try:
        to.sendall(json.dumps({name: value}).encode() + b"\n")
    except OSError:
        return


def serve(requests: socket.socket) -> int:
    """Until the other end is closed. Returns in each forked process too, with the exit code of its command."""
    # Ctrl-C reaches the whole group of processes; this one ends with the tests.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    woken, wakes = socket.socketpair()
    for end in (woken, wakes):
        end.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno())
    running: dict[int, socket.socket] = {}
    while True:
        readable, _, _ = select.select([requests, woken], [], [])
        if woken in readable:
            woken.recv(4096)
        reap(running)
        if requests not in readable:
            continue
        asked, descriptors = received(requests)
        if asked is None:
            return 0
        process = os.fork()
        status = socket.socket(fileno=descriptors[0])
        if process == 0:
            for other in (requests, woken, wakes, status, *running.values()):
                other.close()
            return become(asked, *descriptors[1:])
        for number in descriptors[1:]:
            os.close(number)
        running[process] = status
        send(status, "process", process)


if __name__ == "__main__":
    # The folder of this script: a module there may have the name of one that the tool imports.
    del sys.path[0]
    warm()
    sys.exit(serve(socket.socket(fileno=int(sys.argv[1]))))
