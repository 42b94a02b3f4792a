"""The lease: the exclusive right to write, one record per scope. Called by ``state_table`` alone.

It never compares two clocks. The holder trusts its lease for one term by its own steady clock. Others trust it while
they see the record change, and take it over after it was unchanged for a whole term by their own clocks. The fencing
token rises with each new holder and is a condition of each renewal, so DynamoDB itself rejects a former holder. A
command such as ``suspend`` revokes the lease: it raises the token, so that the next renewal of the holder fails.
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
"""The fraction at the end of a term in which nothing is sent: a connection takes up to 3 s after the last check."""
REVOCATIONS = 5
"""Attempts of a revocation. One fails if the holder renews at the same moment."""


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
        self._renewals = 0
        """How many renewals were begun."""
        self._renewed_last = 0
        """Which of them succeeded last."""
        self._proofs = 0
        """How many renewals and reads were begun that prove the lease."""
        self._proven_last = 0
        """Which of them succeeded last."""
        self._lock = threading.Lock()

    def acquire(self, above: int = 0) -> Lease | None:
        """Take a free lease, or renew ours after a third of its term. None if another process holds it.

        A new token is higher than that of the previous lease and higher than ``above``.
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
        """Whether we hold the lease: by our clock, then by a renewal, which fails for a former holder.

        Threads that ask while a renewal is on its way share the next one. It begins after all of them asked, so it
        proves as much as one renewal for each of them, which would be sent one after the other. One that failed, or
        whose response was lost, proves nothing: then each thread sends its own.
        """
        begun = self._renewals
        with self._lock:
            if self._renewed_last > begun:
                return self._left() > 0
            return self._left() > 0 and self._renewed() is not None

    def confirms(self) -> bool:
        """As ``holds``, but by a consistent read during the first third of the term, which costs the server far less.

        It proves as much: whoever took or revoked the lease before it has changed the record that is read. Threads
        share reads and renewals as with ``holds``.
        """
        begun = self._proofs
        with self._lock:
            if self._proven_last > begun:
                return self._left() > 0
            if self._left() <= 0:
                return False
            return self._is_unchanged() if self._is_recent() else self._renewed() is not None

    def revoke(self, above: int = 0) -> Lease | None:
        """Free the lease of another holder under a higher token. Returns the revoked lease.

        Returns ``None`` if it is ours, free or missing. A free lease gets a new token too: a pass that has read the
        records and not yet acquired the lease must not take them for current. Raises ``StateError`` if the holder
        renews the lease during each attempt.
        """
        with self._lock:
            for _ in range(REVOCATIONS):
                found = self.read()
                free = found is None or found.released
                if found is not None and found.holder == self._holder and not free:
                    return None
                token = max(above, found.token if found else 0) + 1
                freed = Lease(self._holder, token, self._clock.now(), beat=1, released=True, name=self._name)
                # After a lost response, the retry of the SDK fails on our own write; reading back tells.
                if self._put(freed, _as_seen(found)) or self.read() == freed:
                    self._own, self._token, self._led = None, token, False
                    return None if free else found
        raise StateError("The lease could not be revoked, because its holder keeps renewing it. Try again.")

    def keeps(self) -> bool:
        """As ``holds``, but without a request during the first third of the term."""
        with self._lock:
            return self._left() > 0 and (self._is_recent() or self._renewed() is not None)

    def lasts(self) -> bool:
        """Whether a call may be sent: the term less the margin has not passed by our clock. Makes no request."""
        return self.left_to_send() > 0

    def left_to_send(self) -> float:
        """Seconds until the margin at the end of our term begins."""
        return self._left() - self._term.total_seconds() * MARGIN

    def is_held(self, seen: Lease) -> bool:
        """Whether another process may still hold the lease as it was read just now. Makes no request."""
        with self._lock:
            return not self._is_free(seen)

    @property
    def token(self) -> int:
        """The token of our last lease, lost or not; 0 if we never had one."""
        return self._token

    @property
    def led(self) -> bool:
        """Whether our token is that of a lease we held, lost or not. False if we only revoked another one."""
        return self._led

    def forget(self) -> None:
        """Drop our lease and its token: they belong to a state table that is gone, and the next one counts anew."""
        with self._lock:
            self._own, self._found, self._token, self._led = None, None, 0, False

    def lose(self) -> None:
        """Give up our lease, because a record showed that another process holds it."""
        with self._lock:
            self._own = None

    def is_current(self, seen: Lease | None) -> bool:
        """Whether no other process can have held the lease between the read of ``seen`` and the start of our lease.

        Records that were read together with ``seen`` are current only then.
        """
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
        """The stored lease, expired or not; ``None`` if there is none."""
        params = {"TableName": self._table, "Key": self._key, "ConsistentRead": True}
        item = self._client.call("GetItem", params).get("Item")
        return None if item is None else read_record(item, LEASES.read, self._table)

    def release(self) -> None:
        """Free our lease and keep its token. Does nothing if the lease is no longer ours."""
        with self._lock:
            own, self._own = self._own, None
            if own is not None:
                self._free(own)

    def _left(self) -> float:
        """Seconds left of our term; 0 without a lease."""
        return self._until - self._clock.monotonic() if self._own is not None else 0.0

    def _is_recent(self) -> bool:
        return self._left() > self._term.total_seconds() * 2 / 3

    def _is_ours(self, found: Lease | None) -> bool:
        own = self._own
        return found is not None and own is not None and (found.holder, found.token) == (own.holder, own.token)

    def _is_free(self, found: Lease) -> bool:
        # The wall clock of the holder decides nothing. Only a record that stays unchanged for a whole term by our own
        # steady clock shows that the holder no longer renews it.
        now = self._clock.monotonic()
        if self._seen is None or found.heartbeat != self._seen.heartbeat:
            self._seen, self._seen_at = found, now
        if found.released or found.holder == self._holder:
            return True
        return now - self._seen_at >= self._term.total_seconds()

    def _is_unchanged(self) -> bool:
        """Whether the stored lease is still ours. One that is not is lost."""
        self._proofs += 1
        number = self._proofs
        found = self.read()
        if found is None or found.released or not self._is_ours(found):
            self._own = None
            return False
        self._proven_last = number
        return self._left() > 0

    def _renewed(self) -> Lease | None:
        """Renew our lease for a term, on the condition that the stored token is still ours."""
        own, began = self._own, self._clock.monotonic()
        if own is None:
            return None
        self._renewals, self._proofs = self._renewals + 1, self._proofs + 1
        number, proof = self._renewals, self._proofs
        wanted = replace(own, expires=self._clock.now() + self._term, beat=own.beat + 1)
        self._own = wanted if self._put(wanted, {"holder": own.holder, "token": own.token}) else None
        # The term runs from before the request: others may see the renewal before we see its response.
        self._until = began + self._term.total_seconds()
        if self._own is not None:
            self._renewed_last, self._proven_last = number, proof
        return self._own

    def _free(self, own: Lease) -> None:
        # The record is updated, not deleted: the next token must be higher than every earlier one.
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
        """Write ``wanted`` if the record is unchanged since ``found`` was read."""
        began = self._clock.monotonic()
        self._put(wanted, _as_seen(found))
        # After a lost response the retry of the SDK fails on our own write. Reading back shows whose lease is stored.
        if self.read() != wanted:
            return None
        self._own, self._until = wanted, began + self._term.total_seconds()
        self._found, self._token, self._led = found, wanted.token, True
        return wanted

    def _put(self, wanted: Lease, expected: Mapping[str, Any]) -> bool:
        """Write the whole record if these members are stored; with none, if there is no record. Returns its success.

        Returns False too if the response lacks the replaced record, because then the write was not applied.
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
    """The members that must be unchanged so that no process has taken or renewed the lease in between."""
    if found is None:
        return {}
    pulse = {"beat": found.beat} if found.beat else {"expires": written_time(found.expires)}
    return {"holder": found.holder, "token": found.token, **pulse}
