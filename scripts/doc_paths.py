"""Three ways through the documentation, as somebody goes who starts from nothing: clone, install, follow the page.

    scripts/doc_paths.py [PATH…]

Each prints the time from the clone to the first table and the number of commands. The clone, the environment and the
emulator are new; only the page says what is typed. Called by ``.ci/run``; about a minute, most of it the installation.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from doc_examples import DYNAMODB, ROOT, Story, Unlike, answers, fences, free_port, process, shown

INSTALL = ROOT / "docs" / "tutorial.md"
PATHS = {
    "application": "docs/tutorial.md",
    "platform": "docs/guides/accounts.md",
    "operation": "docs/guides/monitoring.md",
}
"""The page of each use: developing an application, CI and deployment, operation with metrics."""
STATE = "reconciler_state"
SCOPE = "local/20260101/us-east-1/dynamodb/aws4_request"


@dataclass
class Followed(Story):
    """A page followed with the installed tool, which notes when the first table is there."""

    began: float = field(default_factory=time.monotonic)
    first_table: float = 0.0

    def _one(self, command: str) -> tuple[int, str]:
        ended = super()._one(command)
        self._look()
        return ended

    def _start(self, command: str, url: str) -> None:
        super()._start(command, url)
        self._look()

    def _look(self) -> None:
        if not self.first_table and set(tables(self.url)) - {STATE}:
            self.first_table = time.monotonic()


def tables(url: str) -> list[str]:
    """The names of all tables at an endpoint that checks no signature."""
    headers = {
        "X-Amz-Target": "DynamoDB_20120810.ListTables",
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=0",
    }
    if not answers(url):
        return []
    request = urllib.request.Request(url, data=b"{}", headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as response:
        names: list[str] = json.load(response)["TableNames"]
    return names


def install(folder: Path, environment: dict[str, str]) -> int:
    """Do what the section "Install" of the tutorial says, from a clone of this checkout; the number of commands."""
    fence = next(each for each in fences(INSTALL.read_text(encoding="utf-8")) if "git clone" in each.body)
    commands = [each.command.replace("REPOSITORY", shlex.quote(ROOT.as_uri())) for each in shown(fence.body)]
    code, output = process(["bash", "-ec", "\n".join(commands)], folder, environment)
    if code:
        raise Unlike(f"the installation ended with {code}:\n{output}")
    return len(commands)


@contextmanager
def emulator(venv: Path, folder: Path, page: str) -> Iterator[str]:
    """The URL of an emulator that runs, for a page that expects an endpoint, or of one that the page starts itself."""
    url = f"http://localhost:{free_port()}"
    if f'starts="{DYNAMODB}"' in page:
        yield url
        return
    with (folder / "moto.log").open("wb") as log:
        command = [str(venv / "bin" / "moto_server"), "-p", url.rpartition(":")[2]]
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        while not answers(url):
            if server.poll() is not None:
                raise Unlike((folder / "moto.log").read_text(encoding="utf-8"))
            time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait()


def story(name: str, venv: Path, folder: Path) -> Followed:
    """Follow the page of one use at an emulator of its own."""
    page = (ROOT / PATHS[name]).read_text(encoding="utf-8")
    with emulator(venv, folder, page) as url, Followed(folder, url, free_port(), path=str(venv / "bin")) as followed:
        followed.follow(page)
    return followed


def main(arguments: Sequence[str]) -> int:
    """Follow the named paths, or all; 1 if one does not lead to a table."""
    with tempfile.TemporaryDirectory(prefix="paths-") as scratch:
        clone = Path(scratch)
        began = time.monotonic()
        environment = {
            "PATH": f"{sys.base_prefix}/bin:/usr/local/bin:/usr/bin:/bin",
            "HOME": scratch,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        installing = install(clone, environment)
        installed = time.monotonic() - began
        print(f"Installed from a clone: {installing} commands, {installed:.0f} s", flush=True)
        for name in arguments or PATHS:
            folder = clone / name
            folder.mkdir()
            try:
                followed = story(name, clone / "venv", folder)
            except Unlike as problem:
                print(f"{name}, {PATHS[name]}, {problem}", file=sys.stderr)
                return 1
            if not followed.first_table:
                print(f"{name}: {PATHS[name]} leads to no table", file=sys.stderr)
                return 1
            first = installed + followed.first_table - followed.began
            whole = installed + time.monotonic() - followed.began
            print(
                f"{name}, {PATHS[name]}: first table {first:.0f} s after the clone began; "
                f"{installing + followed.commands} commands, {whole:.0f} s",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
