"""The result of one check of ``doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """The severity; a problem makes ``doctor`` exit 1."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result. ``detail`` says what was found, ``remedy`` what to do."""

    name: str
    level: Level
    detail: str
    remedy: str = ""
