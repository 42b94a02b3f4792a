"""Many tables at once: the names of all tables are listed while the tables are read."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from simulation.simulated_engine import declaration
from support.waiting import PATIENCE

from reconciler.engine.assess_many import Job, assess_all
from reconciler.engine.assessment import TableAssessment
from reconciler.engine.ports import NULL_TRACING
from reconciler.system import Threads


def test_the_names_are_listed_while_the_tables_are_read() -> None:
    """With a thousand tables ListTables has ten pages, one after the other, and no thread has anything else to do."""
    begun = threading.Event()

    class Many:
        def describe(self, names: Sequence[str]) -> Iterator[tuple[str, Any]]:
            assert list(names) == ["users"]
            assert begun.wait(PATIENCE)
            return iter(())

    context: Any = SimpleNamespace(
        ports=SimpleNamespace(many=Many(), parallel=Threads(2), traces=NULL_TRACING),
        unlisted=frozenset(),
        out_of_time=False,
    )
    unread = TableAssessment("users", declaration())
    job = Job(unread, lambda *_: unread, takes_description=True)
    assert assess_all(context, [job], begun.set) == [unread]
