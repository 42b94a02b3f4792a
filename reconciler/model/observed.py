"""One live table as a pass observes it: its spec, of the type of a declaration, and its live state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.table import TableSpec


@dataclass(frozen=True, slots=True)
class Responses:
    """Answers about one table, by operation name or by the key of an ``ExtraRead``; checked for their required keys.

    ``unsupported`` names operations that the endpoint does not have. An operation in neither was not called.
    """

    answers: Mapping[str, Mapping[str, Any]]
    unsupported: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    """Keys of reads for which a permission is missing."""
    seen_at: datetime | None = None
    """When the answers were read, in UTC; ``None`` where nobody looked at a clock."""

    @property
    def table(self) -> Mapping[str, Any]:
        """The ``Table`` member of DescribeTable."""
        table: Mapping[str, Any] = self.answers["DescribeTable"]["Table"]
        return table


@dataclass(frozen=True, slots=True)
class Counters:
    """The counters in DescribeTable for changes with a quota; times are UTC.

    ``decreases`` and ``last_decrease`` are by index name, with ``""`` for the table itself; NumberOfDecreasesToday is
    that of the UTC day of the answer.
    """

    decreases: Mapping[str, int] = field(default_factory=dict)
    last_decrease: Mapping[str, datetime] = field(default_factory=dict)
    on_demand_since: datetime | None = None
    class_changed: datetime | None = None


@dataclass(frozen=True, slots=True)
class IndexBuild:
    """An index that is CREATING. ``items`` is its ItemCount, which AWS refreshes only about every six hours."""

    name: str
    backfilling: bool
    items: int


@dataclass(frozen=True, slots=True)
class ObservedTable:
    """What DescribeTable and the extra reads said.

    ``status`` is TableStatus; ``ongoing`` are sentences on indexes and features that are still changing (for
    example ``index by_email is CREATING``), ``changing`` the facets they belong to. ``item_count`` and ``size_bytes``
    refresh about every six hours on AWS and decide nothing. ``unsupported`` names facets that this endpoint does not
    have. ``not_observed`` maps paths that cannot be read to the missing permission.
    """

    spec: TableSpec
    identity: Identity
    status: str
    ongoing: tuple[str, ...] = ()
    changing: frozenset[str] = frozenset()
    unsupported: frozenset[str] = frozenset()
    not_observed: Mapping[str, str] = field(default_factory=dict)
    item_count: int = 0
    size_bytes: int = 0
    owner_tag: str | None = None
    owner_known: bool = False
    """Whether the tags were read, so that a missing owner tag means that there is none."""
    counters: Counters = field(default_factory=Counters)
    building: tuple[IndexBuild, ...] = ()
    """The indexes that are being created, to show how far they are."""
    scaled: tuple[str, ...] = ()
    """Paths of capacities that a scalable target owns, for example ``billing.throughput.read``."""
