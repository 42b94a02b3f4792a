"""Traces of passes with OpenTelemetry, if the extra ``otel`` is installed and an exporter is configured.

This package is the only door to ``opentelemetry``; it is imported only when the ``OTEL_`` variables name an exporter.
"""

from reconciler.traces.start import start

__all__ = ["start"]
