"""Sequences of calls with known answers, run on the simulation and on real endpoints.

``where`` names the endpoints that really do the same; the others are known to differ and are not asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulation.sequences import KEY, create, delete, index, units

NAME = "subject"
TAKEN = "taken"
INVALID, IN_USE, LIMIT = "ValidationException", "ResourceInUseException", "LimitExceededException"
MISSING = "ResourceNotFoundException"
BOTH, LOCAL, MOTO = ("local", "moto"), ("local",), ("moto",)
DELAYED = ("delayed",)
"""DynamoDB Local with its option to pass through the states in between."""
Step = tuple[str, dict[str, Any], str]
SETTLE: Step = ("settle", {}, TAKEN)


@dataclass(frozen=True)
class Sequence:
    """Calls in their order, each with its answer."""

    name: str
    where: tuple[str, ...]
    steps: tuple[Step, ...]


def made(answer: str = TAKEN, **members: Any) -> Step:
    return "CreateTable", {"TableName": NAME, "BillingMode": "PAY_PER_REQUEST", **KEY, **members}, answer


def changed(answer: str = TAKEN, **members: Any) -> Step:
    return "UpdateTable", {"TableName": NAME, **members}, answer


def deleted(answer: str = TAKEN) -> Step:
    return "DeleteTable", {"TableName": NAME}, answer


def live(attribute: str, answer: str = TAKEN, *, on: bool = True) -> Step:
    spec = {"Enabled": on, "AttributeName": attribute}
    return "UpdateTimeToLive", {"TableName": NAME, "TimeToLiveSpecification": spec}, answer


def stream(view: str | None, answer: str = TAKEN) -> Step:
    spec = {"StreamEnabled": True, "StreamViewType": view} if view else {"StreamEnabled": False}
    return changed(answer, StreamSpecification=spec)


def strings(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def schema(*elements: tuple[str, str]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": role} for name, role in elements]


def local(name: str) -> dict[str, Any]:
    keys = schema(("pk", "HASH"), (name, "RANGE"))
    return {"IndexName": f"by_{name}", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}


PROVISIONED = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": units(5, 5)}
SIX, TWENTY_ONE = [f"a{n}" for n in range(6)], [f"g{n:02}" for n in range(21)]
SORTED = schema(("pk", "HASH"), ("sk", "RANGE"))

SEQUENCES = (
    Sequence("a table is made once", BOTH, (made(), SETTLE, made(IN_USE))),
    Sequence("a table that is not there is not deleted", BOTH, (deleted(MISSING),)),
    Sequence("a table that is not there is not changed", BOTH, (changed(MISSING, **PROVISIONED),)),
    Sequence(
        "a protected table is not deleted",
        BOTH,
        (made(DeletionProtectionEnabled=True), SETTLE, deleted(INVALID), changed(DeletionProtectionEnabled=False)),
    ),
    Sequence("on demand has no throughput", MOTO, (made(INVALID, ProvisionedThroughput=units(5, 5)),)),
    Sequence("provisioned has throughput", BOTH, (made(INVALID, BillingMode="PROVISIONED"),)),
    Sequence("RANGE does not come first", BOTH, (made(INVALID, KeySchema=schema(("pk", "RANGE"), ("sk", "HASH"))),)),
    Sequence("definitions are all used", BOTH, (made(INVALID, AttributeDefinitions=strings("pk", "more")),)),
    Sequence("key attributes are all defined", BOTH, (made(INVALID, KeySchema=SORTED),)),
    Sequence(
        "six local indexes are too many",
        LOCAL,
        (
            made(
                INVALID,
                KeySchema=SORTED,
                AttributeDefinitions=strings("pk", "sk", *SIX),
                LocalSecondaryIndexes=[local(name) for name in SIX],
            ),
        ),
    ),
    Sequence(
        "a local index needs a table with a RANGE element",
        LOCAL,
        (made(INVALID, AttributeDefinitions=strings("pk", "a"), LocalSecondaryIndexes=[local("a")]),),
    ),
    Sequence(
        "two indexes have two names",
        LOCAL,
        (
            made(
                INVALID,
                AttributeDefinitions=strings("pk", "a"),
                GlobalSecondaryIndexes=[index("by_a", "a"), index("by_a", "a")],
            ),
        ),
    ),
    Sequence(
        "twenty-one indexes are too many",
        LOCAL,
        (
            made(
                INVALID,
                AttributeDefinitions=strings("pk", *TWENTY_ONE),
                GlobalSecondaryIndexes=[index(f"by_{name}", name) for name in TWENTY_ONE],
            ),
        ),
    ),
    Sequence(
        "five HASH elements are too many",
        LOCAL,
        (
            made(
                INVALID,
                AttributeDefinitions=strings("pk", *SIX[:5]),
                GlobalSecondaryIndexes=[{**index("wide", "a0"), "KeySchema": schema(*((a, "HASH") for a in SIX[:5]))}],
            ),
        ),
    ),
    Sequence(
        "time to live is enabled once, and on one attribute",
        LOCAL,
        (made(), SETTLE, live("a"), SETTLE, live("a", INVALID), live("b", INVALID), live("a", on=False)),
    ),
    Sequence("time to live that is off is not disabled", LOCAL, (made(), SETTLE, live("a", INVALID, on=False))),
    Sequence(
        "the view of a stream does not change while it is on",
        LOCAL,
        (made(), SETTLE, stream("KEYS_ONLY"), SETTLE, stream("NEW_IMAGE", INVALID), stream("KEYS_ONLY", INVALID)),
    ),
    Sequence(
        "a stream is disabled and enabled again with another view",
        LOCAL,
        (made(), SETTLE, stream("KEYS_ONLY"), SETTLE, stream(None), SETTLE, stream("NEW_IMAGE")),
    ),
    Sequence("a stream that is off is not disabled", LOCAL, (made(), SETTLE, stream(None, INVALID))),
    Sequence(
        "equal throughput is no change",
        LOCAL,
        (made(**PROVISIONED), SETTLE, changed(INVALID, ProvisionedThroughput=units(5, 5))),
    ),
    Sequence(
        "on demand to on demand is no error",
        BOTH,
        (made(), SETTLE, changed(BillingMode="PAY_PER_REQUEST")),
    ),
    Sequence("an update asks for something", LOCAL, (made(), SETTLE, changed(INVALID))),
    Sequence(
        "two indexes are not made in one call",
        LOCAL,
        (made(), SETTLE, changed(LIMIT, **create(index("by_a", "a"), index("by_b", "b")))),
    ),
    Sequence(
        "an index that is there is not made",
        LOCAL,
        (made(), SETTLE, changed(**create(index("by_a", "a"))), SETTLE, changed(INVALID, **create(index("by_a", "a")))),
    ),
    Sequence("an index that is not there is not deleted", LOCAL, (made(), SETTLE, changed(MISSING, **delete("none")))),
    Sequence(
        "an index needs its attributes defined",
        LOCAL,
        (made(), SETTLE, changed(INVALID, **{**create(index("by_a", "a")), "AttributeDefinitions": strings("b")})),
    ),
    Sequence(
        "while an index is built no other is made, and it is not deleted",
        DELAYED,
        (
            made(),
            SETTLE,
            changed(**create(index("by_a", "a"))),
            changed(LIMIT, **create(index("by_b", "b"))),
            changed(IN_USE, **delete("by_a")),
        ),
    ),
    Sequence(
        "an index is deleted while another is there",
        BOTH,
        (
            made(
                AttributeDefinitions=strings("pk", "a", "b"),
                GlobalSecondaryIndexes=[index("by_a", "a"), index("by_b", "b")],
            ),
            SETTLE,
            changed(**delete("by_a")),
            SETTLE,
            changed(**delete("by_b")),
        ),
    ),
)
