"""A sample replacement that jobs of the service copy, for pages, documents and commands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from support.sample_reports import T0

from reconciler.model.identity import Identity
from reconciler.model.records import CopyEngine, CopyJob, Generation, GenerationPhase, JobKind

MINUTE = timedelta(minutes=1)
COPYING = Generation(
    "orders",
    GenerationPhase.COPY,
    2,
    "orders",
    "orders-g2",
    Identity(None, "arn", ""),
    ("customer HASH S",),
    T0,
    items=1_200_000,
    engine="import",
    through="s3://copies",
    jobs=(
        CopyJob("export", "done", 1_200_000, 34_000_000, 0, T0, T0 + 5 * MINUTE),
        CopyJob("import", "running", 0, 17_000_000, 0, T0 + 6 * MINUTE),
    ),
)


def copying_by(engine: CopyEngine) -> Generation:
    """As ``COPYING``, by another engine."""
    export, loaded = COPYING.jobs
    kind: JobKind = "bulk" if engine == "bulk" else "import"
    return replace(COPYING, engine=engine, jobs=(export, replace(loaded, kind=kind)))
