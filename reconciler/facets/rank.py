"""The order of the steps of one table. Each facet names its rank, and a plan is sorted by it.

The order follows these rules:

- A replacement comes first, because it makes all other steps superfluous.
- Protection is turned on before any risky step, and turned off last.
- Tags, time to live and other non-blocking calls do not make the table busy.
- Billing and throughput come before indexes, because a new index needs throughput exactly if the table is provisioned.
- Limits come after the billing mode that accepts them, then the scalable target, its policy and its actions.
- The stream is quick, and useful before the slow steps: table class and encryption, then indexes.
- New indexes come before deletes of old ones, so that readers can switch over, unless an old one blocks a new one.
- A change of the stream view interrupts readers, so it comes late, but before replicas, which need the view.
- Scheduled backups block nothing and come last.
"""

from __future__ import annotations

from enum import IntEnum


class Rank(IntEnum):
    """The place of a step in its table's plan."""

    TABLE = 0
    PROTECT = 1
    TAGS = 2
    TTL = 3
    NON_BLOCKING = 4
    CAPACITY = 5
    LIMITS = 6
    SCALING_TARGET = 7
    SCALING_POLICY = 8
    SCALING_ACTION = 9
    STREAM = 10
    SETTINGS = 11
    INDEX_CREATE = 12
    INDEX_DELETE = 13
    INDEX_CREATE_AFTER = 14
    STREAM_VIEW = 15
    REPLICA = 16
    REPLICA_REMOVE = 17
    UNPROTECT = 18
    BACKUP = 19
    WAIT = 20
