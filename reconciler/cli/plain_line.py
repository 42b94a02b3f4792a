"""Parses the lines that most commands are given, without typer, whose import takes longer than their work.

It knows complete options with a text, switches, and words. Every other line is left to typer: help, errors, numbers,
clusters such as -vq. Both read the same declarations, and a test compares their results. Called by ``app`` alone.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from enum import Enum
from types import NoneType
from typing import Any, get_args, get_origin

from reconciler.cli.catalog import COMMANDS, command_of
from reconciler.cli.parameters import Argument, Option

Values = dict[str, Any]


def values_of(line: Sequence[str]) -> tuple[str, Values] | None:
    """The verb and the values of its parameters, from a line that starts with the verb; None for typer to parse it."""
    verb, *words = line
    if verb not in COMMANDS:
        return None
    parameters = inspect.signature(command_of(verb)).parameters.values()
    found = _Words(tuple(parameters)).read(words)
    return None if found is None else (verb, found)


class _Words:
    """The words after the verb."""

    def __init__(self, parameters: Sequence[inspect.Parameter]) -> None:
        self.parameters = parameters
        self.options: dict[str, tuple[str, Any, Option]] = {}
        self.arguments: list[inspect.Parameter] = []
        for parameter in parameters:
            kind, declared = get_args(parameter.annotation)
            if isinstance(declared, Argument):
                self.arguments.append(parameter)
            else:
                for name in declared.names:
                    self.options[name] = (parameter.name, _without_none(kind), declared)

    def read(self, words: Sequence[str]) -> Values | None:
        """The value of each parameter; None where typer has to look."""
        values: Values = {}
        plain: list[str] = []
        rest = list(words)
        while rest:
            word = rest.pop(0)
            if word and not word.startswith("-"):
                plain.append(word)
            elif not self._option(word, rest, values):
                return None
        if not self._take_arguments(plain, values):
            return None
        for parameter in self.parameters:
            if values.setdefault(parameter.name, parameter.default) is inspect.Parameter.empty:
                return None
        return values

    def _option(self, word: str, rest: list[str], values: Values) -> bool:
        spelled, equals, text = word.partition("=") if word.startswith("--") else (word, "", "")
        if spelled not in self.options:
            return False
        name, kind, declared = self.options[spelled]
        if declared.count or kind is bool:
            values[name] = values.get(name, 0) + 1 if declared.count else True
            return not equals
        if not equals and rest and not rest[0].startswith("-"):
            text = rest.pop(0)
        if not text:
            return False
        if kind is str:
            values[name] = text
            return True
        if kind == list[str]:
            values[name] = [*values.get(name, ()), text]
            return True
        return isinstance(kind, type) and issubclass(kind, Enum) and _choose(kind, declared, text, name, values)

    def _take_arguments(self, plain: list[str], values: Values) -> bool:
        for parameter in self.arguments:
            kind = _without_none(get_args(parameter.annotation)[0])
            if plain and kind is str:
                values[parameter.name] = plain.pop(0)
            elif plain and isinstance(kind, type) and issubclass(kind, Enum):
                if plain[0] not in [member.value for member in kind]:
                    return False
                values[parameter.name] = kind(plain.pop(0))
            elif plain and get_origin(kind) is list and get_args(kind) == (str,):
                values[parameter.name] = plain[:]
                plain.clear()
        return not plain


def _choose(kind: type[Enum], declared: Option, text: str, name: str, values: Values) -> bool:
    try:
        values[name] = kind(text if declared.case_sensitive else text.lower())
    except ValueError:
        return False
    return True


def _without_none(kind: Any) -> Any:
    """``str`` of ``str | None``."""
    members = [member for member in get_args(kind) if member is not NoneType]
    return members[0] if NoneType in get_args(kind) and len(members) == 1 else kind
