"""Traces of passes by OpenTelemetry, where the extra ``otel`` is installed and an exporter is asked for.

This package is the only door to ``opentelemetry``; nothing of that is imported before ``wanted`` has said yes.
"""

from reconciler.traces.start import start

__all__ = ["start"]
