"""Scenarios that delete: pruning, replacing, and deletions that the deletion gate holds back."""

from __future__ import annotations

from typing import Any

from faults.builders import declare, foreign, foreign_items, some, table, together
from faults.scenario import Hand, Run, Scenario
from support.specs import gsi, spec, ttl

ORDERS, USERS = table("orders"), table("users")
BOTH = Run(declare(ORDERS, USERS))
SEEDED = Run(declare(ORDERS, USERS, users=some(3)))
ALONE = declare(ORDERS)
DELETED = frozenset({"users"})
PRECIOUS = foreign_items("users", spec(), 2)
BY_ID = [{"id": "a"}, {"id": "b"}]


def recreated(dynamodb: Any) -> None:
    """Somebody deletes a table and makes another one of its name."""
    dynamodb.delete_table(TableName="users")
    foreign("users", 2)(dynamodb)


PRUNING = (
    Scenario("an empty table is pruned", given=(BOTH,), when=Run(ALONE), ends={"orders": 0}, may_delete=DELETED),
    Scenario(
        "a table that holds its seed is pruned",
        given=(SEEDED,),
        when=Run(ALONE),
        ends={"orders": 0},
        may_delete=DELETED,
    ),
    Scenario(
        "a table with items of others is pruned on an emulator",
        given=(SEEDED,),
        meanwhile=PRECIOUS,
        when=Run(ALONE),
        ends={"orders": 0},
        may_delete=DELETED,
    ),
    Scenario(
        "two tables are pruned at once",
        given=(Run(declare(ORDERS, USERS, table("events"))),),
        when=Run(ALONE),
        ends={"orders": 0},
        may_delete=frozenset({"users", "events"}),
    ),
    Scenario(
        "a table is renamed",
        given=(SEEDED,),
        when=Run(declare(ORDERS, table("people"), people=some(3))),
        ends={"orders": 0, "people": 3},
        may_delete=DELETED,
    ),
    Scenario(
        "items are not lost where that is not permitted",
        given=(SEEDED,),
        meanwhile=PRECIOUS,
        when=Run(ALONE, options=("--data-loss", "never"), code=2),
        quiet_code=2,
        ends={"orders": 0, "users": 5},
    ),
    Scenario(
        "nothing is pruned where pruning is off",
        given=(BOTH,),
        when=Run(ALONE, options=("--prune", "never"), code=2),
        quiet_code=2,
        ends={"orders": 0, "users": 0},
    ),
    Scenario(
        "more deletes than the cap are none",
        given=(Run(declare(ORDERS, USERS, table("events"))),),
        when=Run(declare(table("orders", ttl=ttl("expires"))), options=("--max-deletes", "1"), code=2),
        quiet_code=2,
        ends={"orders": 0, "users": 0, "events": 0},
    ),
    Scenario(
        "protection outlives the declaration",
        given=(Run(declare(ORDERS, table("users", lifecycle={"protect": True}))),),
        when=Run(declare(table("orders", ttl=ttl("expires"))), code=2),
        quiet_code=2,
        ends={"orders": 0, "users": 0},
    ),
    Scenario(
        "a table that somebody made again is not pruned",
        given=(BOTH,),
        meanwhile=recreated,
        when=Run(declare(table("orders", ttl=ttl("expires")))),
        ends={"orders": 0, "users": 2},
    ),
    Scenario(
        "an adopted table that is declared no more stays",
        first=foreign("users", 2),
        given=(BOTH,),
        when=Run(ALONE),
        ends={"orders": 0, "users": 2},
    ),
    Scenario(
        "one stack prunes, the table of the other stays",
        given=(
            Run(declare(table("events"), events=some(2)), options=("--stack", "one")),
            Run(declare(ORDERS, USERS), options=("--stack", "two")),
        ),
        when=Run(ALONE, options=("--stack", "two")),
        ends={"orders": 0, "events": 2},
        may_delete=DELETED,
    ),
)

REPLACING = (
    Scenario(
        "a seeded table is replaced and seeded anew",
        given=(Run(declare(USERS, users=some(3))),),
        when=Run(declare(table("users", "id S"), users=BY_ID)),
        ends={"users": 2},
        may_delete=DELETED,
    ),
    Scenario(
        "a table with items of others is replaced by permission",
        given=(Run(declare(USERS)),),
        meanwhile=PRECIOUS,
        when=Run(declare(table("users", "id S"), users=BY_ID), options=("--data-loss", "allow")),
        ends={"users": 2},
        may_delete=DELETED,
    ),
    Scenario(
        "a table with items of others is replaced by its own declaration",
        given=(Run(declare(USERS)),),
        meanwhile=PRECIOUS,
        when=Run(
            declare(table("users", "id S", lifecycle={"allow_data_loss": True})), options=("--data-loss", "never")
        ),
        ends={"users": 0},
        may_delete=DELETED,
    ),
    Scenario(
        "a table with items of others is not replaced without permission",
        given=(Run(declare(USERS)),),
        meanwhile=PRECIOUS,
        when=Run(declare(table("users", "id S", ttl=ttl("expires"))), options=("--data-loss", "never"), code=2),
        quiet_code=2,
        ends={"users": 2},
    ),
    Scenario(
        "one table is replaced, one pruned, one comes",
        given=(SEEDED,),
        when=Run(declare(table("orders", "pk S", "sk S"), table("events"), events=some(2))),
        ends={"orders": 0, "events": 2},
        may_delete=frozenset({"users", "orders"}),
    ),
    Scenario(
        "a table that somebody deleted comes back with its seed",
        given=(Run(declare(USERS, users=some(3))),),
        meanwhile=lambda dynamodb: dynamodb.delete_table(TableName="users"),
        when=Run(declare(USERS, users=some(3))),
        ends={"users": 3},
    ),
    Scenario(
        "a table that somebody made again is adopted",
        given=(SEEDED,),
        meanwhile=recreated,
        when=SEEDED,
        ends={"orders": 0, "users": 2},
    ),
    Scenario(
        "drift made by hand is repaired",
        given=(Run(declare(table("users", ttl=ttl("expires"), deletion_protection=True), users=some(2))),),
        meanwhile=together(
            lambda dynamodb: dynamodb.update_table(TableName="users", DeletionProtectionEnabled=False),
            lambda dynamodb: dynamodb.update_time_to_live(
                TableName="users", TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires"}
            ),
        ),
        when=Run(declare(table("users", ttl=ttl("expires"), deletion_protection=True), users=some(2))),
        ends={"users": 2},
    ),
)

CONSENT = (
    Scenario(
        "on an emulator too, a table with items of others is not replaced without consent",
        given=(Run(declare(USERS)),),
        meanwhile=PRECIOUS,
        when=Run(declare(table("users", "id S", ttl=ttl("expires"))), code=2),
        quiet_code=2,
        ends={"users": 2},
    ),
    Scenario(
        "a table with items of others is replaced by up",
        given=(Run(declare(USERS)),),
        meanwhile=PRECIOUS,
        when=Run(declare(table("users", "id S"), users=BY_ID), ("up", "users", "--yes")),
        ends={"users": 2},
        may_delete=DELETED,
    ),
    Scenario(
        "the only table of the stack is not pruned with items of others",
        given=(Run(declare(USERS)),),
        meanwhile=PRECIOUS,
        when=Run(declare(ORDERS), code=2),
        quiet_code=2,
        ends={"users": 2, "orders": 0},
    ),
)


def orders_of(number: int) -> Hand:
    """Somebody puts items that also have an ``id``, which is to become the key."""

    def put(dynamodb: Any) -> None:
        for count in range(number):
            item = {"pk": {"S": f"p{count}"}, "id": {"S": f"i{count:03}"}, "total": {"N": f"{count}.50"}}
            dynamodb.put_item(TableName="users", Item={**item, "tags": {"SS": ["b", "a"]}})

    return put


BY_ID_KEPT = table("users", "id S")
KEEPING = (
    Scenario(
        "a table is replaced by a pass and keeps its items",
        given=(BOTH,),
        meanwhile=orders_of(130),
        when=Run(declare(ORDERS, BY_ID_KEPT)),
        ends={"orders": 0, "users": 130},
        may_delete=DELETED,
    ),
    Scenario(
        "a table is replaced on request and keeps its items and its seed",
        given=(Run(declare(USERS, users=[{"pk": "s", "id": "i"}])),),
        meanwhile=orders_of(3),
        when=Run(declare(BY_ID_KEPT, users=[{"pk": "s", "id": "i"}]), words=("replace", "users", "--yes")),
        again=Run(declare(BY_ID_KEPT, users=[{"pk": "s", "id": "i"}])),
        ends={"users": 4},
        may_delete=DELETED,
    ),
    Scenario(
        "a table gets a sort key and an index and keeps its items",
        given=(Run(declare(USERS)),),
        meanwhile=orders_of(3),
        when=Run(declare(table("users", "pk S", "id S", global_indexes=(gsi("by_total", "total N"),)))),
        ends={"users": 3},
        may_delete=DELETED,
    ),
)
