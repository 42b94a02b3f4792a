"""The interface of a facet: one feature of a table, one file. Nothing here does I/O."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any, Protocol

from reconciler.facets.quota import Quota
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.plan import Step, StepStatus
from reconciler.model.records import CountedChange
from reconciler.model.table import KeyElement, TableSpec


@dataclass(frozen=True, slots=True)
class ExtraRead:
    """One read in addition to ``Facet.reads``. Its response is in ``Responses.answers`` under ``key``."""

    key: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Precondition:
    """Why there is no valid call for a change now, as a sentence.

    ``status`` is blocked if a person must decide (``allow_with`` says what), deferred if another step comes first, and
    unsupported if the service never makes the change, so that it is not drift. ``rule`` is the number of the rule in
    docs/reference/service-rules.md.
    """

    sentence: str
    allow_with: str | None = None
    status: StepStatus = StepStatus.BLOCKED
    rule: int | None = None

    @property
    def reason(self) -> str:
        """The sentence, with the number of the service rule."""
        return self.sentence if self.rule is None else f"{self.sentence} (rule {self.rule})"


@dataclass(frozen=True, slots=True)
class Removal:
    """How a declaration takes a feature off a table: the value of its field, and the line to write.

    ``cost`` says in a few words what goes with it; empty if nothing but the feature does. ``line`` is None where no
    declaration takes the feature off; ``cost`` then says why, and ``value`` only has the feature read.
    """

    value: Any
    line: str | None
    cost: str = ""


class Facet(Protocol):
    """One feature of a table, with all facts about it that planning and engine need.

    A facet derives from this class and from those protocols below that apply. Values set here are defaults.
    """

    name: str
    """The field of TableSpec it owns; also the metric label ``facet``."""
    rank: Rank
    """The place of its steps in a plan; see ``rank_of``."""
    reads: tuple[str, ...] = ()
    """Operations that it reads besides DescribeTable; called only if the facet is declared."""
    time_dependent: bool = False
    """Whether the meaning of its reads depends on the time of reading: a backup becomes due by time alone."""
    exclusive: bool = False
    """Whether its work must run alone: the table may be ACTIVE in between, but DynamoDB rejects other table-changing
    calls until the work ends.
    """
    needs_active: bool = False
    """Whether DynamoDB rejects its calls while the table is UPDATING (ResourceInUseException)."""
    forbids_replacement: bool = False
    """Whether DynamoDB refuses to delete a table with this feature."""
    seed_waits_because: str | None = None
    """Why the table must be empty until its changes are applied, as a sentence. ``None`` if it need not be empty."""
    quotas: tuple[Quota, ...] = ()
    """The quotas of the service on its changes; see ``uses``."""
    scaled_paths: tuple[str, ...] = ()
    """Paths of capacities that a scalable target may own. The extra reads of such a facet return only that owner;
    DescribeTable has everything else.
    """

    def observe(self, responses: Responses) -> Any:
        """The normalised value of the field ``name``; a change that the service is still making counts as complete.

        None if the responses lack its reads.
        """
        ...

    def ongoing(self, responses: Responses) -> Iterator[str]:
        """Sentences about changes that the service is still making, for example ``index by_email is CREATING``."""
        yield from ()

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        """One change for each field that differs; none if the facet is not declared."""
        ...

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        """The next call for ``change``, valid for the table as observed now.

        Changes with equal calls become one step. ``change`` comes from ``diff`` with the same two values.
        """
        ...

    def rank_of(self, step: Step) -> Rank:
        """The rank of one of its steps, which has a call."""
        return self.rank

    def read_params(self, name: str, arn: str, table: Mapping[str, Any]) -> Mapping[str, Any]:
        """Parameters of its ``reads``; ``table`` is DescribeTable's, empty where only name and ARN are known."""
        return {"TableName": name}

    def uses(self, call: Call, observed: ObservedTable) -> tuple[CountedChange, ...]:
        """Which of its ``quotas`` one of its calls counts towards."""
        return tuple(quota.kind for quota in self.quotas)

    def loses_data(self, change: Change) -> bool:
        """Whether a change without a hazard can lose items or records of a stream."""
        return False

    def removal(self, observed: TableSpec) -> Removal | None:
        """How to take the feature off the observed table; None if it is off, or a table cannot be without it."""
        return None


class InCreateTable(ABC):
    """A facet whose value is a member of CreateTable. Other facets are set after the table exists."""

    @abstractmethod
    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        """Members of CreateTable except TableName and AttributeDefinitions; empty if not declared."""
        ...

    def shown_in_create(self, desired: TableSpec) -> Any:
        """Its part of CreateTable for display; None if it has none."""
        members = self.create_members(desired)
        return dict(members) if len(members) > 1 else next(iter(members.values()), None)

    def key_attributes(self, desired: TableSpec) -> Iterator[Iterable[KeyElement]]:
        """The attributes that CreateTable must define because of it (AttributeDefinitions)."""
        yield from ()


class MultiStep(ABC):
    """A facet with changes that need a second call. A later pass plans that call by itself."""

    @abstractmethod
    def next_step(self, change: Change, desired: TableSpec, observed: TableSpec) -> str | None:
        """What follows the first call, as a phrase beginning with ``then``. None if one call is enough."""
        ...


class HasPreconditions(ABC):
    """A facet with changes that DynamoDB may reject. ``request`` is not called for those."""

    @abstractmethod
    def precondition(self, change: Change, desired: TableSpec, observed: TableSpec) -> Precondition | None:
        """Why there is no valid call now; None if there is one."""
        ...


class HasExtraReads(ABC):
    """A facet with reads that depend on the declaration or the table, for example one per index."""

    lookups: tuple[str, ...] = ()
    """Operations that only resolve a name, for example of an encryption key. *Not found* is a valid response, and a
    table counts as fully read without them.
    """

    @abstractmethod
    def extra_reads(self, desired: TableSpec | None, table: Mapping[str, Any]) -> Iterator[ExtraRead]:
        """The extra reads of a declared facet, or all of them if ``desired`` is None."""
        ...
