"""Tables at an emulator that the user started. Their items are compared and written back before each test.

What others keep there is never touched: a table that exists and was not created by a test run is refused.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from reconciler.pytest_plugin.backend import Refused
from reconciler.pytest_plugin.declared import CONVERGE_SECONDS, STATE_TABLE, Content, Declared, Server
from reconciler.pytest_plugin.items import all_items
from reconciler.pytest_plugin.options import Options

BATCH = 25
"""Requests that one BatchWriteItem may have."""
RECREATE_FROM = 5000
"""Items to delete from which on a table is created anew: that takes a second, and this many deletions take longer."""
POLL_SECONDS = 0.05
Items = Mapping[str, Sequence[Mapping[str, Any]]]
"""The items of each table, as DynamoDB JSON."""


class RemoteBackend:
    """``key`` is an access key ID of this process alone. DynamoDB Local without -sharedDb gives it its own tables.

    ``name`` is what messages call the server, by default the option with its URL.
    """

    def __init__(self, options: Options, declared: Declared, key: str, *, name: str | None = None) -> None:
        assert options.url is not None
        self._name = name or f"--dynamodb {options.url}"
        self.server = Server(options.url, key, options.region)
        self._declared = declared
        self._shapes: dict[str, Any] = {}
        self._migrated: Items | None = None
        self._lock: IO[bytes] | None = None
        self._lock_path = Path()

    def start(self) -> None:
        """Create the tables. Raises ``Refused`` at AWS, and where tables of others are in the way."""
        if self._shapes or not self._declared.exists:
            self._identify()
            return
        self._identify()
        self._hold_server()
        try:
            self._refuse_tables_of_others()
            self._declared.converge(self.server, seeds=False)
            client = self.server.client()
            self._shapes = {name: _shape(client, name) for name in self._declared.names.values()}
            shared = self._is_shared()
        except BaseException:
            self.leave()
            raise
        if not shared:
            self.leave()

    def reset(self, content: Content) -> None:
        """Let every table have its declared shape, and the items of its seed or none."""
        if content is Content.BLANK:
            return
        if content is Content.MIGRATED and self._migrated is not None:
            self.restore(self._migrated)
            return
        seeded = content is not Content.EMPTY
        declarations = self._declared.state.declarations
        self.restore(
            {each.spec.name: list(each.seed.items) if each.seed and seeded else [] for each in declarations},
        )
        if content is Content.MIGRATED:
            self._declared.migrate(self.server)
            self._migrated = self.snapshot()

    def snapshot(self) -> Items:
        """All items of the declared tables."""
        client = self.server.client()
        return {name: all_items(client, name) for name in self._shapes}

    def restore(self, snapshot: Items) -> None:
        """Write what is missing or changed, delete what is too much; a table of another shape is created anew."""
        client = self.server.client()
        changed = {name for name, shape in self._shapes.items() if _shape(client, name) != shape}
        live = {name: all_items(client, name) for name in snapshot if name not in changed}
        keys = {name: _keys(self._shapes[name]) for name in snapshot}
        for name, items in live.items():
            if len(items) - len(snapshot[name]) > RECREATE_FROM:
                changed.add(name)
        if changed:
            _delete(client, changed)
            self._declared.converge(self.server, seeds=False)
            self._shapes |= {name: _shape(client, name) for name in changed}
        for name, wanted in snapshot.items():
            there = [] if name in changed else live[name]
            for batch in _batches(_requests(there, wanted, keys[name])):
                _write(client, name, batch)

    def close(self) -> None:
        """Delete the tables that this run created."""
        if self._shapes:
            client = self.server.client()
            client.update_table(TableName=STATE_TABLE, DeletionProtectionEnabled=False)
            _delete(client, {*self._shapes, STATE_TABLE})
            self._shapes = {}
        self.leave()

    def leave(self) -> None:
        """Let other processes use the server; for one that is gone with its tables."""
        if self._lock is not None:
            self._lock_path.unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def _identify(self) -> None:
        from reconciler.model.errors import ReconcilerError

        try:
            with self._declared.opened(self.server) as app:
                endpoint = app.connection.identify()
        except ReconcilerError as error:
            raise Refused(f"{self._name}: {error}") from error
        if not endpoint.flavor.emulator:
            raise Refused(
                f"{self._name}: tests run at an emulator alone, and this is {endpoint.flavor.value}. "
                "Name DynamoDB Local, moto or LocalStack."
            )

    def _refuse_tables_of_others(self) -> None:
        from reconciler.planning.ownership import is_ours

        client = self.server.client()
        listed = client.get_paginator("list_tables").paginate()
        there = {name for page in listed for name in page["TableNames"]}
        with self._declared.opened(self.server) as app:
            inventory = app.reconciler.ports.store.load().inventory
        ours = {name for name, entry in inventory.items() if is_ours(entry)}
        others = sorted((there & set(self._declared.names.values())) - ours)
        if others:
            raise Refused(
                f"{self._name}: {', '.join(others)} exists there and was not created by a test run. "
                "Tests would overwrite its items. Delete it, set dynamodb_environment so that the tests have tables "
                "of other names, or use --dynamodb local."
            )
        if ours & there:
            # A run that was killed left them, and its records tell which migrations were applied to them.
            client.update_table(TableName=STATE_TABLE, DeletionProtectionEnabled=False)
            _delete(client, {*(ours & there), STATE_TABLE})

    def _is_shared(self) -> bool:
        """Whether a client with another access key ID sees the tables of this one."""
        other = Server(self.server.url, f"other{os.urandom(4).hex()}", self.server.region)
        return STATE_TABLE in other.client().list_tables()["TableNames"]

    def _hold_server(self) -> None:
        """One process of this machine at a time: they would write into each other's tables.

        A process at a server that keeps access keys apart holds it too, until its tables are there. This one waits
        then: its own key sees no table.
        """
        client = self.server.client()
        for _ in range(int(CONVERGE_SECONDS / POLL_SECONDS)):
            if self._takes_lock():
                return
            if client.list_tables()["TableNames"]:
                break
            time.sleep(POLL_SECONDS)
        raise Refused(
            f"{self._name}: another process of tests uses this server, and it does not keep access keys apart. "
            "Wait for it, run without xdist, or use --dynamodb local."
        )

    def _takes_lock(self) -> bool:
        name = hashlib.sha256(self.server.url.encode()).hexdigest()[:16]
        self._lock_path = Path(tempfile.gettempdir()) / f"dynamodb-reconciler-{os.getuid()}-{name}.lock"
        lock = self._lock_path.open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return False
        # The process that had it may have removed the file in between.
        if not os.fstat(lock.fileno()).st_nlink:
            lock.close()
            return self._takes_lock()
        self._lock = lock
        return True


def _shape(client: Any, name: str) -> Any:
    """What a test may have changed of a table; ``None`` where it is missing. Counts and times do not belong to it."""
    try:
        table = client.describe_table(TableName=name)["Table"]
    except client.exceptions.ResourceNotFoundException:
        return None
    kept = ("KeySchema", "AttributeDefinitions", "BillingModeSummary", "StreamSpecification", "TableStatus")
    shape = {each: table.get(each) for each in kept}
    indexes = (*table.get("GlobalSecondaryIndexes", ()), *table.get("LocalSecondaryIndexes", ()))
    shape["indexes"] = sorted((each["IndexName"], str(each["KeySchema"])) for each in indexes)
    shape["throughput"] = [
        table.get("ProvisionedThroughput", {}).get(f"{kind}CapacityUnits") for kind in ("Read", "Write")
    ]
    return shape


def _keys(shape: Any) -> tuple[str, ...]:
    return tuple(each["AttributeName"] for each in shape["KeySchema"])


def _requests(
    live: Iterable[Mapping[str, Any]], wanted: Iterable[Mapping[str, Any]], keys: Sequence[str]
) -> Iterator[Mapping[str, Any]]:
    """The requests of BatchWriteItem that turn ``live`` into ``wanted``; none for an item that is equal."""
    from reconciler.seeding.digest import canonical

    def key(item: Mapping[str, Any]) -> str:
        return canonical({name: item[name] for name in keys})

    there, expected = {key(item): item for item in live}, {key(item): item for item in wanted}
    for name, item in there.items():
        if name not in expected:
            yield {"DeleteRequest": {"Key": {attribute: item[attribute] for attribute in keys}}}
    for name, item in expected.items():
        if name not in there or canonical(there[name]) != canonical(item):
            yield {"PutRequest": {"Item": item}}


def _batches(requests: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    batch: list[Mapping[str, Any]] = []
    for request in requests:
        batch.append(request)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _write(client: Any, table: str, batch: list[Mapping[str, Any]]) -> None:
    """Write one batch; an emulator, too, may leave some of it unprocessed."""
    left: Any = {table: batch}
    while left:
        left = client.batch_write_item(RequestItems=left).get("UnprocessedItems")


def _delete(client: Any, names: Iterable[str]) -> None:
    """Delete tables, protected or not, and wait until they are gone."""
    names = list(names)
    for name in names:
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            if client.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
                client.update_table(TableName=name, DeletionProtectionEnabled=False)
            client.delete_table(TableName=name)
    for name in names:
        client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
