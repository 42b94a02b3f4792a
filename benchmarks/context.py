"""What the goals share: sizes, the endpoint, daemons that several goals measure, peers and notes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

from benchmarks import ROOT, declared
from benchmarks.canned import TEMPLATE_TABLE
from benchmarks.daemon import Daemon
from benchmarks.endpoint import Endpoint, create
from benchmarks.figures import Row, Sample
from benchmarks.harness import LEAST_ROUNDS, BenchmarkError, Contender, measure
from benchmarks.peers.installed import Peer

T = TypeVar("T")


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    rounds: int = 5
    tables: int = 1000
    """Tables of the pass of P1."""
    fleet: int = 2500
    """Tables of the daemon of P1, P7, P8 and P9."""
    many: int = 10_000
    """Tables of the largest daemon; 0 leaves it out."""
    created: int = 200
    """Tables that P3 creates."""
    declared: int = 50
    """Tables of the commands of P4, P5 and P10."""
    items: int = 10_000
    """Seed items of P6."""
    passes: int = 15
    """Passes of the daemon of P7, those included that it ran for other goals."""
    requests: int = 200
    """Requests for each path in P9."""
    seconds: float = 720.0
    """Once these are used up, what is left is measured in one round, so that a run ends within 15 minutes."""
    tests: int = 100
    """Tests of the run of P11."""
    copied: int = 20_000
    """Items that P12 copies."""
    whole: bool = True
    """Whether the references are measured too that cost much time and change little."""


FULL = Sizes()
QUICK = Sizes(
    rounds=3,
    tables=200,
    fleet=200,
    many=0,
    created=30,
    declared=20,
    items=500,
    passes=5,
    requests=30,
    tests=10,
    copied=2_000,
    seconds=90.0,
    whole=False,
)


@dataclass(frozen=True)
class Goal:
    """A goal of performance and how it is measured."""

    number: str
    title: str
    target: str
    measure: Callable[[Bench], Iterator[Row]]


@dataclass
class Bench:
    """``with Bench(sizes) as bench:`` servers and daemons start when a goal first needs them and live until the end."""

    sizes: Sizes = FULL
    peers: Sequence[Peer] = ()
    notes: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self._root = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-")))
        self._endpoints: dict[str, Endpoint] = {}
        self._fleets: dict[tuple[str, int], Fleet] = {}
        self._folders = 0
        self._began = time.monotonic()
        self._made: dict[str, Any] = {}
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def note(self, sentence: str) -> None:
        """Add a sentence below the table."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def folder(self) -> Path:
        """A new empty folder."""
        self._folders += 1
        path = self._root / str(self._folders)
        path.mkdir()
        return path

    def endpoint(self, name: str) -> Endpoint:
        """The running DynamoDB Local of that name, empty at first."""
        if name not in self._endpoints:
            self._endpoints[name] = self._stack.enter_context(Endpoint())
        return self._endpoints[name]

    def fleet(self, tables: int) -> Fleet:
        """A daemon in sync with so many tables in DynamoDB Local."""
        return self._kept("local", tables, lambda: self._local(tables))

    def canned_fleet(self, tables: int) -> Fleet:
        """A daemon in sync with so many tables of the canned server."""
        return self._kept("canned", tables, lambda: self._canned(tables))

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What several goals need and one makes."""
        if name not in self._made:
            self._made[name] = make()
        made: T = self._made[name]
        return made

    def close_fleets(self) -> None:
        """End the daemons of all fleets: an idle daemon still takes memory and a little of a core."""
        for fleet in self._fleets.values():
            fleet.close()
        self._fleets.clear()

    def samples(
        self, contenders: Sequence[Contender], seconds: float, *, warm: bool = True, rounds: int | None = None
    ) -> dict[str, Sample]:
        """Measure contenders in the rounds of this run; in one round once the run has used up its time."""
        least = LEAST_ROUNDS
        if time.monotonic() - self._began > self.sizes.seconds:
            seconds, least = 0, 1
            self.note("The run had used up its time; what it measured last has one round.")
        return measure(contenders, rounds or self.sizes.rounds, seconds, self.note, warm=warm, least=least)

    def peers_that(self, verb: str) -> list[Peer]:
        """The peers that do a piece of work: describe, create, check or seed."""
        return [peer for peer in self.peers if getattr(peer, verb) is not None]

    def _kept(self, kind: str, tables: int, start: Callable[[], Fleet]) -> Fleet:
        if (kind, tables) not in self._fleets:
            self._fleets[kind, tables] = start()
        return self._fleets[kind, tables]

    def _local(self, tables: int) -> Fleet:
        stack = ExitStack()
        endpoint = stack.enter_context(Endpoint())
        create(endpoint.raw, [declared.request(name) for name in declared.names(tables)])
        return self._with_daemon(stack, endpoint.url, tables, endpoint)

    def _canned(self, tables: int) -> Fleet:
        stack = ExitStack()
        endpoint = stack.enter_context(Endpoint())
        create(endpoint.raw, [declared.request(TEMPLATE_TABLE)])
        url = stack.enter_context(CannedServer(endpoint.url, tables))
        return self._with_daemon(stack, url, tables, endpoint)

    def _with_daemon(self, stack: ExitStack, url: str, tables: int, endpoint: Endpoint) -> Fleet:
        folder = declared.yaml_files(self.folder(), declared.names(tables))
        try:
            daemon = stack.enter_context(Daemon(folder, url, tables))
        except BaseException:
            stack.close()
            raise
        self._stack.callback(stack.close)
        return Fleet(url, tables, daemon, endpoint, stack.close)


@dataclass(frozen=True)
class Fleet:
    """A daemon in sync with ``tables`` tables at ``url``. ``endpoint`` is the DynamoDB Local at or behind it."""

    url: str
    tables: int
    daemon: Daemon
    endpoint: Endpoint
    close: Callable[[], None]


class CannedServer:
    """``with CannedServer(behind, tables) as url:`` a process with canned tables in front of an endpoint."""

    def __init__(self, behind: str, tables: int) -> None:
        self._words = [behind, str(tables)]

    def __enter__(self) -> str:
        command = [sys.executable, "-m", "benchmarks.canned", *self._words]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        if not port:
            raise BenchmarkError(f"the canned server ended with {self._process.wait()}")
        return f"http://127.0.0.1:{port}"

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
