"""The policy of a table's stream (PutResourcePolicy)."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from reconciler.declarations.document.field_model import FieldModel
from reconciler.declarations.features.base import Feature, Members, rule
from reconciler.declarations.features.policy import Policy, policy, policy_document, policy_problems
from reconciler.model.table import ResourcePolicy, TableSpec
from reconciler.parsing.source_location import FieldProblem


class StreamPolicyFields(FieldModel):
    """The policy of the stream."""

    stream_policy: Policy = Field(default=None, description="Who else may read the stream; {} means no policy.")


@rule("stream_policy")
def outline(document: StreamPolicyFields) -> Iterator[FieldProblem]:
    """What every policy has."""
    yield from policy_problems("stream_policy", document.stream_policy)


def to_model(document: StreamPolicyFields) -> ResourcePolicy | None:
    """The policy as normalised JSON."""
    return policy(document.stream_policy)


def from_model(spec: TableSpec) -> Members:
    """The policy, where there is one."""
    return {"stream_policy": policy_document(spec.stream_policy)}


STREAM_POLICY = Feature("stream_policy", StreamPolicyFields, (outline,), to_model, from_model)
