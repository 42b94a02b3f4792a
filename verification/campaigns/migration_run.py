"""Run one case of the campaign ``migrations`` and compare the table with the writers' own model.

No item is lost or resurrected, no write of others is overwritten, no item is changed twice, and no attribute is added
but those of the migration. Items that nobody else wrote have the migration in the end. The state table is the
product's own, over the same calls, so that a process can die at each of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

from campaigns.migration_case import FAULTS, Event, MigrationCase
from simulation.clock import CountingRandom, OneByOne, VirtualClock
from simulation.simulated_engine import AllValid, ListSource, Silent, declaration

from reconciler.aws.mover_api import BotoMoverApi
from reconciler.engine.commands import CommandContext
from reconciler.engine.context import EngineContext
from reconciler.model.change import Call, is_read
from reconciler.model.errors import Ambiguous, ApiError, LeaseLost, StateError, Throttled, UsageError
from reconciler.model.identity import Endpoint
from reconciler.model.options import Options
from reconciler.model.records import MigrationChecksums
from reconciler.mover import migrate_commands
from reconciler.mover.migrate_commands import MigrateCommands, MigrateLimits
from reconciler.mover.migration_file import MigrationFile
from reconciler.mover.ports import Where
from reconciler.mover.scan import SegmentedScan
from reconciler.state.state_table import StateTable

NAME, STATE = "users", "reconciler_state"
PROCESSES = 12
"""More than any case has faults: the last ones run undisturbed."""


class Died(BaseException):
    """The process ends here. It is a ``BaseException``, so that the product cannot catch it."""


class Backend(Protocol):
    """An endpoint: the calls of the product, and the items as an independent client sees and writes them."""

    endpoint: Endpoint

    def reset(self) -> None:
        """Only an empty table ``users``, and no state table."""
        ...

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]: ...

    def put(self, item: Mapping[str, Any]) -> None: ...

    def change(self, key: str, attributes: Mapping[str, Any]) -> bool:
        """Set attributes of an existing item; ``False`` if there is none."""
        ...

    def delete(self, key: str) -> None: ...

    def items(self) -> dict[str, dict[str, Any]]: ...


def migration(variant: str) -> MigrationFile:
    """The migration of a variant, with its inverse."""
    members: dict[str, Any] = {
        "table": NAME,
        "checksums": MigrationChecksums(variant),
        "number": 1,
        "name": f"0001_{variant}",
        "file": "m.py",
    }
    if variant == "cents":
        return MigrationFile(
            **members,
            up=lambda item: {"price": item["price"] * 100, "unit": "cent"},
            down=lambda item: {"price": item["price"] / 100, "unit": None},
            done=lambda item: item.get("unit") == "cent",
        )
    if variant == "rename":
        return MigrationFile(
            **members,
            up=lambda item: {"full": item["name"], "name": None} if "name" in item else {},
            down=lambda item: {"name": item["full"], "full": None} if "full" in item else {},
        )
    if variant == "constant":
        return MigrationFile(**members, up=lambda item: {"group": "adult"}, down=lambda item: {"group": None})
    where = Where("attribute_not_exists(#g)", {"#g": "group"}) if variant == "where" else None

    def group(item: Mapping[str, Any]) -> dict[str, Any]:
        return {"group": "adult" if item["age"] >= 18 else "minor"}

    return MigrationFile(**members, up=group, down=lambda item: {"group": None}, where=where)


class Transport:
    """Numbers all calls of all processes; faults and writers come at their numbers."""

    def __init__(self, backend: Backend, case: MigrationCase, clock: VirtualClock) -> None:
        self.backend, self.case, self.clock = backend, case, clock
        self.count = 0
        self.figures: Counter[str] = Counter()
        self.model: dict[str, dict[str, Any]] = {}
        self.written: set[str] = set()
        """Keys that a writer wrote after the start."""
        self.rival: Callable[[], None] | None = None

    def through(self, operation: str, params: Mapping[str, Any], lasts: Callable[[], bool]) -> dict[str, Any]:
        at, self.count = self.count, self.count + 1
        events = [event for event in self.case.events if event.at == at]
        for event in events:
            if event.kind not in FAULTS:
                self.write(event)
        kind = next((event.kind for event in events if event.kind in FAULTS), None)
        if kind == "crash_before":
            raise Died
        # The hook of the product's clients, right before the socket.
        if not is_read(operation) and params["TableName"] != STATE and not lasts():
            raise LeaseLost(operation, "LeaseLost", "our lease ran out before the call was sent")
        if kind == "throttled":
            self.figures["throttled"] += 1
            raise Throttled(operation, "ThrottlingException", "slow down")
        if kind == "paused" and self.rival is not None:
            self.figures["paused"] += 1
            self.rival()
        answer = self.backend.call(operation, params)
        if kind == "crash_after":
            raise Died
        if kind == "lost":
            self.figures["lost"] += 1
            raise Ambiguous(operation, "InternalServerError", "no usable answer")
        return answer

    def write(self, event: Event) -> None:
        """What a writer does, in the table and in its own model."""
        key = f"u{event.key:02}"
        self.figures["writes"] += 1
        match event.kind:
            case "put":
                self._put(key, event)
            case "touch":
                self._change(key, {"note": {"S": f"at {event.at}"}})
            case "age":
                self._change(key, {"age": {"N": str(event.at % 40)}})
            case "delete":
                self._delete(key)
            case "delete_and_put":
                self._delete(key)
                self._put(key, event)
            case "move":
                self._delete(key)
                self._put(f"v{event.key:02}", event)

    def _put(self, key: str, event: Event) -> None:
        item = old_shape(key, event.at)
        self.backend.put(item)
        self.model[key] = item
        self.written.add(key)

    def _change(self, key: str, attributes: Mapping[str, Any]) -> None:
        assert self.backend.change(key, attributes) == (key in self.model)
        if key in self.model:
            self.model[key] = {**self.model[key], **attributes}
            self.written.add(key)

    def _delete(self, key: str) -> None:
        self.backend.delete(key)
        self.model.pop(key, None)
        self.written.add(key)


def old_shape(key: str, number: int) -> dict[str, Any]:
    """An item as the application writes it before the migration."""
    return {
        "pk": {"S": key},
        "age": {"N": str(number % 40)},
        "price": {"N": str(number + 1)},
        "name": {"S": f"name {number}"},
    }


class Client:
    """``ApiClient.call`` of one process over the transport."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.lasts: Callable[[], bool] = lambda: True

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return self.transport.through(operation, params, self.lasts)


class Tables:
    """The ``TableApi`` port of one process."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def list_tables(self) -> tuple[str, ...]:
        return (NAME,)

    def read(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.client.call(operation, params)

    def write(self, call: Call) -> Mapping[str, Any]:
        raise AssertionError(f"a migration sends no {call.operation}")


def process(transport: Transport, holder: str) -> tuple[MigrateCommands, StateTable]:
    """A process that runs ``migrate``, with nothing but what the state table has."""
    client = Client(transport)
    store = StateTable(client, STATE, "default/default", holder=holder, clock=transport.clock)
    client.lasts = store.lease_lasts
    ports = EngineContext(
        Tables(client),
        None,  # type: ignore[arg-type]
        store,
        ListSource((declaration(NAME),)),
        transport.clock,
        CountingRandom(),
        Silent(),
        OneByOne(),
        AllValid(),
        transport.backend.endpoint,
    )
    command = CommandContext(ports, Options(), frozenset(), transport.clock.now() + timedelta(days=1))
    items = BotoMoverApi(client)  # type: ignore[arg-type]
    limits = MigrateLimits(workers=transport.case.segments)
    return MigrateCommands(command, items, (migration(transport.case.variant),), "me", limits), store


def run(case: MigrationCase, backend: Backend) -> Counter[str]:
    """Processes follow one another until the migration is finished; then everything is compared."""
    backend.reset()
    clock = VirtualClock()
    transport = Transport(backend, case, clock)
    for number in range(case.items):
        item = old_shape(f"u{number:02}", number)
        backend.put(item)
        transport.model[f"u{number:02}"] = item
    with _small(case):
        _until_finished(transport, "up")
        check(transport, backend.items(), undone=False)
        if case.down:
            _until_finished(transport, "down")
            check(transport, backend.items(), undone=True)
    return transport.figures + Counter({"cases": 1, "calls": transport.count, "kills": _kills(transport)})


def _kills(transport: Transport) -> int:
    return sum(event.kind.startswith("crash") and event.at < transport.count for event in transport.case.events)


def _until_finished(transport: Transport, direction: str) -> None:
    for number in range(PROCESSES):
        commands, store = process(transport, f"{direction} {number}")
        transport.rival = lambda number=number: _rival(transport, direction, number)  # type: ignore[misc]
        try:
            results = commands.up() if direction == "up" else commands.down()
        except Died:
            continue
        except (ApiError, StateError) as error:
            transport.figures[type(error).__name__] += 1
            continue
        except UsageError as error:
            # A process before this one has undone it, and its answer was lost.
            if direction == "up" or "no migration is applied" not in str(error):
                raise
            return
        if all(result.finished for result in results):
            with suppress(ApiError, Died):
                store.release_lease()
            return
        for result in results:
            assert not result.problems, [str(problem) for problem in result.problems]
    raise AssertionError(f"not finished after {PROCESSES} processes")


def _rival(transport: Transport, direction: str, number: int) -> None:
    """Another process, while this one stands still: it outwaits the lease and does the rest."""
    transport.rival = None
    commands, store = process(transport, f"rival of {direction} {number}")
    with suppress(ApiError, StateError, UsageError, Died):
        commands.up() if direction == "up" else commands.down()
        store.release_lease()


class _small:  # noqa: N801 - used as a function
    """Small pages, so that a small table has many."""

    def __init__(self, case: MigrationCase) -> None:
        self._case = case
        self._former: Any = None

    def __enter__(self) -> None:
        case = self._case
        self._former = migrate_commands.SegmentedScan, migrate_commands.segments_for
        migrate_commands.SegmentedScan = lambda *given: replace(SegmentedScan(*given), page_items=case.page)  # type: ignore[misc,assignment]
        migrate_commands.segments_for = lambda items, most: case.segments

    def __exit__(self, *_: object) -> None:
        migrate_commands.SegmentedScan, migrate_commands.segments_for = self._former


def check(transport: Transport, found: Mapping[str, dict[str, Any]], *, undone: bool) -> None:
    """Compare the table with the model of the writers."""
    model, variant = transport.model, transport.case.variant
    assert found.keys() == model.keys(), (
        f"lost {sorted(model.keys() - found.keys())}, resurrected {sorted(found.keys() - model.keys())}"
    )
    for key, wanted in model.items():
        item = dict(found[key])
        migrated = _taken_back(variant, item)
        assert migrated is not None, f"{key} is neither old nor new: {found[key]}, and was written as {wanted}"
        old, is_new = migrated
        # While it is undone, and behind the Scan, an item of a writer may have either shape.
        assert old == wanted, f"{key} is {found[key]}, and was written as {wanted}"
        if key not in transport.written:
            assert is_new is not undone, f"{key} was not {'undone' if undone else 'migrated'}: {found[key]}"


def _taken_back(variant: str, item: dict[str, Any]) -> tuple[dict[str, Any], bool] | None:
    """The item as a writer knows it, and whether it is migrated; ``None`` if it is neither old nor new."""
    if variant == "cents":
        if "unit" not in item:
            return item, False
        price = str(int(item["price"]["N"]) // 100)
        return {**{name: value for name, value in item.items() if name != "unit"}, "price": {"N": price}}, True
    if variant == "rename":
        if "full" not in item:
            return item, False
        old = {name: value for name, value in item.items() if name != "full"}
        return ({**old, "name": item["full"]}, True) if "name" not in item else None
    group = item.pop("group", None)
    if group is None:
        return item, False
    return (item, True) if group in ({"S": "adult"}, {"S": "minor"}) else None
