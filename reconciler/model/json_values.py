"""Values of a plan as JSON types. Used by the document and the digest of a plan, HTTP and the event feed."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any


def timestamp(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with Z."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def to_the_second(moment: datetime) -> str:
    """ISO 8601 in UTC with Z, without a fraction: moments in sentences, where nobody waits for a microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def plain(value: Any) -> Any:
    """``value`` in JSON's own types: bytes as base64, Decimal as number text, sets as sorted lists."""
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Decimal():
            return str(value)
        case bytes() | bytearray():
            return base64.b64encode(value).decode("ascii")
        case datetime():
            return timestamp(value)
        case Mapping():
            return {str(key): plain(member) for key, member in value.items()}
        case AbstractSet():
            return sorted((plain(member) for member in value), key=_sort_key)
        case list() | tuple():
            return [plain(member) for member in value]
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    return str(value)


def _sort_key(member: Any) -> tuple[str, str]:
    return type(member).__name__, str(member)
