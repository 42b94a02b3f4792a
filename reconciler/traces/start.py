"""Whether traces are made at all. Called once by the wiring, with the environment of the process."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.engine.ports import NULL_TRACING, NullTracing
from reconciler.traces.wanted import wanted

if TYPE_CHECKING:
    from reconciler.traces.spans import Traces

INSTALL = "pip install dynamodb-reconciler[otel]"

log = logging.getLogger("reconciler.traces")


def start(environ: Mapping[str, str]) -> Traces | NullTracing:
    """Traces as the ``OTEL_`` variables ask for them; what prevents them is warned of, never fatal."""
    asked = wanted(environ)
    for warning in asked.warnings:
        log.warning(warning)
    if not asked.exporters:
        return NULL_TRACING
    try:
        from reconciler.traces.spans import Traces
    except ImportError as error:
        log.warning("traces are asked for and cannot be made (%s): %s", error, INSTALL)
        return NULL_TRACING
    try:
        return Traces(asked.exporters)
    except (ValueError, TypeError, OSError) as error:
        log.warning("traces are off, because an OTEL_ variable cannot be used: %s", error)
        return NULL_TRACING
