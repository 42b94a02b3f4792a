"""A table that is replaced under its own name and keeps its items: the phases, and the record in the state table."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass

OnConflict = Literal["fail", "newest", "keep-first"]
"""What becomes of several items that have one key in the new table."""


class Phase(StrEnum):
    """How far a replacement is. ``reconciler.mover.phases`` has the transitions."""

    COPYING = "copying"
    """The items go from the table into a copy aside."""
    COMPARING = "comparing"
    """The copy has every item; the table and the copy are compared, and differences are copied again."""
    DELETING = "deleting"
    """Both were equal. DeleteTable is about to be sent, or was."""
    CREATING = "creating"
    """The table is gone. The copy is the only place that has its items."""
    RETURNING = "returning"
    """The items go from the copy into the new table."""
    VERIFYING = "verifying"
    """Every item was returned; the copy and the new table are compared."""
    CLEANING = "cleaning"
    """The new table has every item, and the copy is removed."""
    CANCELLING = "cancelling"
    """The table stays as it is, and the copy is removed."""
    DONE = "done"


BEFORE_DELETION = frozenset({Phase.COPYING, Phase.COMPARING, Phase.DELETING, Phase.CANCELLING})
"""Phases in which the table may still be there with all its items."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """The replacement of table ``name``, from which any process continues.

    - ``identity``: the table that is replaced. ``target``: the new table, once it is known.
    - ``aside``: the name of the copy, ``aside_identity`` its identity once it is known.
    - ``keys``: the key of the new table as ``attribute KIND TYPE``, partition key first.
    - ``items``, ``size``: what the table held when the replacement began, in items and in bytes as DynamoDB counts.
    - ``copied``: items that went through in the present phase.
    - ``on_conflict``, ``newest_by``: what becomes of items that have one key in the new table.
    - ``asked``: whether a person asked for it with ``replace``; ``keep``: whether the copy stays at the end.
    - ``problem``: why it does not go on by itself, as a sentence; ``accepted``: whether a person accepted, with
      ``--finish``, that the new table differs from the copy.
    - ``digest``: of all items, as ``reconciler.mover.digest`` computes it. ``others``: items that others wrote into the
      new table before the end.
    """

    name: str
    phase: Phase
    identity: Identity
    aside: str
    keys: tuple[str, ...]
    started: datetime
    aside_identity: Identity | None = None
    target: Identity | None = None
    items: int = 0
    size: int = 0
    copied: int = 0
    on_conflict: OnConflict = "fail"
    newest_by: str = ""
    asked: bool = False
    paused: bool = False
    keep: bool = False
    accepted: bool = False
    problem: str | None = None
    digest: str = ""
    others: int = 0
    finished: datetime | None = None

    @property
    def under_way(self) -> bool:
        """Whether anything is left to do."""
        return self.phase is not Phase.DONE

    @property
    def table_deleted(self) -> bool:
        """Whether the former table is gone, so that the copy is the only place that has all items."""
        return self.under_way and self.phase not in BEFORE_DELETION
