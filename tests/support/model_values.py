"""Random values of botocore's shapes: requests that it accepts, and answers as a service would write them."""

from __future__ import annotations

import base64
import random
import string
from datetime import UTC, datetime
from typing import Any

TEXT = string.ascii_letters + string.digits + ' "\\/-_.:;é€\u2028😀\n\t'
DEEPEST = 5


class Values:
    """``value`` of a shape, the same ones for the same seed."""

    def __init__(self, seed: int, *, on_the_wire: bool = False) -> None:
        self._random = random.Random(seed)
        self._on_the_wire = on_the_wire

    def value(self, shape: Any, depth: int = 0) -> Any:
        """A value that the shape allows; the deeper, the fewer optional members it has."""
        made: Any = getattr(self, f"_{shape.type_name}", self._text)(shape, depth)
        return made

    def _structure(self, shape: Any, depth: int) -> dict[str, Any]:
        share = 0.0 if depth > DEEPEST else self._random.choice((0.2, 0.6, 1.0)) if depth == 0 else 0.4
        chosen = [name for name in shape.members if name in shape.required_members or self._random.random() < share]
        self._random.shuffle(chosen)
        return {name: self.value(shape.members[name], depth + 1) for name in chosen}

    def _list(self, shape: Any, depth: int) -> list[Any]:
        least = shape.metadata.get("min", 0)
        count = least if depth > DEEPEST else max(least, self._random.randint(0, 3))
        return [self.value(shape.member, depth + 1) for _ in range(count)]

    def _map(self, shape: Any, depth: int) -> dict[str, Any]:
        count = 0 if depth > DEEPEST else self._random.randint(0, 3)
        return {self._text(shape.key, depth): self.value(shape.value, depth + 1) for _ in range(count)}

    def _text(self, shape: Any, depth: int) -> str:
        if shape.enum:
            return str(self._random.choice(shape.enum))
        least = shape.metadata.get("min", 0)
        return "".join(self._random.choices(TEXT, k=max(least, self._random.randint(0, 12))))

    def _boolean(self, shape: Any, depth: int) -> bool:
        return self._random.random() < 0.5

    def _integer(self, shape: Any, depth: int) -> int:
        return int(shape.metadata.get("min", 0)) + self._random.randint(0, 10**6)

    _long = _integer

    def _double(self, shape: Any, depth: int) -> float:
        return self._random.choice((1.5, 0.25, 3, 70.0))

    _float = _double

    def _blob(self, shape: Any, depth: int) -> Any:
        data = self._random.randbytes(self._random.randint(0, 9))
        return base64.b64encode(data).decode() if self._on_the_wire else data

    def _timestamp(self, shape: Any, depth: int) -> Any:
        seconds = self._random.choice((0, 1_700_000_000, 1_700_000_000.123, 1.5e9))
        return seconds if self._on_the_wire else datetime.fromtimestamp(seconds, UTC)
