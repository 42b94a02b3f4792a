"""Scenarios on an endpoint without state: first tables, first seeds in every format, foreign tables."""

from __future__ import annotations

import gzip
import json

from faults.builders import declare, foreign, some, table, together
from faults.scenario import Files, Run, Scenario
from support.class_files import GET_SCHEMA, HEAD, SCHEMA, SEED
from support.specs import gsi, lsi, provisioned, stream, ttl

from reconciler.model.table import OnDemandThroughput

ORDERS = table("orders")
LINES = "".join(json.dumps(item) + "\n" for item in some(3))
TYPED = [
    {"pk": {"S": "a"}, "numbers": {"NS": ["1", "2.5"]}, "raw": {"B": "aGk="}, "none": {"NULL": True}},
    {"pk": {"S": "b"}, "map": {"M": {"list": {"L": [{"BOOL": True}, {"N": "1E+3"}]}}}},
]
RICH = {
    "global_indexes": [gsi("by_a", "a S", "b N"), gsi("by_b", "b N", project="one two")],
    "local_indexes": [lsi("by_date", "date S", project="KEYS_ONLY")],
    "stream": stream("NEW_AND_OLD_IMAGES"),
    "ttl": ttl("expires"),
    "deletion_protection": True,
}
SEEDED_CLASS = HEAD + SCHEMA + GET_SCHEMA + SEED + '        yield from ({"pk": str(count)} for count in range(3))\n'


def _first(name: str, files: Files, options: tuple[str, ...] = (), /, **ends: int) -> Scenario:
    return Scenario(name, when=Run(files, options=options), ends=ends)


def _seeded(form: str, file: str, content: object, count: int) -> Scenario:
    files = {"orders.json": ORDERS, f"seeds/{file}": content}
    return _first(f"a first table with a seed of {form}", files, orders=count)  # type: ignore[arg-type]


CREATING = (
    _first("a first table", declare(ORDERS), orders=0),
    _first("a first table of every facet", declare(table("orders", "pk S", "sk S", **RICH)), orders=0),
    _first(
        "a first table of every facet, provisioned",
        declare(
            table(
                "orders",
                "pk S",
                "sk S",
                **RICH | {"global_indexes": [gsi("by_a", "a S", units=(2, 3))]},
                billing=provisioned(5, 5),
            )
        ),
        orders=0,
    ),
    _first(
        "a first table with a maximum",
        declare(table("orders", on_demand_throughput=OnDemandThroughput(100, 50))),
        orders=0,
    ),
    _first(
        "three first tables",
        declare(
            ORDERS, table("users", ttl=ttl("gone_at")), table("events", "pk S", "at N", stream=stream("NEW_IMAGE"))
        ),
        orders=0,
        users=0,
        events=0,
    ),
    _first(
        "three first tables with seeds",
        declare(ORDERS, table("users"), table("events"), orders=some(2), users=some(2), events=some(1)),
        orders=2,
        users=2,
        events=1,
    ),
    _first(
        "a first table with time to live, stream and seed",
        declare(table("orders", ttl=ttl("expires"), stream=stream("KEYS_ONLY")), orders=some(4)),
        orders=4,
    ),
    _seeded("lines", "orders.jsonl", LINES, 3),
    _seeded("YAML", "orders.yaml", "- {pk: a, n: 1.5}\n- {pk: b, m: {l: [null, false]}}\n", 2),
    _seeded("CSV", "orders.csv", "pk,n:N\na,1.50\nb,2\nc,\n", 3),
    _seeded("packed lines", "orders.jsonl.gz", gzip.compress(LINES.encode(), mtime=0), 3),
    _seeded("DynamoDB JSON of every type", "orders.json", TYPED, 2),
    _seeded(
        "a BatchWriteItem request", "orders.json", {"orders": [{"PutRequest": {"Item": item}} for item in TYPED]}, 2
    ),
    _seeded("more items than a batch holds", "orders.json", some(28), 28),
    _first("a first table from a class with a seed of its own", {"users_table.py": SEEDED_CLASS}, users=3),
    _first(
        "first tables of an environment",
        declare(ORDERS, orders=some(2)),
        ("--environment", "prod"),
        **{"orders-prod": 2},
    ),
    _first(
        "first tables beside another table of records",
        declare(ORDERS, orders=some(1)),
        ("--state-table", "my_state"),
        orders=1,
    ),
    Scenario(
        "a second stack beside the first",
        given=(Run(declare(ORDERS, orders=some(2)), options=("--stack", "one")),),
        when=Run(declare(table("users"), users=some(2)), options=("--stack", "two")),
        ends={"orders": 2, "users": 2},
    ),
    Scenario(
        "a second environment beside the first",
        given=(Run(declare(ORDERS, orders=some(2)), options=("--environment", "dev")),),
        when=Run(declare(ORDERS, orders=some(2)), options=("--environment", "prod")),
        ends={"orders-dev": 2, "orders-prod": 2},
    ),
)

ADOPTING = (
    Scenario(
        "a table of others is adopted and changed in place",
        first=foreign("orders", 3),
        when=Run(declare(table("orders", ttl=ttl("expires"), stream=stream("KEYS_ONLY")), orders=some(2))),
        ends={"orders": 3},
    ),
    Scenario(
        "an empty table of others is adopted and seeded",
        first=foreign("orders"),
        when=Run(declare(ORDERS, orders=some(2))),
        ends={"orders": 2},
    ),
    Scenario(
        "a table of others is owned",
        first=foreign("orders", 3),
        when=Run(declare(table("orders", lifecycle={"on_existing": "own"}, ttl=ttl("expires")))),
        ends={"orders": 3},
    ),
    Scenario(
        "a table of others is only observed",
        first=foreign("orders", 3),
        when=Run(declare(table("orders", lifecycle={"on_existing": "observe"}, ttl=ttl("expires"))), code=2),
        quiet_code=2,
        ends={"orders": 3},
    ),
    Scenario(
        "a table of others with other keys is never replaced",
        first=foreign("orders", 3),
        when=Run(declare(table("orders", "id S"), table("users")), code=2),
        quiet_code=2,
        ends={"orders": 3, "users": 0},
    ),
    Scenario(
        "tables come beside tables of others",
        first=together(foreign("strangers", 2), foreign("orders", 1)),
        when=Run(declare(ORDERS, table("users"), users=some(2))),
        ends={"strangers": 2, "orders": 1, "users": 2},
    ),
)
