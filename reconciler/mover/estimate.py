"""What building the next generation of a table takes: request units, time and price, from what the preflight counted.

Used by ``generation_command`` before anything is written.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import timedelta
from typing import Any

from reconciler.engine.context import EngineContext
from reconciler.model.errors import Forbidden, NotFound, SettingsError, Unsupported, UsageError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import CopyEngine
from reconciler.model.table import TableSpec
from reconciler.mover.governor import RateLimits, limits_of
from reconciler.mover.replace_command import Prepared

WRITE_UNIT, READ_UNIT = 1024, 4096
"""Bytes of one write unit and of one consistent read unit
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html)."""
READINGS = 5
"""The copy reads the old table once; each of two comparisons reads both tables."""
LONGEST_COPY = timedelta(hours=23)
"""A stream keeps changes for 24 hours, and those of the copy are repeated after it."""
MILLION = 1_000_000
ON_DEMAND = {"BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}
SHARED = RateLimits()
"""No limits of a person: a share of each table's capacity is used."""
UNCHECKED = (
    *("dynamodb:CreateTable", "PutItem", "DeleteItem", "UpdateTable", "PutResourcePolicy", "DeleteTable"),
    "the operations of DynamoDB Streams",
)
"""Permissions that the work needs later."""
BY_JOBS: Mapping[CopyEngine, tuple[str, ...]] = {
    "bulk": ("ExportTableToPointInTime", "StartBulkPutItems"),
    "import": ("ExportTableToPointInTime", "ImportTable", "TagResource"),
}
"""Those that the jobs of the service need too."""


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars, or another currency, per million request units on demand; ``date`` is when they were true.

    ``export``, ``bulk_put`` and ``import`` are per gigabyte; a list may lack them.
    """

    date: str
    currency: str
    default: Mapping[str, float]
    regions: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def of(self, region: str) -> Mapping[str, float]:
        """The prices of a Region, or the default ones."""
        return self.regions.get(region, self.default)


def read_prices(text: str, where: str) -> Prices:
    """The prices in the text of the file ``where``. Raises ``SettingsError`` if it has none."""
    try:
        found: dict[str, Any] = tomllib.loads(text)
        regions = {name: _pair(values) for name, values in (found.get("regions") or {}).items()}
        return Prices(str(found["date"]), str(found["currency"]), _pair(found["default"]), regions)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"{where}: invalid prices ({error}); expected date, currency and [default] with write and read."
            " Mend the file, or unset RECONCILER_PRICES."
        ) from error


def _pair(values: Mapping[str, Any]) -> dict[str, float]:
    """Those of request units, and those of a gigabyte of the service's jobs where the file has them."""
    jobs = {name: float(values[name]) for name in ("export", "bulk_put", "import") if name in values}
    return {**{name: float(values[name]) for name in ("write", "read")}, **jobs}


@dataclass(frozen=True, slots=True)
class Estimate:
    """At most so many units, and about so much time at the rate that is allowed; ``None`` where there is no limit."""

    writes: int
    reads: int
    copying: timedelta | None

    @property
    def too_long(self) -> bool:
        """Whether the stream would lose changes before the copy ends."""
        return self.copying is not None and self.copying > LONGEST_COPY

    def price(self, prices: Mapping[str, float]) -> float:
        """What the units cost on demand."""
        return (self.writes * prices["write"] + self.reads * prices["read"]) / MILLION


def estimate(items: int, size: int, indexes: int, old: RateLimits, new: RateLimits) -> Estimate:
    """The estimate for ``items`` of ``size`` bytes in all, with so many indexes that each item is written to as well.

    An item takes its size in units, rounded up, so the sum is at most one unit an item more.
    """
    written = items + size // WRITE_UNIT
    read = math.ceil(size / READ_UNIT) + 1
    rates = [(written, new.write), (read, old.read)]
    seconds = [units / rate for units, rate in rates if rate]
    longest = timedelta(seconds=max(seconds)) if seconds else None
    return Estimate(written * (1 + indexes), read * READINGS, longest)


def time_text(time: timedelta) -> str:
    """``about 3 hours``."""
    seconds = time.total_seconds()
    for size, unit in ((3600.0, "hour"), (60.0, "minute")):
        if seconds >= size:
            count = round(seconds / size)
            return f"about {count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"


def notes_on(
    ports: EngineContext,
    known: Prepared,
    described: Mapping[str, Any],
    prices: Callable[[], Prices] | None,
    *,
    engine: CopyEngine = "scan",
    allowed: RateLimits = SHARED,
) -> str:
    """What building the next generation takes and what could not be checked, as sentences. Empty on an emulator.

    ``described`` is the ``Table`` member of DescribeTable. With another ``engine`` than ``scan`` the service itself
    copies. ``allowed`` are limits that a person gave. Raises ``UsageError`` where it cannot be done.
    """
    if ports.emulator:
        return ""
    name = known.declaration.spec.name
    if described.get("Replicas"):
        raise UsageError(f"{name} has replicas in other Regions, and cannot be replaced with its items yet")
    found = estimate_of(known, described, allowed)
    copied = engine != "scan"
    if copied:
        # What is left is a comparison of both tables, twice.
        found = Estimate(0, found.reads // READINGS * (READINGS - 1), None)
    if found.too_long and found.copying is not None:
        rate = "a quarter of the capacity" if allowed == SHARED else "the rate of --max-rcu and --max-wcu"
        raise UsageError(
            f"{name} cannot be copied in time: that takes {time_text(found.copying)} with {rate},"
            " and the stream keeps changes for 24 hours. Let the service copy it with --through-s3, or raise the"
            " capacity of the table and declare as much for the new one. Nothing was changed"
        )
    _refuse_missing_permissions(ports, known)
    takes = f"Copying takes {time_text(found.copying)} and" if found.copying is not None else "Copying takes"
    takes = "Comparing takes" if copied else takes
    costs = f" {takes} at most {found.writes:,} write and {found.reads:,} read units"
    if prices is not None:
        listed = prices()
        price = found.price(listed.of(ports.endpoint.region))
        costs += f", on demand {price:.2f} {listed.currency} at the prices of {listed.date}"
    unchecked = (*UNCHECKED[:-1], *BY_JOBS.get(engine, ()), UNCHECKED[-1])
    return f"{costs}. Not checked, because only a write shows it: permission for {', '.join(unchecked)}."


def estimate_of(known: Prepared, described: Mapping[str, Any], allowed: RateLimits = SHARED) -> Estimate:
    """What a copy by Scan takes, by the capacity of both tables, or by the limits that a person gave."""
    spec = known.declaration.spec
    indexes = len(spec.global_indexes or ()) + len(spec.local_indexes or ())
    old, new = (
        limits_of(table, emulator=False, max_rcu=allowed.read, max_wcu=allowed.write)
        for table in (described, _as_described(spec))
    )
    return estimate(known.found.items, known.found.size, indexes, old, new)


def _as_described(spec: TableSpec) -> Mapping[str, Any]:
    """The capacity of the declared table as DescribeTable will show it."""
    throughput = spec.billing.throughput if spec.billing is not None else None
    if throughput is None:
        return ON_DEMAND
    units = {"ReadCapacityUnits": throughput.read, "WriteCapacityUnits": throughput.write}
    return {"ProvisionedThroughput": units}


def _refuse_missing_permissions(ports: EngineContext, known: Prepared) -> None:
    """Try out what a read can show. A write would already change something."""
    pointer = known.declaration.pointer
    tried: list[tuple[str, Mapping[str, Any]]] = [
        ("GetResourcePolicy", {"ResourceArn": known.observed.identity.arn}),
        *([(pointer.check.operation, pointer.check.params)] if pointer is not None else []),
    ]
    for operation, params in tried:
        try:
            ports.api.read(operation, params)
        except Forbidden as error:
            action = operation if ":" in operation else f"dynamodb:{operation}"
            raise UsageError(f"{action} is not allowed ({error.message}), and the switch needs it") from error
        except (NotFound, Unsupported) as error:
            if operation == "kubernetes:GetConfigMap":
                # Nothing but the switch would find it otherwise, after writes were denied.
                raise UsageError(f"the name of the table cannot be published: {error.message}") from error
            continue
