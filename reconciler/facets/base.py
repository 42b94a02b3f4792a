"""The interface of a facet: one feature of a table, one file. Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from reconciler.facets.quota import Quota
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.plan import Step, StepStatus
from reconciler.model.records import CountedChange
from reconciler.model.table import KeyElement, TableSpec


@dataclass(frozen=True, slots=True)
class ExtraRead:
    """One read beyond ``Facet.reads``; its answer stands in ``Responses.answers`` under ``key``."""

    key: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Precondition:
    """Why no valid call towards a change exists now, as a sentence.

    ``fate`` is blocked where a person must decide (``allow_with`` says what), deferred where an earlier step of the
    same plan clears the way, unsupported where the service itself never makes the change, so that it is no drift.
    ``rule`` is the number of the service's rule in docs/service-rules.md.
    """

    sentence: str
    allow_with: str | None = None
    status: StepStatus = StepStatus.BLOCKED
    rule: int | None = None

    @property
    def reason(self) -> str:
        """The sentence, and the rule that it follows from."""
        return self.sentence if self.rule is None else f"{self.sentence} (rule {self.rule})"


class Facet(Protocol):
    """One feature of a table, with all the facts about it that planning and engine ask for.

    A facet derives from this class, and from the protocols below that apply to it. What is set here is the default.
    """

    name: str
    """The field of TableSpec it owns; also the metric label ``facet``."""
    rank: Rank
    """The place of its steps in a plan; see ``rank_of``."""
    reads: tuple[str, ...] = ()
    """Describe operations it needs beyond DescribeTable; asked only where the facet is declared."""
    time_dependent: bool = False
    """Whether what its reads mean depends on when they were read: a backup comes due with time alone."""
    exclusive: bool = False
    """Whether its work must run alone: it leaves the table ACTIVE at times, and yet the service refuses every other
    table-changing call meanwhile.
    """
    needs_active: bool = False
    """Whether its calls beside UpdateTable are refused while the table is UPDATING (ResourceInUseException)."""
    forbids_replacement: bool = False
    """Whether the service refuses to delete a table that has it."""
    seed_waits_because: str | None = None
    """Why the table must stay empty until its changes are made, as a sentence; ``None`` where it need not."""
    quotas: tuple[Quota, ...] = ()
    """What the service counts of its changes; see ``uses``."""
    scaled_paths: tuple[str, ...] = ()
    """Paths of capacities that a scalable target may own. The further reads of such a facet tell only that; all else
    of it is known from DescribeTable.
    """

    def observe(self, responses: Responses) -> Any:
        """The value of the field ``name``, normalised; a transition under way reads as already done."""
        ...

    def transitions(self, responses: Responses) -> Iterator[str]:
        """Sentences on what is still changing, for example ``index by_email is CREATING``."""
        yield from ()

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        """One change for each field that differs; nothing where the facet is not declared."""
        ...

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        """The next call towards ``change``, valid for the table as observed now.

        Changes that ride in one call get equal calls and become one step. ``change`` is one that ``diff`` gave for the
        same two sides.
        """
        ...

    def rank_of(self, step: Step) -> Rank:
        """The rank of one of its steps, which has a call."""
        return self.rank

    def read_params(self, name: str, arn: str, table: Mapping[str, Any]) -> Mapping[str, Any]:
        """Parameters of its ``reads``; ``table`` is DescribeTable's, empty where only name and ARN are known."""
        return {"TableName": name}

    def uses(self, call: Call, observed: ObservedTable) -> tuple[CountedChange, ...]:
        """Which of its ``quotas`` one of its calls uses up."""
        return tuple(quota.kind for quota in self.quotas)

    def loses_data(self, change: Change) -> bool:
        """Whether items, or the records of a stream, go because of a change that is no hazard by itself."""
        return False


@runtime_checkable
class InCreateTable(Protocol):
    """A facet whose value goes into CreateTable itself; the others are drift once the table exists."""

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        """Members of CreateTable other than TableName and AttributeDefinitions; empty where not declared."""
        ...

    def shown_in_create(self, desired: TableSpec) -> Any:
        """Its part of CreateTable for people; None where it has none."""
        members = self.create_members(desired)
        return dict(members) if len(members) > 1 else next(iter(members.values()), None)

    def key_attributes(self, desired: TableSpec) -> Iterator[Iterable[KeyElement]]:
        """The attributes that its part of CreateTable needs in AttributeDefinitions."""
        yield from ()


@runtime_checkable
class MultiStep(Protocol):
    """A facet some of whose changes need a second call, which a later round plans by itself."""

    def next_step(self, change: Change, desired: TableSpec, observed: TableSpec) -> str | None:
        """What follows the first call, as a phrase beginning with ``then``; None where one call is all."""
        ...


@runtime_checkable
class HasPreconditions(Protocol):
    """A facet some of whose changes the service would refuse; ``request`` is not asked for those."""

    def precondition(self, change: Change, desired: TableSpec, observed: TableSpec) -> Precondition | None:
        """Why no valid call exists now; None where one does."""
        ...


@runtime_checkable
class HasExtraReads(Protocol):
    """A facet with reads that depend on the declaration or on the table: one an index, one a stream, one a key."""

    lookups: tuple[str, ...] = ()
    """Operations that only resolve a name, for example that of an encryption key. *Not found* is an answer then, and a
    table is read whole without them.
    """

    def extra_reads(self, desired: TableSpec | None, table: Mapping[str, Any]) -> Iterator[ExtraRead]:
        """Further reads for a declared facet; ``table`` is DescribeTable's, ``desired`` None reads all there is."""
        ...
