"""The order of the steps of one table, stated once: each facet names its rank, and a plan is sorted by it.

A replacement makes all else moot. Protection goes on before anything risky. Tags, time to live and all other calls
aside do not make the table busy. Billing and throughput come before indexes, so that a new index is created with
throughput just where the table takes it; limits follow the billing mode that takes them, and a scalable target comes
after them, then its policy and its actions. The stream is quick, and wanted before the slow work: table class and
encryption, then new indexes before old ones go, so that readers can move over; unless the old ones are in the way. A
stream's view interrupts its readers, so it comes late; replicas need it. Protection goes off last: until then the table
stays protected. Scheduled backups hinder nothing and come last.
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
