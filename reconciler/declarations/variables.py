"""Replaces ``${NAME}`` in a declaration by the value of a declared variable. Called by ``own_tables``.

A variable is declared by the document that uses it, so that no text changes by accident: any other ``${NAME}`` stays
an error (``placeholders``). Its value is that of ``--parameter``, else of the process where the declaration says
so, else the default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from reconciler.declarations.overlays.merge import Layer
from reconciler.declarations.template_inputs import ENVIRONMENT_PARAMETERS, TemplateInputs
from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.parsed import AMBIGUOUS_NUMBER, ParseError, plain_number
from reconciler.parsing.source_location import FieldOrigin, Path, did_you_mean

KEY = "variables"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_USE = re.compile(r"(?P<dollars>\$+)\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_OPTIONS = ("default", "env", "type", "description")
_TYPES = ("string", "number", "boolean")
_EXAMPLE = "Write variables: {NAME: {default: VALUE}}, or a list of names."


@dataclass(slots=True)
class _Variable:
    """One declared variable; ``origin`` is where it is declared, ``digits`` the source text of its default."""

    origin: FieldOrigin
    default: Any = None
    digits: str | None = None
    env: str | None = None
    type: str | None = None


@dataclass(slots=True)
class Replaced:
    """A value without variables. ``used`` has the variable behind each replaced text, by its path.

    ``named`` is the part of the table's name that depends on the environment was given as, None where there is none.
    """

    value: Any
    used: dict[Path, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    reads_process: bool = False


class Variables:
    """The variables that a document and its overlays declare."""

    def __init__(self, inputs: TemplateInputs) -> None:
        self._inputs = inputs
        self._declared: dict[str, _Variable] = {}
        self.problems: list[Problem] = []
        self.reads_process = False

    def declare(self, layer: Layer, declared: Any) -> None:
        """Add what the field ``variables`` of a document or an overlay says."""
        layer = replace(layer, origin=layer.origin.below((KEY,)))
        if isinstance(declared, list):
            for place, name in enumerate(declared):
                self._add(name, None, layer, (place,))
        elif isinstance(declared, Mapping):
            for name, options in declared.items():
                self._add(name, options, layer, (str(name),))
        elif declared is not None:
            self._refuse(layer.origin, "expected a mapping or a list of names", _EXAMPLE)

    def replaced(self, value: Mapping[Any, Any]) -> Replaced:
        """The value with all declared variables replaced, at any depth. Keys stay as they are."""
        result = Replaced(value)
        if self._declared:
            result.value = self._inside(value, (), result)
        result.problems = self.problems
        result.reads_process = self.reads_process
        return result

    def table_name(self, written: Any) -> tuple[str, str] | None:
        """Name and base name of a table whose name contains a variable that holds the environment; None for others.

        Such a name has its environment already. The base name is the rest of it.
        """
        if not self.holds_environment(written):
            return None
        name = self._text(written, ("table_name",), Replaced(None))
        base = "".join(
            self._text(part, ("table_name",), Replaced(None)) if _is_other(part) else "" for part in _parts(written)
        )
        base = re.sub(r"([-_.])[-_.]+", r"\1", base.strip("-_."))
        return str(name), base or str(name)

    def holds_environment(self, written: Any) -> bool:
        """Whether a text contains a declared variable that holds the environment."""
        names = [use["name"] for use in _USE.finditer(written)] if isinstance(written, str) else []
        return any(name in self._declared and name.lower() in ENVIRONMENT_PARAMETERS for name in names)

    def _add(self, name: Any, options: Any, layer: Layer, place: Path) -> None:
        at = layer.origin.below(place)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            self._refuse(at, f"invalid name {name!r}", "Use letters, digits and _, with a letter or _ first.")
            return
        variable = self._declared.get(name)
        variable = _Variable(at) if variable is None else replace(variable, origin=at)
        self._declared[name] = variable
        if options is None:
            return
        if not isinstance(options, Mapping):
            remedy = f"Write {name}: {{default: {options}}}." if isinstance(options, str | int | float) else _EXAMPLE
            self._refuse(at, "expected a mapping", remedy)
            return
        for key, option in options.items():
            self._option(variable, name, key, option, layer=layer, here=at.below((str(key),)))
        self._agree(variable, at)

    def _option(
        self, variable: _Variable, name: str, key: Any, option: Any, *, layer: Layer, here: FieldOrigin
    ) -> None:
        if key == "default":
            if option is not None and not isinstance(option, str | int | float | bool):
                self._refuse(here, "expected a text, a number, true or false", "A variable holds one value.")
            else:
                variable.default = option
                variable.digits = layer.literals.get(here.path)
        elif key == "env":
            if isinstance(option, str) and option:
                variable.env = option
            elif option is True:
                variable.env = name
            elif option is not None and option is not False:
                self._refuse(here, "expected the name of an environment variable", f"Write env: {name}.")
        elif key == "type":
            if option in _TYPES:
                variable.type = option
            else:
                self._refuse(here, f"invalid value {option!r}; expected string, number or boolean", "Correct the type.")
        elif key != "description":
            suggestion = did_you_mean(str(key), _OPTIONS)
            remedy = f"Did you mean `{suggestion}`?" if suggestion else f"Known fields: {', '.join(_OPTIONS)}."
            self._refuse(here, "unknown field", remedy)

    def _agree(self, variable: _Variable, at: FieldOrigin) -> None:
        if variable.default is not None and variable.type not in (None, _type_of(variable.default)):
            reason = f"the default is a {_type_of(variable.default)}, and the type is {variable.type}"
            self._refuse(at, reason, "Correct one of them.")
            variable.default = None

    def _refuse(self, at: FieldOrigin, reason: str, remedy: str) -> None:
        self.problems.append(at.problem(reason, remedy))

    def _inside(self, value: Any, path: Path, result: Replaced) -> Any:
        if isinstance(value, str):
            return self._text(value, path, result)
        if isinstance(value, Mapping):
            return {
                key: item if not path and key == "$schema" else self._inside(item, (*path, str(key)), result)
                for key, item in value.items()
            }
        return (
            [self._inside(each, (*path, place), result) for place, each in enumerate(value)]
            if isinstance(value, list)
            else value
        )

    def _text(self, text: str, path: Path, result: Replaced) -> Any:
        whole = _USE.fullmatch(text)
        if whole is not None and whole["dollars"] == "$" and whole["name"] in self._declared:
            result.used[path] = whole["name"]
            found, _ = self._value(whole["name"])
            return text if found is None else found

        def written(use: re.Match[str]) -> str:
            # As in Compose, $${NAME} is the text ${NAME}; ``placeholders`` takes the escape away.
            if len(use["dollars"]) % 2 == 0 or use["name"] not in self._declared:
                return use.group()
            result.used[path] = use["name"]
            found, digits = self._value(use["name"])
            return use["dollars"][1:] + (use.group() if found is None else digits)

        return _USE.sub(written, text)

    def _value(self, name: str) -> tuple[Any, str]:
        """The value and its text; None where there is none, which is a problem then."""
        variable = self._declared[name]
        given, source = self._inputs.parameter(name), f"--parameter {name}"
        if given is None and variable.env is not None:
            self.reads_process = True
            given, source = self._inputs.variables.get(variable.env), f"the environment variable {variable.env}"
        if given is not None:
            return self._typed(variable, given, source), given
        if variable.default is not None:
            digits = variable.digits if variable.digits is not None else _shown(variable.default)
            if AMBIGUOUS_NUMBER.fullmatch(digits) and not isinstance(variable.default, str):
                reason = f"variable {name} has the ambiguous number {digits}; it is read as {variable.default}"
                self._once(variable.origin, reason, "Write a plain decimal number, or a text in quotes.")
            return variable.default, digits
        ways = [f"--parameter {name}=VALUE"]
        if name.lower() in ENVIRONMENT_PARAMETERS:
            ways.insert(0, "--environment NAME")
        ways += [f"the environment variable {variable.env}"] if variable.env else []
        self._once(
            variable.origin, f"variable {name} has no value", f"Give it with {' or '.join(ways)}, or add a default."
        )
        return None, ""

    def _typed(self, variable: _Variable, text: str, source: str) -> Any:
        # A value of the process may be a secret, so that no message shows it.
        kind = variable.type or _type_of(variable.default)
        if kind == "number":
            if not _NUMBER.fullmatch(text):
                self._once(variable.origin, f"the value from {source} is not a number", "Give it a decimal number.")
                return None
            try:
                return plain_number(text)
            except (ParseError, ValueError):
                return None
        if kind == "boolean":
            if text not in ("true", "false"):
                self._once(
                    variable.origin, f"the value from {source} is neither true nor false", "Give it one of them."
                )
                return None
            return text == "true"
        return text

    def _once(self, at: FieldOrigin, reason: str, remedy: str) -> None:
        problem = at.problem(reason, remedy)
        if problem not in self.problems:
            self.problems.append(problem)


def _type_of(value: Any) -> str:
    return "boolean" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "string"


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parts(text: str) -> list[str]:
    """The text in pieces, each either a variable or without one."""
    return re.split(r"(\$\{[A-Za-z_][A-Za-z0-9_]*\})", text)


def _is_other(part: str) -> bool:
    """Whether a piece is not a variable that holds the environment."""
    use = _USE.fullmatch(part)
    return use is None or use["name"].lower() not in ENVIRONMENT_PARAMETERS
