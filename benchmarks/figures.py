"""The arithmetic of a measurement: medians, percentiles, and the rows of the table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sample:
    """The values of one contender, one per round, in the order of the rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        return min(self.values)

    @property
    def high(self) -> float:
        return max(self.values)

    def over(self, factor: float) -> Sample:
        """The same sample in another unit: every value divided by ``factor``."""
        return Sample(tuple(value / factor for value in self.values))

    def rate(self, count: int) -> Sample:
        """Seconds for ``count`` things as things per second."""
        return Sample(tuple(count / value for value in self.values))


@dataclass(frozen=True)
class Row:
    """One line of the table. ``ratios`` is keyed by what the median is compared with."""

    goal: str
    scenario: str
    contender: str
    unit: str
    median: float
    low: float
    high: float
    rounds: int
    ratios: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, place: tuple[str, str, str], unit: str, sample: Sample, ratios: dict[str, float] | None = None) -> Row:
        """A row from a sample; ``place`` is goal, scenario and contender."""
        return cls(*place, unit, sample.median, sample.low, sample.high, len(sample.values), ratios or {})

    @classmethod
    def single(
        cls, place: tuple[str, str, str], unit: str, value: float, ratios: dict[str, float] | None = None
    ) -> Row:
        """A row of something that is counted once; ``place`` is goal, scenario and contender."""
        return cls.of(place, unit, Sample((value,)), ratios)

    def document(self) -> dict[str, Any]:
        """The row as JSON."""
        return asdict(self)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of all values do not exceed; the nearest rank, so it is always one of the values.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("a percentile needs at least one value")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def compared(
    goal: str, scenario: str, unit: str, samples: dict[str, Sample], against: Sequence[str] = ("limit",)
) -> list[Row]:
    """One row per contender, with the ratio of its median to the median of each contender in ``against``."""
    bases = {name: samples[name].median for name in against if name in samples}
    rows = []
    for name, sample in samples.items():
        ratios = {base: sample.median / median for base, median in bases.items() if base != name and median}
        rows.append(Row.of((goal, scenario, name), unit, sample, ratios))
    return rows
