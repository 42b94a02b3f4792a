"""Foreign changes of a table: raw calls drawn from ``random.Random``; the service may refuse any of them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from support.pools import ATTRIBUTES, INDEX_NAMES, INSIGHT_MODES, KINESIS, TAGS, VIEWS
from support.random_tables import POLICIES, maximum, sse_of

from reconciler.facets.limits import maximum as maximum_shape
from reconciler.model.change import Call

Params = dict[str, Any]
Draw = Callable[[Random], tuple[str, Params]]
ARN = "arn:aws:dynamodb:eu-central-1:111122223333:table/"


def foreign_call(rng: Random, name: str) -> Call:
    """One call about the table ``name``."""
    operation, params = rng.choice(CHANGES)(rng)
    named = {"ResourceArn": f"{ARN}{name}"} if operation in BY_ARN else {"TableName": name}
    return Call(operation, named | params)


def _update(**params: Any) -> tuple[str, Params]:
    return "UpdateTable", params


def _index(rng: Random) -> tuple[str, Params]:
    attribute, kind = rng.choice(ATTRIBUTES), rng.choice("SSN")
    index = {
        "IndexName": rng.choice(INDEX_NAMES),
        "KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}],
        "Projection": {"ProjectionType": rng.choice(("ALL", "KEYS_ONLY"))},
    }
    if rng.random() < 0.4:
        index["ProvisionedThroughput"] = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 2}
    definitions = [{"AttributeName": attribute, "AttributeType": kind}]
    return _update(AttributeDefinitions=definitions, GlobalSecondaryIndexUpdates=[{"Create": index}])


def _no_index(rng: Random) -> tuple[str, Params]:
    return _update(GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": rng.choice(INDEX_NAMES)}}])


def _billing(rng: Random) -> tuple[str, Params]:
    capacity = {"ReadCapacityUnits": rng.randint(1, 4), "WriteCapacityUnits": rng.randint(1, 4)}
    return rng.choice(
        (
            _update(BillingMode="PAY_PER_REQUEST"),
            _update(BillingMode="PROVISIONED", ProvisionedThroughput=capacity),
            _update(ProvisionedThroughput=capacity),
        )
    )


def _stream(rng: Random) -> tuple[str, Params]:
    on = {"StreamEnabled": True, "StreamViewType": rng.choice(VIEWS)}
    return _update(StreamSpecification=on if rng.random() < 0.5 else {"StreamEnabled": False})


def _protection(rng: Random) -> tuple[str, Params]:
    return _update(DeletionProtectionEnabled=rng.random() < 0.5)


def _class(rng: Random) -> tuple[str, Params]:
    return _update(TableClass=rng.choice(("STANDARD", "STANDARD_INFREQUENT_ACCESS")))


def _maximum(rng: Random) -> tuple[str, Params]:
    return _update(OnDemandThroughput=maximum_shape(maximum(rng), None))


def _warm(rng: Random) -> tuple[str, Params]:
    return _update(WarmThroughput={"ReadUnitsPerSecond": rng.choice((12000, 14000)), "WriteUnitsPerSecond": 4500})


def _sse(rng: Random) -> tuple[str, Params]:
    requested = sse_of(rng)
    shape = {"Enabled": requested.enabled}
    return _update(SSESpecification=shape | ({"KMSMasterKeyId": requested.key} if requested.key else {}))


def _ttl(rng: Random) -> tuple[str, Params]:
    attribute = rng.choice(("expires", "gone_at", "other"))
    requested = {"Enabled": rng.random() < 0.6, "AttributeName": attribute}
    return "UpdateTimeToLive", {"TimeToLiveSpecification": requested}


def _tag(rng: Random) -> tuple[str, Params]:
    return "TagResource", {"Tags": [{"Key": rng.choice((*TAGS, "theirs")), "Value": rng.choice(("one", "three"))}]}


def _untag(rng: Random) -> tuple[str, Params]:
    return "UntagResource", {"TagKeys": [rng.choice(TAGS)]}


def _recovery(rng: Random) -> tuple[str, Params]:
    requested: Params = {"PointInTimeRecoveryEnabled": rng.random() < 0.7}
    if requested["PointInTimeRecoveryEnabled"] and rng.random() < 0.5:
        requested["RecoveryPeriodInDays"] = rng.choice((7, 20))
    return "UpdateContinuousBackups", {"PointInTimeRecoverySpecification": requested}


def _policy(rng: Random) -> tuple[str, Params]:
    document = rng.choice(POLICIES).document
    return ("PutResourcePolicy", {"Policy": document}) if document else ("DeleteResourcePolicy", {})


def _insights(rng: Random) -> tuple[str, Params]:
    params: Params = {"ContributorInsightsAction": rng.choice(("ENABLE", "ENABLE", "DISABLE"))}
    if rng.random() < 0.4:
        params["ContributorInsightsMode"] = rng.choice(INSIGHT_MODES[1:])
    if rng.random() < 0.4:
        params["IndexName"] = rng.choice(INDEX_NAMES)
    return "UpdateContributorInsights", params


def _kinesis(rng: Random) -> tuple[str, Params]:
    verb = rng.choice(("Enable", "Enable", "Disable"))
    return f"{verb}KinesisStreamingDestination", {"StreamArn": rng.choice(KINESIS)}


CHANGES: tuple[Draw, ...] = (
    *(_index, _index, _no_index, _billing, _stream, _protection, _class, _maximum, _warm, _sse),
    *(_ttl, _tag, _untag, _recovery, _policy, _insights, _kinesis),
)
BY_ARN = frozenset({"TagResource", "UntagResource", "PutResourcePolicy", "DeleteResourcePolicy"})
