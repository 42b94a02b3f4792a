"""The facet stream: one state when off, and a view that changes only by way of off."""

from __future__ import annotations

import pytest
from support.responses import answers
from support.specs import observed, spec, stream

from reconciler.facets.stream import StreamFacet
from reconciler.model.change import Hazard
from reconciler.model.table import Stream

FACET = StreamFacet()


@pytest.mark.parametrize(
    ("members", "seen"),
    [
        pytest.param({}, stream(None), id="never had one"),
        pytest.param(
            {"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}, "LatestStreamArn": "arn"},
            stream(None),
            id="disabled with details left over",
        ),
        pytest.param({"LatestStreamArn": "arn", "LatestStreamLabel": "old"}, stream(None), id="only an ARN is left"),
        pytest.param(
            {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}},
            stream("KEYS_ONLY"),
            id="on",
        ),
    ],
)
def test_a_stream_is_read(members, seen: Stream) -> None:
    assert FACET.observe(answers(**members)) == seen


def test_a_view_changes_by_disabling_first_which_is_a_disruption() -> None:
    desired, live = spec(stream=stream("NEW_IMAGE")), observed(spec(stream=stream("KEYS_ONLY")))
    (change,) = FACET.diff(desired, live.spec)
    assert (change.path, change.before, change.after) == ("stream.view", "KEYS_ONLY", "NEW_IMAGE")
    assert change.hazard is Hazard.DISRUPTION
    assert FACET.request(change, desired, live).params["StreamSpecification"] == {"StreamEnabled": False}
    assert (
        FACET.next_step(change, desired, live.spec)
        == "then the stream is enabled again with NEW_IMAGE, under a new ARN"
    )


def test_turning_it_on_is_safe_and_carries_the_view() -> None:
    desired, live = spec(stream=stream("OLD_IMAGE")), observed(spec())
    changes = list(FACET.diff(desired, live.spec))
    assert [(c.path, c.before, c.after) for c in changes] == [
        ("stream.enabled", False, True),
        ("stream.view", None, "OLD_IMAGE"),
    ]
    calls = [FACET.request(change, desired, live) for change in changes]
    assert calls[0] == calls[1]
    assert {change.hazard for change in changes} == {Hazard.NONE}
    assert [FACET.next_step(change, desired, live.spec) for change in changes] == [None, None]


def test_a_stream_declared_without_a_view_keeps_the_one_it_has() -> None:
    assert list(FACET.diff(spec(stream=Stream(True)), observed(spec(stream=stream("KEYS_ONLY"))).spec)) == []


def test_a_stream_declared_without_a_view_is_created_with_the_widest() -> None:
    shape = FACET.create_members(spec(stream=Stream(True)))["StreamSpecification"]
    assert shape == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_a_stream_that_is_off_is_not_sent_with_a_create() -> None:
    assert FACET.create_members(spec(stream=stream(None))) == {}
