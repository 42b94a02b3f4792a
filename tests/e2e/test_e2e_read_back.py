"""Read back, then plan, is empty: for every declaration that tests and documents contain, on every backend.

The plan is made by a process that remembers nothing but what stands in the state table. Beside what the endpoint is
named here to lack, no step is left, nothing is written, and boto3 (or the raw plane) sees the table as it was declared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from simulation.simulated_engine import ListSource, simulate
from support.declared_everywhere import SOURCE, everywhere
from support.declared_state import violations
from support.endpoints import DynamoDBLocal, MotoServer, client
from support.proxy import RecordingProxy
from support.specs import declaration, renamed
from support.table_settings import KEYS

from reconciler.engine.state import EngineState
from reconciler.model.identity import Flavor
from reconciler.model.observed import Responses
from reconciler.model.plan import StepStatus
from reconciler.model.report import TableReport, Verdict
from reconciler.model.table import TableSpec
from reconciler.planning.observe import read_params
from reconciler.settings.loading import load
from reconciler.wiring import App

pytestmark = pytest.mark.timeout(600)
STATE = "reconciler_state"
LESS_THAN_FROM_THE_START = {
    *("document: limits of an index", "document: limits"),
}
"""Warm throughput that is less than any table has, which is told (rule 8)."""
FORGOTTEN_BY_MOTO = {
    *("contributor_insights", "kinesis_streaming", "vector_indexes", "table_class", "on_demand_throughput"),
    *("replicas", "global_table_settings", "stream_policy", "global_indexes"),
    "warm_throughput",
}
"""Of global_indexes moto forgets the on-demand maximum; of warm throughput only what would be less is not held."""
NOT_IN_DYNAMODB_LOCAL = {
    *("tags", "contributor_insights", "kinesis_streaming", "vector_indexes", "table_class", "warm_throughput"),
    *("sse", "point_in_time_recovery", "resource_policy", "stream_policy", "auto_scaling", "backups"),
    *("replicas", "global_table_settings", "global_indexes", "on_demand_throughput"),
}
"""Of global_indexes it lacks warm throughput; of a maximum it holds only both halves at once."""
OWN_KEYS = ("alias/one", "alias/two", "alias/app")
READS = {
    "ttl": "DescribeTimeToLive",
    "point_in_time_recovery": "DescribeContinuousBackups",
    "tags": "ListTagsOfResource",
    "resource_policy": "GetResourcePolicy",
}


@dataclass
class ReadBack:
    """What one endpoint made of all declarations: the tables of the last plan, and what was written after it."""

    declared: Mapping[str, TableSpec]
    planned: dict[str, TableReport] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    seen: dict[str, Responses] = field(default_factory=dict)

    def unsupported(self, name: str) -> set[str]:
        return {step.facet for step in self.planned[name].steps if step.status is StepStatus.UNSUPPORTED}

    def left(self) -> list[str]:
        """Everything that is neither as declared nor said to be unsupported, in sentences."""
        return [
            f"{origin}: {report.status} {report.error or ''} {[(s.facet, s.status, s.message) for s in steps]}"
            for name, (origin, _) in _named(self.declared).items()
            for report in (self.planned[name],)
            for steps in ([step for step in report.steps if step.status is not StepStatus.UNSUPPORTED],)
            if steps or report.status.value != "in_sync"
        ]

    def untrue(self) -> list[str]:
        """What an independent client sees otherwise than declared."""
        return [
            f"{origin}: {sentence}"
            for name, (origin, table) in _named(self.declared).items()
            for kept in (_held(table, name, self.unsupported(name) | self.unread(name)),)
            for sentence in violations(self.seen[name], kept)
        ]

    def unread(self, name: str) -> set[str]:
        """Facets that the endpoint has no operation to read, asked for or not."""
        unread = {facet for facet, operation in READS.items() if operation not in self.seen[name].answers}
        return unread | {"contributor_insights", "kinesis_streaming", "stream_policy"}


def _named(declared: Mapping[str, TableSpec]) -> dict[str, tuple[str, TableSpec]]:
    return {f"table-{number:03}": case for number, case in enumerate(declared.items())}


def _held(table: TableSpec, name: str, unsupported: set[str]) -> TableSpec:
    """The declaration without what is unsupported; of indexes that is never more than their limits.

    moto tells a key by the name that it was given, so only whether there is one is compared.
    """
    kept = replace(table, name=name, **dict.fromkeys(unsupported - {"global_indexes"}))
    kept = replace(kept, sse=kept.sse and replace(kept.sse, key=None))
    if "global_indexes" in unsupported and table.global_indexes:
        plain = (replace(i, on_demand_throughput=None, warm_throughput=None) for i in table.global_indexes)
        kept = replace(kept, global_indexes=tuple(plain))
    return kept


def _run(url: str, dynamodb: Any, declared: Mapping[str, TableSpec]) -> ReadBack:
    result = ReadBack(declared)
    tables = tuple(declaration(renamed(table, name)) for name, (_, table) in _named(declared).items())
    with RecordingProxy(url) as proxy:
        settings = load({"endpoint_url": proxy.url, "timeout": "400s"}, one_shot=True)
        for converges in (True, False):
            app = App(settings, one_shot=True, read_only=False, endpoint_url=proxy.url)
            app.__dict__["source"] = ListSource(tables)
            proxy.clear()
            if converges:
                app.converge("once")
            else:
                result.planned = {table.name: table for table in app.reconciler.preview().tables}
                app.reconciler.run_pass("interval")
            app.close()
        result.written = [f"{r.operation} {r.tables}" for r in proxy.mutating(ignore_table=STATE)]
    for name, (_, table) in _named(declared).items():
        result.seen[name] = _responses(dynamodb, name, table, result.unsupported(name))
    return result


def _responses(dynamodb: Any, name: str, table: TableSpec, unsupported: set[str]) -> Responses:
    described = dynamodb.describe_table(TableName=name)
    answers: dict[str, Any] = {"DescribeTable": described}
    for facet, operation in READS.items():
        if getattr(table, facet) is not None and facet not in unsupported:
            params = read_params(operation, name, described["Table"]["TableArn"])
            answers |= _answer(dynamodb, operation, params)
    return Responses(answers)


def _answer(dynamodb: Any, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    """The answer by its operation; nothing where the endpoint does not have it."""
    try:
        return {operation: getattr(dynamodb, xform_name(operation))(**params)}
    except dynamodb.exceptions.PolicyNotFoundException:
        return {operation: {}}
    except ClientError as error:
        if error.response["Error"]["Code"] != "UnknownOperationException":
            raise
        return {}


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TableSpec]:
    found = everywhere(tmp_path_factory.mktemp("declared"))
    return {origin: _without_backfill(spec) for origin, spec in found.items()}


def _without_backfill(spec: TableSpec) -> TableSpec:
    """The table as it is once its migrations of items have run: until then a backfill is pending."""
    if not spec.global_indexes:
        return spec
    return replace(spec, global_indexes=tuple(replace(each, backfill=None) for each in spec.global_indexes))


@pytest.fixture(scope="module")
def on_moto(declared: dict[str, TableSpec]) -> Iterator[ReadBack]:
    with MotoServer() as server:
        server.restart()
        kms = client(server.url, "kms")
        for alias in OWN_KEYS:
            kms.create_alias(AliasName=alias, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
        yield _run(server.url, server.client(), declared)


@pytest.fixture(scope="module")
def on_dynamodb_local(module_local: DynamoDBLocal, declared: dict[str, TableSpec]) -> ReadBack:
    return _run(module_local.url, module_local.client(), declared)


def test_there_are_many_declarations(declared: dict[str, TableSpec]) -> None:
    facets = {name for table in declared.values() for name in TableSpec.__slots__ if getattr(table, name) is not None}
    assert facets == set(TableSpec.__slots__)
    assert len(declared) > 200


def test_on_the_strict_simulation_nothing_is_left_and_nothing_was_refused(declared: dict[str, TableSpec]) -> None:
    left, less = [], []
    for origin, table in declared.items():
        sim = simulate(flavor=Flavor.AWS, delay=30, stale=5, data_loss="allow", disruption="allow")
        sim.dynamodb.aliases |= {**KEYS, "alias/app": KEYS["alias/one"]}
        sim.dynamodb.has_backups = True
        sim.dynamodb.sources[SOURCE] = "ENABLED"
        sim.declare(declaration(table))
        for _ in range(60):
            report = sim.run()
            if report.verdict is Verdict.IN_SYNC:
                break
            wait = report.next_not_before
            sim.clock.seconds += max((wait - sim.clock.now()).total_seconds(), 1.0) if wait else 61.0
        sim.reconciler.state = EngineState()
        sim.dynamodb.journal.clear()
        (planned,) = sim.reconciler.preview().tables
        less += [origin for step in planned.steps if step.status is StepStatus.UNSUPPORTED]
        steps = [step for step in planned.steps if step.status is not StepStatus.UNSUPPORTED]
        if steps or planned.status.value != "in_sync" or sim.dynamodb.refused:
            left.append(f"{origin}: {planned.error or ''} {steps} {sim.dynamodb.refused}")
        sim.run()
        left += [f"{origin}: {call.operation}" for call in sim.dynamodb.journal]
    assert left == []
    assert set(less) == LESS_THAN_FROM_THE_START


def test_on_moto_nothing_is_left_except_unsupported_facets(on_moto: ReadBack) -> None:
    assert on_moto.left() == []
    assert on_moto.written == []
    assert {facet for name in on_moto.planned for facet in on_moto.unsupported(name)} == FORGOTTEN_BY_MOTO


def test_on_moto_boto3_sees_what_was_declared(on_moto: ReadBack) -> None:
    assert on_moto.untrue() == []


def test_on_dynamodb_local_nothing_is_left_except_unsupported_facets(on_dynamodb_local: ReadBack) -> None:
    assert on_dynamodb_local.left() == []
    assert on_dynamodb_local.written == []
    lacking = {facet for name in on_dynamodb_local.planned for facet in on_dynamodb_local.unsupported(name)}
    assert lacking == NOT_IN_DYNAMODB_LOCAL


def test_on_dynamodb_local_boto3_sees_what_was_declared(on_dynamodb_local: ReadBack) -> None:
    assert on_dynamodb_local.untrue() == []
