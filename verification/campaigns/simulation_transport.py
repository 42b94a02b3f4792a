"""The transport between engine and service in the campaign ``simulation``: numbers each call, and may break it.

Deeds of others happen right before the call of their number. The wire tells the witness of every call that arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from campaigns.simulation_case import Fault
from simulation.copies import copied
from simulation.items import Items
from simulation.refusal import in_use, limit, missing, throttled
from simulation.simulated_dynamodb import SimulatedDynamoDB

from reconciler.model.change import Call
from reconciler.model.desired import PutTogether, Removal
from reconciler.model.errors import Ambiguous, Denied, Malformed, Unreachable

READS = ("read", "list")
SEEN_AFTER = 30.0
"""Seconds after its create in which a table may not be found."""


class Crash(BaseException):
    """The process ends here. It is a ``BaseException``, so that the product cannot catch it."""


class Watcher(Protocol):
    """Receives every call of the transport."""

    def writes(self, call: Call, at: int) -> None: ...

    def wrote(self, call: Call, at: int) -> None: ...

    def described(self, table: str, at: int) -> None: ...

    def scanned(self, table: str, at: int) -> None: ...

    def garbled(self) -> None: ...


class Transport:
    """``faults`` and ``actions`` of a phase by number. ``calls`` counts its calls, ``hits`` the faults by kind.

    ``known`` are the answers of the turn before, which a stale one repeats.
    """

    def __init__(self, dynamodb: SimulatedDynamoDB) -> None:
        self.dynamodb = dynamodb
        self.calls = 0
        self.faults: dict[int, str] = {}
        self.actions: dict[int, list[Callable[[], None]]] = {}
        self.expired = False
        self.hits: dict[str, int] = {}
        self.known: dict[Any, Any] = {}
        self.recent: dict[Any, Any] = {}
        self.watcher: Watcher | None = None

    def begin(self, faults: Iterable[Fault], actions: dict[int, list[Callable[[], None]]]) -> None:
        """A new phase."""
        self.calls, self.expired, self.actions = 0, False, actions
        self.known, self.recent = self.recent, {}
        self.faults = {fault.at: fault.kind for fault in faults}

    def through(self, port: str, operation: str, work: Callable[[], Any], key: Any = None) -> Any:
        """The call's answer, or its failure."""
        at = self.calls
        self.calls = at + 1
        for action in self.actions.pop(at, ()):
            action()
        if self.expired:
            raise _expired(operation)
        kind = self.faults.get(at)
        answer = work() if kind is None else self._broken(kind, port, operation, work, key)
        if port in READS and self.dynamodb.stale:
            self.recent.setdefault((operation, key), answer)
        return answer

    def _broken(self, kind: str, port: str, operation: str, work: Callable[[], Any], key: Any) -> Any:
        self.hits[kind] = self.hits.get(kind, 0) + 1
        match kind:
            case "internal_after" | "lost":
                work()
                raise Ambiguous(operation, "InternalServerError", "no usable answer")
            case "malformed":
                work()
                if self.watcher:
                    self.watcher.garbled()
                raise Malformed(operation, "MissingKey", "the answer lacks what every such answer has")
            case "crash_after":
                work()
                raise Crash
            case "stale" if port in READS and (operation, key) in self.known:
                return copied(self.known[operation, key])
            case "stale":
                return work()
            case "not_found":
                return self._unseen(port, operation, work, key)
        raise self._refusal(kind, port, operation)

    def _refusal(self, kind: str, port: str, operation: str) -> BaseException:
        match kind:
            case "limit" if port == "write":
                return limit(operation, "too much at once")
            case "in_use" if port == "write":
                return in_use(operation, "it is being changed")
            case "internal":
                return Ambiguous(operation, "InternalServerError", "failed before anything was done")
            case "unreachable":
                return Unreachable(operation, "ConnectionError", "nobody answers")
            case "expired":
                self.expired = True
                return _expired(operation)
            case "crash":
                return Crash()
        return throttled(operation)

    def _unseen(self, port: str, operation: str, work: Callable[[], Any], key: Any) -> Any:
        """Only a young table may not be seen yet, and never on an emulator."""
        table = self.dynamodb.tables.get(key) if isinstance(key, str) else None
        lagging = port == "read" and self.dynamodb.strict and table is not None
        if lagging and table is not None and self.dynamodb.clock.seconds - table.born < SEEN_AFTER:
            raise missing(operation, "not seen yet")
        return work()


def _expired(operation: str) -> Denied:
    return Denied(operation, "ExpiredTokenException", "the security token is expired")


class FaultyTables:
    """The ``TableApi`` port over a transport."""

    def __init__(self, transport: Transport, watcher: Watcher) -> None:
        self._transport, self._dynamodb, self._watcher = transport, transport.dynamodb, watcher
        transport.watcher = watcher

    def list_tables(self) -> tuple[str, ...]:
        names: tuple[str, ...] = self._transport.through("list", "ListTables", self._dynamodb.list_tables)
        return names

    def read(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        key = params.get("TableName") or params.get("ResourceArn") or repr(params)
        if "IndexName" in params:
            key = (key, params["IndexName"])
        at = self._transport.calls
        answer: Mapping[str, Any] = self._transport.through(
            "read", operation, lambda: self._dynamodb.read(operation, params), key
        )
        if operation == "DescribeTable":
            self._watcher.described(params["TableName"], at)
        return answer

    def write(self, call: Call) -> Mapping[str, Any]:
        at = self._transport.calls

        def work() -> Mapping[str, Any]:
            self._watcher.writes(call, at)
            answer = self._dynamodb.write(call)
            self._watcher.wrote(call, at)
            return answer

        answered: Mapping[str, Any] = self._transport.through("write", call.operation, work)
        return answered


class FaultyItems:
    """The ``ItemApi`` port over a transport; it is always consistent."""

    def __init__(self, transport: Transport, items: Items, watcher: Watcher) -> None:
        self._transport, self._items, self._watcher = transport, items, watcher

    def first_items(self, table: str, limit: int) -> tuple[dict[str, Any], ...]:
        at = self._transport.calls

        def work() -> tuple[dict[str, Any], ...]:
            found = self._items.first_items(table, limit)
            self._watcher.scanned(table, at)
            return found

        found: tuple[dict[str, Any], ...] = self._transport.through("items", "Scan", work)
        return found

    def put_if_absent(self, table: str, item: Mapping[str, Any], key_names: Iterable[str]) -> bool:
        put = self._transport.through("items", "PutItem", lambda: self._items.put_if_absent(table, item, key_names))
        return bool(put)

    def put_together(
        self, table: str, items: Sequence[Mapping[str, Any]], key_names: Sequence[str], token: str
    ) -> PutTogether:
        put: PutTogether = self._transport.through(
            "items", "TransactWriteItems", lambda: self._items.put_together(table, items, key_names, token)
        )
        return put

    def find_item(self, table: str, item: Mapping[str, Any], key_names: Iterable[str]) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._transport.through(
            "items", "GetItem", lambda: self._items.find_item(table, item, key_names)
        )
        return found

    def all_items(self, table: str) -> Iterator[dict[str, Any]]:
        found: list[dict[str, Any]] = self._transport.through(
            "items", "Scan", lambda: list(self._items.all_items(table))
        )
        return iter(found)

    def remove_if_equal(self, table: str, item: Mapping[str, Any], key_names: Iterable[str]) -> Removal:
        end = self._transport.through(
            "items", "DeleteItem", lambda: self._items.remove_if_equal(table, item, key_names)
        )
        return Removal(end)
