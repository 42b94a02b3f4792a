"""Checks during long work on one table that it is still the same table. Used by ``seeding``.

DynamoDB addresses tables by name: a PutItem reaches whatever table has the name by now. The identity (TableId, else ARN
and creation time) is read again by DescribeTable, at least every two seconds by the steady clock.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.engine.context import EngineContext
from reconciler.model.errors import NotFound, TableChanged
from reconciler.model.identity import Identity
from reconciler.planning.observe import identity_of

RENEW_SECONDS = 1.0
"""After this time one caller asks again while the others go on."""
LIMIT_SECONDS = 2.0
"""After this time nobody goes on without an answer."""


@dataclass
class IdentityWatch:
    """``confirm`` before each call on the table, ``check`` at the end. Safe to use from several threads."""

    ports: EngineContext
    table: str
    identity: Identity
    failure: TableChanged | None = None
    _confirmed: float | None = None
    _asking: bool = False

    def confirm(self) -> None:
        """Return if the identity was confirmed moments ago, else ask. ``TableChanged`` for another table or none."""
        if self.failure is not None:
            raise self.failure
        if self._confirmed is not None:
            age = self.ports.clock.monotonic() - self._confirmed
            if age < RENEW_SECONDS or (self._asking and age < LIMIT_SECONDS):
                return
        self.check()

    def check(self) -> None:
        """Ask now. Raises ``TableChanged``, then and at every later call, and ``ApiError`` where nobody answers."""
        if self.failure is not None:
            raise self.failure
        began, self._asking = self.ports.clock.monotonic(), True
        try:
            described = self.ports.api.read("DescribeTable", {"TableName": self.table})
        except NotFound:
            raise self._failed("it was deleted") from None
        finally:
            self._asking = False
        found = identity_of(described["Table"])
        if not found.same(self.identity):
            raise self._failed(f"it was deleted and created again (created {found.created}) by somebody else")
        self._confirmed = began

    def _failed(self, what: str) -> TableChanged:
        self.failure = TableChanged(
            "DescribeTable", "TableChanged", f"table {self.table} is not the same any more: {what}"
        )
        return self.failure
