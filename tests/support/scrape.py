"""Read metrics back as Prometheus would."""

from __future__ import annotations

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from reconciler.metrics import Metrics

PREFIX = "dynamodb_reconciler_"


def families(metrics: Metrics) -> dict[str, Any]:
    """Every exposed family by name, counters without ``_total``."""
    text = metrics.exposition("")[1].decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def samples(metrics: Metrics, name: str) -> list[tuple[dict[str, str], float]]:
    """Labels and value of each sample of one of our families, by sample name without prefix."""
    text = metrics.exposition("")[1].decode()
    return [
        (sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == PREFIX + name
    ]


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """The value of the one sample that carries these labels, ``None`` where it does not exist."""
    found = [number for given, number in samples(metrics, name) if labels.items() <= given.items()]
    assert len(found) <= 1, f"{name}{labels} is ambiguous: {found}"
    return found[0] if found else None
