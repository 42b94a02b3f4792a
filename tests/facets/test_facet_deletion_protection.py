"""The facet deletion_protection: its own call, and off only where that is declared."""

from __future__ import annotations

import pytest
from support.responses import answers
from support.specs import observed, spec

from reconciler.facets.deletion_protection import DeletionProtectionFacet
from reconciler.model.change import Call

FACET = DeletionProtectionFacet()


@pytest.mark.parametrize(
    ("members", "seen"),
    [({}, False), ({"DeletionProtectionEnabled": True}, True), ({"DeletionProtectionEnabled": False}, False)],
)
def test_an_endpoint_that_does_not_say_has_none(members, seen) -> None:
    assert FACET.observe(answers(**members)) is seen


@pytest.mark.parametrize("requested", [True, False])
def test_protection_changes_by_a_call_of_its_own(requested: bool) -> None:
    desired, live = spec(deletion_protection=requested), observed(spec(deletion_protection=not requested))
    (change,) = FACET.diff(desired, live.spec)
    assert (change.path, change.before, change.after) == ("deletion_protection", not requested, requested)
    expected = Call("UpdateTable", {"TableName": "subject", "DeletionProtectionEnabled": requested})
    assert FACET.request(change, desired, live) == expected


def test_protection_that_is_not_declared_is_never_switched_off() -> None:
    assert list(FACET.diff(spec(), observed(spec(deletion_protection=True)).spec)) == []
