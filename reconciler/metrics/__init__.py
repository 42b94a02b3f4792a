"""Prometheus metrics, the only package that imports prometheus_client. The wiring builds ``Metrics``."""

from reconciler.metrics.families import FAMILIES, Family
from reconciler.metrics.metrics import Metrics

__all__ = ["FAMILIES", "Family", "Metrics"]
