"""From layers to one checked ``Settings``; every command calls ``load`` first, nothing is connected yet."""

from __future__ import annotations

import os
from collections.abc import Mapping
from os.path import lexists
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr, ValidationError

from reconciler.model.errors import SettingsError
from reconciler.settings import layers
from reconciler.settings.model import Settings
from reconciler.settings.stack_name import derived, project_root
from reconciler.settings.values import InvalidValue

SECRETS = frozenset({"api_token"})
BUNDLED = "bundled"


def load(
    flags: Mapping[str, Any], *, one_shot: bool, environ: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Settings:
    """Read all layers and check the result; ``flags`` are by setting name, plus ``config``.

    Raises ``SettingsError`` that lists every problem at once, each with setting, origin, reason and remedy.
    """
    folder = cwd or Path.cwd()
    known = tuple(Settings.model_fields)
    environment = os.environ if environ is None else environ
    dotenv = layers.from_dotenv(folder)
    ignores = layers.ignores_sdk_endpoints(environment, dotenv)
    config, config_origin = _config(flags, environment, dotenv)
    ranked = (
        layers.from_file(folder, config, config_origin, known),
        layers.from_variables(dotenv, known, ".env: ", ignore_sdk_endpoints=ignores),
        layers.from_variables(environment, known, ignore_sdk_endpoints=ignores),
        layers.from_flags(flags),
    )
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    rank: dict[str, int] = {}
    for position, layer in enumerate(ranked):
        values.update(layer.values)
        origins.update(layer.origins)
        rank.update(dict.fromkeys(layer.values, position))
    problems = [problem for layer in ranked for problem in layer.problems]
    problems += _settle_endpoint(values, origins, rank)
    for name, value in list(values.items()):
        if value == "" and name in Settings.model_fields and Settings.model_fields[name].default is None:
            values[name] = None
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems += _sentences(error, values, origins)
        raise SettingsError("\n".join(problems)) from None
    problems += _contradictions(settings, origins)
    if problems:
        raise SettingsError("\n".join(problems))
    settings = _completed(settings, origins, folder)
    named = "stack" in origins
    if not named:
        stack, origins["stack"] = derived(settings.desired_state, folder)
        settings = settings.model_copy(update={"stack": stack})
        settings._project = project_root(settings.desired_state, folder)
    if origins.get("endpoint_url", "").startswith(".env: "):
        settings._sdk_variables.update(layers.sdk_variables(dotenv, environment))
    settings._origins.update(origins)
    settings._one_shot = one_shot
    settings._stack_named = named
    return settings


def _config(
    flags: Mapping[str, Any], environ: Mapping[str, str], dotenv: Mapping[str, str | None]
) -> tuple[str | None, str]:
    if flags.get("config"):
        return str(flags["config"]), "--config"
    if environ.get(layers.CONFIG_VARIABLE):
        return environ[layers.CONFIG_VARIABLE], layers.CONFIG_VARIABLE
    return dotenv.get(layers.CONFIG_VARIABLE), f".env: {layers.CONFIG_VARIABLE}"


def _settle_endpoint(values: dict[str, Any], origins: dict[str, str], rank: dict[str, int]) -> list[str]:
    """The embedded endpoint and a URL exclude one another: the higher layer wins, two flags contradict."""
    on = str(values.get("embedded", "")).lower() in ("true", "1", "yes", "on")
    if not on or "endpoint_url" not in values:
        return []
    if origins["embedded"] == "--embedded" and origins["endpoint_url"] == "--endpoint-url":
        return ["--embedded and --endpoint-url contradict one another. Give one of them."]
    loser = "endpoint_url" if rank["embedded"] >= rank["endpoint_url"] else "embedded"
    del values[loser], origins[loser]
    return []


def _contradictions(settings: Settings, origins: Mapping[str, str]) -> list[str]:
    if settings.api_token and settings.api_token_file:
        both = f"api_token ({origins['api_token']}) and api_token_file ({origins['api_token_file']})"
        return [f"{both} are both set. Set one of them."]
    if settings.api_auth == "token" and not (settings.api_token or settings.api_token_file):
        remedy = "Set RECONCILER_API_TOKEN or RECONCILER_API_TOKEN_FILE."
        return [f"api_auth: token ({origins['api_auth']}) needs a token. {remedy}"]
    return []


def _completed(settings: Settings, origins: dict[str, str], folder: Path) -> Settings:
    changes: dict[str, Any] = {}
    if settings.api_token_file:
        changes["api_token"] = SecretStr(_token(folder / settings.api_token_file, origins["api_token_file"]))
        origins["api_token"] = f"{origins['api_token_file']} ({settings.api_token_file})"
    elif settings.api_token:
        _printable(settings.api_token.get_secret_value(), origins["api_token"])
    if settings.embedded and "desired_state" not in origins and not lexists(folder / settings.desired_state):
        changes["desired_state"] = BUNDLED
        origins["desired_state"] = f"{origins['embedded']}, because there is no {settings.desired_state}"
    return settings.model_copy(update=changes)


def _token(path: Path, origin: str) -> str:
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SettingsError(f"api_token_file: {path} ({origin}) cannot be read: {reason}. Mount the secret.") from error
    if not token:
        raise SettingsError(f"api_token_file: {path} ({origin}) is empty. Write the token into it.")
    _printable(token, origin)
    return token


def _printable(token: str, origin: str) -> None:
    if not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError(
            f"api_token: the value from {origin} has spaces or characters that no header can carry. "
            "Use printable ASCII without spaces."
        )


def _sentences(error: ValidationError, values: Mapping[str, Any], origins: Mapping[str, str]) -> list[str]:
    sentences: dict[str, str] = {}
    for entry in error.errors(include_url=False):
        name = str(entry["loc"][0])
        cause = entry.get("ctx", {}).get("error")
        if isinstance(cause, InvalidValue):
            reason, remedy = cause.reason, cause.remedy
        else:
            reason, remedy = _general(name, entry["type"], entry.get("ctx", {}))
        raw = values.get(name)
        value = "the value" if name in SECRETS or "@" in str(raw) else repr(raw)
        sentences.setdefault(name, f"{name}: {value} from {origins.get(name, '?')} {reason}. {remedy}")
    return list(sentences.values())


def _general(name: str, kind: str, context: Mapping[str, Any]) -> tuple[str, str]:
    choices = _choices(Settings.model_fields[name].annotation) if name in Settings.model_fields else ()
    if choices:
        return "is not one of its values", f"Use one of {', '.join(choices)}."
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = "at least" if kind == "greater_than_equal" else "at most"
        limit = context.get("ge", context.get("le"))
        return f"must be {bound} {limit}", f"Use a whole number, {bound} {limit}."
    if kind.startswith("int"):
        return "is not a whole number", "Use a whole number."
    if kind.startswith("bool"):
        return "is neither true nor false", "Use true or false."
    if kind == "string_too_short":
        return "is empty", "Give it a value or leave the setting out."
    if kind.startswith("tuple"):
        return "is not a list", "Write a list of texts."
    return "has the wrong type", "Write it as a text."


def _choices(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return tuple(str(choice) for choice in get_args(annotation))
    return ()
