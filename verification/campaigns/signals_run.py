"""One command of the tool, a real process over DynamoDB Local, that gets SIGINT or SIGTERM at a random moment.

What must hold: it ends within its grace, with 130 or 143 (or its own code where it was faster than the signal), with
one sentence and no traceback; the same command again comes to the end of an undisturbed run, every item exactly once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Self

from support.endpoints import DynamoDBLocal, free_port, wipe
from support.fork_server import ForkServer

ITEMS = 300
SLACK_SECONDS = 6.0
"""Beside the grace, for a machine on which many others compute."""
GRACE_SECONDS = 8.0
DAEMON_GRACE_SECONDS = 28.0
NOT_BEGUN = (-signal.SIGTERM, 70)
"""Exit codes of a process that got the signal before its command line; only the child of the fork server has them."""
TABLE = """\
table_name: {name}
key_schema: [{{AttributeName: pk, KeyType: HASH}}]
attribute_definitions: [{{AttributeName: pk, AttributeType: S}}]
"""


@dataclass(frozen=True)
class Command:
    """A command under test: what is run before it, how it ends undisturbed, and what a client must see after it."""

    words: tuple[str, ...]
    given: tuple[tuple[str, ...], ...] = ()
    code: int = 0
    tables: Mapping[str, int] | None = None
    """Items by table after the end; ``None`` where they prove nothing."""
    reads_only: bool = False
    stays: bool = False
    again: tuple[int, ...] = ()
    """Further exit codes of the same command run again, where its work was finished before."""


MADE, FULL = {"orders": ITEMS, "users": ITEMS}, (("--once",),)
COMMANDS: Mapping[str, Command] = {
    "once": Command(("--once",), tables=MADE),
    "once on two tables at once": Command(("--once", "--workers", "10"), tables=MADE),
    "up": Command(("up", "--yes"), tables=MADE),
    "seed": Command(("seed",), given=(*FULL, ("clear", "--yes")), tables=MADE),
    "clear": Command(("clear", "--yes"), given=FULL, tables={"orders": 0, "users": 0}),
    "destroy": Command(("destroy", "--yes"), given=FULL, tables={}),
    "release": Command(("release", "users"), given=FULL, tables=MADE),
    "suspend": Command(("suspend",), given=FULL, tables=MADE),
    "resume": Command(("resume",), given=(*FULL, ("suspend",)), tables=MADE),
    "import": Command(("import", "users"), given=(*FULL, ("release", "users")), tables=MADE, again=(1,)),
    "preview": Command(("preview",), given=FULL, tables=MADE, reads_only=True),
    "status": Command(("status",), given=FULL, tables=MADE, reads_only=True),
    "validate": Command(("validate",), reads_only=True),
    "doctor": Command(("doctor",), given=FULL, tables=MADE, reads_only=True),
    "daemon": Command(("run",), stays=True),
}


class SignalFixture:
    """Use ``with SignalFixture() as signal_fixture:`` or ``shared_fixture()``."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._seconds: dict[str, float] = {}

    def __enter__(self) -> Self:
        server = self._stack.enter_context(DynamoDBLocal())
        self.url, self.client = server.url, server.client()
        self._tool = self._stack.enter_context(ForkServer())
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="signals-")))
        seeds = self.folder / "desired_state" / "seeds"
        seeds.mkdir(parents=True)
        for name in MADE:
            (self.folder / "desired_state" / f"{name}.yaml").write_text(TABLE.format(name=name), encoding="utf-8")
            items = [{"pk": str(number)} for number in range(ITEMS)]
            (seeds / f"{name}.json").write_text(json.dumps(items), encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def prepare(self, command: Command) -> None:
        wipe(self.client)
        for words in command.given:
            code, seconds, output = self.run(words, lambda _: None, 60.0)
            assert code == 0, f"{' '.join(words)} before it ended with {code} after {seconds:.1f} s\n{output}"

    def run(self, words: tuple[str, ...], disturb: Callable[[int], None], limit: float) -> tuple[int, float, str]:
        """Exit code, seconds since ``disturb`` returned, output. A run that outlives ``limit`` is killed: -9."""
        line = (*words, "--endpoint-url", self.url, "--stack", "signals", "--interval", "1h")
        port = {"RECONCILER_HTTP_PORT": str(free_port())}
        running = self._tool.begin(*line, folder=self.folder, variables=port)
        disturb(running.process)
        began = time.monotonic()
        killer = threading.Timer(limit, running.kill)
        killer.start()
        try:
            code = self._tool.end()
        finally:
            killer.cancel()
        return code, time.monotonic() - began, self._tool.output

    def duration(self, name: str) -> float:
        """Of the undisturbed run, measured once."""
        if name not in self._seconds:
            command = COMMANDS[name]
            self.prepare(command)
            code, seconds, output = self.run(command.words, lambda _: None, 90.0)
            assert code == command.code, f"undisturbed, it ended with {code}\n{output}"
            self._check_end(command, "undisturbed")
            self._seconds[name] = seconds
        return self._seconds[name]

    def disturbed(self, name: str, rng: random.Random) -> Counter[str]:
        """One signal, or two, at a random moment; then the same command again."""
        command = COMMANDS[name]
        delay = rng.uniform(0.05, 2.0 if command.stays else 1.1 * self.duration(name) + 0.05)
        number = rng.choice((signal.SIGINT, signal.SIGTERM))
        twice = rng.random() < 0.15
        self.prepare(command)

        def disturb(process: int) -> None:
            time.sleep(delay)
            _send(process, number)
            if twice:
                time.sleep(rng.uniform(0, 0.2))
                _send(process, number)

        limit = (DAEMON_GRACE_SECONDS if command.stays else GRACE_SECONDS) + SLACK_SECONDS
        code, seconds, output = self.run(command.words, disturb, limit)
        reported = (
            f"{signal.Signals(number).name} after {delay:.3f} s{', twice' if twice else ''}: {code} in {seconds:.1f} s"
        )
        figures = Counter({"signals": 1, f"signals to {name}": 1, "seconds, rounded up": int(seconds) + 1})
        if code in NOT_BEGUN and "Interrupted" not in output:
            return figures + Counter({"before the command began": 1})
        assert code != -signal.SIGKILL, f"{reported}: it hung\n{output}"
        assert "Traceback" not in output, f"{reported}: a traceback\n{output}"
        interrupted = code == 128 + number
        figures["interrupted" if interrupted else "ended before"] += 1
        if not command.stays:
            interruptions = output.count("Interrupted by")
            assert interruptions == int(interrupted), f"{reported}: {interruptions} sentences\n{output}"
            assert interrupted or code == command.code, f"{reported}: another exit code\n{output}"
            if command.reads_only and interrupted:
                assert "nothing was changed" in output, f"{reported}: {output}"
        else:
            assert interrupted, f"{reported}: another exit code\n{output}"
            return figures
        code, _, output = self.run(command.words, lambda _: None, 120.0)
        assert code in (command.code, *command.again), f"{reported}; again, it ended with {code}\n{output}"
        self._check_end(command, reported)
        return figures

    def _check_end(self, command: Command, reported: str) -> None:
        if command.tables is None:
            return
        names = self.client.list_tables()["TableNames"]
        held = {name: self.client.scan(TableName=name, Select="COUNT")["Count"] for name in names if name in MADE}
        assert held == command.tables, f"{reported}: items are {held}, not {command.tables}"


def _send(process: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)


@cache
def shared_fixture() -> SignalFixture:
    """One for this process, which ends with it."""
    signal_fixture = SignalFixture().__enter__()
    Finalize(None, signal_fixture.__exit__, exitpriority=10)
    return signal_fixture


def case(number: int) -> Counter[str]:
    """Commands take turns; moment and signal follow from the number."""
    name = list(COMMANDS)[number % len(COMMANDS)]
    try:
        return shared_fixture().disturbed(name, random.Random(number))
    except AssertionError as error:
        raise AssertionError(f"{name}: {error}") from error
