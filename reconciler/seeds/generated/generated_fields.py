"""Checks the fields of a generated seed, without and with Faker. Called by ``read_generated`` before an item is made.

A value must be the same in every load and on every day: a seed that differs from what was written counts as changed.
Providers that look at the clock are therefore refused unless both ends of their range are dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from reconciler.parsing.source_location import FieldProblem, Path, alternatives, did_you_mean

KINDS = ("provider", "sequence", "choice", "value", "reference", "list", "fields")
"""What a field may be generated from; each mapping of a field has one of them."""
TYPES = ("S", "N", "B", "BOOL", "M", "L")
_ALSO = {"provider": ("args",), "list": ("count",)}
"""Keys that belong to one kind."""
RANGES = {
    "date_between": ("start_date", "end_date"),
    "date_between_dates": ("date_start", "date_end"),
    "date_time_between": ("start_date", "end_date"),
    "date_time_between_dates": ("datetime_start", "datetime_end"),
}
"""Providers of dates that look at no clock where both ends are given as dates."""
_TIMELESS = frozenset(("am_pm", "century", "timezone", "pytimezone", *RANGES))
"""Providers in Faker's module of dates and times that are the same on every day."""
_OTHER_TIMED = frozenset(
    (
        *("credit_card_expire", "credit_card_full", "passport_dates", "passport_dob", "passport_full", "profile"),
        *("simple_profile", "pydict", "pyiterable", "pylist", "pyobject", "pyset", "pystruct", "pytuple"),
        *("tar", "zip", "json", "json_bytes", "csv", "dsv", "psv", "tsv", "fixed_width", "xml"),
    )
)
"""Providers elsewhere that look at the clock, call others by name, or depend on the order of a set."""
_NO_PROVIDERS = frozenset(
    (
        "add_provider",
        "enum",
        "generator_attrs",
        "get_providers",
        "items",
        "seed_locale",
        "provider",
        "seed",
        "seed_instance",
        "set_arguments",
        "set_formatter",
        "format",
    )
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?")


def field_problems(fields: Mapping[Any, Any], here: Path) -> Iterator[FieldProblem]:
    """What is wrong with the fields, as far as that can be told without Faker."""
    for name, field in fields.items():
        at = (*here, str(name))
        if not isinstance(name, str) or not name:
            yield FieldProblem(at, f"invalid attribute name {name!r}", "Write a text.")
        yield from _of_field(field, at)


def _of_field(field: Any, at: Path) -> Iterator[FieldProblem]:
    if isinstance(field, str | int | float) and field != "":
        return
    if not isinstance(field, Mapping):
        remedy = f"Write the name of a provider of Faker, or a mapping with one of {alternatives(KINDS)}."
        yield FieldProblem(at, "is neither a provider nor a mapping", remedy)
        return
    kinds = [key for key in KINDS if key in field]
    known = (*KINDS, "type", *(key for kind in kinds for key in _ALSO.get(kind, ())))
    unknown = [key for key in field if key not in known]
    for key in unknown:
        close = did_you_mean(str(key), known)
        remedy = f"Did you mean `{close}`?" if close else f"Known fields: {', '.join(known)}."
        yield FieldProblem((*at, str(key)), "unknown field", remedy)
    if len(kinds) != 1 and not unknown:
        reason = f"has {' and '.join(kinds)}" if kinds else "does not say what it is made of"
        yield FieldProblem(at, reason, f"Write one of {alternatives(KINDS)}.")
    if len(kinds) != 1:
        return
    if "type" in field and field["type"] not in TYPES:
        reason = f"invalid value {field['type']!r}; expected {alternatives(TYPES)}"
        yield FieldProblem((*at, "type"), reason, "Write one of them, or leave it out.")
    yield from _CHECKS[kinds[0]](field, at)


def _provider(field: Mapping[str, Any], at: Path) -> Iterator[FieldProblem]:
    if not isinstance(field["provider"], str) or not field["provider"]:
        yield FieldProblem((*at, "provider"), "expected the name of a provider of Faker", "Write a text.")
    arguments = field.get("args", {})
    if not isinstance(arguments, Mapping) or not all(isinstance(key, str) for key in arguments):
        yield FieldProblem((*at, "args"), "expected a mapping", "Write the arguments by their names.")


def _sequence(field: Mapping[str, Any], at: Path) -> Iterator[FieldProblem]:
    pattern = field["sequence"]
    if isinstance(pattern, bool) or not isinstance(pattern, str | int):
        yield FieldProblem((*at, "sequence"), "expected a text or a whole number", 'Write "user-{n}", or 1.')
    elif isinstance(pattern, str):
        try:
            one, other = pattern.format(n=1), pattern.format(n=2)
        except (KeyError, IndexError, ValueError, AttributeError):
            one = other = ""
        if one == other:
            yield FieldProblem((*at, "sequence"), "has no place for the number", 'Write {n}, as in "user-{n:04}".')


def _choice(field: Mapping[str, Any], at: Path) -> Iterator[FieldProblem]:
    if not isinstance(field["choice"], list) or not field["choice"]:
        yield FieldProblem((*at, "choice"), "expected a list of values", "Write at least one value.")


def _value(field: Mapping[str, Any], at: Path) -> Iterator[FieldProblem]:
    del field, at
    yield from ()


def _reference(field: Mapping[str, Any], at: Path) -> Iterator[FieldProblem]:
    target = field["reference"]
    table, attribute = (
        (target.get("table"), target.get("attribute", "")) if isinstance(target, Mapping) else (target, "")
    )
    unknown = set(target) - {"table", "attribute"} if isinstance(target, Mapping) else ()
    if not isinstance(table, str) or not table or not isinstance(attribute, str) or unknown:
        remedy = "Write users, or {table: users, attribute: email}."
        yield FieldProblem((*at, "reference"), "expected the base name of a table", remedy)


def _list(field: Mapping[str, Any], at: Path) -> Iterator[FieldProblem]:
    count = field.get("count", 1)
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= 1000:
        yield FieldProblem((*at, "count"), f"invalid value {count!r}", "Write a whole number from 0 to 1000.")
    yield from _of_field(field["list"], (*at, "list"))


def _fields(field: Mapping[str, Any], at: Path) -> Iterator[FieldProblem]:
    if not isinstance(field["fields"], Mapping):
        yield FieldProblem((*at, "fields"), "expected a mapping", "Write the fields by their names.")
    else:
        yield from field_problems(field["fields"], (*at, "fields"))


_CHECKS = {
    "provider": _provider,
    "sequence": _sequence,
    "choice": _choice,
    "value": _value,
    "reference": _reference,
    "list": _list,
    "fields": _fields,
}


def references(fields: Mapping[str, Any], here: Path = ()) -> Iterator[tuple[Path, str, str | None]]:
    """Each reference of sound fields: its path, the base name of the table, and the attribute if it is named."""
    for name, field in fields.items():
        yield from _references_of(field, (*here, str(name)))


def _references_of(field: Any, at: Path) -> Iterator[tuple[Path, str, str | None]]:
    if not isinstance(field, Mapping):
        return
    if "reference" in field:
        target = field["reference"]
        named = isinstance(target, Mapping)
        yield (*at, "reference"), target["table"] if named else target, target.get("attribute") if named else None
    elif "list" in field:
        yield from _references_of(field["list"], (*at, "list"))
    elif "fields" in field:
        yield from references(field["fields"], (*at, "fields"))


def provider_problems(fields: Mapping[str, Any], faker: Any, here: Path) -> Iterator[FieldProblem]:
    """Providers of sound fields that Faker does not have, or that give another value on another day."""
    for name, field in fields.items():
        yield from _provider_of(field, faker, (*here, str(name)))


def _provider_of(field: Any, faker: Any, at: Path) -> Iterator[FieldProblem]:
    if isinstance(field, str):
        yield from _named(field, {}, faker, at)
    elif not isinstance(field, Mapping):
        return
    elif "provider" in field:
        yield from _named(field["provider"], field.get("args", {}), faker, (*at, "provider"))
    elif "list" in field:
        yield from _provider_of(field["list"], faker, (*at, "list"))
    elif "fields" in field:
        yield from provider_problems(field["fields"], faker, (*at, "fields"))


def _named(name: str, arguments: Mapping[str, Any], faker: Any, at: Path) -> Iterator[FieldProblem]:
    method = getattr(faker, name, None) if not name.startswith("_") and name not in _NO_PROVIDERS else None
    if not callable(method):
        close = did_you_mean(name, _provider_names(faker))
        remedy = f"Did you mean `{close}`?" if close else "See https://faker.readthedocs.io for all providers."
        yield FieldProblem(at, f"Faker has no provider {name!r}", f"{remedy} For a constant, write {{value: …}}.")
        return
    if not _depends_on_time(name, method) or (name in RANGES and _dates(name, arguments)):
        return
    ends = " and ".join(RANGES.get(name, RANGES["date_between"]))
    use = name if name in RANGES else "date_between"
    remedy = f"Use {use} with {ends} as dates, such as 2024-01-31."
    yield FieldProblem(at, f"{name} depends on the current time, so the items would change", remedy)


def _depends_on_time(name: str, method: Any) -> bool:
    in_dates = ".date_time" in (getattr(method, "__module__", "") or "")
    return name in _OTHER_TIMED or name in RANGES or (in_dates and name not in _TIMELESS)


def _dates(name: str, arguments: Mapping[str, Any]) -> bool:
    return all(isinstance(argument(arguments.get(end)), date) for end in RANGES[name])


def argument(value: Any) -> Any:
    """An argument of a provider as Faker takes it: a text that is a date becomes one."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return value
    try:
        return datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
    except ValueError:
        return value


def _provider_names(faker: Any) -> list[str]:
    return [name for name in dir(faker) if not name.startswith("_") and name not in (*_NO_PROVIDERS, *_OTHER_TIMED)]
