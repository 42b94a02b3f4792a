"""Refuses every write to an endpoint or account other than the identified one (I3).

A URL outlives what answers at it: a port-forward moves, a tunnel is opened anew, credentials are rotated into another
account. Each answer that describes a table carries an ARN; it names partition, Region, account and, for DynamoDB
Local, the kind of endpoint. The guard compares all of them, and refuses every mutating request once one differs.

Held by ``Connection``. ``ApiClient`` passes it each response, and ``hooks.refuse_changed_endpoint`` calls it right
before each mutating request. Where no answer confirmed the endpoint since it was last put in question (a new pass, a
failed connection, new credentials), the guard identifies it again before the request may leave.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from reconciler.model.errors import Ambiguous, ApiError, EndpointChanged, ReconcilerError, Unreachable
from reconciler.model.identity import AccountLocation, Endpoint, Flavor
from reconciler.model.lazy_dataclass import dataclass

SETTABLE_ACCOUNT = frozenset({Flavor.MOTO, Flavor.LOCALSTACK})
"""Emulators whose account is what they were set to, so that the first ARN tells it."""


@dataclass(frozen=True, slots=True)
class Identified:
    """An endpoint, and the place in the ARN of one of its tables where it has any."""

    endpoint: Endpoint
    location: AccountLocation | None = None


class EndpointGuard:
    """``identify`` makes a complete identification over the network, and raises where nothing can be said."""

    def __init__(self, identify: Callable[[], Identified]) -> None:
        self._identify = identify
        self._lock = threading.RLock()
        self._endpoint: Endpoint | None = None
        self._location: AccountLocation | None = None
        self._confirmed = False
        self._problem: str | None = None
        self._witness_table: str | None = None
        self._look: Callable[[str], Mapping[str, Any] | None] = lambda _: None
        self._witness: str | None = None
        self._witness_due = False

    def watch_table(self, name: str, look: Callable[[str], Mapping[str, Any] | None]) -> None:
        """Tell endpoints apart whose ARNs are alike, as those of all DynamoDB Locals are, by this table of ours.

        ``look`` describes it now; ``None`` where it is not there.
        """
        self._witness_table, self._look = name, look

    @property
    def endpoint(self) -> Endpoint | None:
        """The endpoint as it was last identified; ``None`` before."""
        return self._endpoint

    def take_over(self, other: EndpointGuard) -> None:
        """What another guard of the same endpoint found out."""
        self._endpoint, self._location, self._problem = other._endpoint, other._location, other._problem

    def current(self) -> Endpoint:
        """The endpoint, identified now if that was not done yet or a change was seen since."""
        with self._lock:
            if self._endpoint is None or self._problem is not None:
                self._accept(self._identify())
            assert self._endpoint is not None
            return self._endpoint

    def begin_pass(self) -> Endpoint:
        """As ``current``; nothing is written in this pass before an answer of its own confirms the endpoint."""
        self.unconfirm()
        with self._lock:
            self._witness, self._witness_due = None, False
        return self.current()

    def unconfirm(self) -> None:
        """A connection failed, credentials are new, or a pass begins: another endpoint may answer from now on."""
        with self._lock:
            self._confirmed, self._witness_due = False, True

    def confirm(self) -> Endpoint:
        """Identify the endpoint now, whatever is known. The writes stop where it is another one."""
        with self._lock:
            found = self._identify()
            self._compare(found)
            return found.endpoint

    def check(self, operation: str, answer: Mapping[str, Any]) -> None:
        """Compare the ARN in an answer that describes a table. Raises ``EndpointChanged``."""
        described = answer.get("Table") or answer.get("TableDescription")
        arn = described.get("TableArn") if isinstance(described, Mapping) else None
        if arn is None or not isinstance(described, Mapping):
            return
        with self._lock:
            if self._endpoint is None:
                return
            if self._problem is None:
                self._check_arn(str(arn))
            if described.get("TableName") == self._witness_table and self._witness is None and "Table" in answer:
                self._witness = _identity(described)
            if self._problem is not None:
                raise EndpointChanged(operation, "EndpointChanged", self._problem)

    def before_write(self, operation: str) -> None:
        """Return only where this request goes to the identified endpoint and account, as far as can be known.

        Raises ``EndpointChanged``, or ``Ambiguous`` where the endpoint cannot be identified at this moment: an earlier
        sending of the same request may have been applied.
        """
        with self._lock:
            if self._endpoint is None or (self._confirmed and not self._witness_due and self._problem is None):
                return
            if self._problem is None:
                try:
                    if not self._confirmed:
                        self._compare(self._identify())
                    self._compare_witness()
                except ReconcilerError as error:
                    reason = error.message if isinstance(error, ApiError) else str(error)
                    message = f"not sent, because the endpoint could not be identified again: {reason}"
                    raise Ambiguous(operation, "EndpointNotIdentified", message) from error
            if self._problem is not None:
                raise EndpointChanged(operation, "EndpointChanged", self._problem)

    def _accept(self, found: Identified) -> None:
        self._endpoint, self._location = found.endpoint, found.location
        self._problem, self._confirmed = None, True

    def _compare(self, found: Identified) -> None:
        endpoint = self._endpoint
        if endpoint is None:
            self._accept(found)
        elif self._location is not None and found.location is None and found.endpoint.account is None:
            raise Unreachable("GetCallerIdentity", "NoAccount", "no table and no STS tells the account")
        elif endpoint.same_as(found.endpoint) and (
            self._location is None or found.location is None or self._location == found.location
        ):
            self._location, self._confirmed = self._location or found.location, self._problem is None
        else:
            self._change(f"it was {endpoint}; it is {found.endpoint}")

    def _compare_witness(self) -> None:
        """Whether the state table still is the one that this pass began with."""
        if self._witness is None or self._witness_table is None or self._problem is not None:
            self._witness_due = False
            return
        described = self._look(self._witness_table)
        if described is None or _identity(described) != self._witness:
            self._change(f"the state table {self._witness_table} is not the one that this pass began with")
        self._witness_due = False

    def _check_arn(self, arn: str) -> None:
        endpoint, location = self._endpoint, AccountLocation.of(arn)
        assert endpoint is not None
        against = endpoint.contradiction(arn)
        if against is None and self._location is not None and location != self._location:
            against = f"the ARN {arn} is not of {self._location}"
        if against is None and self._location is None and location is not None and endpoint.flavor in SETTABLE_ACCOUNT:
            self._settle_account(endpoint, location)
        if against is not None:
            self._change(f"it was {endpoint}; {against}")
        elif self._problem is None:
            self._location, self._confirmed = location, True

    def _settle_account(self, endpoint: Endpoint, location: AccountLocation) -> None:
        """An emulator has another account than the usual one: believed if it still is the same emulator."""
        if location.account == endpoint.account:
            return
        found = self._identify()
        if found.endpoint.flavor is endpoint.flavor:
            self._endpoint = replace(endpoint, account=location.account)
        else:
            self._change(f"it was {endpoint}; it is {found.endpoint}")

    def _change(self, what: str) -> None:
        self._confirmed = False
        self._problem = f"the endpoint or the account changed: {what}. Nothing is written until it is identified again"


def _identity(described: Mapping[str, Any]) -> str:
    return f"{described.get('TableId')} {described['TableArn']} {described['CreationDateTime']}"
