"""Runs the commands that the documentation shows, and compares what they print; ``--write`` writes what they print.

    scripts/doc_examples.py [--write | --dynamodb-local] [PAGE…]

A page is one story in one empty folder, at one endpoint without tables. Its fences are taken from top to bottom:

- A fence with ``title="PATH"`` behind its language is a file that the reader writes. All other attributes stand in a
  comment on the line above: ``<!-- exit="2" -->``.
- A ``console`` fence holds commands after ``$ ``; the lines below a command are its output. ``…`` in it stands for any
  text, and a line ``…`` for any lines. Without such lines the output is not compared. ``exit="2"`` is the exit code of
  the last command.
- ``not_run="WHY"`` says why a fence is not run. ``recipe="NAME"`` belongs to one that ``emulator_recipes`` runs;
  ``needs="npm"`` names a program: ``test_recipes`` runs it.
- ``starts="URL"`` is a command that goes on in the background, from when its URL answers until the end of the page.

Addresses are those of the documentation: DynamoDB at http://localhost:8000, the daemon at http://localhost:8002.
The pages show the answers of moto, and ``tests/docs`` runs every page there. ``--dynamodb-local`` follows them at
DynamoDB Local, each in a namespace of its own, and expects the same answers; ``.ci/run`` calls it. ``doc_paths`` runs
three of them as somebody who starts from nothing.
"""

from __future__ import annotations

import logging
import os
import re
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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
PROJECT = "shop"
"""The folder in which a reader works; the stack is named after it."""
DYNAMODB, DAEMON = "http://localhost:8000", "localhost:8002"
FENCE = re.compile(
    r"(?:^<!-- (?P<before>\w+=\"[^\n]*\") -->\n)?"
    r"^(?P<open>```+)(?P<language>[\w-]+)(?P<attributes>(?:[ \t]+\w+=\"[^\"\n]*\")*)[ \t]*\n"
    r"(?P<body>.*?)^(?P=open)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
ATTRIBUTE = re.compile(r"(\w+)=\"([^\"]*)\"")
KNOWN = {"title", "exit", "not_run", "needs", "recipe", "starts", "hl_lines", "linenums"}
SKIPPED = {"not_run", "needs", "recipe"}
ELSEWHERE = {
    "guides/item-migrations.md": "tests/docs/test_docs_guide_migrations.py",
    "guides/replacing-a-table.md": "tests/docs/test_docs_guide_replacing.py",
}
"""Pages whose examples have a test of their own."""
MOTO_WORDS = "moto, region us-east-1, account 123456789012"
LOCAL_WORDS = re.compile(r"dynamodb-local, region us-east-1, account\s+000000000000")
"""The same at DynamoDB Local, whose name is longer, so that the line may be broken."""
STARTED_WITHIN = 60.0
ENDED_WITHIN = 120.0
PLAIN = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_COLOR": "1",
    "COLUMNS": "110",
    "LANG": "C.UTF-8",
}


class Unlike(Exception):
    """A page does not show what happens; the text says where and how."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block of a page: its language, its attributes, its text, and where the text begins and ends."""

    language: str
    attributes: Mapping[str, str]
    body: str
    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A command of a fence with the output that the page shows below it."""

    command: str
    output: str


def fences(text: str) -> Iterator[Fence]:
    """The fenced blocks of a page, in order."""
    for found in FENCE.finditer(text):
        attributes = dict(ATTRIBUTE.findall(f"{found['before'] or ''} {found['attributes']}"))
        line = text.count("\n", 0, found.start("open")) + 1
        yield Fence(found["language"], attributes, found["body"], found.start("body"), found.end("body"), line)


def shown(body: str) -> list[Shown]:
    """The commands of a console block. A line that ends in a backslash is continued."""
    commands: list[Shown] = []
    lines = iter(body.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command = f"{command[:-1]}{next(lines).removeprefix('>').strip()}"
            commands.append(Shown(command, ""))
        elif commands:
            commands[-1] = Shown(commands[-1].command, f"{commands[-1].output}{line}\n")
        elif line.strip():
            raise Unlike(f"output before the first command: {line}")
    return commands


Tool = Callable[[Sequence[str], Path, Mapping[str, str]], "tuple[int, str]"]
"""Runs ``reconciler WORDS`` in a folder with an environment; its exit code and all that it printed."""


def process(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """A command as a process of its own."""
    done = subprocess.run(
        list(words),
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=ENDED_WITHIN,
        check=False,
    )
    return done.returncode, done.stdout


def installed(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """The installed ``reconciler``."""
    return process(["reconciler", *words], folder, environment)


@dataclass
class Story:
    """One page being followed. ``with Story(…) as story: story.follow(page)``.

    Args:
        folder: An empty folder; the reader works in ``shop`` below it.
        url: The endpoint that stands for http://localhost:8000.
        port: The port that stands for 8002.
        tool: How ``reconciler`` is run where a command consists of nothing else.
        key: The access key ID, which names the namespace at DynamoDB Local.
        path: Folders before those of ``PATH``.
    """

    folder: Path
    url: str
    port: int
    tool: Tool = installed
    key: str = "local"
    path: str = sysconfig.get_path("scripts")
    commands: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __enter__(self) -> Self:
        ours = {name: os.environ[name] for name in ("PATH", "TMPDIR", "SYSTEMROOT") if name in os.environ}
        self.environment = {
            **ours,
            **PLAIN,
            "AWS_ACCESS_KEY_ID": self.key,
            "HOME": str(self.folder),
            "PATH": os.pathsep.join([self.path, ours.get("PATH", "")]),
            "RECONCILER_HTTP_PORT": str(self.port),
            "RECONCILER_LOG_LEVEL": "warning",
            "XDG_CACHE_HOME": str(self.folder / ".cache"),
        }
        self.folder = self.folder / PROJECT
        self.folder.mkdir()
        self._stand_in()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(STARTED_WITHIN)
            process.kill()
            process.wait()

    def _stand_in(self) -> None:
        """Put an ``aws`` first into the path that needs no AWS CLI."""
        aws = self.folder.parent / ".bin" / "aws"
        aws.parent.mkdir()
        aws.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "scripts" / "aws_cli.py"}" "$@"\n', encoding="utf-8"
        )
        aws.chmod(0o755)
        self.environment["PATH"] = f"{aws.parent}{os.pathsep}{self.environment['PATH']}"

    def follow(
        self, text: str, *, skip: Callable[[Fence], bool] = lambda fence: bool(SKIPPED & set(fence.attributes))
    ) -> str:
        """Do what a page says. Returns the page with the output that the commands printed.

        Raises:
            Unlike: a command ended with another exit code than shown.
        """
        written, end = "", 0
        for fence in fences(text):
            if unknown := set(fence.attributes) - KNOWN:
                raise Unlike(f"line {fence.line}: unknown attribute {sorted(unknown)}")
            body = fence.body
            if skip(fence):
                pass
            elif "title" in fence.attributes:
                self._write(fence)
            elif fence.language == "console":
                body = self._run(fence)
            written += text[end : fence.start] + body
            end = fence.end
        return written + text[end:]

    def _write(self, fence: Fence) -> None:
        path = self.folder / fence.attributes["title"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._real(fence.body), encoding="utf-8")

    def _run(self, fence: Fence) -> str:
        if "starts" in fence.attributes:
            (each,) = shown(fence.body)
            url = self._real(fence.attributes["starts"])
            if url != self.url or not answers(url):
                self._start(each.command, url)
            return fence.body
        body, commands = "", shown(fence.body)
        for number, each in enumerate(commands, 1):
            code, output = self._one(self._real(each.command))
            output = self._documented(output)
            wanted = int(fence.attributes.get("exit", "0")) if number == len(commands) else 0
            if code != wanted:
                raise Unlike(f"line {fence.line}: `{each.command}` ended with {code}, not {wanted}:\n{output}")
            body += self._as_typed(fence.body, each, number) + (each.output if fits(each.output, output) else output)
        return body

    @staticmethod
    def _as_typed(body: str, each: Shown, number: int) -> str:
        """The lines of the nth command as they stand on the page, continued lines and all."""
        starts = [found.start() for found in re.finditer(r"^\$ ", body, re.MULTILINE)]
        part = body[starts[number - 1] : starts[number] if number < len(starts) else len(body)]
        return part.removesuffix(each.output)

    def _one(self, command: str) -> tuple[int, str]:
        self.commands += 1
        words = shlex.split(command, comments=True)
        if words[:1] == ["cd"] and len(words) == 2:
            self.folder = self.folder / words[1]
            return 0, ""
        if words[:1] == ["export"] and len(words) == 2:
            name, _, value = words[1].partition("=")
            self.environment[name] = value
            return 0, ""
        if words[:1] == ["reconciler"] and not re.search(r"[|;&<>$`*]", command):
            return self.tool(words[1:], self.folder, self.environment)
        return process(["bash", "-ec", command], self.folder, self.environment)

    def _start(self, command: str, url: str) -> None:
        self.commands += 1
        log = self.folder.parent / f"background-{len(self._running)}.log"
        with log.open("wb") as output:
            self._running.append(
                subprocess.Popen(
                    [
                        "bash",
                        "-c",
                        f"exec env {self._real(command).replace('-p 8000', f'-p {urlsplit(self.url).port}')}",
                    ],
                    cwd=self.folder,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            )
        deadline = time.monotonic() + STARTED_WITHIN
        while not answers(url):
            if self._running[-1].poll() is not None or time.monotonic() > deadline:
                raise Unlike(f"`{command}` does not answer at {url}:\n{log.read_text(encoding='utf-8')}")
            time.sleep(0.1)

    def _real(self, text: str) -> str:
        return text.replace(DYNAMODB, self.url).replace(DAEMON, f"localhost:{self.port}")

    def _documented(self, text: str) -> str:
        for real in (f"localhost:{self.port}", f"127.0.0.1:{self.port}"):
            text = text.replace(real, DAEMON)
        text = LOCAL_WORDS.sub(MOTO_WORDS, text)
        return text.replace(self.url, DYNAMODB).replace(str(self.folder.parent), "~")


def free_port() -> int:
    """A port that is free now; never 8002, which the documentation names."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Whether a URL answers, with whatever but 503."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        return error.code != 503
    except OSError:
        return False


def fits(shown_output: str, output: str) -> bool:
    """Whether an output is the one that a page shows; a page may show none of it, or ``…`` for a part."""
    if not shown_output.strip():
        return True
    pattern = "".join(
        r"(?:.*\n)*" if line.strip() == "…" else re.escape(line).replace("…", ".*") + r"\n"
        for line in shown_output.rstrip("\n").splitlines()
    )
    return re.fullmatch(pattern, "".join(f"{line.rstrip()}\n" for line in output.rstrip("\n").splitlines())) is not None


def pages() -> list[Path]:
    """Every page that a reader may follow."""
    written = sorted((ROOT / "docs").rglob("*.md"))
    return [
        ROOT / "README.md",
        *(page for page in written if page.relative_to(ROOT / "docs").as_posix() not in ELSEWHERE),
    ]


def at_moto(chosen: Sequence[Path]) -> Iterator[tuple[Path, Story]]:
    """A story for each page, at a moto server that has forgotten everything."""
    from reconciler.aws.embedded import EmbeddedServer

    with EmbeddedServer() as server:
        logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
        for page in chosen:
            reset = urllib.request.Request(f"{server.url}/moto-api/reset", method="POST")
            urllib.request.urlopen(reset).close()
            with tempfile.TemporaryDirectory(prefix="page-") as folder:
                yield page, Story(Path(folder), server.url, free_port())


def at_dynamodb_local(chosen: Sequence[Path]) -> Iterator[tuple[Path, Story]]:
    """A story for each page, each in a namespace of its own at one DynamoDB Local."""
    from reconciler.pytest_plugin.local_server import LocalServer, new_folder_name

    server = LocalServer(new_folder_name(""), 0)
    server.join(ROOT / ".cache" / "dynamodb-local", None)
    try:
        for number, page in enumerate(chosen):
            with tempfile.TemporaryDirectory(prefix="page-") as folder:
                yield page, Story(Path(folder), server.url, free_port(), key=f"page{number}")
    finally:
        server.leave()


def main(arguments: Sequence[str]) -> int:
    """Run the pages; 1 if one shows something else than what happens."""
    chosen = [Path(name).resolve() for name in arguments if not name.startswith("--")] or pages()
    chosen = [page for page in chosen if "```console" in page.read_text(encoding="utf-8")]
    local, failed = "--dynamodb-local" in arguments, False
    for page, unbegun in at_dynamodb_local(chosen) if local else at_moto(chosen):
        text = page.read_text(encoding="utf-8")
        try:
            with unbegun as story:
                written = story.follow(text)
        except Unlike as problem:
            print(f"{page.relative_to(ROOT)}, {problem}", file=sys.stderr)
            failed = True
            continue
        if written != text and "--write" in arguments and not local:
            page.write_text(written, encoding="utf-8")
            print(f"wrote {page.relative_to(ROOT)}")
        elif written != text:
            print(f"{page.relative_to(ROOT)} shows another output: {_difference(text, written)}", file=sys.stderr)
            failed = True
    return 1 if failed else 0


def _difference(text: str, written: str) -> str:
    import difflib

    lines = list(difflib.unified_diff(text.splitlines(), written.splitlines(), "shown", "printed", lineterm="", n=1))
    return "\n".join(["", *lines, "scripts/doc_examples.py --write writes what moto prints."])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
