"""``AWS::DynamoDB::Table`` as a declaration. Its properties are those of CreateTable, but for a few.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.declarations.document.field_model import spellings
from reconciler.declarations.document.table_document import TableDocument
from reconciler.declarations.formats.cloudformation.resource import Resource
from reconciler.declarations.formats.cloudformation.scalars import typed
from reconciler.parsing.source_location import did_you_mean

_PROPERTIES = frozenset(
    (
        *("AttributeDefinitions", "BillingMode", "ContributorInsightsSpecification", "DeletionProtectionEnabled"),
        *("GlobalSecondaryIndexes", "ImportSourceSpecification", "KeySchema", "KinesisStreamSpecification"),
        *("LocalSecondaryIndexes", "OnDemandThroughput", "PointInTimeRecoverySpecification"),
        *("ProvisionedThroughput", "ResourcePolicy", "SSESpecification", "StreamSpecification", "TableClass"),
        *("TableName", "Tags", "TimeToLiveSpecification", "VectorIndexes", "WarmThroughput"),
    )
)
_IN_METADATA = frozenset(("lifecycle", "seed", "references", "replacement", "description"))


def declared(resource: Resource) -> dict[str, Any]:
    """The declaration as AWS spells it."""
    refuse_fields_of_ours(resource, _PROPERTIES)
    policies_declared(resource)
    if resource.take("ImportSourceSpecification") is not None:
        resource.warnings.append(
            "ImportSourceSpecification is left out: the table is created empty. Declare its items as a seed"
        )
    if "BillingMode" not in resource.properties:
        # CloudFormation's default, unlike that of a declaration.
        resource.properties["BillingMode"] = "PROVISIONED"
    return dict(typed(TableDocument, resource.properties))


def refuse_fields_of_ours(resource: Resource, properties: frozenset[str]) -> None:
    """Refuse a field of a declaration that is none of ``properties``: the deployed table would not have it.

    A property that is unknown in a declaration too is refused later, with the others of the file.
    """
    known = spellings(TableDocument)
    for name in resource.properties:
        if name in properties or name not in known:
            continue
        close = did_you_mean(name, properties)
        if known[name] in _IN_METADATA:
            remedy = f"Write it under Metadata, as DynamoDBReconciler: {{{known[name]}: …}}."
        else:
            remedy = f"Did you mean {close}?" if close else "Remove it."
            remedy = "Use AWS::DynamoDB::GlobalTable, or remove it." if name == "Replicas" else remedy
        kind = resource.kind.removeprefix("AWS::DynamoDB::")
        raise resource.refuse((name,), f"unknown property of a {kind} of CloudFormation", remedy)


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
