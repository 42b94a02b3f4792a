"""The engine's own look at the endpoint: ARNs that contradict it, other state tables, passes that stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from simulation.simulated_engine import Sim, declaration, simulate

from reconciler.engine.context import EndpointWatch
from reconciler.model.errors import EndpointError, SettingsError
from reconciler.model.identity import Endpoint, Flavor, Identity
from reconciler.model.records import Fingerprint, StateSnapshot
from reconciler.model.report import Verdict

AWS = Endpoint("https://dynamodb", "eu-central-1", "111122223333", "aws", Flavor.AWS)
LOCAL_ARN = "arn:aws:dynamodb:ddblocal:000000000000:table/users"
AWS_ARN = "arn:aws:dynamodb:eu-central-1:111122223333:table/users"
ARNS: dict[str, tuple[Flavor, str, bool]] = {
    "AWS": (Flavor.AWS, AWS_ARN, True),
    "another account": (Flavor.AWS, AWS_ARN.replace("1111", "9999"), False),
    "another Region": (Flavor.AWS, AWS_ARN.replace("central", "west"), False),
    "another partition": (Flavor.AWS, AWS_ARN.replace("arn:aws:", "arn:aws-cn:"), False),
    "DynamoDB Local in the place of AWS": (Flavor.AWS, LOCAL_ARN, False),
    "DynamoDB Local": (Flavor.DYNAMODB_LOCAL, LOCAL_ARN, True),
    "AWS in the place of DynamoDB Local": (Flavor.DYNAMODB_LOCAL, AWS_ARN, False),
    "moto": (Flavor.MOTO, AWS_ARN.replace("1111", "9999"), True),
    "moto in another Region": (Flavor.MOTO, AWS_ARN.replace("central", "west"), False),
    "DynamoDB Local in the place of moto": (Flavor.MOTO, LOCAL_ARN, False),
    "LocalStack": (Flavor.LOCALSTACK, AWS_ARN, True),
    "DynamoDB Local in the place of LocalStack": (Flavor.LOCALSTACK, LOCAL_ARN, False),
    "something unknown": (Flavor.OTHER, "arn:scylla:alternator:x:y:table/users", True),
    "DynamoDB Local in the place of something unknown": (Flavor.OTHER, LOCAL_ARN, False),
    "no ARN": (Flavor.AWS, "users", False),
    "an empty text": (Flavor.OTHER, "", False),
}


@pytest.mark.parametrize(("flavor", "arn", "fits"), ARNS.values(), ids=ARNS)
def test_an_arn_that_contradicts_the_endpoint(flavor: Flavor, arn: str, fits: bool) -> None:
    assert (replace(AWS, flavor=flavor).contradiction(arn) is None) is fits


def test_without_a_known_account_any_account_fits() -> None:
    assert replace(AWS, account=None).contradiction(AWS_ARN.replace("1111", "9999")) is None


PLACES = {
    "another account": "eu-central-1:999988887777",
    "another Region": "eu-west-1:111122223333",
    "DynamoDB Local": "ddblocal:000000000000",
    "another account of another Region": "us-east-1:999988887777",
}


def stocked(flavor: Flavor) -> Sim:
    sim = simulate(flavor=flavor, data_loss="allow", max_deletes=10)
    sim.declare(declaration("users"), declaration("orders"), declaration("carts"))
    assert sim.once().verdict is Verdict.IN_SYNC
    sim.dynamodb.journal.clear()
    return sim


ELSEWHERE = [
    pytest.param(flavor, place, id=f"{flavor.value}, {name}")
    for flavor in (Flavor.AWS, Flavor.DYNAMODB_LOCAL)
    for name, place in PLACES.items()
    if (flavor, name) != (Flavor.DYNAMODB_LOCAL, "DynamoDB Local")
]


@pytest.mark.parametrize(("flavor", "place"), ELSEWHERE)
def test_a_pass_with_answers_of_another_endpoint_writes_nothing(flavor: Flavor, place: str) -> None:
    sim = stocked(flavor)
    assert sim.dynamodb.place != place
    sim.declare(declaration("users", deletion_protection=True), declaration("new"))
    sim.dynamodb.place = place
    for name, table in sim.dynamodb.tables.items():
        table.description["TableArn"] = sim.dynamodb.arn(name)
    report = sim.run()
    assert report.verdict is Verdict.ERROR
    assert "the endpoint or the account changed" in (report.error or "")
    assert sim.dynamodb.mutating == []
    assert set(sim.dynamodb.tables) == {"users", "orders", "carts"}


def watched(sim: Sim, identify: Callable[[], Endpoint]) -> None:
    sim.reconciler.ports = replace(sim.reconciler.ports, endpoint_watch=EndpointWatch(identify))


@pytest.mark.parametrize(
    "change",
    [
        {"account": "999988887777"},
        {"account": None},
        {"region": "eu-west-1"},
        {"partition": "aws-cn"},
        {"flavor": Flavor.OTHER},
        {"flavor": Flavor.DYNAMODB_LOCAL},
        {"url": "http://elsewhere:8000"},
    ],
    ids=str,
)
def test_a_pass_at_a_changed_endpoint_ends_and_the_next_one_follows_it(change: dict[str, object]) -> None:
    sim = stocked(Flavor.AWS)
    now = replace(sim.reconciler.ports.endpoint, **change)  # type: ignore[arg-type]
    watched(sim, lambda: now)
    followed: list[Endpoint] = []
    sim.reconciler.on_endpoint_change = lambda _, endpoint: followed.append(endpoint)
    sim.declare(declaration("users"))
    report = sim.run()
    assert report.verdict is Verdict.ERROR
    assert "the endpoint or the account changed" in (report.error or "")
    assert (sim.dynamodb.journal, followed) == ([], [now])


@pytest.mark.parametrize("error", [EndpointError("is not DynamoDB"), SettingsError("the login has run out")], ids=str)
def test_an_endpoint_that_cannot_be_identified_is_the_error_of_the_pass(error: Exception) -> None:
    sim = stocked(Flavor.AWS)

    def fail() -> Endpoint:
        raise error

    watched(sim, fail)
    report = sim.run()
    assert (report.verdict, report.error) == (Verdict.ERROR, str(error))
    assert sim.dynamodb.mutating == []


SEEN = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def state(created: datetime, region: str = "ddblocal", table_id: str | None = None) -> StateSnapshot:
    identity = Identity(table_id, f"arn:{region}", created.isoformat())
    return StateSnapshot(actual_fingerprint=Fingerprint("aws", "000000000000", region, identity))


BEFORE, AFTER = SEEN - timedelta(hours=1), SEEN + timedelta(seconds=5)
STATES: dict[str, tuple[StateSnapshot, bool, bool, bool]] = {
    "the same one": (state(SEEN - timedelta(days=1)), True, False, True),
    "an emulator restarted, and another process made it": (state(AFTER), True, False, True),
    "another emulator's, made before": (state(BEFORE), True, False, False),
    "another emulator's, made long before": (state(SEEN - timedelta(days=9)), True, False, False),
    "made again off emulators": (state(AFTER), False, False, True),
    "an older one off emulators": (state(BEFORE), False, False, False),
    "a newer one after the account changed": (state(AFTER, "eu-west-1"), False, True, False),
    "a newer one of another Region": (state(AFTER, "eu-west-1"), False, False, False),
    "a newer one of another kind of emulator": (state(AFTER, "eu-west-1"), True, True, True),
    "an older one of another kind of emulator": (state(BEFORE, "eu-west-1"), True, True, False),
}


@pytest.mark.parametrize(("now", "emulator", "moved", "believed"), STATES.values(), ids=STATES)
def test_a_state_table_that_is_older_than_the_last_pass_is_another_one(
    now: StateSnapshot, emulator: bool, moved: bool, believed: bool
) -> None:
    watch = EndpointWatch()
    watch.record(state(SEEN - timedelta(days=1)), SEEN)
    watch.moved = moved
    assert (watch.other_state_problem(now, emulator=emulator) is None) is believed


def test_in_another_account_no_new_state_table_is_made() -> None:
    watch, missing = EndpointWatch(), StateSnapshot(usable=False, problem="it does not exist yet")
    assert watch.missing_state_problem(missing, emulator=False) is None
    watch.record(state(SEEN), SEEN)
    assert watch.missing_state_problem(missing, emulator=False) is None
    watch.moved = True
    assert "used one before" in (watch.missing_state_problem(missing, emulator=False) or "")
    assert watch.missing_state_problem(missing, emulator=True) is None
