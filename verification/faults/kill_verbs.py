"""Scenarios of commands: destroy, seed, clear, release, suspend, resume, up, rebuild-index, and lost records."""

from __future__ import annotations

from typing import Any

from faults.builders import declare, foreign, foreign_items, some, table
from faults.scenario import Run, Scenario
from support.endpoints import wipe
from support.specs import gsi, spec, ttl

ORDERS, USERS = table("orders"), table("users")
SEEDED = declare(ORDERS, USERS, users=some(3))
GIVEN = (Run(SEEDED),)
BOTH = frozenset({"orders", "users"})
INDEXED = table("users", global_indexes=[gsi("by_a", "a S")])
REINDEXED = table("users", global_indexes=[gsi("by_a-v2", "a S")])


def changed(dynamodb: Any) -> None:
    """Somebody changes one seeded item and adds one."""
    dynamodb.put_item(TableName="users", Item={"pk": {"S": "item#001"}, "total": {"N": "77"}})
    dynamodb.put_item(TableName="users", Item={"pk": {"S": "theirs"}})


def one_gone(dynamodb: Any) -> None:
    """Somebody deletes one seeded item and adds one."""
    dynamodb.delete_item(TableName="users", Key={"pk": {"S": "item#001"}})
    dynamodb.put_item(TableName="users", Item={"pk": {"S": "theirs"}})


def records_lost(dynamodb: Any) -> None:
    """Somebody deletes the state table."""
    dynamodb.update_table(TableName="reconciler_state", DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName="reconciler_state")


VERBS = (
    Scenario(
        "destroy",
        given=GIVEN,
        when=Run(SEEDED, ("destroy", "--yes")),
        ends={},
        may_delete=BOTH,
        quiet_code=2,
    ),
    Scenario(
        "destroy with items of others",
        given=GIVEN,
        meanwhile=foreign_items("users", spec(), 2),
        when=Run(SEEDED, ("destroy", "--yes")),
        ends={},
        may_delete=BOTH,
        quiet_code=2,
    ),
    Scenario(
        "destroy of one table",
        given=GIVEN,
        when=Run(SEEDED, ("destroy", "users", "--yes")),
        ends={"orders": 0},
        may_delete=frozenset({"users"}),
        quiet_code=2,
    ),
    Scenario(
        "destroy leaves what is adopted and what is protected",
        first=foreign("orders", 2),
        given=(Run(declare(ORDERS, table("users", deletion_protection=True), table("events"))),),
        when=Run(
            declare(ORDERS, table("users", deletion_protection=True), table("events")), ("destroy", "--yes"), code=2
        ),
        ends={"orders": 2, "users": 0},
        may_delete=frozenset({"events"}),
        quiet_code=2,
    ),
    Scenario(
        "up after a destroy",
        given=(*GIVEN, Run(SEEDED, ("destroy", "--yes"))),
        when=Run(SEEDED, ("up", "--yes")),
        ends={"orders": 0, "users": 3},
    ),
    Scenario("clear", given=GIVEN, when=Run(SEEDED, ("clear",)), ends={"orders": 0, "users": 0}),
    Scenario(
        "clear leaves what others changed and added",
        given=GIVEN,
        meanwhile=changed,
        when=Run(SEEDED, ("clear", "users")),
        ends={"orders": 0, "users": 2},
    ),
    Scenario(
        "seed after a clear",
        given=(*GIVEN, Run(SEEDED, ("clear",))),
        when=Run(SEEDED, ("seed",)),
        ends={"orders": 0, "users": 3},
    ),
    Scenario(
        "seed into a table that is not empty",
        given=GIVEN,
        meanwhile=one_gone,
        when=Run(SEEDED, ("seed", "users")),
        ends={"orders": 0, "users": 4},
    ),
    Scenario(
        "seed over an item that others changed",
        given=GIVEN,
        meanwhile=changed,
        when=Run(SEEDED, ("seed",)),
        ends={"orders": 0, "users": 4},
    ),
    Scenario("release", given=GIVEN, when=Run(SEEDED, ("release", "users")), ends={"orders": 0, "users": 3}),
    Scenario(
        "release of two tables",
        given=GIVEN,
        when=Run(SEEDED, ("release", "users", "orders")),
        ends={"orders": 0, "users": 3},
    ),
    Scenario("suspend", given=GIVEN, when=Run(SEEDED, ("suspend",)), ends={"orders": 0, "users": 3}),
    Scenario("suspend before anything is there", when=Run(SEEDED, ("suspend",)), ends={}, quiet_code=2),
    Scenario(
        "resume",
        given=(*GIVEN, Run(SEEDED, ("suspend",))),
        when=Run(SEEDED, ("resume",)),
        ends={"orders": 0, "users": 3},
    ),
    Scenario(
        "up lifts a suspension and repairs",
        given=(*GIVEN, Run(SEEDED, ("suspend",))),
        when=Run(declare(ORDERS, table("users", ttl=ttl("expires")), users=some(3)), ("up", "--yes")),
        ends={"orders": 0, "users": 3},
    ),
    Scenario(
        "an index is rebuilt under another name",
        given=(Run(declare(INDEXED)),),
        meanwhile=foreign_items("users", spec(global_indexes=[gsi("by_a", "a S")]), 2),
        when=Run(declare(REINDEXED), ("rebuild-index", "users", "by_a", "--yes")),
        ends={"users": 2},
        done_code=1,
    ),
    Scenario(
        "an index is built beside another that is still declared",
        given=(Run(declare(INDEXED)),),
        when=Run(declare(INDEXED), ("rebuild-index", "users", "by_a", "--yes"), code=2),
        ends={"users": 0},
    ),
)

LOST = (
    Scenario(
        "the records are lost and the tables are adopted",
        given=GIVEN,
        meanwhile=records_lost,
        when=Run(SEEDED),
        ends={"orders": 0, "users": 3},
    ),
    Scenario(
        "all is lost and all comes back", given=GIVEN, meanwhile=wipe, when=Run(SEEDED), ends={"orders": 0, "users": 3}
    ),
)
