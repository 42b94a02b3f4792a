"""Which table it is, as opposed to what it is called, and which endpoint it lives on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity of one live table: ``TableId`` where the endpoint has it, else ARN and creation time.

    ``created`` is the service's CreationDateTime as an ISO 8601 text, in UTC. A table deleted and created again under
    the same name has another identity (DescribeTable).
    """

    table_id: str | None
    arn: str
    created: str

    def same(self, other: Identity | None) -> bool:
        """Whether both are one and the same table; when in doubt, they are not."""
        if other is None:
            return False
        if self.table_id and other.table_id:
            return self.table_id == other.table_id
        return (self.arn, self.created) == (other.arn, other.created)


class Flavor(StrEnum):
    """What answers at the endpoint, decided by its answers and never by its URL."""

    AWS = "aws"
    DYNAMODB_LOCAL = "dynamodb-local"
    MOTO = "moto"
    LOCALSTACK = "localstack"
    OTHER = "other"

    @property
    def emulator(self) -> bool:
        """True where losing everything costs nothing; ``other`` is treated as AWS."""
        return self in (Flavor.DYNAMODB_LOCAL, Flavor.MOTO, Flavor.LOCALSTACK)

    @property
    def has_tags(self) -> bool:
        """False where tagging is refused or silently dropped (DynamoDB Local)."""
        return self is not Flavor.DYNAMODB_LOCAL

    @property
    def lacks(self) -> frozenset[str]:
        """Facets beside tags that it is known to refuse, or to forget inside a CreateTable that it then refuses."""
        return _LACKS.get(self, frozenset())


_LACKS: dict[Flavor, frozenset[str]] = {
    Flavor.DYNAMODB_LOCAL: frozenset(
        {
            *("table_class", "sse", "warm_throughput", "vector_indexes", "replicas", "multi_region_consistency"),
            *("global_table_settings", "disassociation_protection"),
        }
    ),
    Flavor.MOTO: frozenset({"vector_indexes"}),
    Flavor.LOCALSTACK: frozenset({"vector_indexes", "warm_throughput", "multi_region_consistency"}),
}
"""Measured on DynamoDB Local 3.3.1, moto 5.2.5, LocalStack 4.7.0; what is only forgotten shows by reading it back."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where tables live. ``account`` and ``partition`` come from a table ARN or STS, ``None`` while unknown."""

    url: str
    region: str
    account: str | None
    partition: str
    flavor: Flavor
