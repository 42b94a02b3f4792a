"""The fixture of the kill campaigns: one DynamoDB Local, the proxy in front of it, and the fork server.

A ``Bench`` belongs to one process and knows the undisturbed end of every scenario that it has run.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, Self

from faults.daemon_session import DaemonSession
from faults.journal import effects, quiet_violations, unrecorded, violations, writes
from faults.kill import Kill, Moment
from faults.scenario import Run, Scenario
from faults.snapshot import Shape, as_if_answered, difference, is_state_table, items, seen
from support.endpoints import DynamoDBLocal, free_port, wipe
from support.folders import write
from support.fork_server import ForkServer
from support.proxy import Recorded, RecordingProxy

SUSPENDED = 2
"""The exit code of a run that finds the stack suspended and something to do."""
RECOVERIES = 2
"""Restarts within which a killed run must come to the end of the undisturbed one."""


@dataclass(frozen=True)
class Ended:
    """One run: its exit code (minus the number of a signal), its calls as the endpoint saw them, what it printed."""

    code: int
    requests: tuple[Recorded, ...]
    output: str


@dataclass(frozen=True)
class Baseline:
    """The undisturbed run of a scenario."""

    writes: int
    effects: Counter[tuple[str, str]]
    code: int
    seen: Shape


class KillFixture:
    """Use ``with KillFixture() as kill_fixture:``, or ``shared_fixture()`` for one per process."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._baselines: dict[str, Baseline] = {}
        self._folders: dict[int, Path] = {}
        self._own: Path | None = None

    def __enter__(self) -> Self:
        server = self._stack.enter_context(DynamoDBLocal())
        self.client: Any = server.client()
        self.proxy = self._stack.enter_context(RecordingProxy(server.url))
        self._tool = self._stack.enter_context(ForkServer())
        self._root = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def baseline(self, scenario: Scenario) -> Baseline:
        """The undisturbed run, made once; what it must come to is asserted here."""
        if scenario.never is not None:
            self.baseline(scenario.never)
        if scenario.name not in self._baselines:
            self._baselines[scenario.name] = self._undisturbed(scenario)
        return self._baselines[scenario.name]

    def prepare(self, scenario: Scenario) -> None:
        """The endpoint as the scenario's run finds it, and its folder where it writes into it."""
        wipe(self.client)
        self._own = Path(tempfile.mkdtemp(dir=self._root)) if scenario.writes_files else None
        if self._own:
            write(self._own / "desired_state", scenario.when.files)
        scenario.first(self.client)
        for run in scenario.given:
            ended = self.run(run)
            assert ended.code == run.code, f"{scenario.name}: a run before ended with {ended.code}\n{ended.output}"
        scenario.meanwhile(self.client)

    def run(self, run: Run, kill: Kill | None = None, line: Mapping[str, Any] | None = None) -> Ended:
        """One run, killed or not; ``line`` are the arguments of ``die_at_a_line``."""
        self.proxy.clear()
        self.proxy.fault = kill
        last_call = f"{self.proxy.url}/last-call" if kill is not None and kill.moment is Moment.DELIVERED else None
        words = (*run.words, "--endpoint-url", self.proxy.url, "--workers", "1", *run.options)
        port = free_port() if run.stays else 0
        variables = {"RECONCILER_HTTP_PORT": str(port), "RECONCILER_INTERVAL": "1h"} if run.stays else {}
        folder = self._own or self._folder(run)
        self._set_aside_all_but(folder)
        running = self._tool.begin(*words, folder=folder, variables=variables, last_call=last_call, line=line)
        if kill is not None:
            kill.aim(running)
        try:
            if run.stays:
                DaemonSession(port, running).until_done(run.order)
        except BaseException:
            running.kill()
            raise
        finally:
            code = self._tool.end()
        self.proxy.wait_until_still()
        return Ended(code, tuple(self.proxy.requests), self._tool.output)

    def found(self) -> Shape:
        """Everything that is compared: the endpoint, and the files of a folder that is written into."""
        shape = seen(self.client)
        if self._own:
            files = sorted(path for path in self._own.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
            shape["files"] = {str(path.relative_to(self._own)): path.read_text(encoding="utf-8") for path in files}
        return shape

    def killed(self, scenario: Scenario, number: int, moment: Moment) -> Ended:
        """The scenario's run, killed there. A killed holder keeps its lease for half a minute; here it runs out."""
        return self._dead(self.run(scenario.when, Kill(number, moment)), f"call {number}")

    def killed_at(self, scenario: Scenario, line: Mapping[str, Any]) -> Ended:
        """The same between two lines of the tool's own."""
        return self._dead(self.run(scenario.when, line=line), f"line {line['number']}")

    def _dead(self, ended: Ended, place: str) -> Ended:
        assert ended.code == -9, f"ended with {ended.code} before {place} was killed\n{ended.output}"
        self._leases_run_out()
        return ended

    def recovered(self, scenario: Scenario, before: Sequence[Ended]) -> int:
        """Run it again until all is as undisturbed, then once more to find nothing to do; how many runs it took."""
        baseline, runs = self.baseline(scenario), list(before)
        attempt = 0
        while True:
            attempt += 1
            ended = self.run(scenario.again or scenario.when)
            runs.append(ended)
            # Without tags a table is adopted where its CreateTable was not known to be answered when the process died.
            found = as_if_answered(self.found(), unrecorded(run.requests for run in before))
            if ended.code in (baseline.code, scenario.done_code) and found == baseline.seen:
                break
            reported = f"ended with {ended.code}, undisturbed with {baseline.code}"
            assert attempt < RECOVERIES, f"{reported}\n{difference(baseline.seen, found)}\n{ended.output}"
        done = sum((effects(run.requests) for run in runs), Counter[tuple[str, str]]())
        assert done == baseline.effects, f"done in all {done}, undisturbed {baseline.effects}"
        self._quiet(scenario)
        broken = [sentence for run in runs for sentence in violations(run.requests, scenario)]
        assert not broken, broken
        return attempt

    def overtaken(self, scenario: Scenario, before: Sequence[Ended]) -> None:
        """After another run the state is as without the first one, or everything is unchanged and suspended."""
        never, left = scenario.never, self.found()
        assert never is not None, scenario.name
        suspended = any("suspension" in name for records in left["records"].values() for name in records)
        wanted = left if suspended else self._baselines[never.name].seen
        ended = self.run(never.when)
        assert ended.code == (SUSPENDED if suspended else never.when.code), f"ended with {ended.code}\n{ended.output}"
        found = self.found()
        assert found == wanted, f"suspended: {suspended}\n{difference(wanted, found)}\n{ended.output}"
        broken = [sentence for run in (*before, ended) for sentence in violations(run.requests, scenario)]
        assert not broken, broken

    def _undisturbed(self, scenario: Scenario) -> Baseline:
        self.prepare(scenario)
        ended = self.run(scenario.when)
        assert ended.code == scenario.when.code, f"{scenario.name}: ended with {ended.code}\n{ended.output}"
        found = self.found()
        held = {name: len(table["items"]) for name, table in found["tables"].items() if "items" in table}
        assert held == scenario.ends, f"{scenario.name}: holds {held}, not {scenario.ends}\n{ended.output}"
        broken = list(violations(ended.requests, scenario))
        assert not broken, (scenario.name, broken)
        self._quiet(scenario)
        assert self.found() == found, f"{scenario.name}: a pass with nothing to do changed something"
        return Baseline(writes(ended.requests), effects(ended.requests), ended.code, found)

    def _quiet(self, scenario: Scenario) -> None:
        ended = self.run(scenario.when.afterwards)
        broken = list(quiet_violations(ended.requests))
        assert not broken, f"{scenario.name}: {broken}\n{ended.output}"
        assert ended.code == scenario.quiet_code, f"{scenario.name}: the pass after: {ended.code}\n{ended.output}"

    def _leases_run_out(self) -> None:
        """Marks the lease as released, so that the next process does not wait for a whole term."""
        for name in self.client.list_tables()["TableNames"]:
            if not is_state_table(self.client.describe_table(TableName=name)["Table"]):
                continue
            for item in items(self.client, name):
                if item["record"]["S"] == "lease":
                    self.client.put_item(TableName=name, Item={**item, "released": {"BOOL": True}})

    def _set_aside_all_but(self, used: Path) -> None:
        """One project changes: what it declared before is in no folder any more. Moving changes no file."""
        for folder in {used, *self._folders.values()}:
            declarations, aside = folder / "desired_state", folder / "aside"
            if folder == used and aside.exists():
                aside.rename(declarations)
            elif folder != used and declarations.exists():
                declarations.rename(aside)

    def _folder(self, run: Run) -> Path:
        """The folder of a desired state, written once; scenarios are constants, so that one stays what it is."""
        if id(run.files) not in self._folders:
            folder = self._root / str(len(self._folders))
            write(folder / "desired_state", run.files)
            self._folders[id(run.files)] = folder
        return self._folders[id(run.files)]


@cache
def shared_fixture() -> KillFixture:
    """The fixture of this process. It is closed with the process, even with a pool worker, which runs no ``atexit``."""
    kill_fixture = KillFixture().__enter__()
    Finalize(None, kill_fixture.__exit__, exitpriority=10)
    return kill_fixture


def close_shared_fixture() -> None:
    """End it before the process does."""
    shared_fixture().__exit__()
    shared_fixture.cache_clear()
