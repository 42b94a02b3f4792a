"""Reads the standard ``OTEL_`` variables and starts tracing where they ask for it. Called once by the wiring.

Nothing of OpenTelemetry is imported before the variables name an exporter: the extra ``otel`` is optional.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler import install_line
from reconciler.engine.ports import NULL_TRACING, NullTracing
from reconciler.model.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from reconciler.traces.spans import Traces

EXPORTERS = ("otlp", "console")
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
PROTOCOL = "http/protobuf"
INSTALL = install_line("otel")

log = logging.getLogger("reconciler.traces")


def start(environ: Mapping[str, str]) -> Traces | NullTracing:
    """Traces as the ``OTEL_`` variables configure them; a problem is a warning, never fatal."""
    asked = read_config(environ)
    for warning in asked.warnings:
        log.warning(warning)
    if not asked.exporters:
        return NULL_TRACING
    try:
        from reconciler.traces.spans import Traces
    except ImportError as error:
        log.warning("tracing is enabled but its libraries are missing (%s): %s", error, INSTALL)
        return NULL_TRACING
    try:
        return Traces(asked.exporters)
    except (ValueError, TypeError, OSError) as error:
        log.warning("tracing is off: invalid OTEL_ variable: %s", error)
        return NULL_TRACING


@dataclass(frozen=True, slots=True)
class TraceConfig:
    """``exporters`` are some of ``EXPORTERS``, none where tracing is off; ``warnings`` name ignored values."""

    exporters: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read_config(environ: Mapping[str, str]) -> TraceConfig:
    """Tracing is off unless an exporter or an endpoint is named; an empty value counts as unset.

    Unknown values cause a warning and are ignored, as the OpenTelemetry specification requires.
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return TraceConfig()
    named = environ.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if not named:
        named = "otlp" if any(environ.get(name) for name in ENDPOINTS) else "none"
    asked = [name.strip() for name in named.split(",") if name.strip() not in ("", "none")]
    exporters = tuple(name for name in EXPORTERS if name in asked)
    warnings = [
        f"OTEL_TRACES_EXPORTER: unknown value {name!r}; expected {', '.join(EXPORTERS)} or none"
        for name in dict.fromkeys(asked)
        if name not in EXPORTERS
    ]
    protocol = next((environ[name] for name in PROTOCOLS if environ.get(name)), PROTOCOL)
    if "otlp" in exporters and protocol != PROTOCOL:
        warnings.append(f"OTEL_EXPORTER_OTLP_PROTOCOL: traces are sent as {PROTOCOL}, not as {protocol!r}")
    return TraceConfig(exporters, tuple(warnings))
