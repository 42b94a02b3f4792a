"""Scenarios with parallel calls when the process dies: four workers, each at a table or an item.

Their calls come in any order, so that a case is the death at the nth call, whichever that is.
"""

from __future__ import annotations

from faults.builders import declare, some, table
from faults.scenario import Run, Scenario
from support.specs import stream, ttl

FOUR = ("--workers", "4")
NAMES = ("clients", "events", "orders", "people", "users")
PLAIN = declare(*(table(name) for name in NAMES))
RICH = declare(*(table(name, ttl=ttl("expires"), stream=stream("KEYS_ONLY")) for name in NAMES))
REKEYED = declare(*(table(name, "id S") for name in NAMES))
EMPTY = dict.fromkeys(NAMES, 0)

PARALLEL = (
    Scenario("five first tables by four workers", when=Run(RICH, options=FOUR), ends=EMPTY),
    Scenario(
        "a first table with a seed by four workers",
        when=Run(declare(table("orders"), orders=some(20)), options=FOUR),
        ends={"orders": 20},
    ),
    Scenario("five tables are changed by four workers", given=(Run(PLAIN),), when=Run(RICH, options=FOUR), ends=EMPTY),
    Scenario(
        "four tables are pruned by four workers",
        given=(Run(PLAIN),),
        when=Run(declare(table("orders")), options=FOUR),
        ends={"orders": 0},
        may_delete=frozenset(NAMES) - {"orders"},
    ),
    Scenario(
        "five tables are replaced by four workers",
        given=(Run(PLAIN),),
        when=Run(REKEYED, options=FOUR),
        ends=EMPTY,
        may_delete=frozenset(NAMES),
    ),
    Scenario(
        "destroy by four workers",
        given=(Run(PLAIN),),
        when=Run(PLAIN, ("destroy", "--yes"), options=FOUR),
        ends={},
        may_delete=frozenset(NAMES),
        quiet_code=2,
    ),
)
