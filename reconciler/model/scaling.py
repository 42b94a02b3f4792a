"""Auto scaling of provisioned capacity as a value, with one type for declared and observed.

``None`` in a field of a declared value means *unmanaged*, as everywhere in the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from reconciler.model.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ScheduledScaling:
    """New limits from a time on (PutScheduledAction); ``schedule`` is ``cron(…)``, ``rate(…)`` or ``at(…)``."""

    name: str
    schedule: str
    min: int | None = None
    max: int | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Scaling:
    """One capacity of a table or an index: its limits in capacity units, and the utilisation to hold, in percent.

    ``enabled`` false means that no scalable target owns the capacity. Cooldowns are in seconds. ``scheduled`` is whole
    where it is given. ``policy`` is the name under which the observed policy stands; it is never compared.
    """

    enabled: bool = True
    min: int | None = None
    max: int | None = None
    target: float | None = None
    scale_in_cooldown: int | None = None
    scale_out_cooldown: int | None = None
    disable_scale_in: bool | None = None
    scheduled: tuple[ScheduledScaling, ...] | None = None
    policy: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class IndexScaling:
    """The capacities of one global index."""

    name: str
    read: Scaling | None = None
    write: Scaling | None = None


@dataclass(frozen=True, slots=True)
class AutoScaling:
    """The capacities of one table and its global indexes, sorted by name."""

    read: Scaling | None = None
    write: Scaling | None = None
    indexes: tuple[IndexScaling, ...] = ()

    def capacities(self) -> Iterator[tuple[str | None, str, Scaling]]:
        """Index name (``None`` for the table), ``read`` or ``write``, and its scaling; only what is given."""
        rows = [(None, self.read, self.write), *((index.name, index.read, index.write) for index in self.indexes)]
        for name, read, write in rows:
            if read is not None:
                yield name, "read", read
            if write is not None:
                yield name, "write", write

    def of(self, index: str | None, capacity: str) -> Scaling | None:
        """The scaling of one capacity; None where none is given."""
        return next((s for name, kind, s in self.capacities() if (name, kind) == (index, capacity)), None)
