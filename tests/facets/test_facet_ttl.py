"""The facet ttl: what is under way reads as done, and a move goes by way of off."""

from __future__ import annotations

import pytest
from support.responses import answers
from support.specs import observed, spec, ttl

from reconciler.facets.ttl import TtlFacet
from reconciler.model.errors import Malformed
from reconciler.model.table import Ttl

FACET = TtlFacet()


@pytest.mark.parametrize(
    ("status", "attribute", "seen", "messages"),
    [
        ("ENABLED", "expires", Ttl(True, "expires"), []),
        ("ENABLING", "expires", Ttl(True, "expires"), ["time to live is ENABLING"]),
        ("DISABLED", None, Ttl(False), []),
        ("DISABLED", "expires", Ttl(False), []),
        ("DISABLING", "expires", Ttl(False), ["time to live is DISABLING"]),
    ],
)
def test_time_to_live_is_read(status, attribute, seen, messages) -> None:
    shape = {"TimeToLiveStatus": status} | ({"AttributeName": attribute} if attribute else {})
    assert FACET.observe(answers(ttl=shape)) == seen
    assert list(FACET.ongoing(answers(ttl=shape))) == messages


def test_time_to_live_that_was_not_asked_for_is_unknown() -> None:
    assert FACET.observe(answers()) is None
    assert list(FACET.ongoing(answers())) == []


def test_time_to_live_on_no_attribute_is_a_malformed_answer() -> None:
    with pytest.raises(Malformed):
        FACET.observe(answers(ttl={"TimeToLiveStatus": "ENABLED"}))


@pytest.mark.parametrize(
    ("desired", "seen", "changes", "call", "then"),
    [
        pytest.param(
            "expires",
            None,
            [("ttl.enabled", False, True), ("ttl.attribute", None, "expires")],
            (True, "expires"),
            None,
            id="on",
        ),
        pytest.param(None, "expires", [("ttl.enabled", True, False)], (False, "expires"), None, id="off"),
        pytest.param(
            "gone_at",
            "expires",
            [("ttl.attribute", "expires", "gone_at")],
            (False, "expires"),
            "then time to live is enabled on gone_at",
            id="moved",
        ),
    ],
)
def test_time_to_live_changes(desired, seen, changes, call, then) -> None:
    wanted, live = spec(ttl=ttl(desired)), observed(spec(ttl=ttl(seen)))
    found = list(FACET.diff(wanted, live.spec))
    assert [(change.path, change.before, change.after) for change in found] == changes
    for change in found:
        shape = FACET.request(change, wanted, live).params["TimeToLiveSpecification"]
        assert (shape["Enabled"], shape["AttributeName"]) == call
        assert FACET.next_step(change, wanted, live.spec) == then


def test_the_attribute_of_a_disabled_ttl_is_not_compared() -> None:
    assert list(FACET.diff(spec(ttl=Ttl(False, "expires")), observed(spec()).spec)) == []
