"""Evaluates the functions of a CloudFormation template: parameters, conditions, mappings and references.

Not cfn-lint's ``resolve_value``: it returns both branches of an ``Fn::If``, and cfn-lint would add 60 MB to the image.
A value that cannot be known offline is an error that names the option which gives it; nothing is guessed.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from reconciler.declarations.formats.cloudformation.dependencies import Dependencies
from reconciler.declarations.formats.cloudformation.parameters import Parameters
from reconciler.declarations.formats.unresolved import Unresolved
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.parsing.parsed import Parsed
from reconciler.parsing.source_location import Path, did_you_mean

_LONGEST = 1_000_000
"""Characters that a text may have. A template has at most 1 MB, and references can double a text again and again."""


class _NoValue:
    """``AWS::NoValue``: the property is as good as not written."""


NO_VALUE = _NoValue()
_SAME_NEARLY_EVERYWHERE = ("AWS::Partition", "AWS::URLSuffix", "AWS::NotificationARNs")
"""Pseudo parameters that environments of one application hardly ever differ in."""
_CONDITION_FUNCTIONS = ("Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals", "Condition")
_VARIABLE = re.compile(r"\$\{(!?)([^${}]*)\}")
_DYNAMIC = re.compile(r"\{\{resolve:[^}]*\}\}")


class Intrinsics:
    """The functions of one template.

    ``name_of`` returns the name of the table that a logical ID stands for, or None where it is no table.
    """

    def __init__(
        self,
        document: Parsed,
        inputs: TemplateInputs,
        resources: Mapping[str, Any],
        name_of: Callable[[str], str | None],
    ) -> None:
        template = document.value
        self._inputs = inputs
        self._literals = document.literals
        self._mappings = _section(template, "Mappings")
        self._conditions = _section(template, "Conditions")
        self._resources = resources
        self._name_of = name_of
        self._open: list[str] = []
        self._known: dict[str, bool] = {}
        self._names: dict[str, str] = {}
        self._functions: dict[str, Callable[[Any, Path], Any]] = {
            "Ref": self._ref,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": self._get_att,
            "Fn::ImportValue": self._import_value,
            "Fn::ToJsonString": self._to_json_string,
            "Fn::Length": self._length,
        }
        self.parameters = Parameters(document, inputs)
        self.dependencies = Dependencies()
        self.stack = inputs.parameters.get("AWS::StackName", inputs.stack)

    def evaluate(self, value: Any, here: Path, sources: dict[Path, Path] | None = None, out: Path = ()) -> Any:
        """The value without functions, or ``NO_VALUE``.

        ``here`` is its path in the file. ``sources`` collects, for each path below ``out`` of the result, the path in
        the file that it comes from. Raises ``Unresolved``.
        """
        found = {} if sources is None else sources
        found[out] = here
        if isinstance(value, Mapping):
            function = _function(value, here)
            if function is not None:
                with self.dependencies.of_value(here) as computed:
                    computed.value = self._call(function, value[function], (*here, function), found, out)
                return computed.value
            members = {
                key: self.evaluate(item, (*here, str(key)), found, (*out, str(key))) for key, item in value.items()
            }
            return {key: item for key, item in members.items() if item is not NO_VALUE}
        if isinstance(value, list):
            kept: list[Any] = []
            for position, item in enumerate(value):
                result = self.evaluate(item, (*here, position), found, (*out, len(kept)))
                kept += [] if result is NO_VALUE else [result]
            return kept
        if value is None:
            # CloudFormation refuses null; left out, the property would have its default and the table another shape.
            raise Unresolved(here, "has no value", "Write one, or remove the line.")
        if isinstance(value, str) and (dynamic := _DYNAMIC.search(value)):
            reason = f"has the dynamic reference {dynamic[0]}, which only CloudFormation resolves"
            raise Unresolved(here, reason, "Make it a parameter, and give it with --parameter NAME=VALUE.")
        return value

    def condition(self, name: Any, here: Path) -> bool:
        """Whether the condition of this name holds. Raises ``Unresolved``."""
        if not isinstance(name, str) or name not in self._conditions:
            close = did_you_mean(str(name), self._conditions)
            remedy = f"Did you mean {close}?" if close else "Define it under Conditions."
            raise Unresolved(here, f"condition {name!r} is not defined", remedy)
        what = f"condition {name}"
        if name not in self._known:
            with self._entered(what, here), self.dependencies.kept(what):
                self._known[name] = self._truth(self._conditions[name], ("Conditions", name))
        self.dependencies.use_kept(what)
        self.dependencies.use_condition(name)
        return self._known[name]

    def text(self, value: Any, here: Path) -> str:
        """The text of an evaluated scalar, with the digits as they were written."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return self._literals.get(here, str(value))
        if isinstance(value, str):
            return value
        raise Unresolved(here, f"expected a text, but it is {_kind(value)}", "Write a text or a number.")

    def _call(self, function: str, argument: Any, here: Path, sources: dict[Path, Path], out: Path) -> Any:
        if function == "Fn::If":
            name, *_ = branches = self._list(argument, here, 3)
            branch = 1 if self.condition(name, (*here, 0)) else 2
            return self.evaluate(branches[branch], (*here, branch), sources, out)
        if function == "Fn::Select":
            return self._select(argument, here, sources, out)
        if function in _CONDITION_FUNCTIONS:
            return self._truth({function: argument}, here[:-1])
        evaluate = self._functions.get(function)
        if evaluate is None:
            raise Unresolved(here, f"{function} is not supported in a table", "Write the value itself, or a parameter.")
        sources[out] = here
        return evaluate(argument, here)

    def _ref(self, argument: Any, here: Path) -> Any:
        name = self._name(argument, here)
        if name == "AWS::NoValue":
            return NO_VALUE
        if name.startswith("AWS::"):
            found = self._pseudo(name, here)
            if name not in _SAME_NEARLY_EVERYWHERE:
                self.dependencies.use(name, found)
            return found
        if name in self.parameters:
            return self.dependencies.use(name, self.parameters.value(name, here))
        given = self._inputs.parameters.get(name)
        if given is not None:
            return self.dependencies.use(name, given)
        if name in self._resources:
            return self._resource_name(name, here)
        close = did_you_mean(name, [*self.parameters, *self._resources])
        remedy = (
            f"Did you mean {close}?" if close else f"Define the parameter, or give it with --parameter {name}=VALUE."
        )
        raise Unresolved(here, f"{name!r} is neither a parameter nor a resource of the template", remedy)

    def _resource_name(self, name: str, here: Path) -> str:
        what = f"resource {name}"
        if name in self._names:
            self.dependencies.use_kept(what)
            return self._names[name]
        with self._entered(what, here), self.dependencies.kept(what):
            found = self._name_of(name)
        self.dependencies.use_kept(what)
        if found is None:
            kind = self._resources[name].get("Type") if isinstance(self._resources[name], Mapping) else None
            reason = f"the name of {name} ({kind}) is only known after its deployment"
            raise Unresolved(here, reason, f"Give it with --parameter {name}=VALUE.")
        self._names[name] = found
        return found

    def _pseudo(self, name: str, here: Path) -> Any:
        given = self._inputs.parameters.get(name)
        if given is not None:
            return given
        if name == "AWS::StackName":
            return self.stack
        if name == "AWS::NotificationARNs":
            return []
        region = self._inputs.region
        if name == "AWS::Region" and region is not None:
            return region
        if name == "AWS::Region":
            raise Unresolved(here, "AWS::Region is not known", "Give it with --region NAME.")
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
        china = region is not None and region.startswith("cn-")
        if name == "AWS::URLSuffix":
            return "amazonaws.com.cn" if china else "amazonaws.com"
        if name == "AWS::Partition":
            return "aws-cn" if china else "aws-us-gov" if region is not None and region.startswith("us-gov-") else "aws"
        if name in ("AWS::AccountId", "AWS::StackId"):
            raise Unresolved(here, f"{name} is not known offline", f"Give it with --parameter {name}=VALUE.")
        raise Unresolved(here, f"{name} is no pseudo parameter", "Correct its name.")

    def _sub(self, argument: Any, here: Path) -> str:
        own: Mapping[Any, Any] = {}
        text, where = argument, here
        if isinstance(argument, list):
            text, own = self._list(argument, here, 2)
            where = (*here, 0)
        if not isinstance(text, str) or not isinstance(own, Mapping):
            raise Unresolved(here, "Fn::Sub needs a text, or a list of a text and a mapping", "Write it so.")

        @cache
        def named(name: str) -> str:
            if name in own:
                path = (*here, 1, name)
                return self.text(self.evaluate(own[name], path), path)
            if "." in name and name not in self.parameters:
                logical_id, attribute = name.split(".", 1)
                return self.text(self._attribute(logical_id, attribute, where), where)
            if not name:
                raise Unresolved(where, "Fn::Sub has a ${} without a name", "Write the name.")
            value = self._ref(name, where)
            if value is NO_VALUE:
                raise Unresolved(
                    where, "AWS::NoValue cannot be part of a text", "Use Fn::If around the whole property."
                )
            return self.text(value, where)

        pieces, position = [], 0
        for match in _VARIABLE.finditer(text):
            name = match[2].strip()
            pieces += [text[position : match.start()], f"${{{name}}}" if match[1] else named(name)]
            position = match.end()
        return _joined("", [*pieces, text[position:]], here)

    def _join(self, argument: Any, here: Path) -> str:
        delimiter, parts = self._list(argument, here, 2)
        members = self.evaluate(parts, (*here, 1))
        if not isinstance(delimiter, str) or not isinstance(members, list):
            raise Unresolved(here, "Fn::Join needs a delimiter and a list", 'Write it like ["-", ["a", "b"]].')
        texts = [self.text(member, (*here, 1, position)) for position, member in enumerate(members)]
        return _joined(delimiter, texts, here)

    def _split(self, argument: Any, here: Path) -> list[str]:
        delimiter, whole = self._list(argument, here, 2)
        if not isinstance(delimiter, str) or not delimiter:
            raise Unresolved(here, "Fn::Split needs a delimiter and a text", 'Write it like [",", "a,b"].')
        return self.text(self.evaluate(whole, (*here, 1)), (*here, 1)).split(delimiter)

    def _select(self, argument: Any, here: Path, sources: dict[Path, Path], out: Path) -> Any:
        index, members = self._list(argument, here, 2)
        position = self.text(self.evaluate(index, (*here, 0)), (*here, 0))
        if isinstance(members, list) and position.isdecimal() and int(position) < len(members):
            return self.evaluate(members[int(position)], (*here, 1, int(position)), sources, out)
        found = self.evaluate(members, (*here, 1))
        if not isinstance(found, list) or not position.isdecimal():
            raise Unresolved(here, "Fn::Select needs an index and a list", 'Write it like [0, ["a", "b"]].')
        if int(position) >= len(found):
            reason = f"Fn::Select takes element {position} of a list of {len(found)}"
            raise Unresolved(here, reason, f"Use an index from 0 to {len(found) - 1}." if found else "Fill the list.")
        sources[out] = here
        return found[int(position)]

    def _find_in_map(self, argument: Any, here: Path) -> Any:
        keys = argument if isinstance(argument, list) else []
        if len(keys) not in (3, 4):
            remedy = 'Write it like ["Map", "key", "second key"].'
            raise Unresolved(here, "Fn::FindInMap needs a mapping and two keys", remedy)
        found: Any = self._mappings
        words = [self.text(self.evaluate(key, (*here, place)), (*here, place)) for place, key in enumerate(keys[:3])]
        for place, word in enumerate(words):
            known = {str(key): item for key, item in found.items()} if isinstance(found, Mapping) else {}
            if word not in known:
                default = keys[3] if len(keys) == 4 else None
                if isinstance(default, Mapping) and "DefaultValue" in default:
                    return self.evaluate(default["DefaultValue"], (*here, 3, "DefaultValue"))
                within = " ".join(["Mappings", *words[:place]])
                close = did_you_mean(word, known)
                remedy = f"Did you mean {close}?" if close else f"It has: {', '.join(known) or 'nothing'}."
                raise Unresolved((*here, place), f"{word!r} is not in {within}", remedy)
            found = known[word]
        return found

    def _get_att(self, argument: Any, here: Path) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[0], str):
            raise Unresolved(here, "Fn::GetAtt needs a logical ID and an attribute", "Write it like LogicalId.Arn.")
        attribute = self.text(self.evaluate(parts[1], (*here, 1)), (*here, 1))
        return self._attribute(parts[0], attribute, here)

    def _attribute(self, name: str, attribute: str, here: Path) -> Any:
        given = self._inputs.parameters.get(f"{name}.{attribute}")
        if given is not None:
            return self.dependencies.use(f"{name}.{attribute}", given)
        if name not in self._resources:
            close = did_you_mean(name, self._resources)
            remedy = f"Did you mean {close}?" if close else f"Give it with --parameter {name}.{attribute}=VALUE."
            raise Unresolved(here, f"{name!r} is no resource of the template", remedy)
        reason = f"{attribute} of {name} is only known after its deployment"
        raise Unresolved(here, reason, f"Give it with --parameter {name}.{attribute}=VALUE.")

    def _import_value(self, argument: Any, here: Path) -> Any:
        name = self.text(self.evaluate(argument, here), here)
        given = self._inputs.parameters.get(name)
        if given is None:
            reason = f"the exported value {name!r} is in another stack"
            raise Unresolved(here, reason, f"Give it with --parameter {name}=VALUE.")
        return given

    def _to_json_string(self, argument: Any, here: Path) -> str:
        return json.dumps(self.evaluate(argument, here), separators=(",", ":"))

    def _length(self, argument: Any, here: Path) -> int:
        members = self.evaluate(argument, here)
        if not isinstance(members, list):
            raise Unresolved(here, "Fn::Length needs a list", "Give it a list.")
        return len(members)

    def _truth(self, value: Any, here: Path) -> bool:
        """Whether an expression of a condition holds."""
        function = _function(value, here) if isinstance(value, Mapping) else None
        argument = value[function] if function is not None else None
        inside = (*here, function or "")
        if function == "Condition":
            return self.condition(argument, inside)
        if function == "Fn::Equals":
            first, second = (
                self._comparable(each, (*inside, place)) for place, each in enumerate(self._list(argument, inside, 2))
            )
            return bool(first == second)
        if function == "Fn::Not":
            (inner,) = self._list(argument, inside, 1)
            return not self._truth(inner, (*inside, 0))
        if function in ("Fn::And", "Fn::Or"):
            if not isinstance(argument, list) or not 2 <= len(argument) <= 10:
                raise Unresolved(inside, f"{function} needs 2 to 10 conditions", "Write a list of conditions.")
            results = (self._truth(each, (*inside, place)) for place, each in enumerate(argument))
            return all(results) if function == "Fn::And" else any(results)
        found = self.evaluate(value, here)
        if isinstance(found, bool) or found in ("true", "false"):
            return found in (True, "true")
        remedy = "Use Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition."
        raise Unresolved(here, f"expected a condition, but it is {_kind(found)}", remedy)

    def _comparable(self, value: Any, here: Path) -> Any:
        found = self.evaluate(value, here)
        return found if isinstance(found, list | Mapping) or found is NO_VALUE else self.text(found, here)

    def _name(self, argument: Any, here: Path) -> str:
        if not isinstance(argument, str):
            raise Unresolved(here, f"Ref needs a name, but it is {_kind(argument)}", "Write the name of a parameter.")
        return argument

    def _list(self, argument: Any, here: Path, length: int) -> list[Any]:
        if not isinstance(argument, list) or len(argument) != length:
            found = f"{len(argument)}" if isinstance(argument, list) else _kind(argument)
            reason = f"{here[-1]} needs a list of {length}, but it has {found}"
            raise Unresolved(here, reason, "Write it as CloudFormation documents it.")
        return argument

    @contextmanager
    def _entered(self, what: str, here: Path) -> Iterator[None]:
        if what in self._open:
            chain = " → ".join([*self._open[self._open.index(what) :], what])
            raise Unresolved(here, f"refers to itself: {chain}", "Remove one of these references.")
        self._open.append(what)
        try:
            yield
        finally:
            self._open.pop()


def transform_unresolved(here: Path) -> Unresolved:
    """The error of ``Fn::Transform``, whose result may be anything; it may stand beside other keys."""
    command = "`aws cloudformation get-template --template-stage Processed --stack-name NAME`"
    return Unresolved(
        here, "Fn::Transform is only expanded by CloudFormation", f"Declare the processed template: {command}."
    )


def _joined(delimiter: str, texts: list[str], here: Path) -> str:
    """The texts as one. Raises ``Unresolved`` before a text is made that is too long."""
    if sum(map(len, texts)) + len(delimiter) * len(texts) > _LONGEST:
        raise Unresolved(here, f"makes a text of more than {_LONGEST} characters", "Shorten it.")
    return delimiter.join(texts)


def _section(template: Any, name: str) -> Mapping[str, Any]:
    found = template.get(name) if isinstance(template, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _function(value: Mapping[Any, Any], here: Path) -> str | None:
    """The function that a mapping calls; it has no other key."""
    names = [key for key in value if isinstance(key, str) and (key == "Ref" or key.startswith("Fn::"))]
    names += ["Condition"] if list(value) == ["Condition"] else []
    if not names:
        return None
    if "Fn::Transform" in names:
        raise transform_unresolved((*here, "Fn::Transform"))
    if len(value) > 1:
        others = ", ".join(str(key) for key in value if key != names[0])
        raise Unresolved(here, f"{names[0]} stands beside {others}", "A function is the only key of its mapping.")
    return names[0]


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "empty" if value is None or value is NO_VALUE else repr(value)
