"""The control plane of DynamoDB in memory, behind the engine's ``TableApi`` port: virtual time, no socket, no SDK.

It keeps the service's rules (one file a concern under ``operations`` and ``updates``), answers with the service's error
codes and statuses, and journals every call. ``faults`` lets a test replace any answer. The rules that count calls over
time (``strict``) and stale answers (``stale`` seconds) are AWS's; emulators have neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulation import reads, writes
from simulation.clock import VirtualClock
from simulation.copies import copied
from simulation.jobs import SimulatedJobs
from simulation.refusal import missing, unknown
from simulation.scaling import ScalableTargets
from simulation.streams import SimulatedStreams
from simulation.table import Table

from reconciler.model.change import Call
from reconciler.model.errors import ApiError

MUTATING = tuple(writes.OPERATIONS)
REGION, ACCOUNT = "eu-central-1", "111122223333"
SCALING = "application-autoscaling:"
SIX_HOURS = 6 * 3600.0


class SimulatedDynamoDB:
    """The table API. ``delay`` is how many virtual seconds a create, update or index build takes."""

    def __init__(
        self,
        clock: VirtualClock,
        *,
        delay: float = 0.0,
        has_tags: bool = True,
        table_ids: bool = True,
        strict: bool = False,
        stale: float = 0.0,
    ) -> None:
        self.clock, self.delay, self.has_tags, self.table_ids = clock, delay, has_tags, table_ids
        self.strict, self.stale = strict, stale
        self.limit, self.limit_with_indexes = 500, 250
        # DynamoDB Local is the one endpoint without tags, and its ARNs say what it is.
        self.place = f"{REGION}:{ACCOUNT}" if has_tags else "ddblocal:000000000000"
        self.tables: dict[str, Table] = {}
        self.ghosts: dict[str, float] = {}
        self.journal: list[Call] = []
        self.refusals: list[tuple[Call, ApiError]] = []
        self.reads: list[tuple[str, Mapping[str, Any]]] = []
        self.faults: Callable[[str, Mapping[str, Any]], None] | None = None
        self.after: Callable[[str, Mapping[str, Any]], None] | None = None
        self.sticky: set[str] = set()
        self.aliases: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self.failing: set[str] = set()
        self.recent: dict[str, list[float]] = {}
        self.tokens: dict[str, Any] = {}
        self.born = 0
        self.has_backups = False
        self.backups: dict[str, dict[str, Any]] = {}
        self.streams = SimulatedStreams(clock, lambda: self.tables)
        self.jobs = SimulatedJobs(clock, lambda: self.tables)
        self.scaling: ScalableTargets | None = ScalableTargets(self._provisioned)

    @property
    def mutating(self) -> list[str]:
        """The operations of the journal."""
        return [call.operation for call in self.journal]

    @property
    def refused(self) -> list[str]:
        """Every refused call as ``operation: code``."""
        return [f"{call.operation}: {error.code}: {error.message}" for call, error in self.refusals]

    def list_tables(self) -> tuple[str, ...]:
        """Eventually consistent: what was just deleted may still be listed, what was just made may not."""
        self.reads.append(("ListTables", {}))
        self._fault("ListTables", {})
        self.settle()
        now = self.clock.seconds
        seen = {name for name, table in self.tables.items() if table.visible_at <= now}
        return tuple(sorted(seen | {name for name, until in self.ghosts.items() if until > now}))

    def read(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A describe operation; right after a create the table may not be seen yet."""
        self.reads.append((operation, params))
        self._fault(operation, params)
        self.settle()
        if operation.startswith(SCALING):
            return copied(self._scalable(operation).read(operation, params))
        if operation not in reads.READS:
            raise unknown(operation)
        answer: Mapping[str, Any] = copied(reads.READS[operation](self, dict(params)))
        return answer

    def write(self, call: Call) -> Mapping[str, Any]:
        """A mutating operation, done or refused as the service would."""
        self._fault(call.operation, call.params)
        self.journal.append(call)
        try:
            answer = self.do(call.operation, call.params)
        except ApiError as error:
            self.refusals.append((call, error))
            raise
        if self.after:
            self.after(call.operation, call.params)
        return copied(answer)

    def do(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """A foreign call: not in the journal, and without injected faults."""
        self.settle()
        if operation.startswith(SCALING):
            return self._scalable(operation).write(operation, params)
        if operation not in writes.OPERATIONS:
            raise unknown(operation)
        if self.sticky.intersection(params):
            return {}
        return writes.OPERATIONS[operation](self, copied(dict(params)))

    def make(self, **params: Any) -> Table:
        """A foreign table that is ACTIVE at once."""
        params.setdefault("BillingMode", "PAY_PER_REQUEST")
        self.do("CreateTable", params)
        table = self.tables[params["TableName"]]
        table.visible_at = 0.0
        table.settle(float("inf"))
        return table

    def table(self, operation: str, name: str) -> Table:
        """The live table of this name or ARN."""
        name = name.split(":table/", 1)[-1].split("/", 1)[0]
        if name not in self.tables:
            raise missing(operation, f"no table {name}")
        return self.tables[name]

    def arn(self, name: str) -> str:
        return f"arn:aws:dynamodb:{self.place}:table/{name}"

    def changed(self, table: Table, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        """An item was written or deleted."""
        self.jobs.changed(table, before, after)
        self.streams.changed(table, before, after)

    def settle(self) -> None:
        """Everything that is due by now has happened."""
        self.jobs.advance()
        for table in list(self.tables.values()):
            table.settle(self.clock.seconds)
            if self.clock.seconds - table.counted_items_at >= SIX_HOURS:
                table.counted_items_at = self.clock.seconds
                table.description["ItemCount"] = len(table.items)

    def soon(self, table: Table, what: Callable[[], None], share: float = 1.0) -> None:
        """``what`` happens after ``share`` of the delay."""
        table.later(self.clock.seconds + self.delay * share, what)

    def _scalable(self, operation: str) -> ScalableTargets:
        if self.scaling is None:
            raise unknown(operation)
        return self.scaling

    def _provisioned(self, name: str, index: str | None) -> bool:
        table = self.tables.get(name)
        if table is None or table.mode != "PROVISIONED":
            return False
        indexes = table.description.get("GlobalSecondaryIndexes", [])
        return index is None or index in [i["IndexName"] for i in indexes if i["IndexStatus"] != "DELETING"]

    def _fault(self, operation: str, params: Mapping[str, Any]) -> None:
        if self.faults:
            self.faults(operation, params)
