"""Reads single values: durations, numbers, lists, names, URLs. Called for the fields of ``Settings`` by ``load``.

Each reader takes what an option, a variable or a TOML file holds (a text, a number, true or false, a list), returns the
value of the setting, and raises ``InvalidValue``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

DURATION_REMEDY = "Write it like 5m, 1h30m or 0s; a plain number is seconds."
POSITIVE_REMEDY = "Write it like 5m, 1h30m or 30s; a plain number is seconds."
_NUMBER = re.compile(r"\d+(\.\d+)?")
_WHOLE = re.compile(r"[+-]?\d+")
_LONGEST = timedelta(days=3650)
_BOOLEANS = {
    word: value for value in (True, False) for word in (("false", "0", "no", "off"), ("true", "1", "yes", "on"))[value]
}

Reader = Callable[[Any], Any]


class InvalidValue(ValueError):
    """A value that does not fit: what was expected, and what to write."""

    def __init__(self, expected: str, remedy: str = "") -> None:
        self.expected = expected
        self.remedy = remedy
        super().__init__(f"expected {expected}")


class Secret:
    """A text that no log, page or error shows by accident; ``reveal`` returns it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(...)"


def text(value: Any) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise InvalidValue("a text that is not empty")
    return value


def web_address(*names: str, off: bool = False) -> Callable[[Any], str]:
    """An ``http`` or ``https`` address of a page, which may have these names in braces; ``off`` where it may be."""
    expected = f"an http:// or https:// address{' or off' if off else ''}"
    remedy = f"It may contain {' and '.join(f'{{{name}}}' for name in names)}." if names else ""

    def read(value: Any) -> str:
        if off and value in ("off", False):
            return "off"
        try:
            parts = urlsplit(value) if isinstance(value, str) else None
        except ValueError:
            parts = None
        if parts is None or parts.scheme not in ("http", "https") or not parts.netloc or re.search(r"[\s<>\"]", value):
            raise InvalidValue(expected, remedy)
        if set(re.findall(r"\{([^}]*)\}", value)) - set(names):
            raise InvalidValue(expected, remedy or "It has no placeholders.")
        return str(value)

    return read


def secret(value: Any) -> Secret:
    """A text that is never shown."""
    return Secret(text(value))


def secret_urls(value: Any) -> Secret:
    """http or https URLs, separated by commas; a secret, because their paths often are."""
    urls = listed(value)
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise InvalidValue("http:// or https:// URLs without credentials, separated by commas")
    if not urls:
        raise InvalidValue("at least one URL")
    return Secret(",".join(urls))


SECRETS: tuple[Reader, ...] = (secret, secret_urls)
"""Readers of values that no message repeats."""


def boolean(value: Any) -> bool:
    """``true``, ``yes``, ``on`` or ``1``, and their opposites."""
    found = _BOOLEANS.get(str(value).strip().lower()) if isinstance(value, bool | int | str) else None
    if found is None:
        raise InvalidValue("true or false")
    return found


def whole_number(least: int, most: int | None = None) -> Callable[[Any], int]:
    """A whole number within bounds."""
    bounds = f"of at least {least}" if most is None else f"from {least} to {most}"

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str) or not _WHOLE.fullmatch(str(value).strip()):
            raise InvalidValue(f"a whole number {bounds}")
        number = int(value)
        if number < least or (most is not None and number > most):
            raise InvalidValue(f"a whole number {bounds}")
        return number

    return read


def one_of(choices: Sequence[str], *, any_case: bool = False) -> Callable[[Any], str]:
    """One of some words."""
    expected = f"{', '.join(choices[:-1])} or {choices[-1]}"

    def read(value: Any) -> str:
        word = value.lower() if any_case and isinstance(value, str) else value
        if word not in choices:
            raise InvalidValue(expected)
        return str(word)

    return read


def duration(value: Any) -> timedelta:
    """``5m``, ``1h30m``, ``0s`` or seconds as a plain number; never negative, at most ten years."""
    if isinstance(value, timedelta):
        return value
    import durationpy

    written = str(value).strip()
    try:
        if isinstance(value, bool):
            raise InvalidValue("a duration", DURATION_REMEDY)
        parsed = timedelta(seconds=float(written)) if _NUMBER.fullmatch(written) else durationpy.from_str(written)
    except (durationpy.DurationError, OverflowError) as error:
        raise InvalidValue("a duration", DURATION_REMEDY) from error
    if parsed < timedelta(0) or written.startswith("-"):
        raise InvalidValue("a duration of at least 0s", DURATION_REMEDY)
    if parsed > _LONGEST:
        raise InvalidValue("a duration of at most ten years", DURATION_REMEDY)
    return timedelta(seconds=parsed.total_seconds())


def positive_duration(value: Any) -> timedelta:
    """A duration above zero."""
    try:
        parsed = duration(value)
    except InvalidValue as invalid:
        expected = invalid.expected.replace("of at least 0s", "longer than 0s")
        raise InvalidValue(expected, POSITIVE_REMEDY) from invalid
    if not parsed:
        raise InvalidValue("a duration longer than 0s", POSITIVE_REMEDY)
    return parsed


def jitter(value: Any) -> str:
    """A share of the interval such as ``10%`` (0 to 100), or a duration; kept as written."""
    written = str(value).strip()
    if written.endswith("%"):
        number = written[:-1].strip()
        if not _NUMBER.fullmatch(number) or float(number) > 100:
            raise InvalidValue("a share from 0% to 100% or a duration", "Write it like 10% or 5s.")
        return written
    duration(value)
    return written


def listed(value: Any) -> tuple[str, ...]:
    """A list in a file, or words separated by commas in an option or variable."""
    if isinstance(value, str):
        return tuple(part for part in (word.strip() for word in value.split(",")) if part)
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
        raise InvalidValue("a list of texts")
    return tuple(value)


def assignments(value: Any) -> tuple[tuple[str, str], ...]:
    """Names with values: a mapping in a file, a list of ``NAME=VALUE``, or such words separated by spaces.

    A name that is given twice has its last value.
    """
    import shlex

    expected = InvalidValue("NAME=VALUE", "A value with spaces needs quotes.")
    if isinstance(value, dict):
        pairs = [(name, _scalar(item)) for name, item in value.items()]
    else:
        try:
            words = shlex.split(value) if isinstance(value, str) else value
        except ValueError as error:
            raise expected from error
        if not isinstance(words, list | tuple) or not all(isinstance(word, str) and "=" in word for word in words):
            raise expected
        pairs = [(word.partition("=")[0], word.partition("=")[2]) for word in words]
    if not all(name for name, _ in pairs):
        raise expected
    return tuple(dict(pairs).items())


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise InvalidValue("texts and numbers as values")
    return str(value)


def list_of(member: Callable[[Any], str]) -> Callable[[Any], tuple[str, ...]]:
    """A list whose members all fit."""
    return lambda value: tuple(member(word) for word in listed(value))


def matching(pattern: str, expected: str, remedy: str = "") -> Callable[[Any], str]:
    """A text that fits ``pattern`` as a whole."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise InvalidValue(expected, remedy)
        return value

    return read


def endpoint_url(value: Any) -> str:
    """An http or https URL with a host and nothing that would leak: no user, password, query or fragment."""
    remedy = "Write it like http://localhost:8000."
    try:
        parts = urlsplit(text(value))
        port_fits = parts.port is None or parts.port > 0
    except ValueError as error:
        raise InvalidValue("an http:// or https:// URL", remedy) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_fits:
        raise InvalidValue("an http:// or https:// URL with a host", remedy)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidValue(
            "a URL without credentials, query and fragment", f"Give credentials to the SDK (AWS_*). {remedy}"
        )
    return str(value)
