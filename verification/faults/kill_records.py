"""Scenarios about records: history, pending deletions, rebuilds, and fields that the endpoint does not support."""

from __future__ import annotations

from typing import Any

from faults.builders import declare, foreign, foreign_items, some, table
from faults.scenario import Run, Scenario
from support.specs import gsi, spec, ttl

from reconciler.model.table import PointInTimeRecovery, Sse

ORDERS, USERS = table("orders"), table("users")
ALONE = declare(ORDERS)
INDEXED = declare(table("users", global_indexes=[gsi("by_a", "a S")]))
OWN = {"on_existing": "own"}
LACKED = {
    "sse": Sse(True, "alias/one"),
    "table_class": "STANDARD_INFREQUENT_ACCESS",
    "tags": {"team": "core"},
    "point_in_time_recovery": PointInTimeRecovery(True),
}


def long_history(dynamodb: Any) -> None:
    """A hundred and thirty runs are recorded already."""
    for number in range(130):
        key = {"scope": {"S": "default/default"}, "record": {"S": f"run#2020-01-01T00:00:00.{number:06}+00:00#x"}}
        dynamodb.put_item(TableName="reconciler_state", Item=key)


RECORDS = (
    Scenario(
        "a long history is cut",
        given=(Run(ALONE),),
        meanwhile=long_history,
        when=Run(declare(table("orders", ttl=ttl("expires")))),
        ends={"orders": 0},
    ),
    Scenario(
        "fields that the endpoint lacks are left out",
        when=Run(declare(table("orders", **LACKED, ttl=ttl("expires")), orders=some(2))),
        ends={"orders": 2},
    ),
    Scenario(
        "a wish to delete items waits for its grace",
        given=(Run(declare(ORDERS, USERS)),),
        meanwhile=foreign_items("users", spec(), 2),
        when=Run(ALONE, options=("--prune-grace", "1h", "--timeout", "2s"), code=2),
        quiet_code=2,
        ends={"orders": 0, "users": 2},
    ),
    Scenario(
        "a table of others that was owned is pruned",
        first=foreign("users", 2),
        given=(Run(declare(ORDERS, table("users", lifecycle=OWN))),),
        when=Run(ALONE),
        ends={"orders": 0},
        may_delete=frozenset({"users"}),
    ),
    Scenario(
        "a rebuild of an index is forgotten",
        given=(
            Run(INDEXED),
            Run(declare(USERS), ("rebuild-index", "users", "by_a", "--yes", "--hold", "1h"), code=2),
        ),
        when=Run(declare(USERS), ("rebuild-index", "users", "by_a", "--cancel")),
        ends={"users": 0},
        done_code=1,
    ),
)
