"""Reads settings from options, variables, ``.env`` and files, each into one ``Layer``. Called by ``load``."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import field, replace
from io import StringIO
from pathlib import Path
from typing import Any

from reconciler.model.errors import SettingsError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.settings.values import InvalidValue, Reader

PREFIX = "RECONCILER_"
ENVIRONMENTS = "environments"
"""The table of a settings file with a section for each environment."""
ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL", "DYNAMODB_ENDPOINT")
SDK_ENDPOINTS = frozenset(ENDPOINT_VARIABLES[:2])
IGNORE_VARIABLE = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
IDENTITIES = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE")
SDK_VARIABLES = (*REGIONS, *IDENTITIES, "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
"""Variables of the SDK that belong to an endpoint: its Region and the keys of the caller."""
CONFIG_VARIABLE = "RECONCILER_CONFIG"
# Kubernetes sets these in every pod beside a Service named "reconciler"; they are not settings.
_SERVICE_LINK = r"RECONCILER_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)"
DISTINCTIVE = (
    *("DESIRED_STATE", "AWS_CLIENT", "MODE", "PRUNE", "PRUNE_GRACE", "DATA_LOSS", "DISRUPTION", "MAX_DELETES", "SEED"),
    *("ALLOWED_ACCOUNTS", "SEED_SET", "REPLACE_HOLD", "STATE_TABLE", "PUSH_GATEWAY", "TABLE_DETAIL", "ENDPOINT_URL"),
)
"""Settings whose names hardly any other program reads, at least with a value that fits: not ENVIRONMENT or PORT."""
_OF_THE_TOOL = r"\b(?:RECONCILER|AWS|DYNAMODB)_[A-Z_]+\b"
"""Names of variables that this tool or its SDK reads."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Raw values by setting and where each was written; ``problems`` are sentences on unknown names.

    ``environments`` are the sections of a file for one environment each, by name.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    environments: Mapping[str, Layer] = field(default_factory=dict)
    file: str | None = None


def from_flags(flags: Mapping[str, Any]) -> Layer:
    """Options by the name of their setting; ``None`` means not given."""
    given = {name: value for name, value in flags.items() if value is not None and name != "config"}
    return Layer(given, {name: f"--{name.replace('_', '-')}" for name in given})


def ignores_sdk_endpoints(*layers: Mapping[str, str | None]) -> bool:
    """Whether AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is on in the first layer that sets it, as the SDKs read it."""
    value = next((layer[IGNORE_VARIABLE] for layer in layers if layer.get(IGNORE_VARIABLE)), None)
    return (value or "").strip().lower() == "true"


def sdk_variables(dotenv: Mapping[str, str | None], environ: Mapping[str, str]) -> dict[str, str]:
    """Region and keys that ``.env`` names beside an endpoint, unless the environment sets them.

    An application that loads the same file then uses the same database.
    """
    found = {name: value for name in SDK_VARIABLES if (value := dotenv.get(name)) and not environ.get(name)}
    if any(environ.get(name) for name in REGIONS):
        found = {name: value for name, value in found.items() if name not in REGIONS}
    if any(environ.get(name) for name in IDENTITIES):
        found = {name: value for name, value in found.items() if name in REGIONS}
    return found


def from_variables(
    variables: Mapping[str, str | None],
    known: Iterable[str],
    place: str = "",
    *,
    ignore_sdk_endpoints: bool = False,
    ignore_endpoints: bool = False,
) -> Layer:
    """``RECONCILER_…`` variables and AWS's own of the endpoint; an empty variable counts as unset.

    ``place`` goes before the name in origins, for example ``.env: ``. ``ignore_endpoints`` leaves out the variables of
    the endpoint that are not settings of this tool.
    """
    names = {PREFIX + name.upper(): name for name in known}
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    problems: list[str] = []
    ignored = SDK_ENDPOINTS if ignore_sdk_endpoints else frozenset()
    ignored = frozenset(ENDPOINT_VARIABLES) if ignore_endpoints else ignored
    for variable in reversed(ENDPOINT_VARIABLES):
        if variables.get(variable) and variable not in ignored:
            values["endpoint_url"], origins["endpoint_url"] = variables[variable], place + variable
    for variable in sorted(name for name in variables if name.startswith(PREFIX)):
        if variable in names:
            if variables[variable]:
                values[names[variable]], origins[names[variable]] = variables[variable], place + variable
        elif variable != CONFIG_VARIABLE and not re.fullmatch(_SERVICE_LINK, variable):
            known_words = [word.removeprefix(PREFIX) for word in (*names, CONFIG_VARIABLE)]
            remedy = _remedy(variable.removeprefix(PREFIX), known_words, PREFIX)
            problems.append(f"{place}Unknown setting {variable}. {remedy}")
    return Layer(values, origins, tuple(problems))


def without_prefix(
    places: Iterable[tuple[str, Mapping[str, str | None]]], given: Container[str], readers: Mapping[str, Reader]
) -> Iterator[str]:
    """A sentence for each variable that is called like a setting without its prefix and has a value that fits it.

    Nothing reads such a variable, and who wrote ``PRUNE=never`` believes that nothing is deleted. ``places`` are the
    variables in order of precedence, each with what goes before a name; a setting that is ``given`` is no mistake.
    """
    told = set()
    for place, variables in places:
        for name in DISTINCTIVE:
            value = variables.get(name)
            if not value or name in told or name.lower() in given or not _fits(readers[name.lower()], value):
                continue
            told.add(name)
            yield f"{place}{name}={value} has no effect: settings begin with {PREFIX}. Write {PREFIX}{name}={value}."


def _fits(read: Reader, value: str) -> bool:
    try:
        read(value)
    except InvalidValue:
        return False
    return True


def from_dotenv(folder: Path) -> Mapping[str, str | None]:
    """The variables of ``.env`` in ``folder``; nothing where there is no such file.

    Raises ``SettingsError`` where a line names a setting or a variable of the SDK and cannot be read. If it were
    ignored, a misspelt endpoint would send everything to AWS, with the keys of the environment.
    """
    path = folder / ".env"
    if not path.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f".env: cannot be read: {error}. Make it a readable UTF-8 file or remove it.") from error
    variables = dotenv_values(stream=StringIO(text), interpolate=False)
    problems = [
        f".env:{number}: {name} cannot be read. Write {name}=value on a line of its own, with every quote closed."
        for number, line in enumerate(text.splitlines(), 1)
        if not line.lstrip().startswith("#")
        for name in dict.fromkeys(re.findall(_OF_THE_TOOL, line.partition("=")[0]))
        if variables.get(name) is None
    ]
    if problems:
        raise SettingsError("\n".join(problems))
    return variables


def from_file(folder: Path, config: str | None, config_origin: str, known: Iterable[str]) -> Layer:
    """The file that ``config`` names, else ``reconciler.toml``, else ``[tool.reconciler]`` of ``pyproject.toml``."""
    if config:
        path = folder / config
        if not path.is_file():
            raise SettingsError(f"{config_origin}: {config} is not a file. Name a TOML file or remove the setting.")
        return _layer(_parsed(path, config), config, known, nested=path.name == "pyproject.toml")
    if (folder / "reconciler.toml").is_file():
        return _layer(_parsed(folder / "reconciler.toml", "reconciler.toml"), "reconciler.toml", known, nested=False)
    if (folder / "pyproject.toml").is_file():
        return _layer(_parsed(folder / "pyproject.toml", "pyproject.toml"), "pyproject.toml", known, nested=True)
    return Layer()


def _parsed(path: Path, shown: str) -> dict[str, Any]:
    import tomllib

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{shown}: cannot be read: {error}. Make it a readable UTF-8 file.") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        from reconciler.model.position import located
        from reconciler.parsing.toml_text import fault_in_toml

        line, said = fault_in_toml(text, error)
        raise SettingsError(f"{located(shown, line)}: invalid TOML: {said}. Correct the file.") from error


def _layer(document: dict[str, Any], shown: str, known: Iterable[str], *, nested: bool) -> Layer:
    prefix = "tool.reconciler." if nested else ""
    table = document.get("tool", {}).get("reconciler", {}) if nested else document
    names = list(known)
    sections = table.get(ENVIRONMENTS, {})
    misnamed = [key for key, value in table.items() if _is_misnamed(key, value, names)]
    plain = {key: value for key, value in table.items() if key != ENVIRONMENTS and key not in misnamed}
    whole = _members(plain, f"{shown}: ", prefix, names)
    whole = replace(whole, problems=(*whole.problems, *(_misnamed(key, table[key], shown, prefix) for key in misnamed)))
    if not isinstance(sections, dict) or not all(isinstance(each, dict) for each in sections.values()):
        wrong = f"{shown}: {prefix}{ENVIRONMENTS}: expected a table for each environment. Write [environments.NAME]."
        return replace(whole, problems=(*whole.problems, wrong), file=shown)
    inner = [name for name in names if name != "environment"]
    found = {
        name: _members(section, f"{shown}: ", f"{prefix}{ENVIRONMENTS}.{name}.", inner)
        for name, section in sections.items()
    }
    problems = [problem for each in found.values() for problem in each.problems]
    return replace(whole, problems=(*whole.problems, *problems), environments=found, file=shown)


def _is_misnamed(key: str, value: Any, names: list[str]) -> bool:
    """Whether a table is meant to be that of the environments: ``[environment.prod]``, ``[enviroments.prod]``."""
    if not isinstance(value, dict) or key == ENVIRONMENTS or (key in names and key != "environment"):
        return False
    from difflib import get_close_matches

    return any(isinstance(each, dict) for each in value.values()) and bool(get_close_matches(key, [ENVIRONMENTS]))


def _misnamed(key: str, value: Mapping[str, Any], shown: str, prefix: str) -> str:
    name = next(name for name, each in value.items() if isinstance(each, dict))
    return f"{shown}: Unknown section [{prefix}{key}.{name}]. Did you mean [{prefix}{ENVIRONMENTS}.{name}]?"


def _members(table: Mapping[str, Any], place: str, prefix: str, names: list[str]) -> Layer:
    problems = [f"{place}Unknown setting {prefix}{key}. {_remedy(key, names)}" for key in table if key not in names]
    values = {key: value for key, value in table.items() if key in names}
    return Layer(values, {key: f"{place}{prefix}{key}" for key in values}, tuple(problems))


def _remedy(name: str, known: list[str], prefix: str = "") -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    return f"Did you mean {prefix}{close[0]}?" if close else "Remove it; `reconciler doctor` lists every setting."
