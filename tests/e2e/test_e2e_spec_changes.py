"""Every hard spec change on real endpoints: the loop reaches the declared state, as boto3 sees it, and goes quiet."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from e2e.spec_change_run import SpecChangeRun, name_of, run
from support.declared_state import violations
from support.endpoints import DynamoDBLocal, Live, MotoServer
from support.spec_changes import SPEC_CHANGES
from support.specs import renamed

from reconciler.model.report import TableStatus

pytestmark = pytest.mark.timeout(600)


def _turns_stream_on_again(position: int) -> bool:
    """moto refuses for ever to enable a stream on a table that had one."""
    calls = SPEC_CHANGES[position].calls
    return "stream off" in calls and any(call.startswith("stream ") and call != "stream off" for call in calls)


SERVERS = 4
CASES = [pytest.param(i, id=case.name) for i, case in enumerate(SPEC_CHANGES)]


@pytest.fixture(scope="module")
def on_dynamodb_local(module_local: DynamoDBLocal) -> Iterator[SpecChangeRun]:
    """DynamoDB Local builds five indexes at a time and takes seconds for each, so the cases go to several of them."""
    with ExitStack() as stack:
        servers = [module_local, *(stack.enter_context(DynamoDBLocal()) for _ in range(SERVERS - 1))]
        shares = [list(range(start, len(SPEC_CHANGES), SERVERS)) for start in range(SERVERS)]
        with ThreadPoolExecutor(SERVERS) as pool:
            jobs = [
                pool.submit(run, server.url, server.client(), has_tags=False, only=share)
                for server, share in zip(servers, shares, strict=True)
            ]
            whole = jobs[0].result()
            for job in jobs[1:]:
                whole.take(job.result())
        yield whole


@pytest.fixture(scope="module")
def on_moto() -> Iterator[SpecChangeRun]:
    with MotoServer() as server:
        server.restart()
        chosen = [i for i in range(len(SPEC_CHANGES)) if not _turns_stream_on_again(i)]
        yield run(server.url, server.client(), has_tags=True, only=chosen)


def converged(result: SpecChangeRun, position: int) -> None:
    case, name = SPEC_CHANGES[position], name_of(position)
    assert result.first[name].status is TableStatus.IN_SYNC, result.first[name].steps
    report = result.second[name]
    assert report.status is TableStatus.IN_SYNC, (report.error, report.steps)
    assert violations(result.seen[name], renamed(case.after, name)) == []
    handed_back = case.handed_back if _held("tags", result, name) else 0
    planned = len([call for call in case.calls if _held(call, result, name)])
    assert len(result.writes.get(name, [])) == planned + handed_back


def _held(call: str, result: SpecChangeRun, name: str) -> bool:
    """Tags are not written where the endpoint has none."""
    return not call.startswith("tags") or "ListTagsOfResource" in result.seen[name].answers


@pytest.mark.dynamodb_local
@pytest.mark.parametrize("position", CASES)
def test_on_dynamodb_local(on_dynamodb_local: SpecChangeRun, position: int) -> None:
    converged(on_dynamodb_local, position)


@pytest.mark.parametrize("position", [case for case in CASES if not _turns_stream_on_again(case.values[0])])
def test_on_moto(on_moto: SpecChangeRun, position: int) -> None:
    converged(on_moto, position)


@pytest.mark.dynamodb_local
def test_five_more_passes_on_dynamodb_local_write_nothing(on_dynamodb_local: SpecChangeRun) -> None:
    assert on_dynamodb_local.late_writes == []
    assert {report.verdict.value for report in on_dynamodb_local.quiet} == {"in_sync"}


def test_five_more_passes_on_moto_write_nothing(on_moto: SpecChangeRun) -> None:
    assert on_moto.late_writes == []
    assert {report.verdict.value for report in on_moto.quiet} == {"in_sync"}


def test_moto_still_refuses_to_turn_a_stream_on_again(moto: Live) -> None:
    moto.client.create_table(
        TableName="streamed",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    moto.client.update_table(TableName="streamed", StreamSpecification={"StreamEnabled": False})
    again = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    with pytest.raises(moto.client.exceptions.ResourceInUseException):
        moto.client.update_table(TableName="streamed", StreamSpecification=again)
