"""Hard spec changes of policies, contributor insights and Kinesis streaming, in the shape of ``spec_changes``.

No emulator holds insights and destinations; they run on the table model, which keeps the service's rules.
"""

from __future__ import annotations

from support.spec_changes import SpecChange
from support.specs import gsi, policy, spec, stream

from reconciler.model.change import Hazard
from reconciler.model.table import ContributorInsights, IndexInsights, KinesisStreaming, TableSpec

PLAIN = spec()
NEW = stream("NEW_IMAGE")
A = gsi("by_a", "a S")
KINESIS = "arn:aws:kinesis:us-east-1:123456789012:stream/"
THROTTLED = "THROTTLED_KEYS"


def _case(name: str, before: TableSpec, after: TableSpec, *calls: str, **flags: object) -> SpecChange:
    return SpecChange(name, before, after, calls, **flags)  # type: ignore[arg-type]


def _guarded(*actions: str) -> TableSpec:
    return spec(resource_policy=policy(*actions))


def _streamed(*actions: str) -> TableSpec:
    return spec(stream=NEW, stream_policy=policy(*actions))


def _insights(enabled: bool | None = None, mode: str | None = None, *indexes: IndexInsights) -> TableSpec:
    requested = ContributorInsights(enabled, mode, indexes)  # type: ignore[arg-type]
    return spec(global_indexes=[A], contributor_insights=requested)


def _kinesis(name: str | None, precision: str | None = None) -> TableSpec:
    requested = KinesisStreaming(KINESIS + name if name else None, precision)  # type: ignore[arg-type]
    return spec(kinesis_streaming=requested)


POLICIES = (
    _case("a policy is put", PLAIN, _guarded("dynamodb:GetItem"), "policy of table"),
    _case("a policy changes", _guarded("dynamodb:GetItem"), _guarded("dynamodb:Query"), "policy of table"),
    _case("a policy is taken away", _guarded("dynamodb:GetItem"), _guarded(), "no policy of table"),
    _case("no policy where there is none", PLAIN, _guarded()),
    _case("a policy that is not declared stays", _guarded("dynamodb:GetItem"), PLAIN),
    _case("a stream's policy is put", spec(stream=NEW), _streamed("dynamodb:GetRecords"), "policy of stream"),
    _case(
        "a stream's policy waits for the stream",
        PLAIN,
        _streamed("dynamodb:GetRecords"),
        "stream NEW_IMAGE",
        "policy of stream",
    ),
    _case("a stream's policy is taken away", _streamed("dynamodb:GetRecords"), _streamed(), "no policy of stream"),
    _case("no policy of a stream that is not there", PLAIN, spec(stream_policy=policy())),
    _case(
        "a new stream needs its policy anew",
        _streamed("dynamodb:GetRecords"),
        spec(stream=stream("KEYS_ONLY"), stream_policy=policy("dynamodb:GetRecords")),
        "stream off",
        "stream KEYS_ONLY",
        "policy of stream",
        hazard=Hazard.DISRUPTION,
    ),
    _case(
        "table and stream have policies of their own",
        spec(stream=NEW),
        spec(stream=NEW, resource_policy=policy("dynamodb:Query"), stream_policy=policy("dynamodb:GetRecords")),
        "policy of table",
        "policy of stream",
    ),
)
INSIGHTS = (
    _case("insights on", _insights(), _insights(True), "insights enable"),
    _case("insights on with a mode", _insights(), _insights(True, THROTTLED), f"insights enable {THROTTLED}"),
    _case("another mode", _insights(True), _insights(True, THROTTLED), f"insights enable {THROTTLED}"),
    _case("a mode that is not declared stays", _insights(True, THROTTLED), _insights(True)),
    _case("insights off", _insights(True, THROTTLED), _insights(False), "insights disable"),
    _case("insights that never were on are off", _insights(), _insights(False)),
    _case(
        "insights of an index alone",
        _insights(),
        _insights(None, None, IndexInsights("by_a", True)),
        "insights by_a enable",
    ),
    _case(
        "insights of the table stay when those of an index go",
        _insights(True, None, IndexInsights("by_a", True)),
        _insights(None, None, IndexInsights("by_a", False)),
        "insights by_a disable",
    ),
    _case(
        "insights of an index wait for the index",
        PLAIN,
        _insights(True, None, IndexInsights("by_a", True, THROTTLED)),
        "insights enable",
        "+index by_a",
        f"insights by_a enable {THROTTLED}",
    ),
    _case(
        "a rebuilt index needs its insights anew",
        _insights(None, None, IndexInsights("by_a", True)),
        spec(
            global_indexes=[gsi("by_a", "b S")],
            contributor_insights=ContributorInsights(indexes=(IndexInsights("by_a", True),)),
        ),
        "-index by_a",
        "+index by_a",
        "insights by_a enable",
        hazard=Hazard.DISRUPTION,
    ),
)
DESTINATIONS = (
    _case("streaming on", PLAIN, _kinesis("one"), "kinesis enable one"),
    _case("streaming on with a precision", PLAIN, _kinesis("one", "MICROSECOND"), "kinesis enable one MICROSECOND"),
    _case("another precision", _kinesis("one"), _kinesis("one", "MICROSECOND"), "kinesis update one MICROSECOND"),
    _case("a precision that is not declared stays", _kinesis("one", "MICROSECOND"), _kinesis("one")),
    _case("another stream", _kinesis("one"), _kinesis("two"), "kinesis disable one", "kinesis enable two"),
    _case(
        "another stream with another precision",
        _kinesis("one"),
        _kinesis("two", "MICROSECOND"),
        "kinesis disable one",
        "kinesis enable two MICROSECOND",
    ),
    _case("streaming off", _kinesis("one"), _kinesis(None), "kinesis disable one"),
    _case("streaming that never was on is off", PLAIN, _kinesis(None)),
)

ASIDE: tuple[SpecChange, ...] = (*POLICIES, *INSIGHTS, *DESTINATIONS)
