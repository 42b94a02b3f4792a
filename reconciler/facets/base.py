"""The interface of a facet: one feature of a table, one file. Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.plan import Fate
from reconciler.model.table import TableSpec


@dataclass(frozen=True, slots=True)
class Ask:
    """One read beyond ``Facet.reads``; its answer stands in ``Responses.answers`` under ``key``."""

    key: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why no valid call towards a change exists now, as a sentence.

    ``fate`` is blocked where a person must decide (``allow_with`` says what), deferred where an earlier step of the
    same plan clears the way, unsupported where the service itself never makes the change, so that it is no drift.
    ``rule`` is the number of the service's rule in docs/service-rules.md.
    """

    sentence: str
    allow_with: str | None = None
    fate: Fate = Fate.BLOCKED
    rule: int | None = None

    @property
    def reason(self) -> str:
        """The sentence, and the rule that it follows from."""
        return self.sentence if self.rule is None else f"{self.sentence} (rule {self.rule})"


class Facet(Protocol):
    """One feature of a table."""

    name: str
    """The field of TableSpec it owns; also the metric label ``facet``."""
    reads: tuple[str, ...]
    """Describe operations it needs beyond DescribeTable; asked only where the facet is declared."""

    def observe(self, responses: Responses) -> Any:
        """The value of the field ``name``, normalised; a transition under way reads as already done."""
        ...

    def transitions(self, responses: Responses) -> Iterator[str]:
        """Sentences on what is still changing, for example ``index by_email is CREATING``."""
        ...

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        """One change for each field that differs; nothing where the facet is not declared."""
        ...

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        """The next call towards ``change``, valid for the table as observed now.

        Changes that ride in one call get equal calls and become one step. ``change`` is one that ``diff`` gave for the
        same two sides.
        """
        ...


@runtime_checkable
class RidesInCreate(Protocol):
    """A facet whose value goes into CreateTable itself; the others are drift once the table exists."""

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        """Members of CreateTable other than TableName and AttributeDefinitions; empty where not declared."""
        ...


@runtime_checkable
class InStages(Protocol):
    """A facet some of whose changes need a second call, which a later round plans by itself."""

    def then(self, change: Change, desired: TableSpec, observed: TableSpec) -> str | None:
        """What follows the first call, as a phrase beginning with ``then``; None where one call is all."""
        ...


@runtime_checkable
class HasObstacles(Protocol):
    """A facet some of whose changes the service would refuse; ``request`` is not asked for those."""

    def obstacle(self, change: Change, desired: TableSpec, observed: TableSpec) -> Obstacle | None:
        """Why no valid call exists now; None where one does."""
        ...


@runtime_checkable
class AsksMore(Protocol):
    """A facet with reads that depend on the declaration or on the table: one an index, one a stream, one a key."""

    def asks(self, desired: TableSpec | None, table: Mapping[str, Any]) -> Iterator[Ask]:
        """Further reads for a declared facet; ``table`` is DescribeTable's, ``desired`` None reads all there is."""
        ...
