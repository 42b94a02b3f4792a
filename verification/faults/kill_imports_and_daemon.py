"""Scenarios with imports, with a loop after a destroy, and with the daemon."""

from __future__ import annotations

from typing import Any

from faults.builders import declare, foreign, foreign_items, some, table, together
from faults.scenario import DAEMON, ENDED_BY_SIGTERM, Run, Scenario
from support.specs import gsi, spec, ttl

ORDERS, USERS = table("orders"), table("users")
SEEDED = declare(ORDERS, USERS, users=some(3))

BOTH = frozenset({"orders", "users"})
BY_HAND = together(foreign("orders", 2), foreign("users", DeletionProtectionEnabled=True), foreign("theirs", 1))
NO_GRACE = ("--prune-grace", "0s")


def import_(name: str, *words: str, **more: Any) -> Scenario:
    """Three tables that others made are declared by files that were not there; nothing is done to them."""
    return Scenario(
        name,
        first=BY_HAND,
        when=Run({}, ("import", *words)),
        ends={"orders": 2, "users": 0, "theirs": 1},
        writes_files=True,
        **more,
    )


IMPORTS = (
    import_("every table is imported as class files", "--all"),
    import_("named tables are imported as documents", "users", "orders", "theirs", "--format", "yaml"),
)
DESTROYED = (
    Scenario(
        "a loop comes after a destroy that died",
        first=foreign("theirs", 2),
        given=(Run(SEEDED),),
        when=Run(SEEDED, ("destroy", "--yes")),
        ends={"theirs": 2},
        may_delete=BOTH,
        quiet_code=2,
        instead=Run(SEEDED),
        instead_ends={"orders": 0, "users": 3, "theirs": 2},
    ),
    Scenario(
        "a loop comes after a destroy of what is adopted and what is ours died",
        first=together(foreign("orders", 2), foreign("theirs", 2)),
        given=(Run(SEEDED),),
        when=Run(SEEDED, ("destroy", "--yes")),
        ends={"orders": 2, "theirs": 2},
        may_delete=frozenset({"users"}),
        quiet_code=2,
        instead=Run(SEEDED),
        instead_ends={"orders": 2, "users": 3, "theirs": 2},
    ),
)


def daemon(name: str, files: Any, *, order: str | None = None, **more: Any) -> Scenario:
    """A daemon from its start to SIGTERM, which comes when it has nothing more to do."""
    options = {"options": NO_GRACE, "code": ENDED_BY_SIGTERM, "order": order}
    return Scenario(name, when=Run(files, DAEMON, **options), **more)


DAEMONS = (
    daemon("a daemon makes a table with a seed", declare(USERS, users=some(2)), ends={"users": 2}),
    daemon(
        "a daemon builds an index and moves on to time to live",
        declare(table("users", global_indexes=[gsi("by_a", "a S")], ttl=ttl("expires"))),
        given=(Run(declare(USERS)),),
        meanwhile=foreign_items("users", spec(), 2),
        ends={"users": 2},
    ),
    daemon(
        "a daemon prunes a table with items of others",
        declare(ORDERS),
        first=foreign("theirs", 1),
        given=(Run(declare(ORDERS, USERS)),),
        meanwhile=foreign_items("users", spec(), 2),
        ends={"orders": 0, "theirs": 1},
        may_delete=frozenset({"users"}),
    ),
    daemon(
        "a daemon replaces a seeded table",
        declare(table("users", "id S"), users=[{"id": "one"}]),
        given=(Run(declare(USERS, users=some(2))),),
        ends={"users": 1},
        may_delete=frozenset({"users"}),
    ),
    daemon(
        "a daemon is told to roll back",
        SEEDED,
        order="/api/v1/migrations/rollback",
        first=foreign("theirs", 2),
        given=(Run(SEEDED),),
        ends={"theirs": 2},
        may_delete=BOTH,
        quiet_code=2,
        again=Run(SEEDED, ("destroy", "--yes")),
        done_code=0,
    ),
    daemon(
        "a daemon is told to clear",
        SEEDED,
        order="/api/v1/seeders/clear",
        given=(Run(SEEDED),),
        ends={"orders": 0, "users": 0},
    ),
    daemon(
        "a daemon is told to seed again",
        SEEDED,
        order="/api/v1/seeders/run",
        given=(Run(SEEDED), Run(SEEDED, ("clear",))),
        ends={"orders": 0, "users": 3},
    ),
    daemon(
        "a daemon is told to run in a suspended stack",
        declare(ORDERS, table("users", ttl=ttl("expires")), users=some(3)),
        order="/api/v1/migrations/run",
        given=(Run(SEEDED), Run(SEEDED, ("suspend",))),
        ends={"orders": 0, "users": 3},
    ),
)
BEYOND = (*IMPORTS, *DESTROYED, *DAEMONS)
