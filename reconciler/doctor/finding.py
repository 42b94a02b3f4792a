"""One thing that ``doctor`` looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is; a problem makes ``doctor`` exit 1."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """``detail`` says what was seen, ``remedy`` what to do about it."""

    name: str
    level: Level
    detail: str
    remedy: str = ""
