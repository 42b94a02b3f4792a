"""Who may write: one record per scope, taken and renewed by conditional writes. Called by ``table`` alone.

No two clocks are compared. A holder believes in its lease for one term by its own steady clock; the others believe in
it for as long as they see its record change, and take it once it has stood still for a whole term by theirs. The
token rises with every new holder and is part of every renewal, so a former holder is refused by the table itself.
A verb that changes what may be done revokes the lease: it raises the token, and the holder's next renewal fails.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from reconciler.engine.ports import Clock
from reconciler.model.errors import ConditionFailed, NotFound, StateError
from reconciler.model.records import Lease
from reconciler.state.attribute_values import encode
from reconciler.state.client import StateClient
from reconciler.state.fields import written_time
from reconciler.state.record_types import LEASE, LEASES
from reconciler.state.snapshot import read_record

TERM = timedelta(seconds=30)
MARGIN = 1 / 6
"""The part of a term, at its end, in which nothing is sent: connecting takes up to 3 s after the last check."""
REVOCATIONS = 5
"""How often a revocation is tried against a holder that renews at the same moment."""


class LeaseRecord:
    """The lease of one scope as one holder sees it; safe to use from several threads."""

    def __init__(
        self,
        client: StateClient,
        table: str,
        scope: str,
        *,
        holder: str,
        clock: Clock,
        name: str = "",
        term: timedelta = TERM,
    ) -> None:
        self._name = name
        self._client = client
        self._table = table
        self._key = encode({"scope": scope, "record": LEASE})
        self._holder = holder
        self._clock = clock
        self._term = term
        self._own: Lease | None = None
        self._found: Lease | None = None
        self._token = 0
        self._led = False
        self._until = 0.0
        self._seen: Lease | None = None
        self._seen_at = 0.0
        self._lock = threading.Lock()

    def acquire(self, above: int = 0) -> Lease | None:
        """Take a free lease or renew our own when a third of its term has gone by; None when another has it.

        A new token is higher than that of the lease before, and higher than ``above``.
        """
        with self._lock:
            found = self.read()
            if self._own is not None and self._is_ours(found) and self._left() > 0:
                return self._own if self._is_recent() else self._renewed()
            self._own = None
            if found is not None and not self._is_free(found):
                return None
            token = max(above, found.token if found is not None else 0) + 1
            wanted = Lease(self._holder, token, self._clock.now() + self._term, beat=1, name=self._name)
            return self._take(found, wanted)

    def holds(self) -> bool:
        """Whether our token is still the valid one: by our clock, then by a renewal that the table itself refuses."""
        with self._lock:
            return self._left() > 0 and self._renewed() is not None

    def revoke(self, above: int = 0) -> Lease | None:
        """Free the lease of whoever holds it, under a token higher than before and than ``above``; what was revoked.

        ``None`` where it is ours, free or not there. A free one gets a new token as well: a pass that has read the
        records and not yet taken the lease must not take what it read for current. Raises ``StateError`` where its
        holder renews it faster than it can be revoked.
        """
        with self._lock:
            for _ in range(REVOCATIONS):
                found = self.read()
                free = found is None or found.released
                if found is not None and found.holder == self._holder and not free:
                    return None
                token = max(above, found.token if found else 0) + 1
                freed = Lease(self._holder, token, self._clock.now(), beat=1, released=True, name=self._name)
                if self._put(freed, _as_seen(found)) or self.read() == freed:
                    self._own, self._token, self._led = None, token, False
                    return None if free else found
        raise StateError("the lease could not be revoked, because its holder renews it all the time; try again")

    def keeps(self) -> bool:
        """The same without a request while the lease is young."""
        with self._lock:
            return self._left() > 0 and (self._is_recent() or self._renewed() is not None)

    def lasts(self) -> bool:
        """Whether something may be sent: the term, less a margin, has not run out by our clock; asks nobody."""
        return self.left_to_send() > 0

    def left_to_send(self) -> float:
        """Seconds until the margin at the end of our term begins."""
        return self._left() - self._term.total_seconds() * MARGIN

    def is_held(self, seen: Lease) -> bool:
        """Whether another process must be believed to hold the lease as it was read just now; asks nobody."""
        with self._lock:
            return not self._is_free(seen)

    @property
    def token(self) -> int:
        """The token of our last lease, lost or not; 0 where we never had one."""
        return self._token

    @property
    def led(self) -> bool:
        """Whether our token is that of a lease of ours, lost or not; False where we only revoked another one."""
        return self._led

    def lose(self) -> None:
        """Believe in our lease no more: the table showed that another one leads."""
        with self._lock:
            self._own = None

    def is_current(self, seen: Lease | None) -> bool:
        """Whether nobody else can have led between the reading of ``seen``, with all other records, and our lease."""
        with self._lock:
            own = self._own
            if own is None:
                return False
            if self._is_ours(seen):
                return True
            at_rest = seen is None or seen.released or seen.holder == own.holder
            return at_rest and seen == self._found

    def owns(self, lease: Lease) -> bool:
        """Whether this process is the holder named in ``lease``."""
        return lease.holder == self._holder

    def read(self) -> Lease | None:
        """The record as it stands, expired or not."""
        params = {"TableName": self._table, "Key": self._key, "ConsistentRead": True}
        item = self._client.call("GetItem", params).get("Item")
        return None if item is None else read_record(item, LEASES.read, self._table)

    def release(self) -> None:
        """Free our lease; its token stays. Nothing happens when it is no longer ours."""
        with self._lock:
            own, self._own = self._own, None
            if own is not None:
                self._free(own)

    def _left(self) -> float:
        """Seconds of our term; none where we hold nothing."""
        return self._until - self._clock.monotonic() if self._own is not None else 0.0

    def _is_recent(self) -> bool:
        return self._left() > self._term.total_seconds() * 2 / 3

    def _is_ours(self, found: Lease | None) -> bool:
        own = self._own
        return found is not None and own is not None and (found.holder, found.token) == (own.holder, own.token)

    def _is_free(self, found: Lease) -> bool:
        now = self._clock.monotonic()
        if self._seen is None or found.heartbeat != self._seen.heartbeat:
            self._seen, self._seen_at = found, now
        if found.released or found.holder == self._holder:
            return True
        return now - self._seen_at >= self._term.total_seconds()

    def _renewed(self) -> Lease | None:
        """Our lease with another term, under the condition that its token is still ours."""
        own, began = self._own, self._clock.monotonic()
        if own is None:
            return None
        wanted = replace(own, expires=self._clock.now() + self._term, beat=own.beat + 1)
        self._own = wanted if self._put(wanted, {"holder": own.holder, "token": own.token}) else None
        self._until = began + self._term.total_seconds()
        return self._own

    def _free(self, own: Lease) -> None:
        values = {
            ":now": written_time(self._clock.now()),
            ":released": True,
            ":holder": own.holder,
            ":token": own.token,
        }
        names = ("expires", "released", "holder", "token")
        request = {
            "TableName": self._table,
            "Key": self._key,
            "UpdateExpression": "SET #expires = :now, #released = :released",
            "ConditionExpression": "#holder = :holder AND #token = :token",
            "ExpressionAttributeNames": {f"#{name}": name for name in names},
            "ExpressionAttributeValues": encode(values),
        }
        try:
            self._client.call("UpdateItem", request)
        except (ConditionFailed, NotFound):
            return

    def _take(self, found: Lease | None, wanted: Lease) -> Lease | None:
        """Write ``wanted`` if the record is as found. After a lost answer the SDK's retry fails on our own write."""
        began = self._clock.monotonic()
        self._put(wanted, _as_seen(found))
        # Read back in any case: the answer may have been lost, or say yes to a write that was not applied.
        if self.read() != wanted:
            return None
        self._own, self._until = wanted, began + self._term.total_seconds()
        self._found, self._token, self._led = found, wanted.token, True
        return wanted

    def _put(self, wanted: Lease, expected: Mapping[str, Any]) -> bool:
        """Write the whole record if these members stand there (none: if there is no record); False if they do not.

        False as well where the answer does not show the record that was replaced: the write was not applied.
        """
        condition = " AND ".join(f"#{name} = :{name}" for name in expected)
        values = encode({f":{name}": value for name, value in expected.items()})
        request = {
            "TableName": self._table,
            "Item": {**self._key, **encode(LEASES.write(wanted))},
            "ConditionExpression": condition or "attribute_not_exists(#record)",
            "ExpressionAttributeNames": {f"#{name}": name for name in expected or ("record",)},
            "ReturnValues": "ALL_OLD",
            **({"ExpressionAttributeValues": values} if values else {}),
        }
        try:
            answer = self._client.call("PutItem", request)
        except (ConditionFailed, NotFound):
            return False
        return bool(answer.get("Attributes")) or not expected or self.read() == wanted


def _as_seen(found: Lease | None) -> dict[str, Any]:
    """What must stand there still for nobody to have taken or renewed the lease in between."""
    if found is None:
        return {}
    pulse = {"beat": found.beat} if found.beat else {"expires": written_time(found.expires)}
    return {"holder": found.holder, "token": found.token, **pulse}
