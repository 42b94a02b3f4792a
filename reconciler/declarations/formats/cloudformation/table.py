"""``AWS::DynamoDB::Table`` as a declaration. Its properties are those of CreateTable, but for a few.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.declarations.document.table_document import TableDocument
from reconciler.declarations.formats.cloudformation.resource import Resource
from reconciler.declarations.formats.cloudformation.scalars import typed


def declared(resource: Resource) -> dict[str, Any]:
    """The declaration as AWS spells it."""
    policies_declared(resource)
    if resource.take("ImportSourceSpecification") is not None:
        resource.warnings.append(
            "ImportSourceSpecification is left out: the table is created empty. Declare its items as a seed"
        )
    if "BillingMode" not in resource.properties:
        # CloudFormation's default, unlike that of a declaration.
        resource.properties["BillingMode"] = "PROVISIONED"
    return dict(typed(TableDocument, resource.properties))


def policies_declared(resource: Resource) -> None:
    """The policies of the table and of its stream, which CloudFormation wraps into ``PolicyDocument``."""
    for origin, target in (
        (("ResourcePolicy",), "ResourcePolicy"),
        (("StreamSpecification", "ResourcePolicy"), "StreamPolicy"),
    ):
        policy = resource.take(*origin)
        if policy is None:
            continue
        if not isinstance(policy, Mapping) or set(policy) != {"PolicyDocument"}:
            raise resource.refuse(origin, "needs a PolicyDocument and nothing else", "Write the policy under it.")
        resource.properties[target] = policy["PolicyDocument"]
        resource.moved((*origin, "PolicyDocument"), (target,))
