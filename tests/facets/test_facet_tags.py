"""The facet tags: only declared keys are ours, and the owner tag never differs."""

from __future__ import annotations

from support.responses import answers
from support.specs import IDENTITY, observed, spec

from reconciler.facets.tags import OWNER_TAG, TagsFacet, owner_of

FACET = TagsFacet()


def test_tags_of_the_service_and_the_owner_tag_are_not_part_of_the_value() -> None:
    responses = answers(tags={"team": "core", OWNER_TAG: "stack/dev/n", "aws:cloudformation:stack-id": "x"})
    assert FACET.observe(responses) == (("team", "core"),)
    assert owner_of(responses) == "stack/dev/n"


def test_tags_that_were_not_asked_for_are_unknown() -> None:
    assert FACET.observe(answers()) is None
    assert owner_of(answers()) is None
    assert owner_of(answers(tags={})) is None


def test_all_tags_that_differ_go_in_one_call_to_the_arn() -> None:
    desired, live = spec(tags={"a": "1", "b": "2", "c.d": "3"}), observed(spec(tags={"a": "1", "b": "x", "other": "y"}))
    changes = list(FACET.diff(desired, live.spec))
    assert [(change.path, change.before, change.after) for change in changes] == [
        ("tags.b", "x", "2"),
        ("tags.c.d", None, "3"),
    ]
    calls = [FACET.request(change, desired, live) for change in changes]
    assert calls[0] == calls[1]
    assert calls[0].params == {
        "ResourceArn": IDENTITY.arn,
        "Tags": [{"Key": "b", "Value": "2"}, {"Key": "c.d", "Value": "3"}],
    }


def test_undeclared_tags_remove_no_tag() -> None:
    assert list(FACET.diff(spec(tags={}), observed(spec(tags={"other": "y"})).spec)) == []


def test_the_owner_tag_never_differs() -> None:
    assert list(FACET.diff(spec(tags={OWNER_TAG: "mine"}), observed(spec()).spec)) == []


def test_an_empty_value_is_a_value() -> None:
    (change,) = FACET.diff(spec(tags={"flag": ""}), observed(spec()).spec)
    assert (change.before, change.after) == (None, "")
