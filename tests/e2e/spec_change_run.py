"""Many hard spec changes at once against one live endpoint, as tables of one environment; imported by its tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulation.simulated_engine import ListSource
from support.proxy import RecordingProxy
from support.spec_changes import SPEC_CHANGES, SpecChange
from support.specs import declaration, renamed

from reconciler.model.observed import Responses
from reconciler.model.report import PassReport, TableReport
from reconciler.settings.loading import load
from reconciler.wiring import App

STATE = "reconciler_state"


@dataclass
class SpecChangeRun:
    """Before, after and five quiet passes of every spec change that the endpoint can hold."""

    client: Any
    first: dict[str, TableReport] = field(default_factory=dict)
    second: dict[str, TableReport] = field(default_factory=dict)
    seen: dict[str, Responses] = field(default_factory=dict)
    quiet: list[PassReport] = field(default_factory=list)
    # Refused calls do not count: DynamoDB Local limits index builds and answers 500 when it is busy.
    writes: dict[str, list[str]] = field(default_factory=dict)
    late_writes: list[str] = field(default_factory=list)

    def take(self, other: SpecChangeRun) -> None:
        """Add the tables that another run saw at another server of the same kind."""
        for name in ("first", "second", "seen", "writes"):
            getattr(self, name).update(getattr(other, name))
        self.quiet += other.quiet
        self.late_writes += other.late_writes


def name_of(position: int) -> str:
    return f"case-{position:03}"


def run(url: str, client: Any, *, has_tags: bool, only: list[int] | None = None) -> SpecChangeRun:
    """Converge every ``before``, then every ``after``, then make five passes; all reads here are plain boto3."""
    chosen = [(i, case) for i, case in enumerate(SPEC_CHANGES) if only is None or i in only]
    result = SpecChangeRun(client)
    with RecordingProxy(url) as proxy:
        settings = load({"endpoint_url": proxy.url, "timeout": "240s"}, one_shot=True)
        app = App(settings, one_shot=True, read_only=False, endpoint_url=proxy.url)
        source = ListSource()
        app.__dict__["source"] = source
        source.declarations = tuple(declaration(renamed(case.before, name_of(i))) for i, case in chosen)
        result.first = {table.name: table for table in app.converge("once").tables}
        proxy.clear()
        source.declarations = tuple(declaration(renamed(case.after, name_of(i))) for i, case in chosen)
        result.second = {table.name: table for table in app.converge("once").tables}
        for request in (r for r in proxy.mutating(ignore_table=STATE) if r.status == 200):
            result.writes.setdefault(request.tables[0], []).append(request.operation)
        result.seen = {name_of(i): _responses(client, name_of(i), case, has_tags=has_tags) for i, case in chosen}
        proxy.clear()
        result.quiet = [app.reconciler.run_pass("interval") for _ in range(5)]
        result.late_writes = [f"{r.operation} {r.tables}" for r in proxy.mutating(ignore_table=STATE)]
        app.close()
    return result


def _responses(client: Any, name: str, case: SpecChange, *, has_tags: bool) -> Responses:
    described = client.describe_table(TableName=name)
    answers = {"DescribeTable": described}
    if case.after.ttl is not None:
        answers["DescribeTimeToLive"] = client.describe_time_to_live(TableName=name)
    if has_tags:
        answers["ListTagsOfResource"] = client.list_tags_of_resource(ResourceArn=described["Table"]["TableArn"])
    return Responses(answers)
