"""Reads the file that PARAMETERS_FILE names: values for templates of other tools. Called by the wiring."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.model.errors import SettingsError
from reconciler.model.position import located

_FORMS = (
    'Write a list like [{"ParameterKey": "Stage", "ParameterValue": "dev"}], a mapping under "Parameters", or a '
    "samconfig.toml or samconfig.yaml with parameter_overrides."
)


def parameters_in(path: str, environment: str | None) -> dict[str, str]:
    """The values by name. A samconfig.toml or .yaml is read for ``environment``; SAM calls it a config environment.

    Raises ``SettingsError`` where the file is missing or not understood.
    """
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SettingsError(f"parameters_file: cannot read {path}: {reason}. Name a readable file.") from error
    if path.lower().endswith(".toml"):
        return _of_samconfig(path, _toml(path, text), environment)
    if path.lower().endswith((".yaml", ".yml")):
        return _of_samconfig(path, _yaml(path, text), environment)
    try:
        # Numbers keep their digits: an account ID has leading zeros, a version 1.10 is not 1.1.
        found = json.loads(
            text, object_pairs_hook=_once, parse_float=str, parse_int=str, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise SettingsError(f"parameters_file: {path} is nested too deeply. {_FORMS}") from None
    except ValueError as error:
        raise SettingsError(f"parameters_file: {path} is not JSON: {error}. {_FORMS}") from error
    return _of_json(path, found)


def _of_json(path: str, found: Any) -> dict[str, str]:
    if isinstance(found, list):
        pairs = []
        for place, each in enumerate(found, 1):
            if isinstance(each, str) and "=" in each:
                pairs.append((each.partition("=")[0], each.partition("=")[2]))
                continue
            if not isinstance(each, Mapping) or not isinstance(each.get("ParameterKey"), str):
                raise SettingsError(f"parameters_file: {path}: entry {place} has no ParameterKey. {_FORMS}")
            if "ParameterValue" not in each:
                reason = f"entry {place} ({each['ParameterKey']}) has no ParameterValue"
                raise SettingsError(f"parameters_file: {path}: {reason}. Write its value; a former one is not known.")
            pairs.append((each["ParameterKey"], _text(path, each["ParameterKey"], each["ParameterValue"])))
        return _without_doubt(path, pairs)
    if isinstance(found, Mapping):
        if isinstance(found.get("Parameters"), Mapping | list):
            return _of_json(path, found["Parameters"])
        return {str(name): _text(path, str(name), value) for name, value in found.items()}
    raise SettingsError(f"parameters_file: {path} is no list and no mapping. {_FORMS}")


def _toml(path: str, text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"parameters_file: {path}: invalid TOML: {error}. Correct the file.") from error


def _yaml(path: str, text: str) -> Any:
    """The only document. Numbers keep their digits, as in JSON."""
    from reconciler.parsing.parsed import ParseError
    from reconciler.parsing.yaml_text import read_yaml

    try:
        documents = read_yaml(text, str)
    except ParseError as error:
        where = located(path, error.line)
        raise SettingsError(f"parameters_file: {where}: {error.reason}. {error.remedy}") from error
    if len(documents) != 1:
        reason = f"has {len(documents)} documents" if documents else "is empty"
        raise SettingsError(f"parameters_file: {path} {reason}. {_FORMS}")
    return documents[0].value


def _of_samconfig(path: str, document: Any, environment: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    present = False
    for part in ("default", *([environment] if environment else [])):
        for command in ("global", "deploy"):
            inner: Any = document
            for key in (part, command, "parameters"):
                inner = inner.get(key) if isinstance(inner, Mapping) else None
            overrides = inner.get("parameter_overrides") if isinstance(inner, Mapping) else None
            if overrides is None:
                continue
            present = True
            found |= _overrides(path, overrides)
    if not present:
        where = f"default.deploy.parameters{f' or {environment}.deploy.parameters' if environment else ''}"
        raise SettingsError(f"parameters_file: {path} has no parameter_overrides in {where}. {_FORMS}")
    return found


def _overrides(path: str, overrides: Any) -> dict[str, str]:
    """``"A=1 B=2"``, ``["A=1", "B=2"]`` or ``{A = 1}``, as SAM takes them."""
    if isinstance(overrides, Mapping):
        return {str(name): _text(path, str(name), value) for name, value in overrides.items()}
    try:
        words = shlex.split(overrides) if isinstance(overrides, str) else overrides
    except ValueError as error:
        raise SettingsError(f"parameters_file: {path}: parameter_overrides: {error}. Close every quote.") from error
    if not isinstance(words, list) or not all(isinstance(word, str) and "=" in word for word in words):
        raise SettingsError(f'parameters_file: {path}: parameter_overrides needs NAME=VALUE. Write "Stage=dev Size=5".')
    # SAM also takes ParameterKey=A,ParameterValue=1.
    pairs = []
    for word in words:
        name, _, value = word.partition("=")
        if name == "ParameterKey" and ",ParameterValue=" in value:
            name, _, value = value.partition(",ParameterValue=")
        pairs.append((name, value.strip("\"'")))
    return _without_doubt(path, pairs)


def _without_doubt(path: str, pairs: list[tuple[str, str]]) -> dict[str, str]:
    """The pairs by name. A name with two values is refused: either could be meant, and it may name a table."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if found.setdefault(name, value) != value:
            raise SettingsError(f"parameters_file: {path}: {name} has the values {found[name]} and {value}. Keep one.")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        name = next(name for place, (name, _) in enumerate(pairs) if name in dict(pairs[:place]))
        raise ValueError(f"duplicate key {name!r}")
    return found


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _text(path: str, name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(each, str | int) for each in value):
        return ",".join(str(each) for each in value)
    if not isinstance(value, str | int | float):
        raise SettingsError(f"parameters_file: {path}: {name} is neither a text nor a number. {_FORMS}")
    return str(value)
