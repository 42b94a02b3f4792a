"""Resource policies as values: normalised JSON, and the calls that put and delete them. Pure.

Used by the facets resource_policy and stream_policy and by the declarations, so that both sides compare equal.
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
"""The expected revision if there is no policy yet (PutResourcePolicy)."""


def normalized_policy(document: Mapping[str, Any]) -> str | None:
    """The compact JSON of a policy with sorted keys. None for an empty one, which means no policy.

    The order of a list of strings has no meaning, and a single string equals a list of one
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html).
    """
    if not document:
        return None
    statements = document.get("Statement")
    whole = {**document, "Statement": [statements]} if isinstance(statements, Mapping) else document
    return json.dumps(_normal(whole), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def read_policy(answer: Mapping[str, Any], arn: str) -> ResourcePolicy:
    """The policy in a response of GetResourcePolicy; an empty response means no policy."""
    text = answer.get("Policy")
    return ResourcePolicy(normalized_policy(json.loads(text)) if text else None, answer.get("RevisionId"), arn)


def policy_for_display(policy: ResourcePolicy | None) -> Any:
    """The policy as JSON values, for people."""
    return json.loads(policy.document) if policy and policy.document else None


def policy_call(arn: str, desired: ResourcePolicy, observed: ResourcePolicy | None) -> Call:
    """Put or delete the policy of ``arn``. DynamoDB rejects the call if the revision changed since it was read."""
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
