"""The facets resource_policy and stream_policy: compared as JSON, written under the revision that was read."""

from __future__ import annotations

import json

import pytest
from support.responses import answers
from support.specs import IDENTITY, declaration, observed, policy, spec, stream

from reconciler.facets.policy_json import normal
from reconciler.facets.resource_policy import ResourcePolicyFacet
from reconciler.facets.stream_policy import KEY, StreamPolicyFacet
from reconciler.model.errors import Malformed
from reconciler.model.observed import Responses
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.table import ResourcePolicy
from reconciler.planning.observe import observe
from reconciler.planning.planner import plan

TABLE, STREAM = ResourcePolicyFacet(), StreamPolicyFacet()
ALLOW = {"Effect": "Allow", "Principal": {"AWS": "1"}, "Action": ["b", "a"], "Resource": "*"}


@pytest.mark.parametrize(
    "other",
    [
        {"Statement": [ALLOW]},
        {"Statement": ALLOW},
        {"Statement": [{**ALLOW, "Action": ["a", "b"]}]},
        {"Statement": [{**ALLOW, "Action": ["a", "b", "a"]}]},
        {"Statement": [{**ALLOW, "Resource": ["*"], "Principal": {"AWS": ["1"]}}]},
        {"Statement": [dict(reversed(ALLOW.items()))]},
    ],
    ids=["itself", "one statement", "order of actions", "an action twice", "lists of one", "order of members"],
)
def test_what_means_the_same_is_the_same(other) -> None:
    assert normal(other) == normal({"Statement": [ALLOW]})


@pytest.mark.parametrize(
    "other",
    [
        {"Statement": [{**ALLOW, "Effect": "Deny"}]},
        {"Statement": [ALLOW, {**ALLOW, "Effect": "Deny"}]},
        {"Statement": [ALLOW], "Version": "2012-10-17"},
        {"Statement": [{**ALLOW, "Condition": {"Bool": {"x": "true"}}}]},
    ],
    ids=["effect", "another statement", "version", "condition"],
)
def test_what_means_something_else_is_another(other) -> None:
    assert normal(other) != normal({"Statement": [ALLOW]})


def reported(text: str | None) -> Responses:
    answer = {"Policy": text, "RevisionId": "7"} if text else {}
    return Responses({**answers().answers, "GetResourcePolicy": answer})


def test_a_policy_is_read_with_its_revision() -> None:
    seen = TABLE.observe(reported(json.dumps({"Statement": ALLOW}, indent=2)))
    assert seen == ResourcePolicy(normal({"Statement": [ALLOW]}))
    assert seen is not None
    assert (seen.revision, seen.arn) == ("7", IDENTITY.arn)
    assert TABLE.observe(reported(None)) == ResourcePolicy(None)
    assert TABLE.observe(answers()) is None


@pytest.mark.parametrize("text", ["{", "[" * 600 + "]" * 600, "[" * 20_000], ids=["cut off", "deep", "endless"])
def test_a_policy_that_is_not_json_is_a_malformed_answer(text: str) -> None:
    with pytest.raises(Malformed):
        observe(reported(text))


@pytest.mark.parametrize(
    ("desired", "seen", "operation", "params"),
    [
        (policy("a"), ResourcePolicy(None), "PutResourcePolicy", {"ExpectedRevisionId": "NO_POLICY"}),
        (policy("a"), ResourcePolicy(policy("b").document, "7"), "PutResourcePolicy", {"ExpectedRevisionId": "7"}),
        (policy(), ResourcePolicy(policy("b").document, "7"), "DeleteResourcePolicy", {"ExpectedRevisionId": "7"}),
        (policy(), ResourcePolicy(policy("b").document), "DeleteResourcePolicy", {}),
    ],
    ids=["first", "another", "none", "none, without revisions"],
)
def test_a_policy_is_written_only_over_the_revision_that_was_seen(desired, seen, operation, params) -> None:
    wanted, live = spec(resource_policy=desired), observed(spec(resource_policy=seen))
    (change,) = TABLE.diff(wanted, live.spec)
    call = TABLE.request(change, wanted, live)
    text = {"Policy": desired.document} if desired.document else {}
    assert (call.operation, call.params) == (operation, {"ResourceArn": IDENTITY.arn, **text, **params})
    assert change.after == (json.loads(desired.document) if desired.document else None)


def test_a_policy_is_part_of_create_table() -> None:
    assert TABLE.create_members(spec(resource_policy=policy("a"))) == {"ResourcePolicy": policy("a").document}
    assert TABLE.create_members(spec(resource_policy=policy())) == {}


STREAMED = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}, "LatestStreamArn": "arn/s"}


def test_only_an_enabled_stream_is_asked_for_its_policy() -> None:
    wanted = spec(stream_policy=policy("a"))
    (ask,) = STREAM.extra_reads(wanted, answers(**STREAMED).table)
    assert (ask.operation, ask.params) == ("GetResourcePolicy", {"ResourceArn": "arn/s"})
    assert list(STREAM.extra_reads(wanted, answers(LatestStreamArn="arn/s").table)) == []


def test_a_stream_without_the_read_is_unknown_and_no_stream_has_no_policy() -> None:
    assert STREAM.observe(answers(**STREAMED)) is None
    assert STREAM.observe(answers()) == ResourcePolicy(None)
    seen = STREAM.observe(Responses({**answers(**STREAMED).answers, KEY: {}}))
    assert seen is not None
    assert seen.arn == "arn/s"


def test_a_stream_policy_without_a_stream_is_blocked_with_what_would_allow_it() -> None:
    (step,) = plan(declaration(spec(stream_policy=policy("a"))), observed(spec()))
    assert (step.status, step.reason, step.call) == (StepStatus.BLOCKED, Reason.REJECTED, None)
    assert step.allow_with == "stream_specification: an enabled stream"


def test_a_stream_policy_waits_for_a_stream_that_comes() -> None:
    desired = spec(stream=stream("NEW_IMAGE"), stream_policy=policy("a"))
    steps = plan(declaration(desired), observed(spec()))
    assert [(step.facet, step.status) for step in steps] == [
        ("stream", StepStatus.READY),
        ("stream_policy", StepStatus.DEFERRED),
    ]
