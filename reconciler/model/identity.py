"""The identity of a table, as opposed to its name, and the endpoint that it is on."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from reconciler.model.lazy_dataclass import dataclass


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
        """Whether both are the same table. If that is unknown, they are not."""
        if other is None:
            return False
        if self.table_id and other.table_id:
            return self.table_id == other.table_id
        return (self.arn, self.created) == (other.arn, other.created)


@dataclass(frozen=True, slots=True)
class AccountLocation:
    """Partition, Region and account in the ARN of a table: they name the endpoint and whose credentials are used."""

    partition: str
    region: str
    account: str

    @classmethod
    def of(cls, arn: str) -> AccountLocation | None:
        """The place of a table's ARN; ``None`` for a text that is no ARN."""
        parts = arn.split(":", 5)
        return cls(parts[1], parts[3], parts[4]) if len(parts) == 6 and parts[0] == "arn" else None

    @property
    def local(self) -> bool:
        """Whether DynamoDB Local made the ARN: nothing else calls its Region ``ddblocal``."""
        return self.region == DYNAMODB_LOCAL_REGION

    def __str__(self) -> str:
        return f"{self.partition}:{self.region}:{self.account}"


DYNAMODB_LOCAL_REGION = "ddblocal"


class Flavor(StrEnum):
    """The kind of endpoint. Its responses decide it, never its URL."""

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
        return "tags" not in self.lacks

    @property
    def lacks(self) -> frozenset[str]:
        """Facets that it is known to reject, or to ignore in a CreateTable."""
        return _LACKS.get(self, frozenset())


_LACKS: dict[Flavor, frozenset[str]] = {
    Flavor.DYNAMODB_LOCAL: frozenset(
        {
            *(
                "tags",
                "table_class",
                "sse",
                "warm_throughput",
                "vector_indexes",
                "replicas",
                "multi_region_consistency",
            ),
            *("global_table_settings", "disassociation_protection"),
        }
    ),
    Flavor.MOTO: frozenset({"vector_indexes"}),
    Flavor.LOCALSTACK: frozenset({"vector_indexes", "warm_throughput", "multi_region_consistency"}),
}
"""Measured on DynamoDB Local 3.3.1, moto 5.2.5, LocalStack 4.7.0; what is only forgotten shows by reading it back."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The place that calls are sent to. The account comes from a table ARN or STS; ``None`` while it is unknown."""

    url: str
    region: str
    account: str | None
    partition: str
    flavor: Flavor

    def same_as(self, other: Endpoint) -> bool:
        """Whether both are one endpoint and account. moto and LocalStack have whatever account they are set to."""
        if self.flavor in (Flavor.MOTO, Flavor.LOCALSTACK) and self.flavor is other.flavor:
            return replace(self, account=None) == replace(other, account=None)
        return self == other

    def contradiction(self, arn: str) -> str | None:
        """What an ARN in an answer says against this endpoint, as the end of a sentence; ``None`` where it fits.

        AWS names partition, Region and account. An emulator other than DynamoDB Local may be set to any account, so
        only its kind and its Region count. What ``other`` is, is not known, except that it is not DynamoDB Local.
        """
        location = AccountLocation.of(arn)
        if location is None:
            return f"the ARN {arn!r} is malformed"
        if location.local is not (self.flavor is Flavor.DYNAMODB_LOCAL):
            kind = "is that of DynamoDB Local" if location.local else "is not that of DynamoDB Local"
            return f"the ARN {arn} {kind}"
        if self.flavor in (Flavor.OTHER, Flavor.DYNAMODB_LOCAL):
            return None
        expected = {"Region": (self.region, location.region)}
        if self.flavor is Flavor.AWS:
            expected |= {"partition": (self.partition, location.partition)}
            expected |= {"account": (self.account or location.account, location.account)}
        wrong = [f"the {name} is {now}, and was {was}" for name, (was, now) in expected.items() if was != now]
        return "; ".join(wrong) or None

    def __str__(self) -> str:
        return f"{self.flavor.value} at {self.url}, Region {self.region}, account {self.account or 'unknown'}"
