"""What the work on the next generation of a table needs beside the ports of the engine. Built by the wiring."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from reconciler.model.lazy_dataclass import dataclass
from reconciler.mover.job_ports import ServiceJobs
from reconciler.mover.ports import MoverItems
from reconciler.mover.stream_ports import StreamApi


@dataclass(frozen=True, slots=True)
class GenerationPorts:
    """``hold`` is how long the old table follows the new one after the switch; ``None`` means the default.

    ``caller`` returns the ``aws:userid`` of this process. ``jobs`` are those of the service; only AWS has them.
    """

    items: MoverItems
    streams: StreamApi
    caller: Callable[[], str]
    hold: timedelta | None = None
    jobs: ServiceJobs | None = None
