"""Declarations as a configuration of Terraform in JSON: ``aws_dynamodb_table`` and the resources beside it.

https://developer.hashicorp.com/terraform/language/syntax/json
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/dynamodb_table
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from reconciler.declarations.export.exported import (
    Exported,
    Selection,
    json_text,
    lifecycle_members,
    seed_warnings,
    snake_id,
)
from reconciler.declarations.export.not_held import not_held, with_units
from reconciler.declarations.export.read_back import read_back
from reconciler.declarations.export.whole_document import Document, on_demand_maximum, policy, warm, whole_document
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.desired import Declaration
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.scaling import Scaling
from reconciler.model.table import ContributorInsights, GlobalIndex, IndexInsights, KeyElement, TableSpec

TABLE = "aws_dynamodb_table"
PROVIDER = {"aws": {"source": "hashicorp/aws", "version": ">= 6.0"}}
_FILE = "tables.tf.json"
_IMPORTS = "import.tf.json"
_STATE = "state.json"
_DIMENSIONS = {"read": "Read", "write": "Write"}
_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/"
_STREAM = "/stream/2026-01-01T00:00:00.000"
"""Any ARN does for reading back: only the name of the table counts in it."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource. ``values`` are those of its state; ``links`` are the arguments that refer to another resource.

    ``meta`` are arguments of Terraform itself, which are in no state. ``import_id`` names a live one; None where
    writing the same values again changes nothing, so that it need not be imported.
    """

    kind: str
    label: str
    values: Document
    links: Mapping[str, str] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    import_id: str | None = None

    def configured(self) -> Document:
        """The arguments in a configuration, where ``${`` begins a reference."""
        return {**_escaped(self.values), **self.links, **self.meta}


def export(selection: Selection) -> Exported:
    """One configuration with all tables."""
    ids, resources = _all_resources(selection)
    written: dict[str, Document] = {}
    for resource in resources:
        written.setdefault(resource.kind, {})[resource.label] = resource.configured()
    configuration = {"terraform": {"required_providers": PROVIDER}, "resource": written}
    warnings = [*_warnings(selection, resources), *seed_warnings(selection, "a Terraform configuration")]
    addresses = {name: f"{TABLE}.{label}" for name, label in ids.items()}
    return Exported({_FILE: json_text(configuration)}, tuple(warnings), addresses)


def for_import(selection: Selection) -> Exported:
    """A configuration of live tables, the ``import`` blocks for them, and the commands that import them.

    https://developer.hashicorp.com/terraform/language/block/import
    """
    exported = export(selection)
    blocks = [
        {"to": f"{each.kind}.{each.label}", "id": _escaped(each.import_id)}
        for each in _all_resources(selection)[1]
        if each.import_id is not None
    ]
    texts = {**exported.texts, _IMPORTS: json_text({"import": blocks})}
    return replace(exported, texts=texts, recipe=("terraform init", "terraform plan", "terraform apply"))


def _all_resources(selection: Selection) -> tuple[Mapping[str, str], list[Resource]]:
    """The label of each table, and all resources."""
    ids: dict[str, str] = {}
    resources: list[Resource] = []
    for each in selection.declarations:
        ids[each.spec.name] = snake_id(each.spec.name, ids)
        resources += _resources(each, ids[each.spec.name])
    return ids, resources


def state_of(resources: Sequence[Resource]) -> Document:
    """What ``terraform show -json`` would say of the resources after an apply."""
    listed = [
        {
            "address": f"{each.kind}.{each.label}",
            "mode": "managed",
            "type": each.kind,
            "name": each.label,
            "values": each.values,
        }
        for each in resources
    ]
    return {"format_version": "1.0", "terraform_version": "1.14.0", "values": {"root_module": {"resources": listed}}}


def _warnings(selection: Selection, resources: Sequence[Resource]) -> Iterator[str]:
    found = read_back(json.dumps(state_of(resources)), _STATE, TemplateInputs())
    for declaration in selection.declarations:
        spec, back = declaration.spec, found.get(declaration.spec.name)
        if back is None or back.spec is None:
            problem = back.problem if back else next((each.problem for each in found.values()), None)
            yield f"{spec.name}: the configuration cannot be read back: {problem or 'not found'}"
            continue
        if back.problem is not None:
            yield f"{spec.name}: the configuration cannot be read back: {back.problem}"
        for _, sentence in not_held(spec, back.spec, back.lost(spec), "Terraform"):
            if sentence is not None:
                yield f"{spec.name}: {sentence}"
        if spec.sse is not None and spec.sse.key is not None and not spec.sse.key.startswith("arn:"):
            yield f"{spec.name}: Terraform needs the ARN of the key in kms_key_arn, and {spec.sse.key} is none"
        for name in lifecycle_members(declaration.lifecycle):
            yield f"{spec.name}: Terraform does not hold lifecycle.{name}"
        if declaration.references:
            yield f"{spec.name}: Terraform does not hold references"
        if declaration.description:
            yield f"{spec.name}: Terraform does not hold description"
        if declaration.pointer:
            yield f"{spec.name}: Terraform does not hold replacement.pointer"
        if declaration.renamed_from:
            yield f"{spec.name}: Terraform does not hold renamed_from"


def _resources(declaration: Declaration, label: str) -> Iterator[Resource]:
    spec = declaration.spec
    meta: Document = {"prevent_destroy": True} if declaration.lifecycle.protect else {}
    if spec.auto_scaling is not None:
        # Otherwise each apply would take back what auto scaling has set.
        names = [
            f"{kind}_capacity" for index, kind, each in spec.auto_scaling.capacities() if each.enabled and not index
        ]
        meta |= {"ignore_changes": names} if names else {}
    yield Resource(TABLE, label, table(spec), {}, {"lifecycle": meta} if meta else {}, spec.name)
    name = {"table_name": f"${{{TABLE}.{label}.name}}"}
    if spec.auto_scaling is not None:
        for index, capacity, scaling in spec.auto_scaling.capacities():
            if scaling.enabled:
                yield from _scaling(spec, label, index, capacity, scaling)
    for index, insights in _insights(spec):
        if insights.enabled:
            values = _given({"table_name": spec.name, "index_name": index, "mode": insights.mode})
            insights_label = snake_id(f"{label}_{index}" if index else label, {})
            yield Resource("aws_dynamodb_contributor_insights", insights_label, values, name)
    kinesis = spec.kinesis_streaming
    if kinesis is not None and kinesis.stream_arn:
        values = {"table_name": spec.name, "stream_arn": kinesis.stream_arn}
        values |= _given({"approximate_creation_date_time_precision": kinesis.precision})
        kind, import_id = "aws_dynamodb_kinesis_streaming_destination", f"{spec.name},{kinesis.stream_arn}"
        yield Resource(kind, label, values, name, import_id=import_id)
    policies = (("", "arn", spec.resource_policy), (_STREAM, "stream_arn", spec.stream_policy))
    for ending, attribute, found in policies:
        if found is not None and found.document:
            values = {"resource_arn": f"{_ARN}{spec.name}{ending}", "policy": json.dumps(policy(found))}
            link = {"resource_arn": f"${{{TABLE}.{label}.{attribute}}}"}
            yield Resource("aws_dynamodb_resource_policy", f"{label}_stream" if ending else label, values, link)


def _insights(spec: TableSpec) -> Iterator[tuple[str | None, ContributorInsights | IndexInsights]]:
    if spec.contributor_insights is not None:
        yield None, spec.contributor_insights
        yield from ((each.name, each) for each in spec.contributor_insights.indexes)


def table(spec: TableSpec) -> Document:
    """The arguments of ``aws_dynamodb_table``. What is off is left out."""
    billing, created = spec.billing, with_units(spec, whole_document(spec))
    units = created.get("ProvisionedThroughput", {})
    of_indexes = {
        each["IndexName"]: each.get("ProvisionedThroughput", {}) for each in created.get("GlobalSecondaryIndexes", ())
    }
    recovery, sse, ttl, stream = spec.point_in_time_recovery, spec.sse, spec.ttl, spec.stream
    maximum, warmth = _renamed(on_demand_maximum(spec.on_demand_throughput)), _renamed(warm(spec.warm_throughput))
    consistency = spec.multi_region_consistency
    fields = {
        "name": spec.name,
        # The provider's default is PROVISIONED, and a table without declared billing is created on demand.
        "billing_mode": billing.mode if billing else "PAY_PER_REQUEST",
        "read_capacity": units.get("ReadCapacityUnits"),
        "write_capacity": units.get("WriteCapacityUnits"),
        **_keys(spec.keys),
        "attribute": [{"name": name, "type": kind} for name, kind in _attributes(spec).items()],
        "global_secondary_index": [_global_index(each, of_indexes[each.name]) for each in spec.global_indexes or ()]
        or None,
        "local_secondary_index": [
            {"name": each.name, "range_key": each.keys[1].attribute, **_projection(each)}
            for each in spec.local_indexes or ()
            if len(each.keys) > 1
        ]
        or None,
        "on_demand_throughput": maximum and [maximum],
        "warm_throughput": warmth and [warmth],
        "stream_enabled": True if stream and stream.enabled else None,
        "stream_view_type": stream.view if stream and stream.enabled else None,
        "ttl": [{"enabled": True, "attribute_name": ttl.attribute}] if ttl and ttl.enabled else None,
        "table_class": spec.table_class,
        "server_side_encryption": sse and [_given({"enabled": sse.enabled, "kms_key_arn": sse.key})],
        "point_in_time_recovery": recovery
        and [_given({"enabled": recovery.enabled, "recovery_period_in_days": recovery.days})],
        "deletion_protection_enabled": spec.deletion_protection,
        "replica": [
            _given(
                {
                    "region_name": each.region,
                    "kms_key_arn": each.kms_key,
                    "consistency_mode": consistency.mode if consistency else None,
                }
            )
            for each in spec.replicas or ()
        ]
        or None,
        "global_table_witness": [{"region_name": consistency.witness}] if consistency and consistency.witness else None,
        "tags": dict(spec.tags) if spec.tags else None,
    }
    return _given(fields)


def _attributes(spec: TableSpec) -> dict[str, str]:
    """Exactly the attributes in keys: the provider plans a change for ever for any other one."""
    keys = [
        spec.keys,
        *(each.keys for each in spec.global_indexes or ()),
        *(each.keys for each in spec.local_indexes or ()),
    ]
    return {key.attribute: key.type for elements in keys for key in elements}


def _keys(keys: Sequence[KeyElement]) -> Document:
    """``hash_key`` and ``range_key``, or blocks of ``key_schema`` where several attributes make a key."""
    if len({key.role for key in keys}) < len(keys):
        return {"key_schema": [{"attribute_name": key.attribute, "key_type": key.role} for key in keys]}
    return {f"{key.role.lower()}_key": key.attribute for key in keys}


def _projection(index: Any) -> Document:
    names = sorted(index.projection.non_key_attributes)
    return {"projection_type": index.projection.type, **({"non_key_attributes": names} if names else {})}


def _global_index(index: GlobalIndex, units: Mapping[str, int]) -> Document:
    maximum, warmth = _renamed(on_demand_maximum(index.on_demand_throughput)), _renamed(warm(index.warm_throughput))
    return _given(
        {
            "name": index.name,
            **_keys(index.keys),
            **_projection(index),
            "read_capacity": units.get("ReadCapacityUnits"),
            "write_capacity": units.get("WriteCapacityUnits"),
            "on_demand_throughput": maximum and [maximum],
            "warm_throughput": warmth and [warmth],
        }
    )


def _scaling(spec: TableSpec, label: str, index: str | None, capacity: str, scaling: Scaling) -> Iterator[Resource]:
    stem = snake_id(f"{label}_{index}_{capacity}" if index else f"{label}_{capacity}", {})
    ending = f"/index/{index}" if index else ""
    shared = {
        "service_namespace": "dynamodb",
        "resource_id": f"table/{spec.name}{ending}",
        "scalable_dimension": f"dynamodb:{'index' if index else 'table'}:{_DIMENSIONS[capacity]}CapacityUnits",
    }
    target = f"aws_appautoscaling_target.{stem}"
    to_table = {"resource_id": f"table/${{{TABLE}.{label}.name}}{ending}"}
    to_target = {"resource_id": f"${{{target}.resource_id}}"}
    limits = _given({"min_capacity": scaling.min, "max_capacity": scaling.max})
    target_id = f"dynamodb/{shared['resource_id']}/{shared['scalable_dimension']}"
    yield Resource("aws_appautoscaling_target", stem, {**shared, **limits}, to_table, import_id=target_id)
    if scaling.target is not None:
        tracking = {
            "target_value": scaling.target,
            "scale_in_cooldown": scaling.scale_in_cooldown,
            "scale_out_cooldown": scaling.scale_out_cooldown,
            "disable_scale_in": scaling.disable_scale_in,
            "predefined_metric_specification": [
                {"predefined_metric_type": f"DynamoDB{_DIMENSIONS[capacity]}CapacityUtilization"}
            ],
        }
        # Another policy for the same metric is refused: one that exists keeps its name.
        policy_name = scaling.policy or f"{_DIMENSIONS[capacity]}CapacityUtilization:table/{spec.name}{ending}"
        policy_values = {
            "name": policy_name,
            "policy_type": "TargetTrackingScaling",
            **shared,
            "target_tracking_scaling_policy_configuration": [_given(tracking)],
        }
        policy_id = f"{target_id}/{policy_name}"
        yield Resource("aws_appautoscaling_policy", stem, policy_values, to_target, import_id=policy_id)
    for each in scaling.scheduled or ():
        action = _given({"min_capacity": each.min, "max_capacity": each.max})
        values = {"name": each.name, **shared, "schedule": each.schedule, "scalable_target_action": [action]}
        values |= _given({"timezone": each.timezone})
        yield Resource("aws_appautoscaling_scheduled_action", snake_id(f"{stem}_{each.name}", {}), values, to_target)


_NAMES = {
    "MaxReadRequestUnits": "max_read_request_units",
    "MaxWriteRequestUnits": "max_write_request_units",
    "ReadUnitsPerSecond": "read_units_per_second",
    "WriteUnitsPerSecond": "write_units_per_second",
}


def _renamed(members: Mapping[str, Any] | None) -> Document | None:
    return {_NAMES[name]: value for name, value in members.items()} if members else None


def _escaped(value: Any) -> Any:
    """Texts in which ``${`` and ``%{`` stand for themselves."""
    if isinstance(value, Mapping):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return value.replace("${", "$${").replace("%{", "%%{") if isinstance(value, str) else value


def _given(members: Mapping[str, Any]) -> Document:
    return {name: value for name, value in members.items() if value is not None}
