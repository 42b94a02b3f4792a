"""One scenario of a fault campaign: what is there, what is run, and how an undisturbed run ends.

The end is stated by hand in ``ends`` and ``code``; everything else that a disturbed run is compared with is taken from
an undisturbed one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Files = Mapping[str, str | bytes | list[Any] | dict[str, Any]]
"""A desired state by path: texts and bytes as they are, anything else as JSON."""
Hand = Callable[[Any], None]
"""A foreign action, with a boto3 client of DynamoDB."""
ONCE = ("--once",)
DAEMON = ("run",)
ENDED_BY_SIGTERM = 143


def nobody(dynamodb: Any) -> None:
    """Nobody else does anything."""


@dataclass(frozen=True)
class Run:
    """One command line over a desired state. ``code`` is the exit code of an undisturbed run."""

    files: Files
    words: tuple[str, ...] = ONCE
    options: tuple[str, ...] = ()
    code: int = 0
    order: str | None = None
    """A path that receives a POST once the daemon is idle."""

    @property
    def stays(self) -> bool:
        """Whether it is a daemon, which ends only at a signal."""
        return self.words == DAEMON

    @property
    def afterwards(self) -> Run:
        """The pass that is to find nothing to do."""
        return Run(self.files, ONCE, self.options)


@dataclass(frozen=True)
class Scenario:
    """``first`` acts on an endpoint without tables, then come the ``given`` runs, ``meanwhile``, and ``when``.

    ``ends`` has every table at the end and the number of its items, the state table left out. ``may_delete`` and
    ``may_unprotect`` name what the run may delete and take the protection of; ``quiet_code`` is the exit code of the
    pass afterwards.
    """

    name: str
    when: Run
    ends: Mapping[str, int]
    given: tuple[Run, ...] = ()
    first: Hand = nobody
    meanwhile: Hand = nobody
    may_delete: frozenset[str] = frozenset()
    may_unprotect: frozenset[str] = frozenset()
    quiet_code: int = 0
    done_code: int | None = None
    """The exit code of the same command when all is done already, where that is a mistake to ask for."""
    instead: Run | None = None
    """What comes after the death in the place of the same run again: it ends as if that had never been, or finds the
    stack suspended and leaves everything alone."""
    instead_ends: Mapping[str, int] = field(default_factory=dict)
    again: Run | None = None
    """The same in other words: what is run after the death, to the same end."""
    writes_files: bool = False
    """Whether the run writes into the folder, which is then a fresh one each time and part of the end."""

    @property
    def never(self) -> Scenario | None:
        """The scenario in which only what comes instead was ever run."""
        if self.instead is None:
            return None
        name = f"{self.name}, as if it had never been"
        return replace(
            self,
            name=name,
            when=self.instead,
            ends=self.instead_ends,
            instead=None,
            may_delete=frozenset(),
            quiet_code=0,
        )
