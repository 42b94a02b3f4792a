"""Makes the values of generated items, one item after the other. Called by ``read_generated``."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from reconciler.model.desired import Item
from reconciler.model.lazy_dataclass import dataclass
from reconciler.seeds.generated.generated_fields import argument
from reconciler.seeds.seed_types import ValueProblem


@dataclass(frozen=True, slots=True)
class Referred:
    """The items of another table, and the attribute that a field takes where it names none."""

    items: Sequence[Item]
    attribute: str


class ItemMaker:
    """Makes items from sound fields. The same ``number`` gives the same values, and so does the same order of calls.

    All fields of one item that refer to the same table take the same item of it, so that a composite key stays whole.
    """

    def __init__(self, fields: Mapping[str, Any], faker: Any, number: int, others: Mapping[str, Referred]) -> None:
        self._fields = fields
        self._faker = faker
        self._random = random.Random(number)
        self._others = others
        self._picked: dict[str, Item] = {}
        faker.seed_instance(number)

    def item(self, place: int) -> dict[str, Any]:
        """The item with this number, from 1, as plain values. Raises ``ValueProblem``."""
        self._picked = {}
        return self._members(self._fields, place, "")

    def _members(self, fields: Mapping[str, Any], place: int, path: str) -> dict[str, Any]:
        return {name: self._value(field, place, f"{path}.{name}" if path else name) for name, field in fields.items()}

    def _value(self, field: Any, place: int, path: str) -> Any:
        if isinstance(field, str):
            return _plain(self._called(field, {}, path))
        if not isinstance(field, Mapping):
            return field
        kind = field.get("type")
        return _typed(self._made(field, place, path), kind, path) if kind else self._made(field, place, path)

    def _made(self, field: Mapping[str, Any], place: int, path: str) -> Any:
        if "provider" in field:
            return _plain(self._called(field["provider"], field.get("args", {}), path))
        if "sequence" in field:
            pattern = field["sequence"]
            return pattern.format(n=place) if isinstance(pattern, str) else pattern + place - 1
        if "choice" in field:
            return self._random.choice(field["choice"])
        if "reference" in field:
            return self._referred(field["reference"], path)
        if "list" in field:
            return [self._value(field["list"], place, f"{path}[{at}]") for at in range(field.get("count", 1))]
        if "fields" in field:
            return self._members(field["fields"], place, path)
        return field["value"]

    def _called(self, provider: str, arguments: Mapping[str, Any], path: str) -> Any:
        try:
            return getattr(self._faker, provider)(**{name: argument(value) for name, value in arguments.items()})
        except Exception as error:  # noqa: BLE001 - a provider raises whatever its arguments lead to
            reason = f"{provider} of Faker refuses its arguments: {str(error).rstrip('.') or type(error).__name__}"
            raise ValueProblem(path, reason, "Correct args.") from None

    def _referred(self, target: Any, path: str) -> Any:
        table = target["table"] if isinstance(target, Mapping) else target
        other = self._others[table]
        if table not in self._picked:
            self._picked[table] = other.items[self._random.randrange(len(other.items))]
        attribute = (target.get("attribute") if isinstance(target, Mapping) else None) or other.attribute
        value = self._picked[table].get(attribute)
        if value is None:
            raise ValueProblem(path, f"an item of {table} has no {attribute}", "Refer to an attribute of every item.")
        ((kind, content),) = value.items()
        if kind not in ("S", "N", "B"):
            raise ValueProblem(
                path, f"{attribute} of {table} has the type {kind}", "Refer to a text, number or binary."
            )
        return Decimal(content) if kind == "N" else content


def _plain(value: Any) -> Any:
    """What Faker returns, as a value that an item may have."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(_plain(item) for item in value)
    return value if isinstance(value, str | bytes | bool | int | float | Decimal | None) else str(value)


def _typed(value: Any, kind: str, path: str) -> Any:
    try:
        return _CONVERSIONS[kind](value)
    except (TypeError, ValueError, InvalidOperation):
        reason = f"is {str(value)[:40]!r}, which is no {kind}"
        raise ValueProblem(path, reason, "Use another provider, or another type.") from None


def _binary(value: Any) -> bytes:
    return value if isinstance(value, bytes) else _text(value).encode()


def _text(value: Any) -> str:
    if isinstance(value, bytes | Mapping | list | None):
        raise TypeError
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise TypeError
    return Decimal(str(value))


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError
    return value


def _sequence(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


_CONVERSIONS = {"S": _text, "N": _number, "B": _binary, "BOOL": _truth, "M": _mapping, "L": _sequence}
