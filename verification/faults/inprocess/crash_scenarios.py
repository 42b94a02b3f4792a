"""Scenarios in which processes are killed in virtual time: the named ones, and those that need the simulation.

Appended to, never reordered: a case of the campaign ``crashes`` is named by its place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from faults.inprocess import scenarios as named
from faults.inprocess.account import Ended, SimulatedAccount
from faults.inprocess.scenario import Scenario
from faults.inprocess.scenarios import (
    AUDIT,
    ORDERS,
    OTHERS,
    PROVISIONED,
    REKEYED,
    SCALED,
    USERS,
    daemon,
    declaring,
    gone,
    made,
    once,
    rows_of_others,
    then,
    unmanaged_table,
    verb,
)
from support.specs import declaration as subject
from support.specs import gsi, spec, stream

from reconciler.model.backups import Backups
from reconciler.model.global_table import Replica
from reconciler.model.identity import Flavor
from reconciler.model.restore import Overrides
from reconciler.model.table import PointInTimeRecovery, Sse, Throughput

INDEXED = spec(global_indexes=[gsi("by_a", "a S"), gsi("by_b", "b S")])
RECOVERABLE = PointInTimeRecovery(True)
KEPT = "kept"


def backed_up(name: str) -> Callable[[SimulatedAccount], None]:
    """Somebody makes a backup."""
    return lambda account: account.call("CreateBackup", TableName=name, BackupName=KEPT)


def restore(table: str, to: str, **desired_states: Any) -> Callable[[SimulatedAccount], Ended]:
    """The command, from the backup ``kept`` by default."""
    asked = {"backup": KEPT, "at": None, **desired_states}
    return verb("restore", lambda reconciler: reconciler.restore(table, to, **asked))


def both(*acts: Callable[[SimulatedAccount], Ended]) -> Callable[[SimulatedAccount], Ended]:
    """One command after the other, whatever becomes of the first."""

    def act(account: SimulatedAccount) -> Ended:
        return [each(account) for each in acts][-1]

    return act


RESTORES = (
    Scenario(
        "a table is restored from a backup by name with another capacity",
        restore("subject", "again", overrides=Overrides(billing_mode="PROVISIONED", throughput=Throughput(3, 2))),
        then(made(subject(INDEXED)), backed_up("subject")),
    ),
    Scenario(
        "a table is restored from a backup without one of its indexes",
        restore("subject", "again", overrides=Overrides(left_out=("by_a",))),
        then(made(subject(INDEXED)), backed_up("subject")),
    ),
    Scenario(
        "a table is restored as it was without indexes and under another key",
        restore(
            "subject",
            "again",
            backup=None,
            at="latest",
            overrides=Overrides(no_indexes=True, sse=Sse(True, "alias/one")),
        ),
        made(subject(spec(global_indexes=[gsi("by_a", "a S")], point_in_time_recovery=RECOVERABLE))),
    ),
    Scenario(
        "what a replaced table held before is restored beside it",
        restore("users", "users_before"),
        then(made(USERS), rows_of_others("users", OTHERS), backed_up("users"), declaring(REKEYED), once),
    ),
    Scenario(
        "a declared table that is gone is restored under its own name and adopted",
        both(restore("users", "users"), once),
        then(made(USERS, ORDERS), rows_of_others("users", OTHERS), backed_up("users"), gone("users")),
    ),
    Scenario(
        "a table is not restored over one of others",
        restore("users", "theirs"),
        then(made(USERS), backed_up("users"), unmanaged_table("theirs", OTHERS)),
    ),
)
DAEMONS = (
    Scenario("a daemon makes tables with seeds", daemon(), then(named.with_state, declaring(USERS, ORDERS, AUDIT))),
    Scenario(
        "a daemon builds an index and scales what it makes",
        daemon(),
        then(
            made(subject(spec(billing=PROVISIONED))),
            declaring(
                subject(
                    spec(billing=PROVISIONED, auto_scaling=SCALED, global_indexes=[gsi("by_a", "a S", units=(1, 1))])
                )
            ),
        ),
    ),
    Scenario("a daemon prunes", daemon(), then(made(USERS, ORDERS, AUDIT), declaring(USERS))),
    Scenario(
        "a daemon replaces a seeded table",
        daemon(),
        then(made(USERS, ORDERS), declaring(REKEYED, ORDERS)),
    ),
    Scenario(
        "a daemon makes a table with replica, backups and recovery",
        daemon(),
        then(
            named.with_state,
            declaring(
                subject(
                    spec(
                        stream=stream("NEW_AND_OLD_IMAGES"),
                        replicas=(Replica("us-east-1"),),
                        backups=Backups("0 0 * * *", 2),
                        point_in_time_recovery=RECOVERABLE,
                    )
                )
            ),
        ),
    ),
    Scenario(
        "a daemon makes, prunes and replaces in DynamoDB Local",
        daemon(),
        then(made(USERS, ORDERS), declaring(REKEYED, AUDIT)),
        flavor=Flavor.DYNAMODB_LOCAL,
    ),
)
SCENARIOS: tuple[Scenario, ...] = (
    *(scenario for scenario in named.SCENARIOS if scenario.again is None),
    *RESTORES,
    *DAEMONS,
)
"""Scenarios whose second run has other declarations are left out, because a killed run has no such continuation."""
