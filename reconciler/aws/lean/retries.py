"""When a request is sent again, and after how long: botocore's standard mode, with the same costs and budget.

botocore's own classes judge botocore's response objects and take a fifth of a second to import. Its numbers and lists
are written here once more; tests/aws/test_aws_lean_model.py compares each with the installed botocore.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping

TRANSIENT_STATUSES = frozenset({500, 502, 503, 504})
TRANSIENT_CODES = frozenset({"RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete"})
THROTTLING_STATUS = 429
THROTTLING_CODES = frozenset(
    {
        *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException"),
        *("TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException"),
        *("RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "RequestThrottled", "SlowDown"),
        *("PriorRequestNotComplete", "EC2ThrottledException"),
    }
)
CAPACITY = 500
COST = 14
THROTTLING_COST = 5
LONGEST_PAUSE = 20.0
THROTTLING_PAUSE = 1.0
PAUSE = 0.025
"""Seconds; the first pause is a random part of it, each further one of twice as much."""
RETRY_AFTER = "x-amz-retry-after"
LONGER_AT_MOST = 5.0
"""Seconds by which a server may lengthen a pause."""


class Budget:
    """What all calls of a client may spend on retries together, so that a failing service is not flooded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.left = CAPACITY

    def spend(self, amount: int) -> bool:
        """Whether there was as much left."""
        with self._lock:
            if amount > self.left:
                return False
            self.left -= amount
            return True

    def give_back(self, amount: int) -> None:
        """After a call that succeeded."""
        if self.left != CAPACITY:
            with self._lock:
                self.left = min(CAPACITY, self.left + amount)


def throttled(code: str | None, status: int, modelled: frozenset[str], retried: Mapping[str, bool]) -> bool:
    """Whether an error asks for fewer requests. ``modelled`` are the operation's errors, ``retried`` those to retry."""
    if code in THROTTLING_CODES:
        return True
    if code in retried and code in modelled:
        return retried[code]
    return status == THROTTLING_STATUS and code not in modelled


def transient(code: str | None, status: int, modelled: frozenset[str], retried: Mapping[str, bool]) -> bool:
    """Whether the same request may succeed in a moment, apart from throttling."""
    return status in TRANSIENT_STATUSES or code in TRANSIENT_CODES or (code in retried and code in modelled)


def pause(attempt: int, *, throttling: bool, retry_after: str | None = None) -> float:
    """Seconds before the sending after ``attempt``, which counts from 1."""
    base = THROTTLING_PAUSE if throttling else PAUSE
    seconds = random.random() * min(base * float(2 ** (attempt - 1)), LONGEST_PAUSE)
    if retry_after is not None and retry_after.strip().isascii() and retry_after.strip().isdecimal():
        return max(seconds, min(int(retry_after) / 1000, LONGER_AT_MOST + seconds))
    return seconds
