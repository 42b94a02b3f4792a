"""Transfers records of the stack ``default``, which releases before the project-named stacks wrote.

It runs once, before a stack without an explicit name writes its fingerprint. The records of the tables declared here
move, in one transaction per table, under the leases of both stacks. Records of undeclared tables stay. If the process
is killed, each table is in exactly one of the two stacks, and the next run resumes. Called by ``state_table``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from reconciler.engine.ports import Clock
from reconciler.model.errors import ApiError, ConditionFailed, DeclarationError, StateError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import Fingerprint, StateSnapshot
from reconciler.state import fence
from reconciler.state import record_types as kinds
from reconciler.state.attribute_values import encode
from reconciler.state.client import StateClient, query
from reconciler.state.lease import LeaseRecord
from reconciler.state.snapshot import NAMED, snapshot_of

PATIENCE = 40.0
"""Seconds to wait for the lease of the former stack. The lease of a dead holder is free after one term."""
PAUSE = 1.0
TAGGED_AS = "tagged_as"
Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FormerStack:
    """The scope of the records, and the names of the tables declared here.

    ``declared`` may raise ``DeclarationError``.
    """

    scope: str
    declared: Callable[[], frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Records:
    """The records of the former stack that belong to tables declared here."""

    by_table: Mapping[str, tuple[Item, ...]]
    suspension: Item | None
    snapshot: StateSnapshot
    highest: int


class StackTransfer:
    """Previews the transfer to ``scope``, and carries it out."""

    def __init__(
        self,
        client: StateClient,
        table: str,
        scope: str,
        former: FormerStack,
        *,
        holder: str,
        clock: Clock,
        term: timedelta,
    ) -> None:
        self._client = client
        self._table = table
        self._scope = scope
        self._former = former
        self._clock = clock
        self._lease = LeaseRecord(client, table, former.scope, holder=holder, clock=clock, term=term)

    def preview(self, own: StateSnapshot) -> StateSnapshot:
        """The snapshot as it will be after the transfer; ``own`` unchanged if there is nothing to transfer."""
        records = self._read() if own.recorded_fingerprint is None else None
        if records is None:
            return own
        moved = snapshot_of((item for items in records.by_table.values() for item in items), self._table)
        inventory = {name: replace(entry, tagged_as=self._former.scope) for name, entry in moved.inventory.items()}
        elsewhere = {
            name: tuple(claim for claim in claims if claim.scope != self._former.scope or name not in inventory)
            for name, claims in own.foreign_claims.items()
        }
        return replace(
            own,
            inventory={**inventory, **own.inventory},
            seeds={**moved.seeds, **own.seeds},
            seed_parts={**moved.seed_parts, **own.seed_parts},
            attempts={**moved.attempts, **own.attempts},
            quota_usage={**moved.quota_usage, **own.quota_usage},
            rebuilds={**moved.rebuilds, **own.rebuilds},
            replacements={**moved.replacements, **own.replacements},
            generations={**moved.generations, **own.generations},
            ended={**moved.ended, **own.ended},
            checkpoints={**moved.checkpoints, **own.checkpoints},
            foreign_claims={name: claims for name, claims in elsewhere.items() if claims},
            suspension=own.suspension or records.snapshot.suspension,
            notices=(self._sentence(records, "will be transferred"),),
        )

    def carry_out(self, lease: LeaseRecord, actual: Fingerprint) -> str | None:
        """Transfer the records and return a notice, ``None`` if there are none. Raises ``StateError`` if it fails."""
        records = self._read()
        if records is None:
            return None
        recorded = records.snapshot.recorded_fingerprint
        if recorded is not None and not recorded.same(actual):
            raise StateError(
                f"{self._sentence(records, 'cannot be transferred')}: its records belong to another account, Region or"
                " state table. Set RECONCILER_STACK to a new name."
            )
        self._claim(lease, 0, records, self._scope)
        self._claim(self._lease, records.highest, records, self._former.scope)
        try:
            return self._moved(lease.token)
        finally:
            with suppress(ApiError):
                self._lease.release()

    def _moved(self, token: int) -> str | None:
        """Move the records under both leases, the suspension first, so that nothing runs unsuspended in between."""
        records = self._read()
        if records is None:
            return None
        if records.suspension is not None:
            self._suspend(records.suspension)
        for name, items in records.by_table.items():
            if not self._lease.holds():
                raise StateError(
                    f"The lease of {self._former.scope} was lost during the transfer of its state. Try again."
                )
            self._move(name, items, token)
        return self._sentence(records, "was transferred")

    def _move(self, name: str, items: Iterable[Item], token: int) -> None:
        """Move one table in one transaction. Parts of a large seed record are copied before it.

        A transaction holds at most 100 actions
        (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html).
        """
        writes: list[dict[str, Any]] = []
        parts: list[Item] = []
        for item in items:
            mine = {**item, **encode({"scope": self._scope, fence.FENCE: token})}
            if item["record"]["S"].startswith(kinds.SEED_PART):
                parts.append(item)
                with suppress(ConditionFailed):
                    self._client.call("PutItem", self._put(mine)["Put"])
                continue
            if item["record"]["S"].startswith(kinds.TABLE):
                mine = {**encode({TAGGED_AS: self._former.scope}), **mine}
            writes += [self._put(mine), self._delete(item)]
        try:
            if writes:
                self._client.call("TransactWriteItems", {"TransactItems": writes})
            for part in parts:
                self._client.call("DeleteItem", self._delete(part)["Delete"])
        except ConditionFailed:
            raise StateError(
                f"The records of table {name} changed during their transfer from {self._former.scope}. Try again."
            ) from None

    def _put(self, item: Item) -> dict[str, Any]:
        names = {"#record": "record"}
        condition = {"ConditionExpression": "attribute_not_exists(#record)", "ExpressionAttributeNames": names}
        return {"Put": {"TableName": self._table, "Item": dict(item), **condition}}

    def _delete(self, item: Item) -> dict[str, Any]:
        """A delete under the condition that the record is unchanged since it was read."""
        key = {"scope": item["scope"], "record": item["record"]}
        members = {name: value for name, value in item.items() if name not in key}
        numbered = list(enumerate(members))
        delete: dict[str, Any] = {"TableName": self._table, "Key": key}
        if numbered:
            delete["ConditionExpression"] = " AND ".join(f"#m{number} = :m{number}" for number, _ in numbered)
            delete["ExpressionAttributeNames"] = {f"#m{number}": name for number, name in numbered}
            delete["ExpressionAttributeValues"] = {f":m{number}": members[name] for number, name in numbered}
        return {"Delete": delete}

    def _suspend(self, suspension: Item) -> None:
        item = {**suspension, **encode({"scope": self._scope})}
        with suppress(ConditionFailed):
            self._client.call("PutItem", self._put(item)["Put"])

    def _claim(self, lease: LeaseRecord, above: int, records: _Records, scope: str) -> None:
        """Acquire a lease. Waits longer than one term, so that the lease of a dead holder becomes free."""
        # Not a retry library: the wait runs on the clock of the engine, which tests simulate and a stop cuts short.
        began = self._clock.monotonic()
        while lease.acquire(above=above) is None:
            if self._clock.monotonic() - began >= PATIENCE or not self._clock.sleep(PAUSE):
                found = lease.read()
                holder = found.shown if found else "another reconciler"
                raise StateError(
                    f"{self._sentence(records, 'cannot be transferred')}: {holder} holds the lease of {scope}. Stop"
                    " that reconciler, or set RECONCILER_STACK: to default to share its stack, or to a new name."
                )

    def _read(self) -> _Records | None:
        """The records of declared tables; ``None`` if there are none or the declarations have errors."""
        params = {
            "TableName": self._table,
            "KeyConditionExpression": "#scope = :scope",
            "ExpressionAttributeNames": {"#scope": "scope"},
            "ExpressionAttributeValues": encode({":scope": self._former.scope}),
        }
        items = list(query(self._client, params))
        if not items:
            return None
        try:
            declared = self._former.declared()
        except DeclarationError:
            return None
        declared |= _of_generations(items, declared)
        grouped: dict[str, list[Item]] = {}
        for item in items:
            prefix, _, rest = str(item["record"]["S"]).partition("#")
            name = rest.partition("#")[0]
            if f"{prefix}#" in NAMED and name in declared:
                grouped.setdefault(name, []).append(item)
        if not grouped:
            return None
        suspension = next((item for item in items if item["record"]["S"] == kinds.SUSPENSION), None)
        singles = (kinds.SUSPENSION, kinds.FINGERPRINT, kinds.LEASE)
        snapshot = snapshot_of((item for item in items if item["record"]["S"] in singles), self._table)
        token = snapshot.lease.token if snapshot.lease else 0
        by_table = {name: tuple(grouped[name]) for name in sorted(grouped)}
        return _Records(by_table, suspension, snapshot, max(fence.highest(items, self._table), token))

    def _sentence(self, records: _Records, what: str) -> str:
        return f"The state of {', '.join(records.by_table)} {what} from {self._former.scope} to {self._scope}"


def _of_generations(items: Iterable[Item], declared: Set[str]) -> frozenset[str]:
    """Both tables of each generation of a declared table: their records belong to the declaration too."""
    found = (item for item in items if item["record"]["S"].removeprefix(kinds.GENERATION) in declared)
    of_generations = (item for item in found if item["record"]["S"].startswith(kinds.GENERATION))
    return frozenset(item[name]["S"] for item in of_generations for name in ("old", "new") if name in item)
