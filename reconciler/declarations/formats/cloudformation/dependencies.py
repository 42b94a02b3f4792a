"""Which parameters and conditions the values of a template follow from. Filled by ``Intrinsics`` while it evaluates.

``import --from`` writes each value once, for all environments. What depends on a parameter may differ in another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field
from typing import Any, TypeVar

from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.source_location import Path

_Value = TypeVar("_Value")


@dataclass(slots=True)
class Used:
    """What a value follows from: parameters with their values, and names of conditions, in the order of their use."""

    parameters: dict[str, Any] = field(default_factory=dict)
    conditions: dict[str, None] = field(default_factory=dict)

    def add(self, other: Used) -> None:
        """Add all that ``other`` has."""
        self.parameters |= other.parameters
        self.conditions |= other.conditions

    def __bool__(self) -> bool:
        return bool(self.parameters or self.conditions)

    def __str__(self) -> str:
        values = ", ".join(f"{name} = {value}" for name, value in self.parameters.items())
        conditions = " and ".join(self.conditions)
        if not conditions:
            return f"parameter {values}"
        return f"condition {conditions}" + (f" ({values})" if values else "")


@dataclass(slots=True)
class Computed:
    """The value of a function that is inside of no other, and what it follows from."""

    used: Used
    value: Any = None


class Dependencies:
    """``computed`` has each such value by the path of its function in the file."""

    def __init__(self) -> None:
        self.computed: dict[Path, Computed] = {}
        self._using: list[Used] = []
        self._kept: dict[str, Used] = {}

    def use(self, parameter: str, value: _Value) -> _Value:
        """Note the use of a parameter, and return its value."""
        if self._using:
            self._using[-1].parameters[parameter] = value
        return value

    def use_condition(self, name: str) -> None:
        """Note the use of a condition."""
        if self._using:
            self._using[-1].conditions[name] = None

    def use_kept(self, what: str) -> None:
        """Note the use of what was evaluated under ``kept`` before."""
        if self._using:
            self._using[-1].add(self._kept.get(what, Used()))

    @contextmanager
    def kept(self, what: str) -> Iterator[None]:
        """Keep what is used inside for ``use_kept``, because the result is evaluated once and used often."""
        self._using.append(Used())
        try:
            yield
        finally:
            self._kept[what] = self._using.pop()

    @contextmanager
    def of_value(self, here: Path) -> Iterator[Computed]:
        """Collect what the value at ``here`` uses. The caller sets the value."""
        computed = Computed(Used())
        self._using.append(computed.used)
        try:
            yield computed
        finally:
            self._using.pop()
            if self._using:
                self._using[-1].add(computed.used)
        if not self._using and computed.used:
            self.computed[here] = computed
