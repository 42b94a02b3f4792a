"""The fence: a resource policy that denies writes of items to one table, and the proof that it is in force.

A policy is eventually consistent, and it is locked for some seconds after a change
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-intro.html). So the proof is a write that can
never succeed and that is denied several times in a row. Used by ``generation``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.engine.context import EngineContext
from reconciler.facets import policy_json
from reconciler.model.change import Call
from reconciler.model.errors import Forbidden
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.table import KeyElement, ResourcePolicy

SID = "DynamoDBReconcilerFence"
DENIED = tuple(
    f"dynamodb:{action}"
    for action in (
        *("BatchWriteItem", "DeleteItem", "PutItem", "UpdateItem"),
        *("PartiQLDelete", "PartiQLInsert", "PartiQLUpdate"),
    )
)
"""Transactions need the permissions of the single operations."""
IN_A_ROW = 5
PAUSE = 1.0
"""Seconds between two attempts."""
MARK = "reconciler_canary"

Write = Callable[[Call], Mapping[str, Any]]


def fenced(document: str | None, arn: str, exempt: str | None = None) -> str:
    """The policy with the fence, and everything else that it said. ``exempt`` is an ``aws:userid`` that may write."""
    policy = json.loads(document) if document else {"Version": "2012-10-17"}
    statement: dict[str, Any] = {
        "Sid": SID,
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(DENIED),
        "Resource": arn,
    }
    if exempt is not None:
        statement["Condition"] = {"StringNotLike": {"aws:userid": exempt}}
    text = policy_json.normalized_policy({**policy, "Statement": [*_others(policy), statement]})
    return text or ""


def opened(document: str | None) -> str | None:
    """The policy without the fence; ``None`` if it says nothing else."""
    policy = json.loads(document) if document else {}
    others = _others(policy)
    return policy_json.normalized_policy({**policy, "Statement": others}) if others else None


def _exempt(document: str | None) -> str | None:
    """Who may write in spite of the fence; ``None`` for nobody."""
    policy = json.loads(document) if document else {}
    statements = policy.get("Statement") or []
    fence: Mapping[str, Any] = next((each for each in statements if each.get("Sid") == SID), {})
    exempt = ((fence.get("Condition") or {}).get("StringNotLike") or {}).get("aws:userid")
    return exempt if isinstance(exempt, str) else None


def _others(policy: Mapping[str, Any]) -> list[Any]:
    statements = policy.get("Statement") or []
    several = [statements] if isinstance(statements, Mapping) else list(statements)
    return [each for each in several if each.get("Sid") != SID]


@dataclass(frozen=True, slots=True)
class Fence:
    """The fence of one table. ``write`` sends a call under the lease. All methods raise ``ApiError``."""

    ports: EngineContext
    table: str
    identity: Identity
    keys: tuple[KeyElement, ...]
    write: Write

    def close(self, exempt: str | None = None) -> bool:
        """Add the fence, or let another principal through it; ``True`` if the policy had to be changed.

        The expected revision is part of the request, so a policy that somebody changes meanwhile is not overwritten.
        """
        policy = self._policy()
        # The service may return a statement in another form than it was sent, so only what it says is compared.
        if SID in (policy.document or "") and _exempt(policy.document) == exempt:
            return False
        return self._put(policy, fenced(policy.document, self.identity.arn, exempt))

    def open(self) -> bool:
        """Remove the fence; ``True`` if there was one."""
        policy = self._policy()
        return self._put(policy, opened(policy.document))

    @property
    def closed(self) -> bool:
        """Whether the policy has the fence, which does not tell that it is in force."""
        return SID in (self._policy().document or "")

    def denies(self) -> bool:
        """One attempt at a write that can never succeed: whether it was denied.

        It deletes an item on the condition that it equals one that never exists.
        """
        item: dict[str, dict[str, Any]] = {MARK: {"S": self.ports.random.token()}}
        for element in self.keys:
            item[element.attribute] = _value(element.type, self.ports.random.token())
        try:
            self.ports.items.remove_if_equal(self.table, item, tuple(element.attribute for element in self.keys))
        except Forbidden:
            return True
        return False

    def denies_for_long(self) -> bool:
        """Whether several attempts in a row were denied, a second apart."""
        for attempt in range(IN_A_ROW):
            if attempt and not self.ports.clock.sleep(PAUSE):
                return False
            if not self.denies():
                return False
        return True

    def _policy(self) -> ResourcePolicy:
        answer = self.ports.api.read(policy_json.READ, {"ResourceArn": self.identity.arn})
        return policy_json.read_policy(answer, self.identity.arn)

    def _put(self, policy: ResourcePolicy, document: str | None) -> bool:
        if document == policy.document:
            return False
        self.write(policy_json.policy_call(self.identity.arn, ResourcePolicy(document), policy))
        return True


def _value(kind: str, token: str) -> dict[str, Any]:
    number = int.from_bytes(token.encode()[:12], "big")
    return {"N": str(number)} if kind == "N" else {kind: token.encode() if kind == "B" else f"canary-{token}"}
