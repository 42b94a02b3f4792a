"""Exports spans to a collector in a thread of its own, so that no failure of the collector affects a pass.

Built by ``start``; the variables of the OTLP exporter, the batch processor, the sampler and the resource are the SDK's
own, read by it.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter, SpanExportResult

from reconciler import __version__

FLUSH_SECONDS = 2.0
"""How long the process waits at its end for the last spans to be sent."""
QUEUE = 8192
"""Queue size in spans. The spans of all tables end with the pass, a few thousand at once."""
NAME = "dynamodb-reconciler"

log = logging.getLogger("reconciler.traces")


class Exporting:
    """One provider over the chosen exporters. ``ValueError`` for variables that the SDK refuses."""

    def __init__(self, exporters: Sequence[str]) -> None:
        # The exporter logs every attempt; one line when sending fails for the first time is enough.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)
        # Without OTEL_SERVICE_NAME the SDK would call the service unknown_service.
        ours = Resource({SERVICE_NAME: NAME, SERVICE_VERSION: __version__})
        self.provider = TracerProvider(
            resource=Resource.create().merge(ours).merge(OTELResourceDetector().detect()), shutdown_on_exit=False
        )
        self._sending: list[ReportingExporter] = []
        for name in exporters:
            exporter = ReportingExporter(OTLPSpanExporter() if name == "otlp" else ConsoleSpanExporter(out=sys.stderr))
            size = None if os.environ.get("OTEL_BSP_MAX_QUEUE_SIZE") else QUEUE
            self.provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=size))
            self._sending.append(exporter)

    def close(self) -> None:
        """Send the queued spans, for at most ``FLUSH_SECONDS``."""
        ending = threading.Thread(target=self.provider.shutdown, name="traces-shutdown", daemon=True)
        ending.start()
        ending.join(FLUSH_SECONDS)
        if ending.is_alive() and not any(exporter.failed for exporter in self._sending):
            log.warning("the last traces were not sent within %g s", FLUSH_SECONDS)


class ReportingExporter(SpanExporter):
    """Logs once when spans cannot be sent, and once when they can again."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner
        self.failed = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hand a batch on; called in the thread of the batch processor."""
        result = self._inner.export(spans)
        failed = result is not SpanExportResult.SUCCESS
        if failed and not self.failed:
            log.warning("traces cannot be sent and are dropped; passes continue")
        elif self.failed and not failed:
            log.info("traces are sent again")
        self.failed = failed
        return result

    def shutdown(self) -> None:
        """No more batches come."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Nothing is kept here."""
        return self._inner.force_flush(timeout_millis)
