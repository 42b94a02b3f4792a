"""Calls the methods of a class file, and converts their results to plain values. Called by ``evaluating``.

A method gets the environment if one is set, else no argument, or None if it requires one. A method without
``@classmethod`` is called on an instance.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from enum import Enum
from types import FunctionType
from typing import Any


def call_method(owner: type, method: str, environment: str | None) -> Any:
    """Call ``owner.method``; whatever it raises is raised."""
    static = inspect.getattr_static(owner, method)
    bound = getattr(owner() if isinstance(static, FunctionType) and _takes_self(static) else owner, method)
    return call_with_environment(bound, environment)


def call_with_environment(function: Callable[..., Any], environment: str | None) -> Any:
    """Call with the environment by position or keyword, as the signature has it."""
    parameters = list(inspect.signature(function).parameters.values())
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)]
    if positional:
        required = (
            positional[0].default is inspect.Parameter.empty and positional[0].kind != positional[0].VAR_POSITIONAL
        )
        return function(environment) if environment is not None or required else function()
    keyword = next((p for p in parameters if p.kind == p.KEYWORD_ONLY and p.name == "environment"), None)
    if keyword and (environment is not None or keyword.default is inspect.Parameter.empty):
        return function(environment=environment)
    return function()


def _takes_self(function: FunctionType) -> bool:
    names = list(inspect.signature(function).parameters)
    return bool(names) and names[0] == "self"


def plain_value(value: Any) -> Any:
    """Tuples and sets become lists, enumerations their values; nothing is shared with the user's objects."""
    if isinstance(value, Enum):
        return plain_value(value.value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {plain_value(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain_value(item) for item in value), key=repr)
    return value
