"""One scenario of a fault campaign: what is there, what is run, and how an undisturbed run ends.

The end is stated by hand in ``ends`` and ``code``; everything else that a disturbed run is compared with is taken from
an undisturbed one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Files = Mapping[str, str | bytes | list[Any] | dict[str, Any]]
"""A desired state by path: texts and bytes as they are, anything else as JSON."""
Hand = Callable[[Any], None]
"""What somebody else does, with a boto3 client of DynamoDB."""
ONCE = ("--once",)


def nobody(dynamodb: Any) -> None:
    """Nobody else does anything."""


@dataclass(frozen=True)
class Run:
    """One command line over a desired state. ``code`` is the exit code of an undisturbed run."""

    files: Files
    words: tuple[str, ...] = ONCE
    options: tuple[str, ...] = ()
    code: int = 0

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
