"""What may be asked of the running daemon, as a value; made by the HTTP routes, carried out in the loop's thread."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.report import PassReport

TRIGGER = "api"


class Verb(StrEnum):
    """The verbs of the API; each is a command too."""

    RUN = "run"
    PREVIEW = "preview"
    ROLLBACK = "rollback"
    SEED = "seed"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Order:
    """One wish; equal wishes that wait are one. ``tables`` are base or full names, empty for all of them.

    ``plan_digest`` makes a run go only if a preview right before it gives this digest.
    """

    verb: Verb
    tables: tuple[str, ...] = ()
    plan_digest: str | None = None

    @property
    def whole(self) -> bool:
        """Whether it is a pass over all tables, so that none is needed after it."""
        return self.verb is Verb.RUN and not self.tables

    @property
    def changes(self) -> bool:
        """Whether it may change anything."""
        return self.verb is not Verb.PREVIEW


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an order; ``plan_digest`` is that of a preview."""

    report: PassReport
    plan_digest: str | None = None
