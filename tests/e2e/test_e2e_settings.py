"""Class, limits, encryption, recovery, policies, insights and Kinesis on real endpoints, as boto3 sees them.

What an endpoint holds is set and goes quiet; what it does not hold is unsupported, which is no drift and no write.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from simulation.simulated_engine import ListSource
from support.endpoints import Live, MotoServer
from support.proxy import RecordingProxy
from support.specs import ON_DEMAND, declaration, gsi, policy, renamed, spec, stream

from reconciler.model.plan import StepStatus
from reconciler.model.report import PassReport
from reconciler.model.table import (
    ContributorInsights,
    KinesisStreaming,
    OnDemandThroughput,
    PointInTimeRecovery,
    Sse,
    TableSpec,
    WarmThroughput,
)
from reconciler.settings.loading import load
from reconciler.wiring import App

pytestmark = pytest.mark.timeout(300)
NAME = "settings-of-a-table"
KINESIS = "arn:aws:kinesis:us-east-1:123456789012:stream/changes"
PLAIN = spec(billing=ON_DEMAND)
EVERYTHING = spec(
    billing=ON_DEMAND,
    global_indexes=[gsi("by_a", "a S", warm_throughput=WarmThroughput(13000, 5000))],
    stream=stream("NEW_IMAGE"),
    table_class="STANDARD_INFREQUENT_ACCESS",
    on_demand_throughput=OnDemandThroughput(100, 50),
    warm_throughput=WarmThroughput(15000, 5000),
    sse=Sse(True, "alias/aws/dynamodb"),
    point_in_time_recovery=PointInTimeRecovery(True, 7),
    resource_policy=policy("dynamodb:GetItem"),
    stream_policy=policy("dynamodb:GetRecords"),
    contributor_insights=ContributorInsights(True),
    kinesis_streaming=KinesisStreaming(KINESIS),
)


class Run:
    """One table at one endpoint, declared anew as often as a case wants; writes are counted on the wire."""

    def __init__(self, app: App, proxy: RecordingProxy, source: ListSource, client: Any) -> None:
        self.app, self.proxy, self.source, self.client = app, proxy, source, client

    def converge(self, table: TableSpec) -> PassReport:
        self.source.declarations = (declaration(renamed(table, NAME)),)
        return self.app.converge("once")

    def late_writes(self) -> list[str]:
        self.proxy.clear()
        for _ in range(3):
            self.app.reconciler.run_pass("interval")
        return [request.operation for request in self.proxy.mutating(ignore_table="reconciler_state")]

    def described(self) -> dict[str, Any]:
        table: dict[str, Any] = self.client.describe_table(TableName=NAME)["Table"]
        return table


@contextmanager
def _at(url: str, client: Any) -> Iterator[Run]:
    with RecordingProxy(url) as proxy:
        settings = load({"endpoint_url": proxy.url, "timeout": "60s"}, one_shot=True)
        app = App(settings, one_shot=True, read_only=False, endpoint_url=proxy.url)
        source = ListSource()
        app.__dict__["source"] = source
        yield Run(app, proxy, source, client)
        app.close()


@pytest.fixture
def at_moto() -> Iterator[Run]:
    with MotoServer() as server:
        server.restart()
        with _at(server.url, server.client()) as run:
            yield run


@pytest.fixture
def at_dynamodb_local(local: Live) -> Iterator[Run]:
    with _at(local.url, local.client) as run:
        yield run


def unsupported(report: PassReport) -> set[str]:
    (table,) = report.tables
    assert {step.status for step in table.steps} <= {StepStatus.DONE, StepStatus.UNSUPPORTED}, table.steps
    return {step.facet for step in table.steps if step.status is StepStatus.UNSUPPORTED}


@pytest.mark.parametrize("start", [None, PLAIN], ids=["created so", "changed so"])
def test_moto_gets_only_what_it_can_hold(at_moto: Run, start: TableSpec | None) -> None:
    if start:
        at_moto.converge(start)
    report = at_moto.converge(EVERYTHING)
    lacking = {"table_class", "on_demand_throughput", "stream_policy", "contributor_insights", "kinesis_streaming"}
    assert unsupported(report) == lacking | ({"sse"} if start else set())
    assert report.verdict.value == "in_sync"
    table = at_moto.described()
    assert table["WarmThroughput"] == {"ReadUnitsPerSecond": 15000, "WriteUnitsPerSecond": 5000, "Status": "ACTIVE"}
    assert ("SSEDescription" in table) is (start is None)
    backups = at_moto.client.describe_continuous_backups(TableName=NAME)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["RecoveryPeriodInDays"] == 7
    put = at_moto.client.get_resource_policy(ResourceArn=table["TableArn"])["Policy"]
    assert json.loads(put) == json.loads(EVERYTHING.resource_policy.document or "")  # type: ignore[union-attr]
    assert at_moto.late_writes() == []


def test_recovery_and_policy_can_be_changed_and_removed_on_moto(at_moto: Run) -> None:
    at_moto.converge(
        spec(point_in_time_recovery=PointInTimeRecovery(True, 7), resource_policy=policy("dynamodb:Query"))
    )
    arn = at_moto.described()["TableArn"]
    changed = spec(point_in_time_recovery=PointInTimeRecovery(True, 14), resource_policy=policy("dynamodb:Scan"))
    assert unsupported(at_moto.converge(changed)) == set()
    assert "dynamodb:Scan" in at_moto.client.get_resource_policy(ResourceArn=arn)["Policy"]
    gone = spec(point_in_time_recovery=PointInTimeRecovery(False), resource_policy=policy())
    assert unsupported(at_moto.converge(gone)) == set()
    with pytest.raises(at_moto.client.exceptions.PolicyNotFoundException):
        at_moto.client.get_resource_policy(ResourceArn=arn)
    backups = at_moto.client.describe_continuous_backups(TableName=NAME)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"
    assert at_moto.late_writes() == []


@pytest.mark.dynamodb_local
@pytest.mark.parametrize("start", [None, PLAIN], ids=["created so", "changed so"])
def test_dynamodb_local_gets_the_on_demand_maximum_and_no_other_unsupported_call(
    at_dynamodb_local: Run, start: TableSpec | None
) -> None:
    if start:
        at_dynamodb_local.converge(start)
    report = at_dynamodb_local.converge(EVERYTHING)
    lacking = {"table_class", "warm_throughput", "sse", "point_in_time_recovery", "resource_policy", "stream_policy"}
    indexes = {"global_indexes"}
    assert unsupported(report) - indexes == lacking | {"contributor_insights", "kinesis_streaming"}
    assert report.verdict.value == "in_sync"
    table = at_dynamodb_local.described()
    assert table["OnDemandThroughput"] == {"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 50}
    assert at_dynamodb_local.late_writes() == []
    at_dynamodb_local.converge(spec(on_demand_throughput=OnDemandThroughput(-1, -1)))
    assert "OnDemandThroughput" not in at_dynamodb_local.described()
    assert at_dynamodb_local.late_writes() == []
