"""The tables of one CloudFormation or SAM template as declarations. Called by ``documents`` for each template.

Other resources are counted and left alone. A table that cannot be worked out is a problem, never a missing table.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import reduce
from types import MappingProxyType
from typing import Any

from reconciler.declarations.document.field_model import spellings
from reconciler.declarations.document.table_document import TableDocument
from reconciler.declarations.formats.cloudformation import global_table, simple_table, table
from reconciler.declarations.formats.cloudformation.dependencies import Used
from reconciler.declarations.formats.cloudformation.intrinsics import NO_VALUE, Intrinsics, transform_unresolved
from reconciler.declarations.formats.cloudformation.loops import expanded, has_loops
from reconciler.declarations.formats.cloudformation.resource import Resource
from reconciler.declarations.formats.cloudformation.scalars import typed
from reconciler.declarations.formats.name_pattern import name_pattern
from reconciler.declarations.formats.serverless.variables import VARIABLE
from reconciler.declarations.formats.unresolved import Unresolved
from reconciler.declarations.names import table_name_problems
from reconciler.declarations.raw import ComputedValue, ConditionalTable, FileReading, RawDeclaration
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.position import located
from reconciler.parsing.parsed import Parsed
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import FieldProblem, Path, SourceLocation, alternatives, did_you_mean

KINDS = {
    "AWS::DynamoDB::Table": table.declared,
    "AWS::DynamoDB::GlobalTable": global_table.declared,
    "AWS::Serverless::SimpleTable": simple_table.declared,
}
"""Types of resources that are tables, each with the function that declares one."""
_OF_SAM = ("Api", "Application", "Connector", "Function", "GraphQLApi", "HttpApi", "LayerVersion", "StateMachine")
"""Other types of SAM, which are no misspelled table."""
METADATA = "DynamoDBReconciler"
"""The key of a resource's ``Metadata`` that holds what CloudFormation has no property for."""
_METADATA_FIELDS = ("lifecycle", "seed", "references", "replacement", "description")
_METADATA_REMEDY = (
    f"It may hold {', '.join(_METADATA_FIELDS)}, and fields of a declaration that the properties do not have."
)
NOT_DECLARED = "not_declared"
"""The key beside those fields that lists fields which the properties set and which are not declared all the same."""
_NOT_METADATA = frozenset(("table_name", "key_schema"))
"""Fields that only the properties hold: they say which table it is."""
_RETAINS = ("Retain", "RetainExceptOnCreate")
_POLICIES = {
    "DeletionPolicy": ("Delete", *_RETAINS, "Snapshot"),
    "UpdateReplacePolicy": ("Delete", "Retain", "Snapshot"),
}
"""What each policy may be. A misspelled one would take the protection from the table."""
ALL_SECTIONS = (
    *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions"),
    *("Transform", "Globals", "Hooks", "Resources", "Outputs"),
)
"""Of a template, by their names."""
_ATTRIBUTES = (
    *("Type", "Properties", "Condition", "DependsOn", "Metadata", "DeletionPolicy", "UpdateReplacePolicy"),
    *("CreationPolicy", "UpdatePolicy", "Connectors"),
)
"""Of a resource. CloudFormation refuses any other."""


def _written(path: Path, value: Any) -> Any:
    """What of a value gets into the declaration: True for a policy that keeps the table, ``None`` for nothing."""
    if value is NO_VALUE:
        return None
    if path[0] in _POLICIES:
        return True if value in _RETAINS else None
    return _typed(path[1:], value) if path[0] == "Properties" else value


def _typed(path: Path, value: Any) -> Any:
    """The value of the property at ``path`` with the type of its field: CloudFormation takes ``"5"`` for a number."""
    whole = value
    for part in reversed(path):
        whole = [whole] if isinstance(part, int) else {part: whole}
    found = typed(TableDocument, whole)
    for part in path:
        found = found[0] if isinstance(part, int) else found[part]
    return found


def _ending(text: str, variable: str, evaluated: Any) -> str:
    """The value of a variable that ends a text, from the value of the whole; empty where that does not tell it."""
    before, found, after = text.partition(f"${{{variable}}}")
    tells = found and not after and not VARIABLE.search(before) and str(evaluated).startswith(before)
    return str(evaluated).removeprefix(before) if tells else ""


def _texts(value: Any, here: Path) -> Iterator[tuple[Path, str]]:
    """All texts in a value, with their paths."""
    if isinstance(value, str):
        yield here, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*here, str(key)))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _texts(item, (*here, place))


def is_template(value: Mapping[Any, Any]) -> bool:
    """Whether a document is a CloudFormation template."""
    resources = value.get("Resources")
    if "AWSTemplateFormatVersion" in value:
        return True
    if not isinstance(resources, Mapping):
        return False
    return any(_type_of(each) or str(name).startswith("Fn::ForEach") for name, each in resources.items())


def is_fragment(value: Mapping[Any, Any]) -> bool:
    """Whether a document is a list of resources without ``Resources:`` around it, as serverless projects keep them."""
    return any(_type_of(each) in KINDS for each in value.values())


def read_template(
    file: SourceFile, document: Parsed, inputs: TemplateInputs, written: Mapping[str, Any] = MappingProxyType({})
) -> FileReading:
    """Every table of a template, with all problems and with notes about what was left out.

    ``written`` are the resources before the variables of another tool were replaced.
    """
    resources = document.value.get("Resources")
    found = resources if isinstance(resources, Mapping) else {}
    return _Template(file, document, inputs, ("Resources",), found, written or found).reading()


def read_fragment(
    file: SourceFile, document: Parsed, inputs: TemplateInputs, written: Mapping[str, Any] = MappingProxyType({})
) -> FileReading:
    """As ``read_template``, for resources at the top of the document."""
    return _Template(file, document, inputs, (), document.value, written or document.value).reading()


@dataclass
class _Template:
    """One template, whose resources stand at the path ``base`` of the file."""

    file: SourceFile
    document: Parsed
    inputs: TemplateInputs
    base: Path
    resources: Mapping[str, Any]
    written: Mapping[str, Any]
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.intrinsics = Intrinsics(self.document, self.inputs, self.resources, self._name_of)
        self.loops: list[tuple[re.Pattern[str], Used]] = []
        """Those whose lists follow from parameters: the logical IDs that each makes, and what its list follows from."""
        if has_loops(self.resources):
            try:
                self.document = expanded(self.document, self.base, self.intrinsics.evaluate)
            except Unresolved as unresolved:
                location = SourceLocation(self.file.path, self.document.line, self.document.lines)
                self.problems.append(location.problem(unresolved.finding()))
                self.resources = {}
            else:
                self.loops = list(self._loops_of_resources())
                self.resources = self.document.value["Resources"] if self.base else self.document.value
            self.intrinsics = Intrinsics(self.document, self.inputs, self.resources, self._name_of)
        self.location = SourceLocation(self.file.path, self.document.line, self.document.lines)

    def _loops_of_resources(self) -> Iterator[tuple[re.Pattern[str], Used]]:
        for path, each in self.intrinsics.dependencies.computed.items():
            loop = self.resources.get(str(path[len(self.base)])) if len(path) == len(self.base) + 2 else None
            if isinstance(loop, list) and str(path[-2]).startswith("Fn::ForEach::"):
                for key in loop[2]:
                    parts = re.split(r"[$&]\{[^}]*\}", str(key))
                    yield re.compile(".*".join(map(re.escape, parts))), each.used

    def reading(self) -> FileReading:
        declarations, others, absent = [], Counter[str](), []
        for name, resource in self.resources.items():
            kind = _type_of(resource)
            if kind not in KINDS:
                self._other(name, kind, others)
                continue
            try:
                if not self._exists(name, resource):
                    absent.append(name)
                    continue
                declarations.append(self._declaration(name, resource))
            except Unresolved as unresolved:
                self.problems.append(self.location.problem(unresolved.finding()))
        self._refuse_misspelled()
        self._warn_of_given()
        if others:
            kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(others.items()))
            self.notes.append(f"{self.file.path}: other resources are left alone: {kinds}")
        for name in absent:
            condition = self.resources[name]["Condition"]
            self.notes.append(f"{self.file.path}: {name} is not declared, because condition {condition} does not hold")
        if not self.resources and not self.problems:
            self.warnings.append(f"{self.file.path}: declares nothing: the template has no resources")
        return FileReading(
            tuple(declarations),
            tuple(self.problems),
            tuple(self.warnings),
            None,
            tuple(self.notes),
            conditional=tuple(self._conditional(name) for name in absent),
        )

    def _refuse_misspelled(self) -> None:
        """Refuse a section that CloudFormation refuses: a table in it would count as removed."""
        template = self.document.value
        if not self.base:
            return
        if not isinstance(template.get("Resources"), Mapping):
            reason = "the template has no mapping Resources"
            finding = FieldProblem(("Resources",), reason, "Write the resources under Resources.")
            self.problems.append(self.location.problem(finding))
        for name in template:
            close = did_you_mean(str(name), ALL_SECTIONS)
            if name not in ALL_SECTIONS and close is not None:
                finding = FieldProblem((str(name),), "unknown section of a template", f"Did you mean {close}?")
                self.problems.append(self.location.problem(finding))
        transforms = template.get("Transform")
        for each in transforms if isinstance(transforms, list) else [transforms] if transforms else []:
            name = each.get("Name") if isinstance(each, Mapping) else each
            if not str(name).startswith("AWS::") or name == "AWS::Include":
                self.warnings.append(
                    f"{self.file.path}: transform {name} is not applied; the tables are declared as they are written"
                )

    def _warn_of_given(self) -> None:
        """Warn of a given parameter that is probably a misspelt one, which would silently have its default."""
        declared, given = self.intrinsics.parameters, self.inputs.parameters
        known = [*declared, *self.resources]
        for name in given:
            close = did_you_mean(name, declared) if name not in known and re.fullmatch(r"\w+", name) else None
            if close is not None and close not in given:
                self.warnings.append(
                    f"{self.file.path}: has no parameter {name}, which is given. Did you mean {close}?"
                )

    def _other(self, name: str, kind: str | None, others: Counter[str]) -> None:
        here: Path = (*self.base, name)
        if name == "Fn::Transform":
            self.problems.append(self.location.problem(transform_unresolved(here).finding()))
        elif kind is None:
            found = self.resources[name]
            given = found.get("Type") if isinstance(found, Mapping) else None
            reason = "has no Type" if given is None else f"invalid Type {given!r}"
            finding = FieldProblem(here, reason, "Write the type of the resource.")
            self.problems.append(self.location.problem(finding))
        elif (close := _misspelled(kind)) is not None:
            finding = FieldProblem((*here, "Type"), f"unknown type {kind!r}", f"Did you mean {close}?")
            self.problems.append(self.location.problem(finding))
        else:
            others[kind] += 1

    def _exists(self, name: str, resource: Mapping[str, Any]) -> bool:
        if "Condition" not in resource:
            return True
        return self.intrinsics.condition(resource["Condition"], (*self.base, name, "Condition"))

    def _declaration(self, name: str, resource: Mapping[str, Any]) -> RawDeclaration:
        for attribute in resource:
            if attribute not in _ATTRIBUTES:
                close = did_you_mean(str(attribute), _ATTRIBUTES)
                remedy = f"Did you mean {close}?" if close else "Move it under Properties or Metadata, or remove it."
                raise Unresolved((*self.base, name, str(attribute)), "unknown attribute of a resource", remedy)
        here: Path = (*self.base, name, "Properties")
        sources: dict[Path, Path] = {}
        properties = self.intrinsics.evaluate(resource.get("Properties", {}), here, sources)
        if not isinstance(properties, Mapping):
            raise Unresolved(here, "expected a mapping", "Write the properties of the table.")
        table_name = self._table_name(name, properties.get("TableName"), (*here, "TableName"))
        read = Resource(str(resource["Type"]), here, self.document.value, self.inputs, dict(properties), sources)
        value = KINDS[str(resource["Type"])](read)
        value["TableName"] = table_name
        self.warnings += [f"{self._located(name)}: {name}: {each}" for each in read.warnings]
        protect_as = self._protect(name, resource, value, sources)
        self._add_metadata(name, resource, value, sources)
        if "TableName" not in properties:
            self.notes.append(f"{self._located(name)}: {name} has no TableName; it is declared as {table_name}")
        return RawDeclaration(
            self.file.path,
            self._line(name) or self.document.line,
            value,
            self.document.lines,
            name=table_name,
            base_name=table_name,
            sources=sources,
            aws_spelling=True,
            name_pattern=self._name_pattern(name),
            computed=self._computed(name, resource, "TableName" in properties),
            protect_as="" if self._says_protect(name, resource) else protect_as,
        )

    def _computed(self, name: str, resource: Mapping[str, Any], named: bool) -> tuple[ComputedValue, ...]:
        """The values of this resource that follow from parameters and conditions."""
        base = (*self.base, name)
        found = [
            (here[len(base) :], each.used, each.value)
            for here, each in self.intrinsics.dependencies.computed.items()
            if here[: len(base)] == base
        ]
        if "Condition" in resource:
            with self.intrinsics.dependencies.of_value(()) as existence:
                self._exists(name, resource)
            found.append((("Condition",), existence.used, resource["Condition"]))
        # A loop that makes the table is for it what a condition is: without its value there is none.
        found += [(("Condition",), used, name) for pattern, used in self.loops if pattern.fullmatch(name)]
        if not named:
            stack = self.intrinsics.stack
            found.append((("Properties", "TableName"), Used({"AWS::StackName": stack}), f"{stack}-{name}"))
        values = [(path, dict(used.parameters), str(used), value) for path, used, value in found]
        values += self._of_variables(name, resource)
        return tuple(
            ComputedValue(
                located(self.file.path, self.document.lines.get((*base, *path)) or self._line(name)),
                ".".join(str(part) for part in path if part != "Properties"),
                tuple(parameters),
                follows_from,
                _written(path, value),
                tuple(str(each) for each in parameters.values()),
            )
            for path, parameters, follows_from, value in sorted(
                values, key=lambda each: self.document.lines.get((*base, *each[0]), 0)
            )
        )

    def _of_variables(self, name: str, resource: Mapping[str, Any]) -> Iterator[tuple[Path, dict[str, Any], str, Any]]:
        """The values in which variables of serverless were replaced."""
        written = self.written.get(name)
        found: dict[Path, list[str]] = {}
        texts: dict[Path, str] = {}
        for path, text in _texts(written, ()) if written is not resource else ():
            # A function is evaluated as a whole, so the value is that of the outermost one.
            place = next((n for n, part in enumerate(path) if str(part) == "Ref" or str(part).startswith("Fn::")), None)
            found.setdefault(path[:place], []).extend(VARIABLE.findall(text))
            texts[path[:place]] = text
        for path, variables in found.items():
            if variables and path and path[0] in ("Properties", *_POLICIES):
                whole: Any = resource
                value = reduce(lambda inside, part: inside[part], path, whole)
                one = "variable" if len(variables) == 1 else "variables"
                named = " and ".join(f"${{{each}}}" for each in dict.fromkeys(variables))
                evaluated = self.intrinsics.evaluate(value, (*self.base, name, *path))
                # "opt:stage, 'dev'" and "self:provider.stage" are both about the stage.
                last = {
                    re.split(r"[:.]", each.partition(",")[0])[-1]: _ending(texts[path], each, evaluated)
                    for each in variables
                }
                yield path, last, f"{one} {named}", evaluated

    def _protect(self, name: str, resource: Mapping[str, Any], value: dict[str, Any], sources: dict[Path, Path]) -> str:
        """Protection where a policy keeps the table. Returns the policies that do, as they are written."""
        keeping = []
        for policy, allowed in _POLICIES.items():
            here: Path = (*self.base, name, policy)
            given = self.intrinsics.evaluate(resource[policy], here) if policy in resource else "Delete"
            if given not in allowed and given is not NO_VALUE:
                raise Unresolved(here, f"invalid value {given!r}", f"Use {alternatives(allowed)}.")
            if given in _RETAINS:
                value["Lifecycle"] = {"protect": True}
                sources["Lifecycle",] = here
                keeping.append(f"{policy}: {given}")
        return " and ".join(keeping)

    def _says_protect(self, name: str, resource: Mapping[str, Any]) -> bool:
        """Whether the metadata has ``lifecycle.protect``, which counts more than a policy."""
        own = self._own_metadata(name, resource)
        lifecycle = own.get("lifecycle", own.get("Lifecycle"))
        return isinstance(lifecycle, Mapping) and not {"protect", "Protect"}.isdisjoint(lifecycle)

    def _own_metadata(self, name: str, resource: Mapping[str, Any]) -> dict[Any, Any]:
        """What stands under ``Metadata: {DynamoDBReconciler: …}``; empty where nothing does."""
        metadata = resource.get("Metadata")
        if not isinstance(metadata, Mapping):
            return {}
        for key in metadata:
            if key != METADATA and did_you_mean(str(key), (METADATA,)):
                where = (*self.base, name, "Metadata", str(key))
                raise Unresolved(where, "unknown metadata", f"Did you mean {METADATA}?")
        own = metadata.get(METADATA, {})
        if not isinstance(own, Mapping):
            raise Unresolved((*self.base, name, "Metadata", METADATA), "expected a mapping", _METADATA_REMEDY)
        return dict(own)

    def _add_metadata(
        self, name: str, resource: Mapping[str, Any], value: dict[str, Any], sources: dict[Path, Path]
    ) -> None:
        """The fields that CloudFormation has no property for."""
        own = self._own_metadata(name, resource)
        here: Path = (*self.base, name, "Metadata", METADATA)
        known_fields = spellings(TableDocument)
        unmanaged = own.pop(NOT_DECLARED, [])
        if not isinstance(unmanaged, list) or not all(isinstance(each, str) for each in unmanaged):
            raise Unresolved((*here, NOT_DECLARED), "expected a list of fields", "Write [billing_mode], for example.")
        for each in unmanaged:
            if known_fields.get(each) in (None, *_NOT_METADATA):
                raise Unresolved((*here, NOT_DECLARED), f"unknown field {each!r}", _METADATA_REMEDY)
            for other in [other for other in value if known_fields.get(other) == known_fields[each]]:
                del value[other]
        for key, item in own.items():
            field_name = known_fields.get(key) if isinstance(key, str) else None
            if field_name is None or field_name in _NOT_METADATA:
                raise Unresolved((*here, str(key)), "unknown field", _METADATA_REMEDY)
            known = value.pop("Lifecycle", {}) if field_name == "lifecycle" else {}
            # `export` writes fields here that the properties hold in another meaning, such as no billing mode at all.
            for other in [other for other in value if known_fields.get(other) == field_name]:
                del value[other]
            value[key] = {**known, **item} if isinstance(item, Mapping) else item
            sources[key,] = (*here, key)
            sources.update({(key, *path): (*here, key, *path) for path in _paths(item)})

    def _table_name(self, name: str, given: Any, here: Path) -> str:
        if given is None or given is NO_VALUE:
            derived = f"{self.intrinsics.stack}-{name}"
            for reason, _ in table_name_problems(derived, None):
                raise Unresolved((*self.base, name), f"has no TableName, and {reason}", "Add a TableName.")
            return derived
        return self.intrinsics.text(given, here)

    def _name_pattern(self, name: str) -> str | None:
        resource = self.written.get(name)
        properties = resource.get("Properties") if isinstance(resource, Mapping) else None
        given = properties.get("TableName") if isinstance(properties, Mapping) else None
        return None if given is None else name_pattern(given)

    def _conditional(self, name: str) -> ConditionalTable:
        """A table whose condition does not hold: with other parameters it is declared."""
        pattern = self._name_pattern(name)
        try:
            found = self._name_of(name)
        except Unresolved:
            found = None
        written = re.escape(found) if found is not None else pattern or f".+-{re.escape(name)}"
        return ConditionalTable(written, self._line(name) or self.document.line or 1, pattern)

    def _name_of(self, name: str) -> str | None:
        """What ``Ref`` returns for a table of this template; None for any other resource."""
        resource = self.resources.get(name)
        if _type_of(resource) not in KINDS or not isinstance(resource, Mapping):
            return None
        properties = resource.get("Properties")
        given = properties.get("TableName") if isinstance(properties, Mapping) else None
        here: Path = (*self.base, name, "Properties", "TableName")
        return self._table_name(name, self.intrinsics.evaluate(given, here) if given is not None else None, here)

    def _located(self, name: str) -> str:
        return located(self.file.path, self._line(name))

    def _line(self, name: str) -> int | None:
        return self.document.lines.get((*self.base, name))


def _type_of(resource: Any) -> str | None:
    kind = resource.get("Type") if isinstance(resource, Mapping) else None
    return kind if isinstance(kind, str) and ("::" in kind or kind in KINDS) else None


def _misspelled(kind: str) -> str | None:
    """The type of a table that an unknown type stands for; None for a type of something else."""
    parts = re.sub(r":+", "::", kind).split("::")
    if len(parts) < 2 or parts[0].lower() != "aws":
        return None
    service = did_you_mean(parts[1], ("DynamoDB", "Serverless"))
    if service == "DynamoDB":
        # CloudFormation has no other type of this service.
        return did_you_mean(kind, (each for each in KINDS if service in each)) or "AWS::DynamoDB::Table"
    close = did_you_mean(parts[-1], ("SimpleTable", *_OF_SAM)) if service == "Serverless" else None
    return "AWS::Serverless::SimpleTable" if close == "SimpleTable" else None


def _paths(value: Any, here: Path = ()) -> list[Path]:
    found: list[Path] = []
    members: list[tuple[str | int, Any]] = []
    if isinstance(value, Mapping):
        members = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, list):
        members = list(enumerate(value))
    for key, item in members:
        found += [(*here, key), *_paths(item, (*here, key))]
    return found
