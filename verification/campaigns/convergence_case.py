"""One case of the campaign ``convergence`` as data: the live state, the declarations, and the changed declarations.

Drawn from one integer; the shrinker makes it smaller field by field.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from support.foreign_changes import foreign_call
from support.random_tables import perhaps, table_spec

from reconciler.model.change import Call
from reconciler.model.desired import OnExisting
from reconciler.model.identity import Flavor
from reconciler.model.table import TableSpec

FLAVORS = (Flavor.MOTO, Flavor.DYNAMODB_LOCAL, Flavor.AWS, Flavor.OTHER)
PAUSES = (0.0, 0.0, 1.0, 50.0, 7200.0)


@dataclass(frozen=True)
class Foreign:
    """A foreign call, and the virtual seconds after it."""

    call: Call
    pause: float


@dataclass(frozen=True)
class Subject:
    """One table. ``live`` is what it is made from, by us where ``ours``, else by somebody else; None is no table.

    ``then`` is declared instead of ``desired`` once the world's ``rounds`` have gone by; None is no change of mind.
    """

    desired: TableSpec
    then: TableSpec | None = None
    live: TableSpec | None = None
    ours: bool = False
    foreign: tuple[Foreign, ...] = ()
    items: int = 0
    on_existing: OnExisting = "adopt"
    seeded: bool = False


@dataclass(frozen=True)
class EsrCase:
    """An endpoint where a change takes ``delay`` seconds and answers may be ``stale`` seconds old."""

    flavor: Flavor
    subjects: tuple[Subject, ...]
    delay: float = 0.0
    stale: float = 0.0
    rounds: int = 0


def draw(number: int) -> EsrCase:
    """The case of that number."""
    rng = Random(number)
    flavor = rng.choice(FLAVORS)
    stale = rng.choice((0.0, 0.0, 10.0)) if not flavor.emulator else 0.0
    changes = rng.random() < 0.5
    names = ("first", "second") if rng.random() < 0.15 else ("first",)
    subjects = tuple(_subject(rng, name, changes=changes) for name in names)
    return EsrCase(flavor, subjects, rng.choice((0.0, 0.0, 5.0, 40.0)), stale, rng.randint(1, 5) if changes else 0)


def _subject(rng: Random, name: str, *, changes: bool) -> Subject:
    desired = table_spec(rng, name)
    live = perhaps(rng, lambda r: table_spec(r, name, _kin(r, desired)), 0.8)
    many = rng.randint(0, 4) if live else 0
    return Subject(
        desired,
        then=table_spec(rng, name, _kin(rng, desired)) if changes else None,
        live=live,
        ours=rng.random() < 0.5,
        foreign=tuple(Foreign(foreign_call(rng, name), rng.choice(PAUSES)) for _ in range(many)),
        items=rng.choice((0, 0, 2)),
        on_existing=rng.choice(("adopt", "own")),
        seeded=rng.random() < 0.3,
    )


def _kin(rng: Random, spec: TableSpec) -> TableSpec | None:
    """Mostly a table of the same key, so that most differences are closed in place."""
    return spec if rng.random() < 0.85 else None
