"""One case of the campaign ``prune`` as data: fifty live tables of every kind, and declarations that endanger them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from reconciler.model.identity import Flavor
from reconciler.model.options import Options

TABLES = 50
KINDS = (
    *("created", "created", "created", "created", "adopted", "released", "state_lost", "intent", "intent_of_others"),
    *("recreated", "foreign", "tagged_by_others", "claimed_by_others", "tagged_without_record"),
)
"""Whose a table is: by our record, by its owner tag, by the record of another stack; ours are the first, and an
``intent`` whose nonce the table carries."""
STATUSES = (
    *("ACTIVE",) * 12,
    *("UPDATING", "CREATING", "DELETING", "ARCHIVED", "ARCHIVING", "INACCESSIBLE_ENCRYPTION_CREDENTIALS"),
    "REPLICATION_NOT_AUTHORIZED",
)
AGO = (None, None, 0.0, 60.0, 301.0, 90_000.0)
"""Age in seconds of a recorded pending deletion, or of the recorded proof of emptiness."""
UNMANAGED = ("elsewhere_1", "elsewhere_2", "elsewhere_3")
FLAVORS = (Flavor.MOTO, Flavor.DYNAMODB_LOCAL, Flavor.AWS, Flavor.AWS)
VERBS = ("pass", "pass", "pass", "once", "up", "destroy", "preview", "observe")


@dataclass(frozen=True)
class Live:
    """One live table. ``items`` are those of its seed, foreign ones, or none."""

    name: str
    kind: str = "created"
    status: str = "ACTIVE"
    protected: bool = False
    protect: bool = False
    items: str = ""
    unwanted: float | None = None
    empty: float | None = None


@dataclass(frozen=True)
class Phase:
    """What is declared while ``verb`` runs, by position; ``then`` is declared from the second reading on.

    ``rekeyed`` tables are declared with another key, ``owned`` ones with ``on_existing: own``, and ``renamed`` ones
    under the name of another environment.
    """

    verb: str = "pass"
    declared: tuple[int, ...] = ()
    then: tuple[int, ...] | None = None
    rekeyed: tuple[int, ...] = ()
    owned: tuple[int, ...] = ()
    renamed: tuple[int, ...] = ()
    unmanaged: tuple[str, ...] = ()
    broken: bool = False
    elsewhere: bool = False
    pause: float = 61.0


@dataclass(frozen=True)
class PruneCase:
    """Fifty tables and the phases of the case in order."""

    flavor: Flavor
    options: Options
    live_tables: tuple[Live, ...]
    phases: tuple[Phase, ...]


def draw(number: int) -> PruneCase:
    """The case of that number."""
    rng = Random(number)
    flavor = rng.choice(FLAVORS)
    live_tables = tuple(_live(rng, f"table_{position:02}") for position in range(TABLES))
    phases = tuple(_phase(rng, live_tables) for _ in range(rng.choice((2, 2, 3, 3))))
    return PruneCase(flavor, _options(rng, flavor), live_tables, phases)


def _options(rng: Random, flavor: Flavor) -> Options:
    one_shot = rng.random() < 0.3
    return Options(
        prune="never" if rng.random() < 0.1 else "owned",
        prune_grace=timedelta(0) if one_shot else timedelta(minutes=5),
        data_loss=rng.choice(("emulator", "emulator", "allow", "never")),
        disruption=rng.choice(("emulator", "allow", "never")),
        max_deletes=rng.choice((None, None, None, 0, 3, 60)),
        max_deletes_share=None if flavor.emulator else rng.choice((0.1, 0.1, 1.0)),
        one_shot=one_shot,
    )


def _live(rng: Random, name: str) -> Live:
    return Live(
        name,
        rng.choice(KINDS),
        rng.choice(STATUSES),
        protected=rng.random() < 0.15,
        protect=rng.random() < 0.1,
        items=rng.choice(("", "", "seed", "others")),
        unwanted=rng.choice(AGO),
        empty=rng.choice(AGO),
    )


def _phase(rng: Random, live_tables: tuple[Live, ...]) -> Phase:
    everything = tuple(range(len(live_tables)))
    declared = rng.choice(DECLARED)(rng, everything, live_tables)
    some = [position for position in declared if rng.random() < 0.1]
    renamed = tuple(rng.sample(everything, 6)) if rng.random() < 0.15 else ()
    return Phase(
        rng.choice(VERBS),
        () if renamed else declared,
        tuple(rng.sample(everything, rng.randint(0, len(live_tables)))) if rng.random() < 0.15 else None,
        rekeyed=tuple(some) if rng.random() < 0.4 else (),
        owned=tuple(position for position in declared if rng.random() < 0.05) if rng.random() < 0.3 else (),
        renamed=renamed,
        unmanaged=UNMANAGED if rng.random() < 0.1 else (),
        broken=rng.random() < 0.08,
        elsewhere=rng.random() < 0.04,
        pause=rng.choice((1.0, 61.0, 301.0, 4000.0)),
    )


Choice = Callable[[Random, tuple[int, ...], tuple[Live, ...]], tuple[int, ...]]


def _none(rng: Random, everything: tuple[int, ...], live_tables: tuple[Live, ...]) -> tuple[int, ...]:
    return ()


def _all(rng: Random, everything: tuple[int, ...], live_tables: tuple[Live, ...]) -> tuple[int, ...]:
    return everything


def _part(rng: Random, everything: tuple[int, ...], live_tables: tuple[Live, ...]) -> tuple[int, ...]:
    return tuple(sorted(rng.sample(everything, rng.randint(1, len(everything)))))


def _few(rng: Random, everything: tuple[int, ...], live_tables: tuple[Live, ...]) -> tuple[int, ...]:
    return tuple(sorted(rng.sample(everything, min(len(everything), rng.randint(1, 3)))))


def _nearly_all(rng: Random, everything: tuple[int, ...], live_tables: tuple[Live, ...]) -> tuple[int, ...]:
    return everything[:-2] if len(everything) > 2 else everything


def _not_ours(rng: Random, everything: tuple[int, ...], live_tables: tuple[Live, ...]) -> tuple[int, ...]:
    return tuple(position for position in everything if live_tables[position].kind != "created")


DECLARED: tuple[Choice, ...] = (_none, _all, _part, _part, _few, _nearly_all, _not_ours)
