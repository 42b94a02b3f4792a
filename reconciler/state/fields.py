"""Reads typed members of a decoded record. An invalid member raises ``Unreadable``; it never becomes a default."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from reconciler.model.identity import Identity
from reconciler.state.attribute_values import Unreadable

T = TypeVar("T")
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Times outside are invalid: a sum with them could exceed the range of datetime."""
LARGEST = 10**30
"""The largest count or token of a record; none is negative. DynamoDB keeps 38 digits."""
ADDRESS = ("scope", "record", "fence", "format_version")
"""Members that each record has besides those of its kind."""


class Fields:
    """Typed access to the members of one record, or of a map inside it. Each method raises ``Unreadable``."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = members

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def text(self, name: str) -> str:
        return self._typed(name, str)

    def number(self, name: str, largest: int = LARGEST) -> int:
        number = self._typed(name, int)
        if not 0 <= number <= largest:
            raise Unreadable(f"{name} is not between 0 and {largest}")
        return number

    def others(self, known: Container[str]) -> dict[str, Any]:
        """The members that are not in ``known``, unchanged: a newer version may have written them."""
        return {name: value for name, value in self._members.items() if name not in known and name not in ADDRESS}

    def flag(self, name: str) -> bool:
        return self._typed(name, bool)

    def one_of(self, name: str, choices: tuple[str, ...]) -> Any:
        value = self.text(name)
        if value not in choices:
            raise Unreadable(f"{name} is {value!r}; expected one of {', '.join(choices)}")
        return value

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if name in self._members else None

    def optional_number(self, name: str) -> int | None:
        return self.number(name) if name in self._members else None

    def optional_flag(self, name: str) -> bool | None:
        return self.flag(name) if name in self._members else None

    def time(self, name: str) -> datetime:
        try:
            time = datetime.fromisoformat(self.text(name))
        except ValueError:
            raise Unreadable(f"{name} is not a time") from None
        if time.tzinfo is None:
            raise Unreadable(f"{name} is a time without a time zone")
        if not EARLIEST <= time <= LATEST:
            raise Unreadable(f"{name} is not between the years {EARLIEST.year} and {LATEST.year}")
        return time.astimezone(UTC)

    def optional_time(self, name: str) -> datetime | None:
        return self.time(name) if name in self._members else None

    def optional_times(self, name: str) -> dict[str, datetime]:
        """A map of times by any name; empty where there is none."""
        if name not in self._members:
            return {}
        members = self.map_of(name, str)
        return {key: Fields(members).time(key) for key in members}

    def optional_texts(self, name: str) -> dict[str, str]:
        """A map of texts by any name; empty where there is none."""
        return self.map_of(name, str) if name in self._members else {}

    def times_by(self, choices: tuple[Any, ...]) -> dict[Any, tuple[datetime, ...]]:
        """Every member: its name one of ``choices``, its value a time or a list of times."""
        found: dict[Any, tuple[datetime, ...]] = {}
        for name, value in self._members.items():
            if name not in choices:
                raise Unreadable(f"invalid name {name!r}; expected one of {', '.join(choices)}")
            several = value if isinstance(value, list) else [value]
            found[name] = tuple(Fields({name: one}).time(name) for one in several)
        return found

    def map(self, name: str) -> Fields:
        return Fields(self._typed(name, dict))

    def optional_maps(self, name: str) -> tuple[Fields, ...]:
        """A list of maps; empty where there is none."""
        return tuple(map(Fields, _all(name, self._typed(name, list), dict))) if name in self._members else ()

    def optional_text_lists(self, name: str) -> tuple[tuple[str, ...], ...]:
        """A list of lists of texts; empty where there is none."""
        if name not in self._members:
            return ()
        return tuple(tuple(_all(name, each, str)) for each in _all(name, self._typed(name, list), list))

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(_all(name, self._typed(name, list), str))

    def map_of(self, name: str, kind: type[T]) -> dict[str, T]:
        members = self._typed(name, dict)
        _all(name, list(members.values()), kind)
        return members

    def identity(self, name: str) -> Identity:
        inner = self.map(name)
        return Identity(inner.optional_text("table_id"), inner.text("arn"), inner.text("created"))

    def optional_identity(self, name: str) -> Identity | None:
        return self.identity(name) if name in self._members else None

    def _typed(self, name: str, kind: type[T]) -> T:
        if name not in self._members:
            raise Unreadable(f"{name} is missing")
        return _one(name, self._members[name], kind)


def _one(name: str, value: Any, kind: type[T]) -> T:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Unreadable(f"{name} has the wrong type")
    return value


def _all(name: str, values: list[Any], kind: type[T]) -> list[T]:
    return [_one(name, value, kind) for value in values]


def written_time(time: datetime | None) -> str | None:
    """A time as it is stored: ISO 8601 in UTC with microseconds, so that the strings sort like the times."""
    return None if time is None else time.astimezone(UTC).isoformat(timespec="microseconds")


def written_identity(identity: Identity | None) -> dict[str, Any] | None:
    """An identity as a map."""
    if identity is None:
        return None
    return {"table_id": identity.table_id, "arn": identity.arn, "created": identity.created}
