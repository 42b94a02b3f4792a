"""The child process that runs class files. Started by ``child_process`` and never imported by the tool itself.

The user's code runs here and not in the tool: it may end the process, loop, print, change the directory or the
environment, and nothing of that reaches the tool. Reads one request on stdin, answers on a pipe of its own. Imports
little, because every load starts it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import resource
import select
import signal
import sys
from pathlib import Path
from typing import Any

from reconciler.declarations.formats.python.channel import DISTURBED, Channel

HIGH = 200
"""Descriptors from here on survive code that closes the first hundred, as daemonising code does."""


def main() -> None:
    """Answer the request and leave. The arguments are the pipe's descriptor and the seconds the process may live."""
    descriptor, seconds = int(sys.argv[1]), int(sys.argv[2])
    channel = Channel(fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, HIGH))
    os.close(descriptor)
    _limit(seconds)
    request = json.loads(sys.stdin.buffer.readline())
    _end_with_the_tool()
    _settle(request)
    from reconciler.declarations.formats.python.evaluating import ClassFile, Evaluation

    files = [
        ClassFile(path, Path(absolute), content.encode("latin-1"), empty)
        for path, absolute, content, empty in request["files"]
    ]
    leave, send = channel.leave, channel.send
    try:
        Evaluation(channel, files, Path(request["folder"]), request["environment"]).run()
        send("end", True)
    except BaseException:  # noqa: BLE001 - the tool says where; a trace of our own code helps nobody
        leave(DISTURBED)
    leave(0)


def _limit(seconds: int) -> None:
    """Limits for the case that the reconciler dies and cannot kill this process, and for unlimited memory use."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_DATA, 2 * 1024**3),
    ):
        _, hard = resource.getrlimit(kind)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (allowed, hard))
    # Where memory runs out all the same, the kernel ends this process and not the tool.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _end_with_the_tool() -> None:
    """Let the kernel end this process when the tool dies, which closes the other end of stdin: SIGIO does it.

    That needs no thread and works while the user's code sleeps. On other systems than Linux only the alarm is left.
    """
    pipe = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, HIGH)
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
    gone, _, _ = select.select([pipe], [], [], 0)
    if gone:
        os._exit(DISTURBED)


def _settle(request: dict[str, Any]) -> None:
    """Set argv, hash seed, random seed and clock. The first child has the same ones in each load, the second others."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.dont_write_bytecode = True
    sys.argv = request["argv"]
    if request["hash_seed"] is None:
        os.environ.pop("PYTHONHASHSEED", None)
    else:
        os.environ["PYTHONHASHSEED"] = request["hash_seed"]
    random.seed(request["chance"])
    if request["shifted_clock"]:
        from reconciler.declarations.formats.python import shifted_clock

        shifted_clock.install()


if __name__ == "__main__":
    main()
