"""Three reconcilers at once on one service and one state table; a seeded scheduler interleaves their calls.

Each runs in a thread of its own, and only one moves at a time: before every request the baton goes back. So a case is
the same each time it is run. A rival may be left standing for longer than a lease lasts, between any two calls but the
last look at its lease and the call that it is for: what happens in between no client of DynamoDB can see.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from faults.inprocess import invariants
from faults.inprocess.account import STATE, Ended, Process, SimulatedAccount
from faults.inprocess.baseline import changes
from faults.inprocess.clients import Pool
from faults.inprocess.scenarios import unmanaged_table, with_state
from faults.inprocess.transport import SentRequest
from simulation.simulated_engine import ListSource, declaration, item

from reconciler.model.desired import Declaration
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus

TERM = 30.0
PAUSES = (TERM + 1, 3 * TERM)
TABLES = {
    "one": ("users", "orders", "audit"),
    "two": ("carts", "items", "orders2"),
}
SEED = (item("1", name="a"), item("2", name="b"))
THEIRS = "theirs"
LIMIT = 4_000


def about_lease(request: SentRequest) -> bool:
    """Whether a request reads or renews a lease."""
    key = request.params.get("Key") or request.params.get("Item") or {}
    return request.table == STATE and key.get("record") == {"S": "lease"}


class Stopped(BaseException):
    """The case is over. Ends the thread of a rival."""


@dataclass
class Rival:
    """One process with its own declarations, in its own thread."""

    name: str
    stack: str
    work: Callable[[Rival], None]
    process: Process
    declarations: tuple[Declaration, ...]
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    done: bool = False
    asleep: int = 0
    last: SentRequest | None = None
    failure: BaseException | None = None


class Scheduler:
    """Lets one rival at a time run, up to its next request."""

    def __init__(self, account: SimulatedAccount, dice: random.Random) -> None:
        self.account, self.dice = account, dice
        self.back = threading.Semaphore(0)
        self.rivals: list[Rival] = []
        self.turns = self.pauses = 0
        self.over = False

    def run(self) -> None:
        """Until every rival has done its work."""
        threads = [threading.Thread(target=self._body, args=(rival,), daemon=True) for rival in self.rivals]
        for thread in threads:
            thread.start()
        try:
            while moving := [rival for rival in self.rivals if not rival.done]:
                self.turns += 1
                assert self.turns < LIMIT, "the rivals never come to an end"
                self._let(self._chosen(moving))
        finally:
            self.over = True
            for rival in self.rivals:
                if not rival.done:
                    self._let(rival)
            for thread in threads:
                thread.join()
        for rival in self.rivals:
            if rival.failure is not None:
                raise rival.failure

    def yielded(self, rival: Rival, upcoming: SentRequest) -> None:
        """Called in a rival's thread right before its request is served."""
        fenced = upcoming.destroys and rival.last is not None and about_lease(rival.last)
        if not fenced:
            self.back.release()
            rival.go.acquire()
        if self.over:
            raise Stopped
        rival.last = upcoming

    def _chosen(self, moving: list[Rival]) -> Rival:
        awake = [rival for rival in moving if rival.asleep <= self.turns]
        if not awake:
            return min(moving, key=lambda rival: rival.asleep)
        chosen = self.dice.choice(awake)
        if self.dice.random() < 0.04:
            chosen.asleep = self.turns + self.dice.randrange(20, 120)
            self.pauses += 1
            self.account.later(self.dice.choice(PAUSES))
        return chosen

    def _let(self, rival: Rival) -> None:
        rival.go.release()
        self.back.acquire()

    def _body(self, rival: Rival) -> None:
        rival.go.acquire()
        try:
            if not self.over:
                rival.work(rival)
        except Stopped:
            pass
        except BaseException as failure:  # noqa: BLE001 -- it is raised again in the scheduler's own thread
            rival.failure = failure
        rival.done = True
        self.back.release()


class Watcher:
    """Looks at every request of every rival as it is served."""

    def __init__(self, account: SimulatedAccount, scheduler: Scheduler) -> None:
        self.account, self.scheduler = account, scheduler
        self.before_last: dict[str, SentRequest] = {}
        self.deletes = 0

    def before(self, request: SentRequest) -> None:
        rival = next((one for one in self.scheduler.rivals if one.process.holder == request.by), None)
        if rival is not None:
            self.scheduler.yielded(rival, request)
            self._judge(rival, request)
        self.before_last[request.by] = request

    def _judge(self, rival: Rival, request: SentRequest) -> None:
        if not changes(request):
            return
        own = TABLES[rival.stack]
        assert request.table in (*own, STATE), f"{rival.name} of stack {rival.stack}: {request} is not its table"
        if request.operation != "DeleteTable":
            return
        self.deletes += 1
        assert rival.process.options.prune == "owned", f"{rival.name} prunes nothing, and yet: {request}"
        look = self.before_last.get(request.by)
        assert look is not None, f"{rival.name}: {request} is its first request"
        assert about_lease(look), f"{rival.name}: {request} came after {look}, not after a look at the lease"
        key = repr([{"S": rival.process.options.scope}, {"S": "lease"}])
        lease = self.account.dynamodb.tables[STATE].items.get(key, {})
        holder = lease.get("holder", {}).get("S")
        assert holder == request.by, f"{rival.name}: {request}, while {holder} holds the lease"


_pools: list[Pool] = []


def pool(number: int) -> Pool:
    """Each rival has a session of its own, which outlives the case."""
    while len(_pools) <= number:
        _pools.append(Pool())
    return _pools[number]


def run(number: int) -> Counter[str]:
    """Runs the case of that number. ``AssertionError`` names the violation."""
    dice = random.Random(number)
    account = SimulatedAccount(dice.choice((Flavor.AWS, Flavor.MOTO)), dice.choice((0.0, 1.0)))
    with_state(account)
    unmanaged_table(THEIRS, item("row"))(account)
    for log in (account.transport.sent, account.reported, account.dynamodb.refusals):
        log.clear()
    scheduler = Scheduler(account, dice)
    watcher = Watcher(account, scheduler)
    account.transport.whole, account.transport.before = (lambda: False), watcher.before
    for place in range(3):
        scheduler.rivals.append(_rival(account, dice, place))
    names = "; ".join(f"{one.name} {one.stack} {one.process.options.prune}" for one in scheduler.rivals)
    try:
        scheduler.run()
        account.transport.before = None
        _alone(account, scheduler)
    except Exception as wrong:
        log_text = "\n".join(f"  {request.by} {request} {request.refused or ''}" for request in account.transport.sent)
        raise AssertionError(f"{names}: {type(wrong).__name__}: {wrong}\n{log_text}") from wrong
    return Counter(
        {
            "interleavings": 1,
            "switches": scheduler.turns,
            "pauses past a lease": scheduler.pauses,
            "tables deleted": watcher.deletes,
        }
    )


def _rival(account: SimulatedAccount, dice: random.Random, place: int) -> Rival:
    stack = dice.choice(("one", "one", "two"))
    desired_states = [
        tuple(declaration(name, seed=SEED if dice.random() < 0.5 else ()) for name in _some(dice, stack))
        for _ in range(dice.randrange(1, 3))
    ]
    prune = dice.choice(("owned", "owned", "never"))
    process = account.process(stack=stack, prune=prune, one_shot=False, max_deletes=None)
    process.pool = pool(place)
    process.source = ListSource(desired_states[0])
    passes = dice.randrange(1, 3)

    def work(rival: Rival) -> None:
        for requested in desired_states:
            process.source.declarations = requested
            for _ in range(passes):
                _messages(process.passes())
        process.close()

    return Rival(f"rival {place}", stack, work, process, desired_states[-1])


def _some(dice: random.Random, stack: str) -> list[str]:
    return sorted(dice.sample(TABLES[stack], dice.randrange(1, 4)))


def _messages(ended: Ended) -> None:
    assert ended.exit == 0 or ended.report is not None or ended.messages, "it ended badly and did not say why"


def _blocked_by(ended: Ended) -> set[Reason | None]:
    """Why steps are blocked in the end.

    A stack whose wishes have nothing in common with what it made is held by the deletion gate. Rivals of one stack that
    want different tables undo one another, and yet none loses track of what another one made.
    """
    tables = ended.report.tables if ended.report else ()
    return {step.reason for table in tables for step in table.steps if step.status is StepStatus.BLOCKED}


def _alone(account: SimulatedAccount, scheduler: Scheduler) -> None:
    """Without its rivals each stack converges to its last declarations and then writes nothing."""
    for stack in ("one", "two"):
        last = next((one for one in reversed(scheduler.rivals) if one.stack == stack), None)
        if last is None:
            continue
        account.declare(*last.declarations)
        for _ in range(6):
            account.later(4 * TERM)
            ended = account.once(stack=stack, max_deletes=None, prune_grace=timedelta(0))
            if ended.exit == 0:
                break
        reported = ended.exit == 2 and _blocked_by(ended) <= {Reason.FOREIGN_DECLARATIONS}
        assert ended.exit == 0 or reported, f"stack {stack} does not arrive: {invariants.reasons(ended)}"
        wanted = {one.spec.name for one in last.declarations}
        there = {name for name in account.dynamodb.tables if name in TABLES[stack]}
        assert wanted <= there, f"stack {stack}: {wanted - there} is missing"
        first = len(account.transport.sent)
        account.once(stack=stack, max_deletes=None)
        written = [str(request) for request in account.transport.sent[first:] if changes(request) and request.applied]
        assert not written, f"stack {stack} does not rest: {written}"
    assert THEIRS in account.dynamodb.tables, "a table of somebody else is gone"
    assert len(account.dynamodb.tables[THEIRS].items) == 1, "rows of somebody else are gone"
