"""The record of a table whose next generation is built beside it: ``orders-g2`` for ``orders``.

The record outlives the work, because it is the pointer too: it says which table a declared name means now.
``reconciler.mover.generation_phases`` has the transitions.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass

OnConflict = Literal["fail", "newest", "keep-first"]
"""What becomes of several items that have one key in the new table."""


class GenerationPhase(StrEnum):
    """How far the next generation of a table is."""

    CREATE = "create"
    """The new table is created with the declared shape."""
    CAPTURE = "capture"
    """The stream of the old table is turned on, and its first positions are recorded."""
    COPY = "copy"
    """The items of the old table are put where the new table has no item with their key."""
    REPLAY = "replay"
    """Changes since the capture are repeated on the new table, in their order."""
    VERIFY = "verify"
    """Both tables are compared."""
    READY = "ready"
    """Both were equal. Changes are repeated until a person asks for the switch."""
    FENCE = "fence"
    """Writes to the old table are denied, and the last changes are repeated and compared."""
    SWITCH = "switch"
    """The new name is published. Its own changes are captured already."""
    HOLD = "hold"
    """The declared name means the new table. Its changes are repeated on the old one."""
    REVERT = "revert"
    """Writes to the new table are denied, and its last changes are repeated on the old one."""
    RETURN = "return"
    """The old name is published again."""
    FINISH = "finish"
    """The old table is deleted through the deletion gate, or kept."""
    CANCEL = "cancel"
    """The declared name means the old table, and the new one is removed."""
    FINISHED = "finished"
    CANCELLED = "cancelled"


ENDED = frozenset({GenerationPhase.FINISHED, GenerationPhase.CANCELLED})
SWITCHED = frozenset(
    {
        GenerationPhase.SWITCH,
        GenerationPhase.HOLD,
        GenerationPhase.REVERT,
        GenerationPhase.FINISH,
        GenerationPhase.FINISHED,
    }
)
"""Phases in which the declared name means the new table."""


@dataclass(frozen=True, slots=True)
class Generation:
    """The work on the next generation of the table that is declared as ``name``, from which any process continues.

    - ``old``, ``new``: the names of both tables. ``old_identity`` is that of the start, ``new_identity`` is ``None``
      until the answer of the create is known. A table with another identity stops the work.
    - ``number``: 2 for ``orders-g2``. ``keys``: the key of the new table as ``attribute KIND TYPE``.
    - ``items``, ``size``: what the old table held at the start, in items and bytes as DynamoDB counts.
    - ``copied``, ``replayed``: items copied, and changes repeated in the present direction.
    - ``lag``: how old the last change was when it was repeated, in seconds; ``None`` if none was.
    - ``old_stream``, ``new_stream``: whether this work turned on the stream of that table, so that it is turned off.
    - ``fence_since``: since when every attempt at a write was denied.
    - ``switch``, ``paused``, ``keep``, ``finish``: what a person decided. ``fencing``: whether writes are denied before
      the switch; without it a person stops the writers. ``on_conflict``, ``newest_by``: as in ``Replacement``.
    - ``again``: whether the copy starts again, because changes were lost before they could be repeated.
    - ``problem``: why it does not go on by itself, as a sentence.
    - ``digest``: of all items when both tables were last equal. ``switched``: when the name was published. ``hold``:
      seconds for which changes of the new table are repeated on the old one.
    """

    name: str
    phase: GenerationPhase
    number: int
    old: str
    new: str
    old_identity: Identity
    keys: tuple[str, ...]
    started: datetime
    new_identity: Identity | None = None
    items: int = 0
    size: int = 0
    copied: int = 0
    replayed: int = 0
    lag: int | None = None
    old_stream: bool = False
    new_stream: bool = False
    fence_since: datetime | None = None
    fencing: bool = True
    on_conflict: OnConflict = "fail"
    newest_by: str = ""
    switch: bool = False
    paused: bool = False
    keep: bool = False
    finish: bool = False
    again: bool = False
    problem: str | None = None
    digest: str = ""
    switched: datetime | None = None
    hold: int = 0
    finished: datetime | None = None

    @property
    def under_way(self) -> bool:
        """Whether anything is left to do."""
        return self.phase not in ENDED

    @property
    def current(self) -> str:
        """The table that the declared name means now."""
        return self.new if self.phase in SWITCHED else self.old

    @property
    def other(self) -> str | None:
        """The table of the two that the declared name does not mean, during the work; ``None`` after it."""
        if not self.under_way:
            return None
        return self.old if self.phase in SWITCHED else self.new

    @property
    def hold_until(self) -> datetime | None:
        """When the hold ends; ``None`` before the switch."""
        return None if self.switched is None else self.switched + timedelta(seconds=self.hold)
