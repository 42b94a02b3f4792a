"""The policy of a table (PutResourcePolicy), which can ride in CreateTable."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from reconciler.declarations.document.field_model import FieldModel
from reconciler.declarations.features.base import Feature, Members, rule
from reconciler.declarations.features.policy import Policy, policy, policy_document, policy_problems
from reconciler.model.table import ResourcePolicy, TableSpec
from reconciler.parsing.source_location import FieldProblem


class ResourcePolicyFields(FieldModel):
    """The policy of the table."""

    resource_policy: Policy = Field(default=None, description="Who else may use the table; {} means no policy.")


@rule("resource_policy")
def outline(document: ResourcePolicyFields) -> Iterator[FieldProblem]:
    """What every policy has."""
    yield from policy_problems("resource_policy", document.resource_policy)


def to_model(document: ResourcePolicyFields) -> ResourcePolicy | None:
    """The policy as normalised JSON."""
    return policy(document.resource_policy)


def from_model(spec: TableSpec) -> Members:
    """The policy, where there is one."""
    return {"resource_policy": policy_document(spec.resource_policy)}


RESOURCE_POLICY = Feature("resource_policy", ResourcePolicyFields, (outline,), to_model, from_model)
