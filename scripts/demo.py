"""The main job in a minute, on an endpoint inside this process: plan, create, seed, drift, repair, status page.

Called by ``make demo``. Every command is run as a user would type it, against the endpoint by its address; the drift is
made by a client of its own. A command that ends with another exit code than promised ends the demo with 1.
"""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from reconciler.aws.embedded import EmbeddedServer

PORT = 8002
READY_WITHIN = 60.0
STOPPED_WITHIN = 30.0
SHOWN_METRICS = (
    "dynamodb_reconciler_tables{",
    "dynamodb_reconciler_table_drift{",
    "dynamodb_reconciler_actions_total{",
    "dynamodb_reconciler_passes_total{",
)


class Unexpected(Exception):
    """A command did not do what the demo shows; the text is for the user."""


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the commands run: the endpoint, an empty working folder, an environment without settings of the user's."""

    url: str
    folder: Path
    environment: dict[str, str]

    def command(self, *arguments: str) -> list[str]:
        """The command line with the options that every command here has."""
        return ["reconciler", *arguments, "--desired-state", "bundled", "--endpoint-url", self.url]

    def show(self, text: str, *arguments: str, code: int = 0) -> None:
        """Say what comes, print the command, run it, insist on its exit code."""
        command = self.command(*arguments)
        say(text, command)
        ended = subprocess.run(command, cwd=self.folder, env=self.environment, check=False).returncode
        print(f"(exit {ended})", flush=True)
        if ended != code:
            raise Unexpected(f"`{shlex.join(command)}` ended with {ended} instead of {code}.")

    def client(self) -> Any:
        """A client of its own: the person who changes tables by hand."""
        return boto3.client(
            "dynamodb",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )


def main() -> int:
    """Run the demo; 0 when everything went as it says."""
    with tempfile.TemporaryDirectory(prefix="demo-") as folder, EmbeddedServer() as server:
        demo = Demo(server.url, Path(folder), environment())
        try:
            converge(demo)
            drift(demo)
            daemon(demo)
        except Unexpected as problem:
            print(f"demo: {problem}", file=sys.stderr)
            return 1
    return 0


def environment() -> dict[str, str]:
    """The variables of this process without any that would steer the reconciler or the SDK elsewhere."""
    ours = {n: v for n, v in os.environ.items() if not n.startswith(("RECONCILER_", "AWS_", "DYNAMODB_"))}
    ours["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    return {
        **ours,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "RECONCILER_LOG_FORMAT": "console",
        "RECONCILER_LOG_LEVEL": "warning",
    }


def converge(demo: Demo) -> None:
    """From nothing to the declared tables, and nothing more to do."""
    demo.show("The endpoint is empty. What would be done?", "preview")
    demo.show("Do it: create the tables and fill them with their seeds.", "--once")
    demo.show("Again: nothing is left to do.", "--once")


def drift(demo: Demo) -> None:
    """Somebody changes things behind the reconciler's back; it sees and repairs."""
    say("Now somebody deletes one table and changes how the other is billed, with a client of their own:")
    client = demo.client()
    client.delete_table(TableName="projects_details")
    print(">>> delete_table(TableName='projects_details')")
    throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    client.update_table(TableName="users", BillingMode="PROVISIONED", ProvisionedThroughput=throughput)
    print(f">>> update_table(TableName='users', BillingMode='PROVISIONED', ProvisionedThroughput={throughput})")
    demo.show(
        "The difference is seen, and a pipeline can tell by the exit code:", "preview", "--expect-no-changes", code=2
    )
    demo.show("Repair it.", "--once")
    billing = client.describe_table(TableName="users")["Table"]["BillingModeSummary"]["BillingMode"]
    items = client.scan(TableName="projects_details", Select="COUNT", ConsistentRead=True)["Count"]
    print(f"\nThe other client sees: users is {billing}, projects_details is back with {items} items.", flush=True)
    if billing != "PAY_PER_REQUEST" or not items:
        raise Unexpected("The tables are not as declared after the repair.")
    demo.show("What does the reconciler remember?", "status")


def daemon(demo: Demo) -> None:
    """The loop with its page; until Ctrl-C on a terminal, else just long enough to show its metrics."""
    port = free_port()
    command = demo.command("run", "--interval", "5s", "--http-port", str(port))
    say("The daemon keeps it so; here it looks every 5 seconds.", command)
    environment = {**demo.environment, "RECONCILER_LOG_LEVEL": "info"}
    with subprocess.Popen(command, cwd=demo.folder, env=environment) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_ready(f"{address}/readyz", process)
            metrics = fetch(f"{address}/metrics")
            print(f"\nReady. Some of {address}/metrics:", flush=True)
            print("\n".join(line for line in metrics.splitlines() if line.startswith(SHOWN_METRICS)))
            print(f"\nStatus page: {address}/", flush=True)
            if sys.stdin.isatty() and sys.stdout.isatty():
                print("Ctrl-C ends the demo.", flush=True)
                with suppress(KeyboardInterrupt):
                    process.wait()
        finally:
            stop(process)


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


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    """Poll readiness; the daemon must not end meanwhile."""
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Unexpected(f"The daemon ended with {process.returncode} before it was ready.")
        with suppress(OSError):
            fetch(url)
            return
        time.sleep(0.1)
    raise Unexpected(f"{url} did not answer 200 within {READY_WITHIN:.0f} s.")


def fetch(url: str) -> str:
    """The text of a page of this machine, never through a proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=5) as response:
        return str(response.read().decode())


def free_port() -> int:
    """8002, or any free one where that is taken."""
    for port in (PORT, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise Unexpected("No free port.")


def say(text: str, command: list[str] | None = None) -> None:
    """A heading, and the command as typed."""
    bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() and "NO_COLOR" not in os.environ else ("", "")
    print(f"\n{bold}{text}{plain}", flush=True)
    if command:
        print(f"$ {shlex.join(command)}", flush=True)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(128 + signal.SIGINT)
