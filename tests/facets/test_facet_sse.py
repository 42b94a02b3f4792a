"""The facet sse: a key by alias, id or ARN is one key, and what is under way reads as done."""

from __future__ import annotations

import pytest
from support.responses import answers
from support.specs import observed, spec

from reconciler.facets.base import ExtraRead
from reconciler.facets.sse import SseFacet
from reconciler.model.observed import Responses
from reconciler.model.table import Sse

FACET = SseFacet()
ARN = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"


def described(status: str, key: str | None = ARN) -> Responses:
    return answers(SSEDescription={"Status": status, "SSEType": "KMS"} | ({"KMSMasterKeyArn": key} if key else {}))


@pytest.mark.parametrize(
    ("status", "seen", "messages"),
    [
        ("ENABLED", Sse(True, ARN), []),
        ("ENABLING", Sse(True, ARN), ["encryption is ENABLING"]),
        ("UPDATING", Sse(True, ARN), ["encryption is UPDATING"]),
        ("DISABLING", Sse(False), ["encryption is DISABLING"]),
        ("DISABLED", Sse(False), []),
    ],
)
def test_encryption_is_read(status: str, seen: Sse, messages: list[str]) -> None:
    assert FACET.observe(described(status)) == seen
    assert list(FACET.ongoing(described(status))) == messages


def test_a_table_without_a_description_has_the_key_that_dynamodb_owns() -> None:
    assert FACET.observe(answers()) == Sse(False)


@pytest.mark.parametrize(
    ("key", "asks"),
    [
        ("alias/app", True),
        ("arn:aws:kms:eu-west-1:123456789012:alias/app", True),
        (ARN, False),
        ("1234abcd", False),
    ],
)
def test_only_an_alias_is_asked_for(key: str | None, asks: bool) -> None:
    table = described("ENABLED").table
    asked = [ExtraRead(f"kms:DescribeKey {key}", "kms:DescribeKey", {"KeyId": key})] if asks else []
    assert list(FACET.extra_reads(spec(sse=Sse(True, key)), table)) == asked
    assert list(FACET.extra_reads(spec(sse=Sse(True, key)), answers().table)) == []
    managed = "alias/aws/dynamodb"
    assert list(FACET.extra_reads(None, table)) == [
        ExtraRead(f"kms:DescribeKey {managed}", "kms:DescribeKey", {"KeyId": managed})
    ]


@pytest.mark.parametrize(("resolved", "differs"), [(ARN, False), (ARN.replace("1234", "9999"), True)])
def test_an_alias_is_the_key_it_leads_to(resolved: str, differs: bool) -> None:
    answer = {"kms:DescribeKey alias/app": {"KeyMetadata": {"Arn": resolved}}}
    seen = FACET.observe(Responses({**described("ENABLED").answers, **answer}))
    changes = list(FACET.diff(spec(sse=Sse(True, "alias/app")), spec(sse=seen)))
    assert [(change.path, change.before, change.after) for change in changes] == (
        [("sse.key", ARN, "alias/app")] if differs else []
    )


@pytest.mark.parametrize("key", [ARN, "1234abcd"])
def test_the_same_key_in_other_words_is_not_a_change(key: str | None) -> None:
    assert list(FACET.diff(spec(sse=Sse(True, key)), spec(sse=Sse(True, ARN)))) == []


MANAGED = "alias/aws/dynamodb"
MANAGED_ARN = "arn:aws:kms:eu-west-1:123456789012:key/aws-managed"
OTHER = "arn:aws:kms:eu-west-1:123456789012:key/customer"


def asked(key: str, leads_to: str | None, live: Responses) -> Responses:
    """The answers with KMS's about one alias; None where KMS knows no such key."""
    resolved = {f"kms:DescribeKey {key}": {"KeyMetadata": {"Arn": leads_to}}} if leads_to else {}
    return Responses({**live.answers, **resolved})


@pytest.mark.parametrize("named", [None, MANAGED, f"arn:aws:kms:eu-west-1:123456789012:{MANAGED}"])
@pytest.mark.parametrize(
    ("live", "changes"),
    [
        (described("ENABLED", MANAGED_ARN), []),
        (described("UPDATING", MANAGED_ARN), []),
        (described("ENABLED", OTHER), [("sse.key", OTHER)]),
        (described("UPDATING", OTHER), [("sse.key", OTHER)]),
        (described("ENABLED", None), []),
        (described("DISABLED", None), [("sse.enabled", False)]),
        (answers(), [("sse.enabled", False)]),
    ],
)
def test_the_key_managed_by_aws_is_not_a_customers_key(
    named: str | None, live: Responses, changes: list[tuple[str, object]]
) -> None:
    desired = spec(sse=Sse(True, named))
    asks = list(FACET.extra_reads(desired, live.table))
    assert [ask.params for ask in asks] == ([{"KeyId": named or MANAGED}] if "key/" in str(live.table) else [])
    seen = FACET.observe(asked(named or MANAGED, MANAGED_ARN, live) if asks else live)
    found = list(FACET.diff(desired, spec(sse=seen)))
    named_anew = [("sse.key", None)] if named and changes == [("sse.enabled", False)] else []
    assert [(change.path, change.before) for change in found] == changes + named_anew
    for change in found:
        request = FACET.request(change, desired, observed(spec(sse=seen))).params["SSESpecification"]
        assert request == {"Enabled": True, "SSEType": "KMS"}


def test_the_key_managed_by_aws_is_drift_where_kms_knows_none_yet() -> None:
    seen = FACET.observe(described("ENABLED", OTHER))
    (change,) = FACET.diff(spec(sse=Sse(True)), spec(sse=seen))
    assert (change.path, change.before, change.after) == ("sse.key", OTHER, MANAGED)


def test_what_is_not_declared_is_neither_asked_nor_compared() -> None:
    live = described("ENABLED", OTHER)
    assert list(FACET.extra_reads(spec(), live.table)) == []
    assert list(FACET.extra_reads(spec(sse=Sse(False)), live.table)) == []
    assert list(FACET.diff(spec(), spec(sse=FACET.observe(live)))) == []


def test_turning_it_on_with_a_key_is_one_call() -> None:
    desired, live = spec(sse=Sse(True, "alias/app")), observed(spec())
    changes = list(FACET.diff(desired, live.spec))
    assert [change.path for change in changes] == ["sse.enabled", "sse.key"]
    calls = [FACET.request(change, desired, live) for change in changes]
    assert calls[0] == calls[1]
    assert calls[0].params["SSESpecification"] == {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/app"}


def test_a_table_is_created_encrypted() -> None:
    assert FACET.create_members(spec(sse=Sse(True))) == {"SSESpecification": {"Enabled": True, "SSEType": "KMS"}}
    assert FACET.create_members(spec(sse=Sse(False))) == {}
