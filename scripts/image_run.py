"""Run the image's entry point as the image would: its user, its environment, nothing writable. Used by ``image_steps``.

The commands without an endpoint come first, then one whole life beside an endpoint: converge, find nothing to do,
answer the health check, end on SIGTERM.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.aws.embedded import EmbeddedServer

HEALTHY_WITHIN = 60.0
STOPPED_WITHIN = 30.0

OFFLINE = (
    (["--version"], 0),
    (["healthcheck"], 1),
    (["validate"], 0),
    (["validate", "--desired-state", "bundled"], 0),
    (["validate", "/no-such-folder"], 1),
    (["schema"], 0),
)
ONLINE = (
    (["preview", "--expect-no-changes"], 2),
    (["--once"], 0),
    (["preview", "--expect-no-changes"], 0),
)


@dataclass(frozen=True, slots=True)
class Image:
    """What the steps made: the folder that stands for ``/``, the user and the environment of the final stage."""

    root: Path
    user: str
    environment: dict[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The entry point with these arguments, its output kept together."""
        command = [*as_user(self.user), str(self.root / "app" / "venv" / "bin" / "reconciler"), *arguments]
        return subprocess.Popen(
            command,
            cwd=self.root / "app",
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def expect(self, arguments: list[str], code: int) -> bool:
        """Run to the end and print the verdict, with the output where it is not what it has to be."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=120)
        return verdict(" ".join(arguments), process.returncode, code, output)


def check(image: Image) -> int:
    """Every case; 0 when all answered as they must and nothing was written."""
    failed = sum(not image.expect(arguments, code) for arguments, code in OFFLINE)
    with EmbeddedServer() as server:
        settings = {
            "AWS_ENDPOINT_URL_DYNAMODB": server.url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "RECONCILER_HTTP_PORT": str(free_port()),
        }
        live = replace(image, environment={**image.environment, **settings})
        failed += sum(not live.expect(arguments, code) for arguments, code in ONLINE)
        failed += not serves(live)
    return 1 if failed else 0


def serves(image: Image) -> bool:
    """The daemon gets healthy by the image's own health check and ends on SIGTERM."""
    process = image.start()
    deadline = time.monotonic() + HEALTHY_WITHIN
    health = 1
    while health != 0 and time.monotonic() < deadline and process.poll() is None:
        probe = image.start("healthcheck")
        probe.communicate(timeout=30)
        health = probe.returncode
    process.send_signal(signal.SIGTERM)
    try:
        output, _ = process.communicate(timeout=STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    healthy = verdict("healthcheck, beside the daemon", health, 0, output)
    return verdict("run, until SIGTERM", process.returncode, 128 + signal.SIGTERM, output) and healthy


def verdict(name: str, code: int, expected: int, output: str) -> bool:
    """Print one line, and the output if the command misbehaved."""
    good = code == expected and "Traceback" not in output
    print(f"image: {'ok    ' if good else 'FAILED'} reconciler {name} -> {code}", flush=True)
    if not good:
        print(output)
    return good


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def as_user(user: str) -> list[str]:
    """The prefix that drops to the image's user without privileges; nothing when this is not root."""
    if os.geteuid() != 0:
        return []
    uid, _, gid = user.partition(":")
    return ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs", "--bounding-set=-all"]
