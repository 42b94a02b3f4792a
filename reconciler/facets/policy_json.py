"""Resource policies as values: one normal form of JSON, and the calls that put and delete them. Pure.

Used by the facets resource_policy and stream_policy, and by the declarations, so that both sides are of one form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.model.change import Call
from reconciler.model.table import ResourcePolicy

READ = "GetResourcePolicy"
LIMIT = 20 * 1024
"""Bytes of a policy, whitespace included (PutResourcePolicy)."""
NO_POLICY = "NO_POLICY"
"""The revision that is expected where there is no policy yet."""


def normalized_policy(document: Mapping[str, Any]) -> str | None:
    """The shortest JSON of a policy, its keys sorted; None for an empty one, which means that there is no policy.

    The order of a list of texts means nothing, nor whether a single one stands in a list (IAM's JSON grammar).
    """
    if not document:
        return None
    statements = document.get("Statement")
    whole = {**document, "Statement": [statements]} if isinstance(statements, Mapping) else document
    return json.dumps(_normal(whole), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def read_policy(answer: Mapping[str, Any], arn: str) -> ResourcePolicy:
    """An answer of GetResourcePolicy; an empty one means that there is no policy."""
    text = answer.get("Policy")
    return ResourcePolicy(normalized_policy(json.loads(text)) if text else None, answer.get("RevisionId"), arn)


def policy_for_display(policy: ResourcePolicy | None) -> Any:
    """The policy as JSON values, for people."""
    return json.loads(policy.document) if policy and policy.document else None


def policy_call(arn: str, desired: ResourcePolicy, observed: ResourcePolicy | None) -> Call:
    """Put or delete the policy of ``arn``, unless somebody else wrote another revision meanwhile."""
    revision = observed.revision if observed and observed.document else None
    if desired.document is None:
        expected = {"ExpectedRevisionId": revision} if revision else {}
        return Call("DeleteResourcePolicy", {"ResourceArn": arn, **expected})
    params = {"ResourceArn": arn, "Policy": desired.document, "ExpectedRevisionId": revision or NO_POLICY}
    return Call("PutResourcePolicy", params)


def _normal(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _normal(member) for key, member in value.items()}
    if not isinstance(value, list):
        return value
    if value and all(isinstance(member, str) for member in value):
        texts = sorted(set(value))
        return texts[0] if len(texts) == 1 else texts
    return [_normal(member) for member in value]
