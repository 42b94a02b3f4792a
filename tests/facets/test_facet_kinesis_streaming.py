"""The facet kinesis_streaming: one destination at a time, by way of off, and past one that failed."""

from __future__ import annotations

import pytest
from support.responses import answers
from support.specs import declaration, observed, spec
from support.table_loop import build, run
from support.table_side_features import BROKEN

from reconciler.facets.kinesis_streaming import READ, KinesisStreamingFacet
from reconciler.model.observed import Responses
from reconciler.model.table import KinesisStreaming

FACET = KinesisStreamingFacet()
ONE, TWO = (f"arn:aws:kinesis:us-east-1:123456789012:stream/{name}" for name in ("one", "two"))


def reported(**statuses: str) -> Responses:
    arns = {"one": ONE, "two": TWO}
    destinations = [{"StreamArn": arns[name], "DestinationStatus": status} for name, status in statuses.items()]
    return Responses({**answers().answers, READ: {"KinesisDataStreamDestinations": destinations}})


@pytest.mark.parametrize(
    ("statuses", "live", "failed"),
    [
        ({}, None, None),
        ({"one": "ACTIVE"}, ONE, None),
        ({"one": "ENABLING"}, ONE, None),
        ({"one": "UPDATING"}, ONE, None),
        ({"one": "DISABLING"}, None, None),
        ({"one": "DISABLED"}, None, None),
        ({"one": "ENABLE_FAILED"}, None, ONE),
        ({"one": "DISABLED", "two": "ACTIVE"}, TWO, None),
        ({"one": "ENABLE_FAILED", "two": "DISABLED"}, None, ONE),
    ],
    ids=str,
)
def test_a_destination_is_read(statuses: dict[str, str], live: str | None, failed: str | None) -> None:
    seen = FACET.observe(reported(**statuses))
    assert seen == KinesisStreaming(live, "MILLISECOND" if live else None)
    assert seen is not None
    assert seen.failed == failed
    under_way = [status for status in statuses.values() if status.endswith("ING")]
    assert [messages.split()[-1] for messages in FACET.ongoing(reported(**statuses))] == under_way


def test_destinations_that_were_not_asked_for_are_unknown() -> None:
    assert FACET.observe(answers()) is None
    assert list(FACET.ongoing(answers())) == []


@pytest.mark.parametrize(
    ("desired", "seen", "operation", "stream"),
    [
        (KinesisStreaming(ONE), KinesisStreaming(None), "Enable", ONE),
        (KinesisStreaming(ONE), KinesisStreaming(None, None, TWO), "Disable", TWO),
        (KinesisStreaming(ONE), KinesisStreaming(None, None, ONE), "Disable", ONE),
        (KinesisStreaming(TWO), KinesisStreaming(ONE, "MILLISECOND"), "Disable", ONE),
        (KinesisStreaming(None), KinesisStreaming(ONE, "MILLISECOND"), "Disable", ONE),
        (KinesisStreaming(ONE, "MICROSECOND"), KinesisStreaming(ONE, "MILLISECOND"), "Update", ONE),
    ],
)
def test_the_next_call_towards_a_destination(desired, seen, operation: str, stream: str) -> None:
    wanted, live = spec(kinesis_streaming=desired), observed(spec(kinesis_streaming=seen))
    calls = [FACET.request(change, wanted, live) for change in FACET.diff(wanted, live.spec)]
    assert {call.operation for call in calls} == {f"{operation}KinesisStreamingDestination"}
    assert {call.params["StreamArn"] for call in calls} == {stream}


def test_the_step_after_a_disable_is_announced() -> None:
    wanted, live = spec(kinesis_streaming=KinesisStreaming(TWO)), spec(kinesis_streaming=KinesisStreaming(ONE))
    (change,) = FACET.diff(wanted, live)
    assert FACET.next_step(change, wanted, live) == f"then streaming to {TWO} is enabled"


def test_off_leaves_a_destination_that_failed_as_it_is() -> None:
    failed = spec(kinesis_streaming=KinesisStreaming(None, None, ONE))
    assert list(FACET.diff(spec(kinesis_streaming=KinesisStreaming(None)), failed)) == []


def test_a_destination_that_failed_is_disabled_before_another_is_enabled() -> None:
    model = build(spec(), lag=True)
    model.side_features.kinesis[BROKEN] = {"DestinationStatus": "ENABLE_FAILED"}
    outcome = run(model, declaration(spec(kinesis_streaming=KinesisStreaming(ONE))))
    assert [call.params["StreamArn"] for call in outcome.calls] == [BROKEN, ONE]
    assert outcome.left == ()
