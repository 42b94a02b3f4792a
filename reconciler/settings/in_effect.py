"""Lists every setting with its effective value and origin, for the settings page and ``doctor``. Secrets are redacted.

Some defaults depend on the endpoint, and the SDK may choose region and endpoint. The list shows the value in use.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from reconciler.model.identity import Endpoint, Flavor
from reconciler.settings.model import AWS_TIMEOUT, EMULATOR_TIMEOUT, MAX_DELETES_SHARE, REPLACE_HOLD, Settings
from reconciler.settings.values import Secret

REDACTED = "(set, not shown)"
UNSET = "unset"
Row = tuple[str, str, str]
"""Name, value as text, origin."""
SHARE = f"{MAX_DELETES_SHARE:.0%} of the owned tables, at least 1"
UNDECIDED: Mapping[str, str] = {
    "max_deletes": f"no cap on an emulator, {SHARE} elsewhere",
    "replace_hold": f"0s on an emulator, {REPLACE_HOLD.total_seconds():g}s elsewhere",
    "timeout": f"{EMULATOR_TIMEOUT.total_seconds():g}s on an emulator, {AWS_TIMEOUT.total_seconds():g}s elsewhere",
}
"""Shown while no endpoint has answered."""


def in_effect(settings: Settings, endpoint: Endpoint | None) -> tuple[Row, ...]:
    """Name, value and origin of each, in the order of ``SETTINGS``; ``endpoint`` is ``None`` until one has answered."""
    return tuple(
        _row(settings, endpoint, name, origin) if getattr(settings, name) is None else _set(settings, name, origin)
        for name, origin in settings.origins.items()
    )


def _set(settings: Settings, name: str, origin: str) -> Row:
    return name, shown(getattr(settings, name)), origin


def _row(settings: Settings, endpoint: Endpoint | None, name: str, origin: str) -> Row:
    if name == "prune_grace":
        grace = settings.options(endpoint.flavor if endpoint else Flavor.OTHER).prune_grace
        return name, shown(grace), f"default for {'one-shot commands' if settings.one_shot else 'the daemon'}"
    if name in UNDECIDED:
        if endpoint is None:
            return name, UNDECIDED[name], origin
        chosen = {"max_deletes": _cap, "replace_hold": _hold, "timeout": _deadline}[name](settings, endpoint.flavor)
        return name, chosen, f"default for {endpoint.flavor.value}"
    if endpoint is not None and name in ("endpoint_url", "region"):
        return name, endpoint.url if name == "endpoint_url" else endpoint.region, "as connected"
    return name, UNSET, origin


def _cap(settings: Settings, flavor: Flavor) -> str:
    return "no cap" if settings.options(flavor).max_deletes_share is None else SHARE


def _hold(settings: Settings, flavor: Flavor) -> str:
    return shown(settings.hold(flavor))


def _deadline(settings: Settings, flavor: Flavor) -> str:
    return shown(settings.deadline(flavor))


def shown(value: Any) -> str:
    """A value of a setting, or one from the settings file, as a person writes it; secrets are redacted."""
    if isinstance(value, Secret):
        return REDACTED
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}s"
    if isinstance(value, tuple):
        return _members(value) or UNSET
    if isinstance(value, Mapping):
        return " ".join(f"{name}={shown(member)}" for name, member in value.items())
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _members(value: tuple[Any, ...]) -> str:
    """Words with commas; pairs as their variable takes them: ``Stage=dev 'Owner=web team'``."""
    if value and all(isinstance(member, tuple) for member in value):
        import shlex

        return " ".join(shlex.quote("=".join(member)) for member in value)
    return ", ".join(value)
