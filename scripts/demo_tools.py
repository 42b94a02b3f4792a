"""What the demo's story needs to be told: headings, pages of the daemon, ports, a clean end. Used by ``demo.py``."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress

PORT = 8002
STOPPED_WITHIN = 30.0


class Unexpected(Exception):
    """A command did not do what the demo shows; the text is for the user."""


def environment() -> dict[str, str]:
    """The variables of this process without any that would steer the reconciler or the SDK elsewhere."""
    ours = {n: v for n, v in os.environ.items() if not n.startswith(("RECONCILER_", "AWS_", "DYNAMODB_"))}
    ours["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    return {
        **ours,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "RECONCILER_LOG_FORMAT": "console",
        "RECONCILER_LOG_LEVEL": "warning",
    }


def say(text: str, command: list[str] | None = None) -> None:
    """A heading, and the command as typed."""
    bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() and "NO_COLOR" not in os.environ else ("", "")
    print(f"\n{bold}{text}{plain}", flush=True)
    if command:
        print(f"$ {shlex.join(command)}", flush=True)


def free_port() -> int:
    """8002, or any free one where that is taken."""
    for port in (PORT, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise Unexpected("No free port.")


def fetch(url: str) -> str:
    """The text of a page of this machine, never through a proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=5) as response:
        return str(response.read().decode())


def wait_for(what: str, seconds: float, seen: Callable[[], object], process: subprocess.Popen[bytes]) -> float:
    """Ask until ``seen`` says yes without an OSError; how many seconds it took. The daemon must not end meanwhile."""
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        if process.poll() is not None:
            raise Unexpected(f"The daemon ended with {process.returncode} before {what}.")
        with suppress(OSError):
            if seen():
                return passed
        time.sleep(0.1)
    raise Unexpected(f"It took more than {seconds:.0f} s until {what}.")


def stop(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and insist on a clean end."""
    if process.poll() is None:
        process.terminate()
    try:
        code = process.wait(STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Unexpected(f"The daemon did not end within {STOPPED_WITHIN:.0f} s of SIGTERM.") from None
    if code not in {128 + signal.SIGTERM, 128 + signal.SIGINT} and sys.exc_info()[0] is None:
        raise Unexpected(f"The daemon ended with {code}.")
