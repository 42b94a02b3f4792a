"""What ``Follower`` is given and what its operations return: the two tables, captures, results and problems. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from reconciler.model.desired import Item
from reconciler.model.errors import ApiError
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.table import TableSpec
from reconciler.mover.conflicts import ConflictRule
from reconciler.mover.governor import RateLimits
from reconciler.mover.stream_ports import StreamView


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two tables, as long as it has this identity. ``spec`` is its shape, which its items must fit.

    ``limits`` are what the mover may consume of it, see ``governor.limits_of``.
    """

    table: str
    identity: Identity
    spec: TableSpec
    limits: RateLimits = field(default_factory=RateLimits)

    @property
    def keys(self) -> tuple[str, ...]:
        """The attributes of its key, partition key first."""
        return tuple(element.attribute for element in self.spec.keys)

    def key_of(self, item: Item) -> Item:
        """The key of an item in this table. Raises ``KeyError`` if it lacks an attribute."""
        return {name: item[name] for name in self.keys}


@dataclass(frozen=True, slots=True)
class Pair:
    """The table that is followed, and the one that becomes equal to it. ``rule`` is for items with one new key.

    ``back`` tells the way back, from the new table to the former one, after the switch.
    """

    source: Side
    target: Side
    rule: ConflictRule
    back: bool = False

    def reversed(self) -> Pair:
        """The way back: what is written to the target is carried to the source. Conflicts are always refused."""
        return Pair(self.target, self.source, ConflictRule("fail", self.target.keys), True)


@dataclass(frozen=True, slots=True)
class Capture:
    """From where the stream of the source is replayed: every change from ``at`` on is in the stream ``arn``.

    ``attempt`` counts from 1; it rises when the copy starts again. ``segments`` is the number of parts of the copy.
    ``sweep`` tells that the target may have items that are no longer in the source, so that the copy ends with a look
    at each of them: after a new attempt, and where the view lacks the former images that tell a moved key.
    """

    arn: str
    view: StreamView
    at: datetime
    attempt: int
    segments: int
    sweep: bool


@dataclass(frozen=True, slots=True)
class Problems:
    """Items that a person has to decide about. Nothing was overwritten for them, and the work stays before them.

    ``counts`` are by kind, ``examples`` the first few sentences of each kind.

    - ``collision``: several items of the source have one key in the target.
    - ``unfit``: items lack an attribute of the target's key, or have a value that it or an index does not accept.
    - ``foreign``: the target has items that are not in the source, or that were not written by this work.
    - ``late``: after the switch, the former table has items that are other ones, or missing, in the new table: an
      application that ignores the switch has written them. They are never overwritten by the comparison.
    - ``left``: after the way back, the new table has items that are other ones, or missing, in the old table.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return any(self.counts.values())

    def sentence(self) -> str:
        """All problems, as one sentence with counts and examples; empty without problems."""
        from reconciler.mover.follower_problems import sentence

        return sentence(self)


@dataclass(frozen=True, slots=True)
class Ran:
    """How one operation ended. It is safe to call it again in every case, in this or another process.

    - ``finished``: everything that it is for is done. If not, one of the others says why:
    - ``problems``: a person has to decide. ``trimmed``: records are lost; call ``capture(again=True)`` and ``copy``.
    - ``error``: a call failed for good. ``stopped``: the process is to stop, or ``stop()`` said so.

    ``counts`` are of items or records, by what was done with them, earlier runs of the same attempt included.
    ``read_until`` is the time of the last change that was replayed; ``None`` if none was.
    """

    finished: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)
    trimmed: bool = False
    error: ApiError | None = None
    stopped: bool = False
    read_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """Both tables compared. ``equal`` tells that the digests of all buckets are, with ``items`` on each side.

    Before the fence it tells that each item that differed was looked at again, and was only being changed.
    ``differing`` is the number of items that differed at first, ``repaired`` those that were read from the source and
    written again, ``changing`` those that somebody changed in the meantime, which only happens before the fence.
    ``yielded`` are the digests of the items of the source that the target lacks by the rule for conflicts.
    """

    equal: bool
    items: int
    source_digest: str
    target_digest: str
    differing: int = 0
    repaired: int = 0
    changing: int = 0
    problems: Problems = field(default_factory=Problems)
    error: ApiError | None = None
    stopped: bool = False
    yielded: frozenset[int] = frozenset()
