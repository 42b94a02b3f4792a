"""Prometheus metrics: the only place that imports prometheus_client. Wiring builds ``Metrics``, everybody feeds it."""

from reconciler.metrics.families import FAMILIES, Family
from reconciler.metrics.metrics import Metrics

__all__ = ["FAMILIES", "Family", "Metrics"]
