"""Policies of IAM: a mapping, or the same as JSON text. Used by the features resource_policy and stream_policy.

What a policy says beyond its outline is for IAM to judge (PutResourcePolicy).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import WithJsonSchema

from reconciler.declarations.document.field_model import IamPolicy
from reconciler.facets.policy_json import LIMIT, normalized_policy
from reconciler.model.table import ResourcePolicy
from reconciler.parsing.parsed import TOO_DEEP
from reconciler.parsing.source_location import FieldProblem

Policy = Annotated[
    Any, WithJsonSchema({"anyOf": [{"type": "object"}, {"type": "string"}, {"type": "null"}]}), IamPolicy()
]
"""Checked by ``policy_findings``, for a policy has a grammar of its own. ``{}`` is no policy."""
DEEPEST = 100
"""Levels of a policy, ten times as many as IAM's grammar has elements within one another."""


def policy_problems(field: str, value: Any) -> Iterator[FieldProblem]:
    """A JSON object with statements, of at most 20 KB."""
    policy = as_mapping(value)
    if _too_deep(value if policy is None else policy):
        yield FieldProblem((field,), *TOO_DEEP)
        return
    if policy is None:
        if value is not None:
            remedy = "Write the policy as a mapping, or as JSON text; {} means no policy."
            yield FieldProblem((field,), "is not a JSON object", remedy)
        return
    if policy and not policy.get("Statement"):
        yield FieldProblem((field,), "has no Statement", "Add Statement; {} means no policy.")
    try:
        size = len((normalized_policy(policy) or "").encode())
    except (TypeError, ValueError):
        # Numbers and keys that are no text are refused by document/policy_numbers with their spelling.
        remedy = "Write texts, lists and mappings with texts as keys."
        yield FieldProblem((field,), "contains a value that JSON cannot represent", remedy)
        return
    if size > LIMIT:
        yield FieldProblem((field,), f"has {size} bytes", f"DynamoDB allows {LIMIT}.")


def as_mapping(value: Any) -> dict[str, Any] | None:
    """A policy in any of its forms: a mapping, JSON text, or CloudFormation's PolicyDocument around it."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        return None
    inner = value.get("PolicyDocument")
    return dict(inner) if isinstance(inner, Mapping) and len(value) == 1 else dict(value)


def _too_deep(value: Any) -> bool:
    """Whether it has more levels than ``DEEPEST``; of a text, whether they were too many to read it."""
    if isinstance(value, str):
        try:
            json.loads(value)
        except ValueError:
            return False
        except RecursionError:
            return True
    level, members = 0, [value]
    while members and level <= DEEPEST:
        inner = [list(m.values()) if isinstance(m, Mapping) else m for m in members if isinstance(m, Mapping | list)]
        level, members = level + 1, [each for one in inner for each in one]
    return level > DEEPEST


def policy(value: Any) -> ResourcePolicy | None:
    """None where there is nothing declared; an empty policy is one without document."""
    document = as_mapping(value)
    return None if document is None else ResourcePolicy(normalized_policy(document))


def policy_document(observed: ResourcePolicy | None) -> Any:
    """The reverse of ``policy``."""
    return json.loads(observed.document) if observed and observed.document else None
