"""Reads all layers into one checked ``Settings``. Every command calls ``load`` first; nothing is connected yet."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from os.path import lexists
from pathlib import Path
from typing import Any

from reconciler.model.errors import SettingsError
from reconciler.settings import layers
from reconciler.settings.model import SETTINGS, Setting, Settings
from reconciler.settings.stack_name import declarations_folder, derived, project_root
from reconciler.settings.values import SECRETS, InvalidValue, Secret

BUNDLED = "bundled"
EXAMPLES = (
    "There is no {}: the tables are the bundled examples, not yours. Name your folder with --desired-state PATH, begin "
    "one with `reconciler init`, or ask for the examples with --desired-state bundled."
)


def load(
    flags: Mapping[str, Any],
    *,
    one_shot: bool,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    allow_bundled: bool = True,
) -> Settings:
    """Read all layers and check the result.

    ``flags`` are options by the name of their setting, plus ``config``; ``None`` means not given. ``allow_bundled`` is
    off for commands that write declarations: they make the default folder where ``embedded`` would load examples.

    Raises ``SettingsError`` that lists every problem: where the value was written, what was expected, and what to do.
    """
    folder = cwd or Path.cwd()
    environment = os.environ if environ is None else environ
    dotenv = layers.from_dotenv(folder)
    ignores = layers.ignores_sdk_endpoints(environment, dotenv)
    config, config_origin = _config(flags, environment, dotenv)
    file = layers.from_file(folder, config, config_origin, SETTINGS)
    chosen, section, unknown = _section(file, flags, environment, dotenv)
    # The file says where this project is: what a shell or .env says for every program must not lead it elsewhere.
    named = _names_endpoint(section) or _names_endpoint(file)
    ranked = (
        file,
        layers.from_variables(dotenv, SETTINGS, ".env: ", ignore_sdk_endpoints=ignores, ignore_endpoints=named),
        section,
        layers.from_variables(environment, SETTINGS, ignore_sdk_endpoints=ignores, ignore_endpoints=named),
        layers.from_flags(flags),
    )
    raw: dict[str, Any] = {}
    origins: dict[str, str] = {}
    rank: dict[str, int] = {}
    for position, layer in enumerate(ranked):
        raw.update(layer.values)
        origins.update(layer.origins)
        rank.update(dict.fromkeys(layer.values, position))
    problems = [problem for layer in ranked if layer is not section for problem in layer.problems]
    problems += unknown or _stray_endpoint(chosen, section, origins, raw)
    problems += _settle_endpoint(raw, origins, rank)
    values: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        if name not in raw or (raw[name] == "" and setting.default is None):
            continue
        try:
            values[name] = setting.read(raw[name])
        except InvalidValue as invalid:
            problems.append(_invalid(setting, raw[name], origins[name], invalid))
    settings = Settings(**values)
    problems += _contradictions(settings, origins)
    if problems:
        raise SettingsError("\n".join(problems))
    settings = _completed(settings, origins, folder, allow_bundled=allow_bundled)
    stack_is_named = "stack" in origins
    if not stack_is_named:
        stack, origins["stack"] = derived(settings.desired_state, folder)
        settings = replace(settings, stack=stack, project=project_root(settings.desired_state, folder))
    else:
        settings = replace(settings, project=declarations_folder(settings.desired_state, folder))
    readers = {name: setting.read for name, setting in SETTINGS.items()}
    ignored = tuple(layers.without_prefix((("", environment), (".env: ", dotenv)), origins, readers))
    beside_endpoint = origins.get("endpoint_url", "").startswith(".env: ")
    origin = origins.get("endpoint_url") or origins.get("embedded", "")
    if named and not ignores and origin.startswith(f"{file.file}: "):
        ignored = (*ignored, *_passed_over(settings, origin, (("", environment), (".env: ", dotenv))))
    return replace(
        settings,
        given_origins=origins,
        one_shot=one_shot,
        sdk_variables=layers.sdk_variables(dotenv, environment) if beside_endpoint else {},
        stack_is_named=stack_is_named,
        environments=tuple(file.environments),
        settings_file=file.file,
        warnings=(*settings.warnings, *ignored),
    )


def environments(
    flags: Mapping[str, Any], *, environ: Mapping[str, str] | None = None, cwd: Path | None = None
) -> tuple[str | None, Mapping[str, Mapping[str, Any]], str | None]:
    """The settings file, what each of its environments sets, and the name of the chosen one.

    Secrets are left out. Raises ``SettingsError`` for an unreadable file, and for unknown settings in it.
    """
    folder = cwd or Path.cwd()
    environment = os.environ if environ is None else environ
    dotenv = layers.from_dotenv(folder)
    file = layers.from_file(folder, *_config(flags, environment, dotenv), SETTINGS)
    if file.problems:
        raise SettingsError("\n".join(file.problems))
    chosen, _, _ = _section(file, flags, environment, dotenv)
    hidden = [name for name, setting in SETTINGS.items() if setting.read in SECRETS]
    found = {
        name: {key: "(set, not shown)" if key in hidden else value for key, value in each.values.items()}
        for name, each in file.environments.items()
    }
    return file.file, found, chosen


def _section(
    file: layers.Layer, flags: Mapping[str, Any], environ: Mapping[str, str], dotenv: Mapping[str, str | None]
) -> tuple[str | None, layers.Layer, list[str]]:
    """The chosen environment, its section of the file, and a problem if the file has others and not this one."""
    variable = SETTINGS["environment"].variable
    chosen = flags.get("environment") or environ.get(variable) or dotenv.get(variable) or file.values.get("environment")
    if not isinstance(chosen, str) or not file.environments:
        return None, layers.Layer(), []
    if chosen in file.environments:
        return chosen, file.environments[chosen], []
    from difflib import get_close_matches

    close = get_close_matches(chosen, file.environments, n=1)
    remedy = f"Did you mean {close[0]}?" if close else f"Write [environments.{chosen}] into the file to add it."
    known = ", ".join(sorted(file.environments))
    return chosen, layers.Layer(), [f"Unknown environment {chosen!r}; {file.file} has {known}. {remedy}"]


def _names_endpoint(layer: layers.Layer) -> bool:
    return "endpoint_url" in layer.values or _is_on(layer.values.get("embedded"))


def _is_on(embedded: Any) -> bool:
    return str(embedded).lower() in ("true", "1", "yes", "on")


def _passed_over(
    settings: Settings, origin: str, places: Iterable[tuple[str, Mapping[str, str | None]]]
) -> Iterator[str]:
    """A sentence where variables for every program name another endpoint than the one of the settings file."""
    used = settings.endpoint_url or "the embedded endpoint"
    named = ((place + name, variables.get(name)) for place, variables in places for name in layers.ENDPOINT_VARIABLES)
    variable, other = next(((name, url) for name, url in named if url), ("", None))
    if other and other != settings.endpoint_url:
        shown = "another endpoint" if "@" in other else other
        yield f"{variable} names {shown}, which is not used: {origin} says {used}."


def _stray_endpoint(
    chosen: str | None, section: layers.Layer, origins: Mapping[str, str], raw: Mapping[str, Any]
) -> list[str]:
    """A problem if the section has an identity of AWS, while a shell or ``.env`` happens to name an endpoint."""
    identity = [name for name in ("profile", "role_arn") if name in section.values]
    origin = origins.get("endpoint_url", "")
    if not identity or "endpoint_url" in section.values or not origin.endswith(layers.ENDPOINT_VARIABLES):
        return []
    what = f"{origin} names {raw['endpoint_url']}, and the environment {chosen} has a {identity[0]}"
    write = f"write endpoint_url into [environments.{chosen}], for example https://dynamodb.eu-west-1.amazonaws.com"
    return [f"{what}. Unset the variable, or {write}."]


def unchosen(settings: Settings) -> str | None:
    """What is wrong, and the remedy, where the settings file has environments and none was chosen; else ``None``.

    Table names then have no suffix, and without an endpoint of its own the command would work on AWS. An endpoint that
    is named for this tool (option, RECONCILER_ENDPOINT_URL, top of the file) is a choice. A variable of the SDK is
    none, because a shell may have it for another project.
    """
    origin = settings.origins["endpoint_url"]
    named = settings.endpoint_url is not None and not origin.endswith(layers.ENDPOINT_VARIABLES)
    if settings.environment is not None or not settings.environments or settings.embedded or named:
        return None
    file, known = settings.settings_file, ", ".join(sorted(settings.environments))
    where = f"{settings.endpoint_url} ({origin})" if settings.endpoint_url else "AWS"
    top = "in [tool.reconciler]" if str(file).endswith("pyproject.toml") else "at the top"
    return (
        f"{file} has the environments {known}, and none is chosen: the tables would be those of {where}, under names "
        "without a suffix. Choose one with --environment NAME or RECONCILER_ENVIRONMENT=NAME, write "
        f'environment = "NAME" {top} of {file} as the default, or name the endpoint with --endpoint-url URL.'
    )


def _config(
    flags: Mapping[str, Any], environ: Mapping[str, str], dotenv: Mapping[str, str | None]
) -> tuple[str | None, str]:
    if flags.get("config"):
        return str(flags["config"]), "--config"
    if environ.get(layers.CONFIG_VARIABLE):
        return environ[layers.CONFIG_VARIABLE], layers.CONFIG_VARIABLE
    return dotenv.get(layers.CONFIG_VARIABLE), f".env: {layers.CONFIG_VARIABLE}"


def _settle_endpoint(values: dict[str, Any], origins: dict[str, str], rank: dict[str, int]) -> list[str]:
    """The embedded endpoint and a URL exclude each other: the higher layer wins, and two options are an error."""
    if not _is_on(values.get("embedded")) or "endpoint_url" not in values:
        return []
    if origins["embedded"] == "--embedded" and origins["endpoint_url"] == "--endpoint-url":
        return ["--embedded and --endpoint-url exclude each other. Remove one of them."]
    loser = "endpoint_url" if rank["embedded"] >= rank["endpoint_url"] else "embedded"
    del values[loser], origins[loser]
    return []


def _contradictions(settings: Settings, origins: Mapping[str, str]) -> list[str]:
    if settings.api_token and settings.api_token_file:
        return [f"{origins['api_token']} and {origins['api_token_file']} are both set. Remove one of them."]
    if settings.role_external_id and not settings.role_arn:
        return [f"{origins['role_external_id']} needs a role. Set RECONCILER_ROLE_ARN."]
    if settings.webhook_secret and settings.webhook_secret_file:
        return [f"{origins['webhook_secret']} and {origins['webhook_secret_file']} are both set. Remove one of them."]
    if settings.api_auth == "token" and not (settings.api_token or settings.api_token_file):
        remedy = "Set RECONCILER_API_TOKEN or RECONCILER_API_TOKEN_FILE."
        return [f"{origins['api_auth']}: 'token' needs a token. {remedy}"]
    return []


def _completed(settings: Settings, origins: dict[str, str], folder: Path, *, allow_bundled: bool) -> Settings:
    changes: dict[str, Any] = {}
    if settings.api_token_file:
        changes["api_token"] = Secret(_token(folder / settings.api_token_file, origins["api_token_file"]))
        origins["api_token"] = f"{origins['api_token_file']} ({settings.api_token_file})"
    elif settings.api_token:
        _printable(settings.api_token.reveal(), origins["api_token"])
    if settings.webhook_secret_file:
        text = _token(folder / settings.webhook_secret_file, origins["webhook_secret_file"])
        changes["webhook_secret"] = Secret(text)
        origins["webhook_secret"] = f"{origins['webhook_secret_file']} ({settings.webhook_secret_file})"
    unnamed = "desired_state" not in origins and not lexists(folder / settings.desired_state)
    if allow_bundled and settings.embedded and unnamed:
        changes["desired_state"] = BUNDLED
        changes["warnings"] = (EXAMPLES.format(settings.desired_state),)
        origins["desired_state"] = f"{origins['embedded']}, because there is no {settings.desired_state}"
    return replace(settings, **changes)


def _token(path: Path, origin: str) -> str:
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise SettingsError(f"{origin}: cannot read {path}: {reason}. Mount the secret there.") from error
    if not token:
        raise SettingsError(f"{origin}: {path} is empty. Write the token into it.")
    _printable(token, origin)
    return token


def _printable(token: str, origin: str) -> None:
    if not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError(
            f"{origin}: the token contains spaces or characters that an HTTP header cannot carry. "
            "Use printable ASCII without spaces."
        )


def _invalid(setting: Setting, raw: Any, origin: str, invalid: InvalidValue) -> str:
    """Where the value was written, what was expected, and what to write. A secret or a URL with a user stays hidden."""
    from difflib import get_close_matches

    hidden = setting.read in SECRETS or "@" in str(raw)
    close = get_close_matches(str(raw), setting.choices, n=1)
    remedy = f"Did you mean {close[0]}?" if close else invalid.remedy
    shown = "(not shown)" if hidden else repr(raw)
    return f"{origin}: invalid value {shown}; expected {invalid.expected}.{f' {remedy}' if remedy else ''}"
