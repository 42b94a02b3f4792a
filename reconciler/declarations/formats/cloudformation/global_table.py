"""``AWS::DynamoDB::GlobalTable`` as a declaration: the table in one Region, and its replicas in the others.

The settings of a replica in this Region are those of the table; where they stand in the template decides nothing else.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.declarations.document.table_document import TableDocument
from reconciler.declarations.formats.cloudformation.resource import Resource
from reconciler.declarations.formats.cloudformation.scalars import typed
from reconciler.declarations.formats.cloudformation.table import policies_declared, refuse_fields_of_ours
from reconciler.parsing.source_location import Path, did_you_mean

_OF_THE_REPLICA = (
    *("ContributorInsightsSpecification", "DeletionProtectionEnabled", "KinesisStreamSpecification"),
    *("PointInTimeRecoverySpecification", "ResourcePolicy", "TableClass", "Tags", "DisassociationProtectionEnabled"),
    "GlobalTableSettingsReplicationMode",
)
"""Properties of a replica that are fields of its table."""
_PROPERTIES = frozenset(
    (
        *("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "GlobalTableSettingsReplicationMode"),
        *("GlobalTableWitnesses", "KeySchema", "LocalSecondaryIndexes", "MultiRegionConsistency", "Replicas"),
        *("SSESpecification", "StreamSpecification", "TableName", "TimeToLiveSpecification", "WarmThroughput"),
    )
)
"""Properties that are fields of a declaration too."""
_OF_A_REPLICA = (
    *("Region", "GlobalSecondaryIndexes", "GlobalTableSettingsReplicationMode", "ReadOnDemandThroughputSettings"),
    *("ReadProvisionedThroughputSettings", "ReplicaStreamSpecification", "SSESpecification", *_OF_THE_REPLICA),
)
_SCALING = {
    "MinCapacity": "min",
    "MaxCapacity": "max",
    "TargetValue": "target",
    "ScaleInCooldown": "scale_in_cooldown",
    "ScaleOutCooldown": "scale_out_cooldown",
    "DisableScaleIn": "disable_scale_in",
}
_READ, _WRITE = "Read", "Write"


def declared(resource: Resource) -> dict[str, Any]:
    """The declaration as AWS spells it. Raises ``Unresolved`` where it is not known which replica is meant."""
    properties = resource.properties
    replicas = _checked_replicas(resource)
    position = _own(resource, replicas)
    own: dict[str, Any] = dict(replicas[position])
    here: Path = ("Replicas", position)
    for name in _OF_THE_REPLICA:
        if name in own:
            properties[name] = own.pop(name)
            resource.moved((*here, name), (name,))
    stream = own.pop("ReplicaStreamSpecification", None)
    if isinstance(stream, Mapping) and "ResourcePolicy" in stream:
        properties["StreamSpecification"] = {
            **_mapping(properties.get("StreamSpecification")),
            "ResourcePolicy": stream["ResourcePolicy"],
        }
    policies_declared(resource)
    _encryption(properties, own)
    properties.setdefault("BillingMode", "PAY_PER_REQUEST")
    scaling: dict[str, Any] = {}
    _capacity(properties, own, scaling)
    indexes = []
    of_replica = {_name_of(each): _mapping(each) for each in own.get("GlobalSecondaryIndexes") or []}
    for index in properties.get("GlobalSecondaryIndexes") or []:
        name, index_scaling = _name_of(index), dict[str, Any]()
        _capacity(index, beside := dict(of_replica.get(name, {})), index_scaling)
        insights = beside.pop("ContributorInsightsSpecification", None)
        if insights is not None:
            index["ContributorInsightsSpecification"] = insights
        if index_scaling:
            indexes.append({"index_name": name, **index_scaling})
    if scaling or indexes:
        properties["AutoScaling"] = {**scaling, **({"indexes": indexes} if indexes else {})}
    others = [replica for place, replica in enumerate(replicas) if place != position]
    _warn_of_others(resource, others)
    if others:
        properties["Replicas"] = [_replica(each) for each in others]
        for place, each in enumerate(place for place in range(len(replicas)) if place != position):
            resource.moved(("Replicas", each), ("Replicas", place))
    return dict(typed(TableDocument, properties))


def _checked_replicas(resource: Resource) -> list[dict[str, Any]]:
    """The replicas, taken from the properties. Refuses what would be left out unnoticed."""
    properties = resource.properties
    for name in _OF_THE_REPLICA:
        if name in properties:
            remedy = "Move it into the replicas."
            raise resource.refuse((name,), "is a property of a replica, not of the GlobalTable", remedy)
    refuse_fields_of_ours(resource, _PROPERTIES)
    _check_indexes(resource, properties.get("GlobalSecondaryIndexes"), ("GlobalSecondaryIndexes",))
    replicas = resource.take("Replicas")
    if not isinstance(replicas, list) or not replicas or not all(_region_of(each) for each in replicas):
        raise resource.refuse(("Replicas",), "needs a list of replicas, each with its Region", "Write the replicas.")
    names = [_name_of(each) for each in properties.get("GlobalSecondaryIndexes") or []]
    for place, each in enumerate(replicas):
        _check_replica(resource, each, ("Replicas", place), names)
    return replicas


def _warn_of_others(resource: Resource, others: list[dict[str, Any]]) -> None:
    for each in others:
        left_out = [name for name in _OF_THE_REPLICA if name != "TableClass" and name in each]
        if left_out:
            resource.warnings.append(
                f"the replica in {each['Region']} is created without {', '.join(left_out)}. "
                f"Run with --region {each['Region']} to manage these"
            )


def _check_indexes(resource: Resource, indexes: Any, here: Path) -> None:
    if indexes is None:
        return
    if not isinstance(indexes, list) or not all(isinstance(each, Mapping) for each in indexes):
        raise resource.refuse(here, "needs a list of indexes", "Write each with its IndexName.")


def _check_replica(resource: Resource, replica: Mapping[str, Any], here: Path, names: list[str]) -> None:
    """Refuse what CloudFormation refuses: a property or an index that is left out would go unnoticed."""
    for name in replica:
        if name not in _OF_A_REPLICA:
            close = did_you_mean(name, _OF_A_REPLICA)
            remedy = f"Did you mean {close}?" if close else f"A replica has: {', '.join(sorted(_OF_A_REPLICA))}."
            raise resource.refuse((*here, name), "unknown property of a replica", remedy)
    indexes = replica.get("GlobalSecondaryIndexes")
    _check_indexes(resource, indexes, (*here, "GlobalSecondaryIndexes"))
    for place, each in enumerate(indexes or []):
        name = _name_of(each)
        # `export` leaves the indexes out where a declaration leaves them unmanaged.
        if names and name not in names:
            close = did_you_mean(name, names)
            remedy = (
                f"Did you mean {close}?" if close else f"Declare {name} in GlobalSecondaryIndexes of the table too."
            )
            path: Path = (*here, "GlobalSecondaryIndexes", place, "IndexName")
            raise resource.refuse(path, f"the table has no global secondary index {name!r}", remedy)


def _own(resource: Resource, replicas: list[Any]) -> int:
    """The position of the replica in the Region that is worked with; the only replica needs no Region."""
    regions = [_region_of(each) for each in replicas]
    region = resource.inputs.region
    if region in regions:
        return regions.index(region)
    if len(regions) == 1 and region is None:
        return 0
    listed = ", ".join(str(each) for each in regions)
    if region is None:
        raise resource.refuse(("Replicas",), f"has replicas in {listed}, and the Region is not known", _remedy(regions))
    raise resource.refuse(("Replicas",), f"has no replica in {region}, but in {listed}", _remedy(regions))


def _remedy(regions: list[str | None]) -> str:
    return f"Name the one to work with: --region {regions[0]}."


def _region_of(replica: Any) -> str | None:
    region = replica.get("Region") if isinstance(replica, Mapping) else None
    return region if isinstance(region, str) else None


def _name_of(index: Any) -> str:
    return str(_mapping(index).get("IndexName", ""))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _encryption(properties: dict[str, Any], replica: dict[str, Any]) -> None:
    """Whether a key in KMS is used stands in the table, which key in the replica."""
    key = _mapping(replica.pop("SSESpecification", None)).get("KMSMasterKeyId")
    if key is not None:
        properties["SSESpecification"] = {**_mapping(properties.get("SSESpecification")), "KMSMasterKeyId": key}


def _capacity(holder: dict[str, Any], replica: dict[str, Any], scaling: dict[str, Any]) -> None:
    """Throughput of a table or an index, whose writes are set for all replicas and whose reads for each."""
    units: dict[str, Any] = {}
    most: dict[str, Any] = {}
    for kind, settings in ((_READ, replica), (_WRITE, holder)):
        provisioned = _mapping(settings.pop(f"{kind}ProvisionedThroughputSettings", None))
        if f"{kind}CapacityUnits" in provisioned:
            units[f"{kind}CapacityUnits"] = provisioned[f"{kind}CapacityUnits"]
        scaled = _mapping(provisioned.get(f"{kind}CapacityAutoScalingSettings"))
        if scaled:
            units[f"{kind}CapacityUnits"] = scaled.get("SeedCapacity", scaled.get("MinCapacity"))
            found = {**scaled, **_mapping(scaled.get("TargetTrackingScalingPolicyConfiguration"))}
            scaling[kind.lower()] = {target: found[name] for name, target in _SCALING.items() if name in found}
        on_demand = _mapping(settings.pop(f"{kind}OnDemandThroughputSettings", None))
        if f"Max{kind}RequestUnits" in on_demand:
            most[f"Max{kind}RequestUnits"] = on_demand[f"Max{kind}RequestUnits"]
    if units:
        holder["ProvisionedThroughput"] = units
    if most:
        holder["OnDemandThroughput"] = most


def _replica(replica: Mapping[str, Any]) -> dict[str, Any]:
    """A replica in another Region, as UpdateTable spells it."""
    found: dict[str, Any] = {"RegionName": replica["Region"]}
    key = _mapping(replica.get("SSESpecification")).get("KMSMasterKeyId")
    values = {
        "KMSMasterKeyId": key,
        "TableClassOverride": replica.get("TableClass"),
        **_overrides(replica),
    }
    found.update({name: value for name, value in values.items() if value is not None})
    indexes = [
        {"IndexName": _name_of(index), **overrides}
        for index in replica.get("GlobalSecondaryIndexes") or []
        if (overrides := _overrides(_mapping(index)))
    ]
    if indexes:
        found["GlobalSecondaryIndexes"] = indexes
    return found


def _overrides(settings: Mapping[str, Any]) -> dict[str, Any]:
    units = _mapping(settings.get("ReadProvisionedThroughputSettings")).get("ReadCapacityUnits")
    most = _mapping(settings.get("ReadOnDemandThroughputSettings")).get("MaxReadRequestUnits")
    found: dict[str, Any] = {}
    if units is not None:
        found["ProvisionedThroughputOverride"] = {"ReadCapacityUnits": units}
    if most is not None:
        found["OnDemandThroughputOverride"] = {"MaxReadRequestUnits": most}
    return found
