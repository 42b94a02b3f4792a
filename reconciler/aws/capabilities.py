"""The operations that an endpoint lacks, known from its flavor or learned from its responses.

Held by ``Connection``, used by ``ApiClient`` around each call. An operation that was refused as unknown twice in a row
is not sent again for an hour. After the endpoint was unreachable, all of this is forgotten: it may be another version
now. An operation that an endpoint certainly has is never taken for missing: such a response is malformed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from reconciler.model.errors import Ambiguous, ApiError, Malformed, Unreachable, Unsupported
from reconciler.model.identity import Flavor

REMEMBERED_SECONDS = 3600.0
"""How long an operation counts as unknown before it is tried again."""

ANSWERS_500: Mapping[Flavor, frozenset[str]] = {
    Flavor.MOTO: frozenset(
        {
            *("DescribeContributorInsights", "ListContributorInsights", "UpdateContributorInsights"),
            *("DescribeKinesisStreamingDestination", "EnableKinesisStreamingDestination"),
            *("UpdateKinesisStreamingDestination", "DisableKinesisStreamingDestination"),
            *("CreateGlobalTable", "DescribeGlobalTable", "UpdateGlobalTable", "ListGlobalTables"),
            *("DescribeGlobalTableSettings", "UpdateGlobalTableSettings"),
            *("DescribeTableReplicaAutoScaling", "UpdateTableReplicaAutoScaling"),
            *("StartBulkPutItems", "DescribeBulkOperation", "ListBulkOperations", "CancelBulkOperation"),
            *("ListImports", "SearchVectors"),
        }
    ),
}
"""Operations that a flavor does not have and says so by an HTTP 500 with a page of HTML, as a crash would."""
EVERYWHERE = frozenset(
    {
        *("ListTables", "DescribeTable", "CreateTable", "UpdateTable", "DeleteTable"),
        *("Scan", "Query", "GetItem", "PutItem", "UpdateItem", "DeleteItem"),
        *("BatchGetItem", "BatchWriteItem"),
    }
)
"""What every endpoint has."""
ON_AWS = frozenset(
    {
        *("DescribeTimeToLive", "UpdateTimeToLive", "ListTagsOfResource", "TagResource", "UntagResource"),
        *("DescribeContinuousBackups", "UpdateContinuousBackups", "DescribeLimits", "TransactWriteItems"),
        *("CreateBackup", "DescribeBackup", "ListBackups", "DeleteBackup", "RestoreTableFromBackup"),
        *(
            f"application-autoscaling:{verb}"
            for verb in (
                *("RegisterScalableTarget", "DescribeScalableTargets", "DeregisterScalableTarget"),
                *("PutScalingPolicy", "DescribeScalingPolicies", "DeleteScalingPolicy"),
                *("PutScheduledAction", "DescribeScheduledActions", "DeleteScheduledAction"),
            )
        ),
        "kms:DescribeKey",
        *(f"dynamodbstreams:{verb}" for verb in ("DescribeStream", "GetShardIterator", "GetRecords")),
    }
)
"""What AWS has in every Region and partition; newer operations come to some of them later."""
TTL = ("DescribeTimeToLive", "UpdateTimeToLive")
HAS: Mapping[Flavor, frozenset[str]] = {
    Flavor.AWS: ON_AWS,
    Flavor.DYNAMODB_LOCAL: frozenset((*TTL, "TransactWriteItems", "TransactGetItems", "DescribeLimits")),
    Flavor.MOTO: frozenset(
        {
            *(*TTL, "TransactWriteItems", "TransactGetItems"),
            *("ListTagsOfResource", "TagResource", "UntagResource"),
            *("DescribeContinuousBackups", "UpdateContinuousBackups"),
        }
    ),
}
"""What a flavor has for certain beside ``EVERYWHERE``."""
BARE_500 = ("500", "HTTP 500")


class Capabilities:
    """The memory of one endpoint. ``flavor`` is unknown until the endpoint was identified."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.flavor: Flavor | None = None
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._unknown: dict[str, tuple[float, Unsupported]] = {}

    def lacking(self, operation: str) -> Unsupported | None:
        """The refusal that is known already, so that the call need not be made."""
        with self._lock:
            known = self._unknown.get(operation)
            if known is None:
                return None
            learnt, refusal = known
            if self._monotonic() - learnt < REMEMBERED_SECONDS:
                return refusal
            del self._unknown[operation]
            return None

    def doubtful(self, operation: str) -> bool:
        """Whether an HTTP 500 is likely to be this endpoint's way of saying no, so that retries are a waste."""
        return self.flavor is not None and operation in ANSWERS_500.get(self.flavor, frozenset())

    def has_for_certain(self, operation: str) -> bool:
        """Whether a refusal of this operation can only be a fault of the moment."""
        return operation in EVERYWHERE or (self.flavor is not None and operation in HAS.get(self.flavor, frozenset()))

    def judged(self, error: ApiError) -> ApiError:
        """The error as this endpoint means it. After it was gone, nothing that was learnt about it counts."""
        if isinstance(error, Unreachable):
            with self._lock:
                self._unknown.clear()
            return error
        if isinstance(error, Ambiguous) and error.code in BARE_500 and self.doubtful(error.operation):
            return Unsupported(error.operation, error.code, "the endpoint does not know the operation")
        if isinstance(error, Unsupported) and self.has_for_certain(error.operation):
            return Malformed(error.operation, error.code, "the endpoint has this operation, and says that it has not")
        return error

    def learn(self, refusal: Unsupported) -> None:
        """Remember an operation that the endpoint does not have."""
        with self._lock:
            self._unknown[refusal.operation] = (self._monotonic(), refusal)
