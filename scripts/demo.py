"""The main job in a minute, on an endpoint inside this process: plan, create, seed, drift, repair, status page.

Called by ``make demo``. Every command is run as a user would type it, against the endpoint by its address; the drift is
made by a client of its own. A command that ends with another exit code than promised ends the demo with 1.
"""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from demo_tools import STOPPED_WITHIN, Unexpected, environment, fetch, free_port, say, stop, wait_for

import desired_state
from reconciler.aws.embedded import EmbeddedServer

LIMIT = 60.0
USERS = json.loads((Path(desired_state.__file__).parent / "seeds" / "users.json").read_text(encoding="utf-8"))
ALL_IN_SYNC = 'dynamodb_reconciler_tables{environment="default",status="in_sync"} 2.0'
SHOWN_METRICS = re.compile(
    r"dynamodb_reconciler_(tables|actions_total|drift_detected_total|seed_items_total|passes_total)\{.*(?<! 0\.0)$"
)


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
    """The loop repairs by itself; its page stays until Ctrl-C on a terminal, else it is stopped at once."""
    port = free_port()
    command = demo.command("run", "--interval", "2s", "--http-port", str(port))
    say("The daemon keeps it so; here it looks every 2 seconds.", command)
    variables = {**demo.environment, "RECONCILER_LOG_LEVEL": "info"}
    with subprocess.Popen(command, cwd=demo.folder, env=variables) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for("it was ready", LIMIT, lambda: fetch(f"{address}/readyz"), process)
            repair(demo, process)
            wait_for("it said so", LIMIT, lambda: ALL_IN_SYNC in fetch(f"{address}/metrics"), process)
            say(f"Of {address}/metrics, what is not zero of tables, drift, actions, seeds and passes:")
            print("\n".join(filter(SHOWN_METRICS.match, fetch(f"{address}/metrics").splitlines())))
            fetch(f"{address}/")
            say(f"Status page: {address}/")
            if sys.stdin.isatty() and sys.stdout.isatty():
                print("Ctrl-C ends the demo.", flush=True)
                until_interrupted(process)
        finally:
            stop(process)


def until_interrupted(process: subprocess.Popen[bytes]) -> None:
    """Wait for Ctrl-C. The terminal sends it to the daemon too, whose clean end a second signal would cut short."""
    try:
        process.wait()
    except KeyboardInterrupt:
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOPPED_WITHIN)


def repair(demo: Demo, process: subprocess.Popen[bytes]) -> None:
    """Delete a table while the daemon runs and wait until it is back with its items."""
    say("Behind its back, a table goes:")
    client = demo.client()
    client.delete_table(TableName="users")
    print(">>> delete_table(TableName='users')", flush=True)

    def whole() -> bool:
        with suppress(client.exceptions.ResourceNotFoundException):
            return bool(client.scan(TableName="users", Select="COUNT", ConsistentRead=True)["Count"] == len(USERS))
        return False

    seconds = wait_for("the table was back", LIMIT, whole, process)
    print(f"It is back with {len(USERS)} items after {seconds:.1f} s.", flush=True)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(128 + signal.SIGINT)
