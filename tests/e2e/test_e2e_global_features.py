"""Vector indexes and replicas on endpoints without them: reported once, not drift, and not written again."""

from __future__ import annotations

import pytest
from simulation.simulated_engine import ListSource
from support.endpoints import Live
from support.proxy import RecordingProxy
from support.specs import declaration, renamed, spec, stream, vectors

from reconciler.model.global_table import GlobalTableSettings, Replica
from reconciler.model.plan import StepStatus
from reconciler.model.report import Verdict
from reconciler.settings import load
from reconciler.wiring import App

STATE = "reconciler_state"
NAME = "worldwide"
DECLARED = renamed(
    spec(
        stream=stream("NEW_AND_OLD_IMAGES"),
        vector_indexes=[vectors("by_meaning", "embedding", "tenant S HASH", "shop N")],
        replicas=(Replica("eu-west-1", table_class="STANDARD"),),
        global_table_settings=GlobalTableSettings("ENABLED_WITH_OVERRIDES"),
        disassociation_protection=False,
    ),
    NAME,
)


def hold(live: Live) -> None:
    with RecordingProxy(live.url) as proxy:
        settings = load({"endpoint_url": proxy.url, "timeout": "60s"}, one_shot=True)
        app = App(settings, one_shot=True, read_only=False, endpoint_url=proxy.url)
        source = ListSource((declaration(DECLARED),))
        app.__dict__["source"] = source
        report = app.converge("once")
        (table,) = report.tables
        assert report.verdict is Verdict.IN_SYNC, (table.error, table.steps)
        left = {step.facet for step in table.steps if step.status is StepStatus.UNSUPPORTED}
        assert left == {"vector_indexes", "replicas"}
        proxy.clear()
        for _ in range(3):
            assert app.reconciler.run_pass("interval").verdict is Verdict.IN_SYNC
        assert proxy.mutating(ignore_table=STATE) == []
        app.close()
    described = live.client.describe_table(TableName=NAME)["Table"]
    assert described["TableStatus"] == "ACTIVE"
    assert described["AttributeDefinitions"] == [{"AttributeName": "pk", "AttributeType": "S"}]
    assert described["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"


def test_on_moto(moto: Live) -> None:
    hold(moto)


@pytest.mark.dynamodb_local
def test_on_dynamodb_local(local: Live) -> None:
    hold(local)
