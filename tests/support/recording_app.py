"""A served app that records its jobs and returns prepared results; for tests of forms and pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from support.sample_reports import LOCAL, T0, report, table
from support.web import Answer, ask

from reconciler.engine.loop_status import LoopStatus
from reconciler.http import Access, Control, HttpServer, create_app
from reconciler.metrics import Metrics
from reconciler.model.desired import Declaration, DesiredState, Origin, Seed
from reconciler.model.identity import Flavor
from reconciler.model.table import Billing, KeyElement, TableSpec
from reconciler.runs import Job, Outcome, Record, Run, State
from reconciler.runs.words import sentences

FORM = "application/x-www-form-urlencoded"
DIGEST = "d" * 64


def declared(name: str, *, seed: bool = False, **fields: Any) -> Declaration:
    """A declared table with one key, on demand."""
    spec = TableSpec(name, (KeyElement("pk", "HASH", "S"),), Billing("PAY_PER_REQUEST"), **fields)
    items = ({"pk": {"S": "a"}}, {"pk": {"S": "b"}})
    seeded = Seed(f"seeds/{name}.json", items, "0" * 64) if seed else None
    return Declaration(name, spec, Origin(f"{name}.py", 5), seed=seeded)


class RecordingApp:
    """``plan`` is what previews yield, ``result`` how every other order ends; ``None`` leaves it waiting."""

    def __init__(self, access: Access, flavor: Flavor | None, *declarations: Declaration) -> None:
        self.board = LoopStatus("default")
        self.board.endpoint = replace(LOCAL, flavor=flavor) if flavor else None
        self.board.endpoint_up = flavor is not None
        self.orders: list[Job] = []
        self.plan: Outcome | Exception | None = Outcome(report(table()), DIGEST)
        self.result: Outcome | Exception | None = Outcome(report(table()))
        self.control = Control(self.board, access)
        self.control.submit = self._submit
        self.options = SimpleNamespace(mode="enforce")
        memory = SimpleNamespace(last_good=DesiredState(declarations, ""))
        self.control.reconciler = SimpleNamespace(state=memory, options=self.options)  # type: ignore[assignment]
        self.http = HttpServer(create_app(self.board, Metrics(self.board), control=self.control), "127.0.0.1", 0)

    def _submit(self, order: Job) -> Run:
        self.orders.append(order)
        run = Run(f"run-{len(self.orders)}", order)
        record = Record(run.id, order.verb.value, order.trigger, State.QUEUED, T0, order.tables)
        ends = self.plan if not order.changes else self.result
        if isinstance(ends, Exception):
            run.ended.set_exception(ends)
            record = record.failed(str(ends), T0)
        elif ends is not None:
            run.ended.set_result(ends)
            record = record.running(T0).done(ends.report, T0, " ".join(sentences(order, ends.report)))
        self.control.book.put(record)
        return run

    @property
    def changing(self) -> list[Job]:
        """The orders that may change something."""
        return [order for order in self.orders if order.changes]

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.http.port}"

    def get(self, path: str, **headers: str) -> Answer:
        return ask(self.http.port, path, **_names(headers))

    def send(self, path: str, fields: Any = (), body: bytes | None = None, **headers: str | None) -> Answer:
        """What a browser sends with one of our forms; a header that is ``None`` is left out."""
        body = urlencode(fields).encode() if body is None else body
        sent = {"Origin": self.origin, "Content_Type": FORM, **headers}
        return ask(self.http.port, path, "POST", body, **_names({k: v for k, v in sent.items() if v is not None}))


def _names(headers: dict[str, Any]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@contextmanager
def recording_server(
    *declarations: Declaration, access: Access | None = None, flavor: Flavor | None = Flavor.DYNAMODB_LOCAL
) -> Iterator[RecordingApp]:
    """A running server."""
    server = RecordingApp(access or Access(), flavor, *declarations)
    server.http.start()
    try:
        yield server
    finally:
        server.http.stop()
