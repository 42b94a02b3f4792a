"""Declarations as a template of CloudFormation or SAM.

What a resource has no property for stands under ``Metadata``, in the key that the reader of templates knows, so that
the template reads back as the same declaration. CloudFormation ignores it, which a warning says.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_DynamoDB.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from reconciler.declarations.document.field_model import spellings
from reconciler.declarations.document.table_document import TableDocument
from reconciler.declarations.export.exported import (
    Exported,
    Selection,
    camel_id,
    json_text,
    lifecycle_members,
    seed_warnings,
)
from reconciler.declarations.export.global_table import UNIT_WARNING, global_table, needs_scaling
from reconciler.declarations.export.not_held import not_held, with_units
from reconciler.declarations.export.read_back import limited, read_back, without_defaults
from reconciler.declarations.export.whole_document import Document, whole_document
from reconciler.declarations.features import FEATURES
from reconciler.declarations.formats import yaml_file
from reconciler.declarations.formats.cloudformation.template import METADATA, NOT_DECLARED
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.desired import Declaration, Pointer
from reconciler.model.errors import UsageError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.scaling import Scaling
from reconciler.model.table import TableSpec

TABLE = "AWS::DynamoDB::Table"
GLOBAL_TABLE = "AWS::DynamoDB::GlobalTable"
SIMPLE_TABLE = "AWS::Serverless::SimpleTable"
PROPERTIES = (
    *("TableName", "KeySchema", "AttributeDefinitions", "BillingMode", "ProvisionedThroughput", "OnDemandThroughput"),
    *("WarmThroughput", "GlobalSecondaryIndexes", "LocalSecondaryIndexes", "VectorIndexes", "StreamSpecification"),
    *("TimeToLiveSpecification", "TableClass", "SSESpecification", "PointInTimeRecoverySpecification"),
    *("DeletionProtectionEnabled", "ContributorInsightsSpecification", "KinesisStreamSpecification", "ResourcePolicy"),
    "Tags",
)
"""Of ``AWS::DynamoDB::Table``."""
_SIMPLE = frozenset(
    (
        *("TableName", "KeySchema", "AttributeDefinitions", "BillingMode", "ProvisionedThroughput"),
        *("SSESpecification", "PointInTimeRecoverySpecification", "Tags"),
    )
)
_SIMPLE_TYPES = {"S": "String", "N": "Number", "B": "Binary"}
_DIMENSIONS = {"read": "Read", "write": "Write"}
_FILE = "template.yaml"
_RESOURCES = "resources-to-import.json"
_PLAIN = re.compile(r"[A-Za-z_/][\w./:#@+=-]*")
_WORDS_OF_YAML = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_FURTHER_FIELDS = {"contributor_insights": ("global_secondary_indexes",), "vector_indexes": ("attribute_definitions",)}
"""Fields beside those of a feature that declare it."""


@dataclass
class _Template:
    """A template while it is built."""

    selection: Selection
    sam: bool
    tables_only: bool
    resources: Document = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return "SAM" if self.sam else "CloudFormation"

    def text(self) -> str:
        head: Document = {"AWSTemplateFormatVersion": DoubleQuotedScalarString("2010-09-09")}
        if self.sam:
            head["Transform"] = "AWS::Serverless-2016-10-31"
        return yaml_file.text({**head, "Resources": _quoted(self.resources)})

    def add(self, declaration: Declaration) -> None:
        spec = declaration.spec
        name = self.ids[spec.name]
        kind, properties = self._resource(spec)
        resource: Document = {"Type": kind}
        if declaration.lifecycle.protect:
            resource |= {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
        metadata = self._metadata(declaration)
        if metadata:
            resource["Metadata"] = {METADATA: metadata}
        self.resources[name] = {**resource, "Properties": properties}
        if kind == TABLE and spec.auto_scaling is not None and not self.tables_only:
            for index, capacity, scaling in spec.auto_scaling.capacities():
                self._scale(name, index, capacity, scaling)

    def _resource(self, spec: TableSpec) -> tuple[str, Document]:
        # CloudFormation takes no maximum of -1: a table without the property has none.
        maximum, indexes = limited(spec.on_demand_throughput), without_defaults(spec.global_indexes)
        document = whole_document(replace(spec, on_demand_throughput=maximum, global_indexes=indexes))
        document = with_units(spec, document)
        document.setdefault("BillingMode", "PAY_PER_REQUEST")
        if spec.replicas:
            if self.selection.region is None:
                raise UsageError(
                    f"{spec.name} has replicas, and a template names the Region of the table too, which is not known. "
                    "Give it with --region REGION."
                )
            if needs_scaling(spec):
                self.warnings.append(f"{spec.name}: {UNIT_WARNING}")
            return GLOBAL_TABLE, global_table(spec, document, self.selection.region)
        if self.sam and _SIMPLE.issuperset(document) and len(spec.keys) == 1:
            return SIMPLE_TABLE, _simple_table(spec, document)
        return TABLE, table(spec, document)

    def _metadata(self, declaration: Declaration) -> Document:
        references = [
            {"table": self.selection.names.get(each.table, each.table)}
            | ({"attribute": each.attribute} if each.attribute else {})
            for each in declaration.references
        ]
        found = {
            "description": declaration.description,
            "lifecycle": lifecycle_members(declaration.lifecycle),
            "references": references,
            "replacement": {"pointer": _pointer(declaration.pointer)} if declaration.pointer else None,
            "renamed_from": declaration.renamed_from,
        }
        return {key: value for key, value in found.items() if value}

    def _scale(self, table_id: str, index: str | None, capacity: str, scaling: Scaling) -> None:
        """The resources of Application Auto Scaling that hold one capacity; none where it is not scaled."""
        if not scaling.enabled:
            return
        dimension = f"dynamodb:{'index' if index else 'table'}:{_DIMENSIONS[capacity]}CapacityUnits"
        stem = table_id + camel_id(index or "", {}).removesuffix("Table") + _DIMENSIONS[capacity]
        target: Document = {
            "MinCapacity": scaling.min,
            "MaxCapacity": scaling.max,
            "ResourceId": {"Fn::Sub": f"table/${{{table_id}}}{f'/index/{index}' if index else ''}"},
            "ScalableDimension": dimension,
            "ServiceNamespace": "dynamodb",
        }
        if scaling.scheduled:
            target["ScheduledActions"] = [
                {"ScheduledActionName": each.name, "Schedule": each.schedule}
                | ({"Timezone": each.timezone} if each.timezone else {})
                | {"ScalableTargetAction": _given({"MinCapacity": each.min, "MaxCapacity": each.max})}
                for each in scaling.scheduled
            ]
        policy = {
            "PolicyName": f"{stem}Utilization",
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": {"Ref": f"{stem}Target"},
            "TargetTrackingScalingPolicyConfiguration": tracking(scaling)
            | {
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": f"DynamoDB{_DIMENSIONS[capacity]}CapacityUtilization"
                }
            },
        }
        kind = "AWS::ApplicationAutoScaling::Scal"
        self.resources[f"{stem}Target"] = {"Type": f"{kind}ableTarget", "Properties": _given(target)}
        if scaling.target is not None:
            self.resources[f"{stem}Policy"] = {"Type": f"{kind}ingPolicy", "Properties": policy}

    def complete(self) -> None:
        """Add what the properties do not hold to ``Metadata``, and say so where it turns something on."""
        found = read_back(self.text(), _FILE, TemplateInputs(region=self.selection.region))
        for declaration in self.selection.declarations:
            spec = declaration.spec
            back = found.get(spec.name)
            if back is None or back.spec is None:
                problem = (back or found.get("") or next(iter(found.values()))).problem if found else None
                self.warnings.append(f"{spec.name}: the template cannot be read back: {problem or 'not found'}")
                continue
            lost = back.lost(spec)
            document = {spellings(TableDocument)[key]: value for key, value in whole_document(spec).items()}
            names = [name for facet in lost for name in _fields_of(facet)]
            kept = {name: document[name] for name in names if name in document}
            # A template has no null, so that what is not declared is named.
            if absent := [name for name in names if name not in document and name in back.written]:
                kept[NOT_DECLARED] = absent
            if kept:
                resource = self.resources[self.ids[spec.name]]
                metadata = resource.get("Metadata", {}).get(METADATA, {})
                properties = resource.pop("Properties")
                resource["Metadata"] = {METADATA: {**metadata, **kept}}
                resource["Properties"] = properties
            self._warn(spec, back.spec, lost)
        for name, back in read_back(self.text(), _FILE, TemplateInputs(region=self.selection.region)).items():
            if back.problem is not None and back.spec is not None:
                self.warnings.append(f"{name}: the template cannot be read back: {back.problem}")

    def _warn(self, spec: TableSpec, back: TableSpec, lost: tuple[str, ...]) -> None:
        for facet, sentence in not_held(spec, back, lost, self.kind):
            scaled = facet == "auto_scaling" and not spec.replicas
            if sentence is None or (scaled and not self.tables_only):
                continue
            if scaled:
                # A change set of type IMPORT creates no resource.
                said = (
                    "an import takes only existing resources, so that auto_scaling is left out; "
                    "`reconciler export --format cloudformation` writes it for a later update of the stack"
                )
            elif sentence.endswith("as declared"):
                said = (
                    f"{self.kind} has no property for {facet} as declared; it stands under Metadata {METADATA}, "
                    "which only the reconciler reads"
                )
            else:
                said = sentence
            self.warnings.append(f"{spec.name}: {said}")


def export(selection: Selection, *, sam: bool = False, tables_only: bool = False) -> Exported:
    """One template with all tables, ``tables_only`` without the resources that scale them.

    Raises ``UsageError`` for a global table whose Region is not known.
    """
    template = _Template(selection, sam, tables_only)
    for each in selection.declarations:
        template.ids[each.spec.name] = camel_id(each.spec.name, template.ids)
    for each in selection.declarations:
        template.add(each)
    template.complete()
    warnings = (*template.warnings, *seed_warnings(selection, "a template"))
    return Exported({_FILE: template.text()}, warnings, template.ids)


def for_import(selection: Selection, stack: str) -> Exported:
    """A template of live tables, the list of resources to import, and the commands that import them.

    Each table is kept when it leaves the stack: CloudFormation imports no resource without such a policy.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-manually.html
    """
    kept = tuple(replace(each, lifecycle=replace(each.lifecycle, protect=True)) for each in selection.declarations)
    exported = export(replace(selection, declarations=kept), tables_only=True)
    named = f"--stack-name {stack} --change-set-name import-tables"
    files = f"--template-body file://{_FILE} --resources-to-import file://{_RESOURCES}"
    recipe = (
        f"aws cloudformation create-change-set {named} --change-set-type IMPORT {files}",
        f"aws cloudformation wait change-set-create-complete {named}",
        f"aws cloudformation execute-change-set {named}",
    )
    texts = {**exported.texts, _RESOURCES: json_text(resources_to_import(selection, exported))}
    return replace(exported, texts=texts, recipe=recipe)


def resources_to_import(selection: Selection, exported: Exported) -> list[Document]:
    """The argument of ``create-change-set --resources-to-import``."""
    return [
        {
            "ResourceType": GLOBAL_TABLE if each.spec.replicas else TABLE,
            "LogicalResourceId": exported.ids[each.spec.name],
            "ResourceIdentifier": {"TableName": each.spec.name},
        }
        for each in selection.declarations
    ]


def table(spec: TableSpec, document: Document) -> Document:
    """The properties of ``AWS::DynamoDB::Table``."""
    found = {name: document[name] for name in PROPERTIES if name in document}
    if not found.get("VectorIndexes", True):
        del found["VectorIndexes"]
    # A table without these properties has no stream, no destination and no policy; they cannot be written as off.
    if "StreamSpecification" in found:
        if spec.stream is None or not spec.stream.enabled:
            del found["StreamSpecification"]
        else:
            found["StreamSpecification"] = {"StreamViewType": spec.stream.view}
            if document.get("StreamPolicy"):
                found["StreamSpecification"]["ResourcePolicy"] = {"PolicyDocument": document["StreamPolicy"]}
    if spec.kinesis_streaming is not None and spec.kinesis_streaming.stream_arn is None:
        del found["KinesisStreamSpecification"]
    if "ResourcePolicy" in found:
        policy = found.pop("ResourcePolicy")
        found |= {"ResourcePolicy": {"PolicyDocument": policy}} if policy else {}
    if spec.tags is not None:
        found["Tags"] = tag_list(spec)
    return found


def tag_list(spec: TableSpec) -> list[Document]:
    """Tags as CloudFormation spells them."""
    return [{"Key": key, "Value": value} for key, value in spec.tags or ()]


def tracking(scaling: Scaling) -> Document:
    """A TargetTrackingScalingPolicyConfiguration without its metric."""
    return _given(
        {
            "TargetValue": scaling.target,
            "ScaleInCooldown": scaling.scale_in_cooldown,
            "ScaleOutCooldown": scaling.scale_out_cooldown,
            "DisableScaleIn": scaling.disable_scale_in,
        }
    )


def _pointer(pointer: Pointer) -> Document:
    return {"ssm": pointer.ssm} if pointer.configmap is None else {"configmap": pointer.configmap}


def _simple_table(spec: TableSpec, document: Document) -> Document:
    key = spec.keys[0]
    left = ("KeySchema", "AttributeDefinitions", "BillingMode")
    found = {name: value for name, value in document.items() if name not in left}
    found["PrimaryKey"] = {"Name": key.attribute, "Type": _SIMPLE_TYPES[key.type]}
    return found


def _fields_of(facet: str) -> tuple[str, ...]:
    feature = next(each for each in FEATURES if each.name == facet)
    return (*feature.fields.__annotations__, *_FURTHER_FIELDS.get(facet, ()))


def _given(members: Mapping[str, Any]) -> Document:
    return {name: value for name, value in members.items() if value is not None}


def _quoted(value: Any) -> Any:
    """The same value with quotes around each text that YAML 1.1, which CloudFormation reads, could take as no text."""
    if isinstance(value, Mapping):
        return {_quoted(key): _quoted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_quoted(item) for item in value]
    if isinstance(value, str) and (not _PLAIN.fullmatch(value) or value.lower() in _WORDS_OF_YAML):
        return DoubleQuotedScalarString(value)
    return value
