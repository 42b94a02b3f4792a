"""The parameters of a template: given values, defaults, and the limits that CloudFormation checks them against.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from reconciler.declarations.formats.unresolved import Unresolved
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.parsing.parsed import Parsed
from reconciler.parsing.source_location import Path

_REPEATS_REPETITION = re.compile(r"[+*}]\)+[+*{]")
"""A group that ends with a repetition and is repeated: its time may double with every character."""
_SHORT = 20


class Parameters(Mapping[str, Mapping[str, Any]]):
    """The parameters that a template declares, by name."""

    def __init__(self, document: Parsed, inputs: TemplateInputs) -> None:
        section = document.value.get("Parameters") if isinstance(document.value, Mapping) else None
        declared = section if isinstance(section, Mapping) else {}
        self._declared = {str(name): each if isinstance(each, Mapping) else {} for name, each in declared.items()}
        self._literals = document.literals
        self._inputs = inputs

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        return self._declared[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._declared)

    def __len__(self) -> int:
        return len(self._declared)

    def value(self, name: str, here: Path) -> str | list[str]:
        """The value as ``Ref`` returns it: a text, or a list for a type of lists.

        Raises ``Unresolved`` at ``here`` where there is none, and where it is outside of the declared limits.
        """
        declared = self._declared[name]
        kind = str(declared.get("Type", "String"))
        given = self._inputs.parameter(name)
        option = f"--parameter {name}=VALUE"
        if given is None and kind.startswith("AWS::SSM::Parameter::Value"):
            reason = f"parameter {name} has its value in the Parameter Store, which is not read"
            raise Unresolved(here, reason, f"Give it with {option}.")
        if given is None and "Default" not in declared:
            raise Unresolved(here, f"parameter {name} has no value", f"Give it with {option}, or add a Default.")
        text = given if given is not None else self._default(name)
        values = (
            [word.strip() for word in text.split(",")] if kind == "CommaDelimitedList" or "List<" in kind else [text]
        )
        where = here if given is not None else ("Parameters", name, "Default")
        for each in values:
            self._check(name, declared, kind, each, where)
        return values if kind == "CommaDelimitedList" or "List<" in kind else text

    def _default(self, name: str) -> str:
        path: Path = ("Parameters", name, "Default")
        value = self._declared[name]["Default"]
        if value is None or isinstance(value, Mapping | list):
            found = "has no value" if value is None else "is not a text"
            raise Unresolved(path, found, 'Write a text or a number, or "" for an empty text.')
        return self._text(value, path)

    def _text(self, value: Any, path: Path) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        return self._literals.get(path, str(value)) if isinstance(value, int | float) else str(value)

    def _check(self, name: str, declared: Mapping[str, Any], kind: str, text: str, where: Path) -> None:
        def refuse(expected: str) -> Unresolved:
            said = declared.get("ConstraintDescription")
            remedy = f"It must be {expected}." if not isinstance(said, str) else f"It must be {expected}: {said}"
            return Unresolved(where, f"parameter {name} has the invalid value {text!r}", remedy)

        allowed = declared.get("AllowedValues")
        if isinstance(allowed, list):
            words = [
                self._text(each, ("Parameters", name, "AllowedValues", place)) for place, each in enumerate(allowed)
            ]
            if text not in words:
                raise refuse(f"one of {', '.join(words)}")
        pattern = declared.get("AllowedPattern")
        if isinstance(pattern, str) and not _fits(pattern, text):
            raise refuse(f"a text that matches {pattern}")
        if kind in ("Number", "List<Number>"):
            number = _number(text)
            if number is None:
                raise refuse("a number")
            self._within(declared, "MinValue", "MaxValue", number, refuse)
        elif kind == "String":
            self._within(declared, "MinLength", "MaxLength", Decimal(len(text)), refuse)

    def _within(self, declared: Mapping[str, Any], least: str, most: str, number: Decimal, refuse: Any) -> None:
        unit = " characters long" if least == "MinLength" else ""
        low, high = _number(str(declared.get(least))), _number(str(declared.get(most)))
        if low is not None and number < low:
            raise refuse(f"at least {low}{unit}")
        if high is not None and number > high:
            raise refuse(f"at most {high}{unit}")


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    # NaN and Infinity are no numbers of CloudFormation, and NaN cannot be compared.
    return number if number.is_finite() else None


def _fits(pattern: str, text: str) -> bool:
    """Whether the whole text matches.

    A pattern of Java that Python does not know is not checked, nor a long text with one that may take for ever.
    """
    if len(text) > _SHORT and _REPEATS_REPETITION.search(pattern):
        return True
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return True
