"""Replicas and settings of a global table, as values with one type for declared and observed.

``None`` in an optional field means *unmanaged*, as everywhere in the model.
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from reconciler.model.lazy_dataclass import dataclass

ConsistencyMode = Literal["EVENTUAL", "STRONG"]
SettingsMode = Literal["ENABLED", "DISABLED", "ENABLED_WITH_OVERRIDES"]


@dataclass(frozen=True, slots=True)
class ReplicaIndex:
    """What a replica overrides of one global index: read capacity units, and the on-demand maximum of reads."""

    name: str
    read_capacity: int | None = None
    max_read_request_units: int | None = None


@dataclass(frozen=True, slots=True)
class Replica:
    """The table's copy in another Region, and what it overrides there.

    ``kms_key`` is an id, ARN or alias in that Region. ``home`` marks the table itself, which an endpoint may list
    among its replicas; ``status`` is the observed one. Neither is compared.
    """

    region: str
    kms_key: str | None = None
    table_class: Literal["STANDARD", "STANDARD_INFREQUENT_ACCESS"] | None = None
    read_capacity: int | None = None
    max_read_request_units: int | None = None
    indexes: tuple[ReplicaIndex, ...] | None = None
    home: bool = field(default=False, compare=False)
    status: str = field(default="ACTIVE", compare=False)

    @property
    def name(self) -> str:
        """The Region, which identifies a replica."""
        return self.region


@dataclass(frozen=True, slots=True)
class MultiRegionConsistency:
    """How replicas agree, and the Region of the witness; fixed when a table becomes global (UpdateTable)."""

    mode: ConsistencyMode
    witness: str | None = None


@dataclass(frozen=True, slots=True)
class GlobalTableSettings:
    """Which settings replicas share. ``source_arn`` makes a new table a replica of another account's (CreateTable)."""

    mode: SettingsMode | None = None
    source_arn: str | None = None
