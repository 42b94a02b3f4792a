"""Resource policies. Asked by ``RULES``; what a policy says beyond its outline is for IAM to judge."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.declarations.document.table import TableDocument
from reconciler.facets.policy_json import LIMIT, normal
from reconciler.parsing.parsed import TOO_DEEP
from reconciler.parsing.place import Finding

FIELDS = ("resource_policy", "stream_policy")
DEEPEST = 100
"""Levels of a policy, ten times as many as IAM's grammar has elements within one another."""


def policies(document: TableDocument) -> Iterator[Finding]:
    """A JSON object with statements, of at most 20 KB (PutResourcePolicy)."""
    for name in FIELDS:
        value = getattr(document, name)
        policy = as_mapping(value)
        if _too_deep(value if policy is None else policy):
            yield Finding((name,), *TOO_DEEP)
            continue
        if policy is None:
            if value is not None:
                remedy = "Write the policy as a mapping, or as JSON text; {} is no policy."
                yield Finding((name,), "is no JSON object", remedy)
            continue
        if policy and not policy.get("Statement"):
            yield Finding((name,), "has no Statement", "Add Statement; {} is no policy.")
        try:
            size = len((normal(policy) or "").encode())
        except (TypeError, ValueError):
            # Numbers and keys that are no text are refused by document.policy_numbers with their spelling.
            remedy = "Write texts, lists and mappings with texts as keys."
            yield Finding((name,), "holds a value that JSON has no form for", remedy)
            continue
        if size > LIMIT:
            yield Finding((name,), f"has {size} bytes", f"DynamoDB allows {LIMIT}.")


def stream_policy_needs_stream(document: TableDocument) -> Iterator[Finding]:
    """A policy of a stream that is declared to be off can never be set."""
    stream = document.stream_specification
    if as_mapping(document.stream_policy) and stream and not stream.stream_enabled:
        yield Finding(("stream_policy",), "is given, but the stream is disabled", "Remove it, or enable the stream.")


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
