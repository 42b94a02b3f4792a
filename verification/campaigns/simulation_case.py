"""One case of the campaign ``simulation`` as data: tables, options, and phases with faults, drawn from one integer.

A phase is one pass (or one converging run). Faults and foreign actions happen at the calls of their numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from support.foreign_changes import foreign_call
from support.random_tables import table_spec

from reconciler.model.change import Call
from reconciler.model.desired import Lifecycle
from reconciler.model.identity import Flavor
from reconciler.model.options import Options
from reconciler.model.table import TableSpec

FLAVORS = (Flavor.MOTO, Flavor.DYNAMODB_LOCAL, Flavor.AWS, Flavor.AWS)
NAMES = ("orders", "users", "carts")
KINDS = (
    *("throttled", "limit", "in_use", "internal", "internal_after", "lost", "unreachable", "malformed"),
    *("stale", "not_found", "expired", "crash", "crash_after"),
)
"""What becomes of a call: refused, failed before or after it was applied, answered wrongly, or the process ends."""
ACTIONS = ("call", "call", "put", "put", "drop", "recreate", "create", "jump", "steal", "restart", "state_lost")
"""What others do; a restart is of an emulator in memory, ``steal`` takes the lease away."""
CALLS_OF_A_PASS = 30
JUMPS = (5.0, 45.0, 400.0, 90_000.0)


@dataclass(frozen=True)
class Fault:
    """The call of that number within its phase ends as ``kind`` says."""

    at: int
    kind: str


@dataclass(frozen=True)
class Action:
    """Somebody else acts right before the call of that number."""

    at: int
    kind: str
    table: str = NAMES[0]
    call: Call | None = None
    spec: TableSpec | None = None
    seconds: float = 0.0
    key: str = "1"


@dataclass(frozen=True)
class Plan:
    """One table as it may be declared, in two versions."""

    name: str
    first: TableSpec
    second: TableSpec
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    seeded: bool = False

    def spec(self, version: int) -> TableSpec:
        return self.second if version else self.first


@dataclass(frozen=True)
class Phase:
    """``declared`` holds the position of a plan and its version. ``pause`` are the seconds after the pass."""

    declared: tuple[tuple[int, int], ...]
    faults: tuple[Fault, ...] = ()
    actions: tuple[Action, ...] = ()
    broken: bool = False
    observe: bool = False
    elsewhere: bool = False
    """The state table is one of another account: nothing may be written."""
    converge: bool = False
    pause: float = 0.0


@dataclass(frozen=True)
class SimulationCase:
    """``unmanaged`` are tables that others created before; some of them are declared."""

    flavor: Flavor
    options: Options
    plans: tuple[Plan, ...]
    phases: tuple[Phase, ...]
    unmanaged: tuple[TableSpec, ...] = ()
    delay: float = 0.0
    stale: float = 0.0


def draw(number: int) -> SimulationCase:
    """The case of that number."""
    rng = Random(number)
    flavor = rng.choice(FLAVORS)
    plans = tuple(_plan(rng, name) for name in NAMES[: rng.choice((1, 2, 2, 3))])
    unmanaged = tuple(_thin(rng, rng.choice((plan.name, "theirs"))) for plan in plans if rng.random() < 0.2)
    unique = {spec.name: spec for spec in unmanaged}
    return SimulationCase(
        flavor,
        _options(rng, flavor),
        plans,
        tuple(_phase(rng, plans, flavor) for _ in range(rng.randint(2, 5))),
        tuple(unique.values()),
        rng.choice((0.0, 0.0, 3.0, 20.0)),
        0.0 if flavor.emulator else rng.choice((0.0, 0.0, 10.0)),
    )


def _thin(rng: Random, name: str, like: TableSpec | None = None) -> TableSpec:
    """A declaration of few features: here many things happen to a table, and each reads and writes."""
    spec = table_spec(rng, name, like)
    kept = {"name", "keys", "global_indexes", "vector_indexes", "local_indexes", "billing", "stream"}
    dropped = {field: None for field in TableSpec.__dataclass_fields__ if field not in kept and rng.random() < 0.6}
    if spec.global_indexes and not spec.vector_indexes and rng.random() < 0.5:
        dropped |= dict.fromkeys(("global_indexes", "contributor_insights"))
    return replace(spec, **dropped)


def _plan(rng: Random, name: str) -> Plan:
    first = _thin(rng, name)
    lifecycle = Lifecycle(
        protect=rng.random() < 0.1,
        on_existing=rng.choice(("adopt", "adopt", "adopt", "own", "observe")),
        allow_data_loss=rng.random() < 0.15,
    )
    second = _thin(rng, name, first if rng.random() < 0.8 else None)
    return Plan(name, first, second, lifecycle, rng.random() < 0.5)


def _options(rng: Random, flavor: Flavor) -> Options:
    grace = rng.choice((0, 300))
    return Options(
        prune="never" if rng.random() < 0.1 else "owned",
        prune_grace=timedelta(seconds=grace),
        data_loss=rng.choice(("emulator", "emulator", "allow", "never")),
        disruption=rng.choice(("emulator", "allow", "allow", "never")),
        max_deletes=rng.choice((None, None, 0, 1)),
        max_deletes_share=None if flavor.emulator else 0.1,
        seed="never" if rng.random() < 0.1 else "empty",
        one_shot=grace == 0 and rng.random() < 0.5,
    )


def _phase(rng: Random, plans: tuple[Plan, ...], flavor: Flavor) -> Phase:
    positions = [position for position in range(len(plans)) if rng.random() < 0.75]
    return Phase(
        tuple((position, rng.choice((0, 0, 1))) for position in positions),
        tuple(sorted((_fault(rng) for _ in range(rng.choice((0, 1, 1, 2, 4)))), key=lambda fault: fault.at)),
        tuple(_action(rng, plans, flavor) for _ in range(rng.choice((0, 0, 1, 1, 2)))),
        broken=rng.random() < 0.06,
        observe=rng.random() < 0.04,
        elsewhere=rng.random() < 0.03,
        converge=rng.random() < 0.1,
        pause=rng.choice((0.5, 2.0, 31.0, 61.0, 400.0)),
    )


def _fault(rng: Random) -> Fault:
    return Fault(rng.randrange(CALLS_OF_A_PASS), rng.choice(KINDS))


def _action(rng: Random, plans: tuple[Plan, ...], flavor: Flavor) -> Action:
    plan, kind = rng.choice(plans), rng.choice(ACTIONS)
    if kind == "restart" and not flavor.emulator:
        kind = "call"
    like = plan.first if rng.random() < 0.5 else None
    return Action(
        rng.randrange(CALLS_OF_A_PASS),
        kind,
        plan.name,
        foreign_call(rng, plan.name) if kind == "call" else None,
        _thin(rng, plan.name, like) if kind in ("create", "recreate") else None,
        rng.choice(JUMPS) if kind == "jump" else 0.0,
        rng.choice(("1", "theirs")),
    )
