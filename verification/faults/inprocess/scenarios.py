"""The named scenarios: every command, every kind of change, tables that are created, deleted and replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from faults.inprocess.account import STATE, Ended, SimulatedAccount
from faults.inprocess.scenario import Scenario
from simulation.simulated_engine import declaration, item
from support.setting_changes import SETTINGS
from support.side_feature_changes import ASIDE
from support.spec_changes import SPEC_CHANGES, SpecChange
from support.specs import declaration as subject
from support.specs import gsi, keys, spec, stream, ttl
from support.vector_changes import VECTORS

from reconciler.engine.commands import CommandResult
from reconciler.engine.reconciler import Reconciler
from reconciler.model.backups import Backups
from reconciler.model.desired import Declaration, Lifecycle
from reconciler.model.global_table import Replica
from reconciler.model.identity import Flavor
from reconciler.model.report import PassReport
from reconciler.model.scaling import AutoScaling, Scaling
from reconciler.model.table import Billing, PointInTimeRecovery, Throughput

KEY = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
ROWS = tuple(item(str(number), name=f"row {number}") for number in range(3))
USERS = declaration("users", seed=ROWS)
ORDERS = declaration("orders")
AUDIT = declaration("audit", seed=ROWS[:1])
REKEYED = declaration("users", keys=keys("id S"))
PROVISIONED = Billing("PROVISIONED", Throughput(5, 5))
SCALED = AutoScaling(read=Scaling(True, 5, 50, 70.0), write=Scaling(True, 5, 20, 60.0))


def once(account: SimulatedAccount) -> Ended:
    return account.once()


def verb(
    name: str, work: Callable[[Reconciler], PassReport | CommandResult | int | None]
) -> Callable[[SimulatedAccount], Ended]:
    """One command."""
    return lambda account: account.process().run(name, work)


def daemon(
    *desired_states: tuple[Declaration, ...], passes: int = 6, **options: Any
) -> Callable[[SimulatedAccount], Ended]:
    """A daemon: passes a minute apart until all is in sync, then its declarations change to the next desired state."""

    def act(account: SimulatedAccount) -> Ended:
        process = account.process(one_shot=False, **options)
        ended = Ended("daemon", 0)
        for requested in desired_states or (account.source.declarations,):
            account.declare(*requested)
            for _ in range(passes):
                ended = process.passes()
                account.later(61)
                if ended.exit == 0:
                    break
        process.close()
        return ended

    return act


def made(*declarations: Declaration) -> Callable[[SimulatedAccount], None]:
    """The tables exist as declared."""

    def before(account: SimulatedAccount) -> None:
        account.declare(*declarations)
        ended = account.once()
        assert ended.exit == 0, (ended, account.clock.seconds)

    return before


def then(*steps: Callable[[SimulatedAccount], Any]) -> Callable[[SimulatedAccount], None]:
    """One after the other."""

    def before(account: SimulatedAccount) -> None:
        for step in steps:
            step(account)

    return before


def declared(*declarations: Declaration) -> Callable[[SimulatedAccount], None]:
    """The state table exists, and these tables are declared."""

    def before(account: SimulatedAccount) -> None:
        with_state(account)
        account.declare(*declarations)

    return before


def with_state(account: SimulatedAccount) -> None:
    """The state table exists and holds only its fingerprint."""
    account.declare(declaration("nothing", lifecycle=Lifecycle(on_existing="observe")))
    account.process(mode="enforce").run("suspend", lambda reconciler: (reconciler.writable_state(), 0)[1])


def declaring(*declarations: Declaration) -> Callable[[SimulatedAccount], None]:
    return lambda account: account.declare(*declarations)


def unmanaged_table(name: str, *rows: Any) -> Callable[[SimulatedAccount], None]:
    """A foreign table with foreign rows."""

    def before(account: SimulatedAccount) -> None:
        account.call("CreateTable", TableName=name, **KEY)
        account.later(60)
        for row in rows:
            account.item("PutItem", TableName=name, Item=row)

    return before


def rows_of_others(name: str, *rows: Any) -> Callable[[SimulatedAccount], None]:
    def before(account: SimulatedAccount) -> None:
        for row in rows:
            account.item("PutItem", TableName=name, Item=row)

    return before


def gone(name: str) -> Callable[[SimulatedAccount], None]:
    """Somebody else deletes a table."""

    def before(account: SimulatedAccount) -> None:
        if name == STATE:
            account.call("UpdateTable", TableName=name, DeletionProtectionEnabled=False)
            account.later(60)
        account.call("DeleteTable", TableName=name)
        account.later(60)

    return before


def spec_change(name: str, title: str | None = None) -> Scenario:
    """A hard spec change of one table, from its ``before`` to its ``after``."""
    every: tuple[SpecChange, ...] = (*SPEC_CHANGES, *SETTINGS, *ASIDE, *VECTORS)
    (case,) = (each for each in every if each.name == name and (title is None or title == each.name))
    return Scenario(name, once, then(made(subject(case.before)), declaring(subject(case.after))))


RUNS = 2
OTHERS = item("theirs", name="not of the seed")
CREATES = (
    Scenario("two tables and the state table come to be", once, declaring(USERS, ORDERS), delay=0),
    Scenario("two tables come to be in moto", once, declaring(USERS, ORDERS), flavor=Flavor.MOTO, delay=0),
    Scenario("two tables come to be in DynamoDB Local", once, declaring(USERS, ORDERS), flavor=Flavor.DYNAMODB_LOCAL),
    Scenario("a table comes to be where the state table stands", once, declared(USERS)),
    Scenario(
        "a table with everything comes to be",
        once,
        declared(
            subject(
                spec(
                    billing=PROVISIONED,
                    global_indexes=[gsi("by_a", "a S", units=(1, 1))],
                    stream=stream("NEW_IMAGE"),
                    ttl=ttl("expires"),
                    tags={"team": "core"},
                    deletion_protection=True,
                )
            )
        ),
    ),
    Scenario("five tables come to be", once, declared(*(declaration(f"t{n}") for n in range(5)))),
    Scenario(
        "a table comes to be with a large seed",
        once,
        declared(declaration("users", seed=tuple(item(f"{n:02}") for n in range(12)))),
        delay=0,
    ),
)
SEEDS = (
    Scenario(
        "a table that is not empty is not seeded",
        once,
        then(with_state, unmanaged_table("users", OTHERS), declaring(USERS)),
    ),
    Scenario(
        "seed writes the missing rows",
        verb("seed", lambda r: r.seed()),
        then(
            made(USERS, ORDERS),
            rows_of_others("users", OTHERS),
            lambda s: s.item("DeleteItem", TableName="users", Key={"pk": {"S": "1"}}),
        ),
    ),
    Scenario(
        "a large seed is written in transactions",
        once,
        declared(declaration("users", seed=tuple(item(f"{n:03}") for n in range(250)))),
        delay=0,
        flavor=Flavor.DYNAMODB_LOCAL,
    ),
    Scenario(
        "seed writes the missing rows in a transaction",
        verb("seed", lambda r: r.seed()),
        then(
            made(USERS, ORDERS),
            rows_of_others("users", OTHERS),
            lambda s: s.item("DeleteItem", TableName="users", Key={"pk": {"S": "1"}}),
        ),
        flavor=Flavor.DYNAMODB_LOCAL,
    ),
    Scenario(
        "clear takes the seed out again",
        verb("clear", lambda r: r.clear()),
        then(made(USERS, ORDERS), rows_of_others("users", OTHERS, {**ROWS[1], "more": {"S": "changed"}})),
    ),
    Scenario("a table deleted by others comes back with its seed", once, then(made(USERS, ORDERS), gone("users"))),
)
UPDATES = (
    *(
        spec_change(name)
        for name in (
            "an index is added",
            "an index is removed",
            "the key of an index changes",
            "two indexes go and two come",
            "on demand to provisioned with two indexes, one without throughput",
            "provisioned to on demand with two indexes",
            "throughput of table and index change in two calls",
            "the stream's view changes from KEYS_ONLY to NEW_IMAGE",
            "the stream goes off",
            "time to live goes on",
            "time to live goes off",
            "only the tag that differs is written",
            "deletion protection goes on",
            "protection goes off before the key changes",
            "a class is switched",
            "one half of a maximum is ours",
            "warm throughput rises",
            "another key",
            "recovery on",
            "a policy is put",
            "a policy is taken away",
            "insights on with a mode",
            "another stream",
            "a vector index is added",
            "everything at once, one concern a call",
        )
    ),
    Scenario(
        "time to live moves to another attribute",
        daemon(),
        then(made(subject(spec(ttl=ttl("expires")))), declaring(subject(spec(ttl=ttl("gone_at"))))),
        flavor=Flavor.MOTO,
    ),
    Scenario(
        "capacity gets an owner that scales it",
        once,
        then(
            made(subject(spec(billing=PROVISIONED))), declaring(subject(spec(billing=PROVISIONED, auto_scaling=SCALED)))
        ),
    ),
    Scenario(
        "a backup is due",
        once,
        then(made(subject(spec())), declaring(subject(spec(backups=Backups("0 0 * * *", 2))))),
    ),
    Scenario(
        "a replica comes",
        once,
        then(
            made(subject(spec(stream=stream("NEW_AND_OLD_IMAGES")))),
            declaring(subject(spec(stream=stream("NEW_AND_OLD_IMAGES"), replicas=(Replica("us-east-1"),)))),
        ),
    ),
    Scenario(
        "a replica goes",
        once,
        then(
            made(subject(spec(stream=stream("NEW_AND_OLD_IMAGES"), replicas=(Replica("us-east-1"),)))),
            declaring(subject(spec(stream=stream("NEW_AND_OLD_IMAGES"), replicas=()))),
        ),
    ),
)
PROTECTED = replace(ORDERS, lifecycle=Lifecycle(protect=True))
ENDS = (
    Scenario("one table of three is pruned", once, then(made(USERS, ORDERS, AUDIT), declaring(USERS, AUDIT))),
    Scenario(
        "one table of three is pruned in moto",
        once,
        then(made(USERS, ORDERS, AUDIT), declaring(ORDERS, AUDIT)),
        flavor=Flavor.MOTO,
    ),
    Scenario(
        "two tables are more than may be pruned",
        once,
        then(made(USERS, ORDERS, AUDIT), declaring(USERS)),
        options={"max_deletes": 1},
    ),
    Scenario("nothing is pruned", once, then(made(USERS, ORDERS), declaring(USERS)), options={"prune": "never"}),
    Scenario("a table is replaced", once, then(made(USERS, ORDERS), declaring(REKEYED, ORDERS))),
    Scenario(
        "a table is replaced in DynamoDB Local",
        once,
        then(made(USERS, ORDERS), declaring(REKEYED, ORDERS)),
        flavor=Flavor.DYNAMODB_LOCAL,
    ),
    Scenario(
        "a table with rows of others is not replaced",
        once,
        then(made(USERS), rows_of_others("users", OTHERS), declaring(REKEYED)),
        options={"data_loss": "never"},
    ),
    Scenario(
        "a table that others made is adopted and never pruned",
        daemon((replace(USERS, seed=None), ORDERS), (ORDERS,)),
        then(with_state, unmanaged_table("users", OTHERS)),
        again=daemon((ORDERS,)),
    ),
    Scenario(
        "a table that others made becomes ours and is replaced",
        once,
        then(
            with_state,
            unmanaged_table("users"),
            declaring(replace(REKEYED, lifecycle=Lifecycle(on_existing="own")), ORDERS),
        ),
        owns=True,
    ),
    Scenario(
        "a table that may not exist exists",
        once,
        then(
            with_state,
            unmanaged_table("users", OTHERS),
            declaring(replace(USERS, lifecycle=Lifecycle(on_existing="fail")), ORDERS),
        ),
    ),
    Scenario(
        "a table deleted and made again by others is left alone",
        once,
        then(made(USERS, ORDERS), gone("orders"), unmanaged_table("orders", OTHERS), declaring(USERS)),
    ),
    Scenario(
        "destroy deletes what we created",
        verb("destroy", lambda r: r.destroy()),
        then(made(USERS, ORDERS), rows_of_others("users", OTHERS), unmanaged_table("theirs", OTHERS)),
    ),
    Scenario("destroy spares what is protected", verb("destroy", lambda r: r.destroy()), made(USERS, PROTECTED)),
    Scenario("the state is lost", once, then(made(USERS, ORDERS), gone(STATE), declaring(REKEYED, ORDERS))),
    Scenario(
        "a replica's table and others: prune, replace, create and change at once",
        once,
        then(
            made(USERS, ORDERS, AUDIT, subject(spec())),
            declaring(
                REKEYED,
                AUDIT,
                subject(spec(ttl=ttl("expires"), tags={"team": "core"})),
                declaration("fresh", seed=ROWS),
            ),
        ),
    ),
)
VERBS = (
    Scenario("suspend", verb("suspend", lambda r: r.suspend("a person")), made(USERS)),
    Scenario(
        "resume",
        verb("resume", lambda r: int(not r.resume()) * 0),
        then(made(USERS), verb("suspend", lambda r: r.suspend("a person"))),
    ),
    Scenario("release", verb("release", lambda r: (r.release(("users",)), 0)[1]), made(USERS, ORDERS)),
    Scenario("preview", verb("once", lambda r: r.preview()), then(made(USERS), declaring(REKEYED, ORDERS))),
    Scenario(
        "a suspended stack is only observed",
        once,
        then(made(USERS), verb("suspend", lambda r: r.suspend("a person")), declaring(REKEYED, ORDERS)),
    ),
    Scenario(
        "an index is rebuilt beside the old one",
        verb("rebuild-index", lambda r: r.rebuild_index("subject", "by_a", None, timedelta(0))),
        then(made(subject(spec(global_indexes=[gsi("by_a", "a S")]))), declaring(subject(spec()))),
    ),
    Scenario(
        "a table is restored from a backup",
        verb("restore", lambda r: r.restore("users", "users_again", backup="latest", at=None)),
        then(made(USERS), lambda s: s.call("CreateBackup", TableName="users", BackupName="kept")),
    ),
    Scenario(
        "a table is restored as it was",
        verb("restore", lambda r: r.restore("subject", "subject_again", backup=None, at="latest")),
        made(subject(spec(point_in_time_recovery=PointInTimeRecovery(True)))),
    ),
)
DAEMONS = (
    Scenario(
        "a daemon makes, changes and prunes",
        daemon((USERS, ORDERS), (subject(spec()), ORDERS)),
        with_state,
        again=daemon((subject(spec()), ORDERS)),
    ),
    Scenario(
        "a daemon waits before it prunes a table with rows",
        daemon(prune_grace=timedelta(seconds=90)),
        then(made(USERS, ORDERS), rows_of_others("users", OTHERS), declaring(ORDERS)),
    ),
    Scenario(
        "everything is gone under a daemon",
        daemon(),
        then(made(USERS, ORDERS), gone("users"), gone("orders"), gone(STATE)),
        flavor=Flavor.MOTO,
    ),
)


def runs(*desired_states: tuple[str, tuple[Declaration, ...]]) -> Callable[[SimulatedAccount], Ended]:
    """One run after the other in one account, each of a stack with its declarations, made again where it failed."""

    def act(account: SimulatedAccount) -> Ended:
        ended = []
        for stack, declarations in desired_states:
            account.declare(*declarations)
            last = account.once(stack=stack)
            for _ in range(RUNS):
                if last.exit == 0:
                    break
                account.later(61)
                last = account.once(stack=stack)
            ended.append(last)
        return max(ended, key=lambda one: one.exit)

    return act


def environments(account: SimulatedAccount) -> Ended:
    """One declaration in two environments of one stack, which share an endpoint."""
    account.declare(AUDIT)
    other = account.once(environment="dev")
    account.declare(USERS)
    own = account.once()
    return max(other, own, key=lambda one: one.exit)


SHARED = (
    Scenario(
        "two stacks live side by side",
        runs(("one", (USERS, ORDERS)), ("two", (AUDIT,)), ("one", (ORDERS,))),
        with_state,
        again=runs(("two", (AUDIT,)), ("one", (ORDERS,))),
    ),
    Scenario(
        "two environments live side by side",
        environments,
        then(made(USERS), declaring(AUDIT)),
    ),
)
SCENARIOS: tuple[Scenario, ...] = (*CREATES, *SEEDS, *UPDATES, *ENDS, *VERBS, *DAEMONS, *SHARED)
