"""Who may write: one record per scope, taken and renewed by conditional writes. Called by ``table`` alone.

The token rises with every new holder and is kept at release, so a former holder can always tell that it is one.
Times are the injected clock's; two clocks that differ by more than the term are caught by the token, not by the time.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from reconciler.engine.ports import Clock
from reconciler.model.errors import ConditionFailed, NotFound
from reconciler.model.records import Lease
from reconciler.state.client import StateClient
from reconciler.state.fields import written_time
from reconciler.state.records import LEASE, from_lease, to_lease
from reconciler.state.snapshot import read_record
from reconciler.state.wire import encode

TERM = timedelta(seconds=30)


class LeaseRecord:
    """The lease of one scope as one holder sees it; safe to use from several threads."""

    def __init__(
        self, client: StateClient, table: str, scope: str, *, holder: str, clock: Clock, term: timedelta = TERM
    ) -> None:
        self._client = client
        self._table = table
        self._key = encode({"scope": scope, "record": LEASE})
        self._holder = holder
        self._clock = clock
        self._term = term
        self._own: Lease | None = None
        self._lock = threading.Lock()

    def acquire(self) -> Lease | None:
        """Take a free lease or renew our own when a third of its term has gone by; None when another has it."""
        with self._lock:
            found = self.read()
            now = self._clock.now()
            valid = found is not None and found.expires > now
            if found is not None and valid and found.holder != self._holder:
                self._own = None
                return None
            ours = found is not None and valid and self._own is not None and found.token == self._own.token
            if found is not None and ours and found.expires - now > self._term * 2 / 3:
                self._own = found
                return found
            token = found.token if found is not None and ours else (found.token if found else 0) + 1
            self._own = self._take(found, Lease(self._holder, token, now + self._term))
            return self._own

    def holds(self) -> bool:
        """Whether our token is still the valid one: by our clock first, then by a consistent read."""
        with self._lock:
            own = self._own
            if own is None or own.expires <= self._clock.now():
                return False
            try:
                found = self.read()
            except NotFound:
                return False
            return (
                found is not None
                and (found.holder, found.token) == (own.holder, own.token)
                and found.expires > self._clock.now()
            )

    def owns(self, lease: Lease) -> bool:
        """Whether this process is the holder named in ``lease``."""
        return lease.holder == self._holder

    def read(self) -> Lease | None:
        """The record as it stands, expired or not."""
        params = {"TableName": self._table, "Key": self._key, "ConsistentRead": True}
        item = self._client.call("GetItem", params).get("Item")
        return None if item is None else read_record(item, to_lease, self._table)

    def release(self) -> None:
        """Let our lease expire now; its token stays. Nothing happens when it is no longer ours."""
        with self._lock:
            own, self._own = self._own, None
            if own is None:
                return
            values = {":now": written_time(self._clock.now()), ":holder": own.holder, ":token": own.token}
            request = {
                "TableName": self._table,
                "Key": self._key,
                "UpdateExpression": "SET #expires = :now",
                "ConditionExpression": "#holder = :holder AND #token = :token",
                "ExpressionAttributeNames": {"#expires": "expires", "#holder": "holder", "#token": "token"},
                "ExpressionAttributeValues": encode(values),
            }
            try:
                self._client.call("UpdateItem", request)
            except (ConditionFailed, NotFound):
                return

    def _take(self, found: Lease | None, wanted: Lease) -> Lease | None:
        """Write ``wanted`` if the record is as found. After a lost answer the SDK's retry fails on our own write."""
        request = {"TableName": self._table, "Item": {**self._key, **encode(from_lease(wanted))}, **_still(found)}
        try:
            self._client.call("PutItem", request)
        except ConditionFailed:
            return wanted if self.read() == wanted else None
        return wanted


def _still(found: Lease | None) -> Mapping[str, Any]:
    if found is None:
        return {
            "ConditionExpression": "attribute_not_exists(#record)",
            "ExpressionAttributeNames": {"#record": "record"},
        }
    members = from_lease(found)
    return {
        "ConditionExpression": " AND ".join(f"#{name} = :{name}" for name in members),
        "ExpressionAttributeNames": {f"#{name}": name for name in members},
        "ExpressionAttributeValues": encode({f":{name}": value for name, value in members.items()}),
    }
