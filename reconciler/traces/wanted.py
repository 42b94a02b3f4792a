"""What the standard ``OTEL_`` variables ask for. Read by the wiring before anything of OpenTelemetry is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

EXPORTERS = ("otlp", "console")
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
PROTOCOL = "http/protobuf"


@dataclass(frozen=True, slots=True)
class Wanted:
    """``exporters`` are some of ``EXPORTERS``, none where traces are off; ``warnings`` name what is not heeded."""

    exporters: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def wanted(environ: Mapping[str, str]) -> Wanted:
    """Off unless an exporter or an endpoint is named; a value that is empty counts as unset.

    Unknown values are warned of and passed over, as the specification of these variables asks.
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return Wanted()
    named = environ.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if not named:
        named = "otlp" if any(environ.get(name) for name in ENDPOINTS) else "none"
    asked = [name.strip() for name in named.split(",") if name.strip() not in ("", "none")]
    exporters = tuple(name for name in EXPORTERS if name in asked)
    warnings = [
        f"OTEL_TRACES_EXPORTER: {name!r} is unknown here; known are {', '.join(EXPORTERS)} and none"
        for name in dict.fromkeys(asked)
        if name not in EXPORTERS
    ]
    protocol = next((environ[name] for name in PROTOCOLS if environ.get(name)), PROTOCOL)
    if "otlp" in exporters and protocol != PROTOCOL:
        warnings.append(f"OTEL_EXPORTER_OTLP_PROTOCOL: traces are sent as {PROTOCOL}, not as {protocol!r}")
    return Wanted(exporters, tuple(warnings))
