"""The state table over a real endpoint, seen from outside by a boto3 client of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.connected import connected
from support.damaged_records import BROKEN, broken
from support.endpoints import Live
from support.fakes import FakeClock, Quiet
from support.sample_generation import COPYING

from reconciler.aws.session import connect
from reconciler.model.desired import Lifecycle
from reconciler.model.errors import Denied, StateError
from reconciler.model.identity import Identity
from reconciler.model.observation import Observation
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.records import (
    Attempts,
    Claim,
    IndexRebuild,
    InventoryEntry,
    ItemMigration,
    Phase,
    QuotaUsage,
    Replacement,
    SeedRecord,
    Suspension,
)
from reconciler.model.report import PassReport, TableReport, TableStatus
from reconciler.state.schema import create_request
from reconciler.state.state_table import StateTable

NAME = "reconciler_state"
NOW = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
IDENTITY = Identity("id-1", "arn:aws:dynamodb:us-east-1:123456789012:table/users", "2026-11-22T11:00:00+00:00")
BARE = Identity(None, IDENTITY.arn, IDENTITY.created)
ENTRY = InventoryEntry("users-prod", "users", "created", "nonce-1", IDENTITY)
FULL_ENTRY = InventoryEntry(
    name="users",
    base_name="users",
    ownership="created",
    nonce="nonce-2",
    identity=BARE,
    lifecycle=Lifecycle(True, ("ttl", "tags"), "own", True),
    changed_at=NOW,
    unwanted_since=NOW + timedelta(seconds=1),
    empty_since=NOW + timedelta(seconds=2),
)
INTENT = InventoryEntry("projects", "projects", "intent", "nonce-3")
ENTRIES = [ENTRY, FULL_ENTRY, INTENT, *(replace(ENTRY, ownership=o) for o in ("adopted", "state_lost", "released"))]
SEEDS = [
    SeedRecord("users", "started", "abc", "seeds/users.json", IDENTITY),
    SeedRecord("users", "done", "abc", "seeds/users.json", BARE, 12345678901234567890, NOW),
    SeedRecord("users", "cleared", "abc", "seeds/users.json", None, 0, NOW),
]

Make = Callable[..., StateTable]


@pytest.fixture
def make(endpoint: Live) -> Make:
    def build(scope: str = "default/default", holder: str = "one", clock: FakeClock | None = None) -> StateTable:
        client = connected(endpoint.url).state_client()
        return StateTable(client, NAME, scope, holder=holder, clock=clock or FakeClock(NOW))

    return build


def items(endpoint: Live) -> dict[str, Any]:
    """Every record as it stands, by its range key."""
    found = endpoint.client.scan(TableName=NAME, ConsistentRead=True)["Items"]
    return {item["record"]["S"]: item for item in found}


def test_loading_without_a_table_reports_it_and_creates_nothing(endpoint: Live, make: Make) -> None:
    snapshot = make().load()
    assert (snapshot.usable, snapshot.fresh) == (False, True)
    assert snapshot.problem is not None
    assert NAME in snapshot.problem
    assert endpoint.client.list_tables()["TableNames"] == []


def test_only_the_process_that_creates_the_table_is_told_before(endpoint: Live) -> None:
    seen: list[list[str]] = []

    def told() -> None:
        seen.append(endpoint.client.list_tables()["TableNames"])

    def build(holder: str) -> StateTable:
        client = connected(endpoint.url).state_client()
        return StateTable(client, NAME, "default/default", holder=holder, clock=FakeClock(NOW), on_create=told)

    build("one").load()
    assert seen == []
    build("one").ensure()
    build("two").ensure()
    assert seen == [[]]


def test_ensuring_creates_a_protected_on_demand_table_and_records_the_fingerprint(endpoint: Live, make: Make) -> None:
    snapshot = make().ensure()
    live = endpoint.client.describe_table(TableName=NAME)["Table"]
    assert live["DeletionProtectionEnabled"] is True
    assert live["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert [(key["AttributeName"], key["KeyType"]) for key in live["KeySchema"]] == [
        ("scope", "HASH"),
        ("record", "RANGE"),
    ]
    fingerprint = snapshot.actual_fingerprint
    assert fingerprint is not None
    assert snapshot.usable
    assert snapshot.fresh
    assert snapshot.recorded_fingerprint == fingerprint
    assert live["TableArn"] == fingerprint.state_table.arn
    assert live["TableArn"].split(":")[1:5] == [
        fingerprint.partition,
        "dynamodb",
        fingerprint.region,
        fingerprint.account,
    ]
    assert items(endpoint)["fingerprint"]["account"] == {"S": fingerprint.account}


def test_a_later_process_finds_the_table_and_it_is_not_fresh(make: Make) -> None:
    first = make().ensure()
    second = make().ensure()
    assert not second.fresh
    assert second.recorded_fingerprint == first.recorded_fingerprint


def test_ensuring_twice_writes_once(endpoint: Live, make: Make) -> None:
    make().ensure()
    before = items(endpoint)
    make().ensure()
    assert items(endpoint) == before


def test_a_recreated_table_differs_from_the_fingerprint_of_its_restored_record(endpoint: Live, make: Make) -> None:
    make().ensure()
    record = items(endpoint)["fingerprint"]
    endpoint.client.update_table(TableName=NAME, DeletionProtectionEnabled=False)
    endpoint.client.delete_table(TableName=NAME)
    endpoint.client.create_table(**create_request(NAME).params)
    endpoint.client.put_item(TableName=NAME, Item=record)
    snapshot = make().ensure()
    assert snapshot.recorded_fingerprint is not None
    assert snapshot.actual_fingerprint is not None
    assert not snapshot.recorded_fingerprint.same(snapshot.actual_fingerprint)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.name}-{entry.ownership}")
def test_an_inventory_entry_is_read_back_as_it_was_written(make: Make, entry: InventoryEntry) -> None:
    store = make()
    store.ensure()
    written = store.put_entry(entry)
    assert make().load().inventory == {entry.name: entry}
    store.drop_entry(written)
    assert make().load().inventory == {}


@pytest.mark.parametrize("record", SEEDS, ids=lambda record: record.state)
def test_a_seed_record_is_read_back_as_it_was_written(make: Make, record: SeedRecord) -> None:
    store = make()
    store.ensure()
    store.put_seed(record)
    assert make().load().seeds == {"users": record}


def test_attempts_are_read_back_and_removed_with_their_last_count(make: Make) -> None:
    store = make()
    store.ensure()
    counts, refused = {"ttl.enabled": 2}, {"ttl.enabled": NOW}
    attempts = Attempts("users", IDENTITY, counts, {"ttl.enabled": "true"}, {"ttl.enabled": "false"}, refused)
    store.put_attempts(attempts)
    assert make().load().attempts == {"users": attempts}
    store.put_attempts(Attempts("users", IDENTITY))
    assert make().load().attempts == {}


def test_quota_usage_is_read_back_and_removed_with_its_last_entry(make: Make) -> None:
    store = make()
    store.ensure()
    marks = QuotaUsage("users", IDENTITY, {"ttl": (NOW,), "mode": (NOW, NOW)}, {"class": NOW})
    store.put_quota_usage(marks)
    assert make().load().quota_usage == {"users": marks}
    store.put_quota_usage(QuotaUsage("users", IDENTITY))
    assert make().load().quota_usage == {}


def test_a_replacement_is_read_back_and_its_copy_belongs_to_this_stack(make: Make) -> None:
    store = make()
    store.ensure()
    begun = Replacement("users", Phase.COPYING, IDENTITY, "users.replacing.0a", ("id HASH S",), NOW)
    there = make("shop/prod")
    for record, claims in (
        (begun, {"users.replacing.0a": (Claim("default/default", "created", None),)}),
        (
            replace(begun, aside_identity=IDENTITY),
            {"users.replacing.0a": (Claim("default/default", "created", IDENTITY),)},
        ),
        (
            replace(begun, phase=Phase.DONE, keep=True),
            {"users.replacing.0a": (Claim("default/default", "created", None),)},
        ),
        (replace(begun, phase=Phase.DONE), {}),
    ):
        store.put_replacement(record)
        assert make().load().replacements == {"users": record}
        assert there.load().foreign_claims == claims
    store.drop_replacement("users")
    assert make().load().replacements == {}


def test_a_rebuild_record_is_read_back_until_it_is_dropped(make: Make) -> None:
    store = make()
    store.ensure()
    begun = IndexRebuild("users", IDENTITY, "by_mail", "by_mail-v2", NOW, 3600)
    for rebuild in (begun, replace(begun, ready_at=NOW)):
        store.put_rebuild(rebuild)
        assert make().load().rebuilds == {"users": rebuild}
    store.drop_rebuild("users")
    assert make().load().rebuilds == {}


def test_work_of_others_is_read_without_the_records_of_tables_and_seeds(make: Make) -> None:
    entry = ENTRIES[0]
    store, other = make(), make("shop/prod", "two")
    generation = replace(COPYING, name="orders")
    migration = ItemMigration("0001_a", "users", IDENTITY, "abc", "up", 1, "one", NOW)
    replacement = Replacement("users", Phase.COPYING, IDENTITY, "users.replacing.0a", ("id HASH S",), NOW)
    for each in (store, other):
        each.ensure()
        each.acquire_lease()
        each.put_entry(entry)
    store.put_generation(generation)
    store.put_migration(migration)
    store.put_replacement(replacement)
    store.put_suspension(Suspension("ops", NOW))
    store.add_history(report(1))
    whole, work = make().load(), make().load_work()
    for name in ("lease", "suspension", "generations", "replacements", "migrations", "checkpoints"):
        assert getattr(work, name) == getattr(whole, name), name
    assert (len(work.generations), len(work.replacements), len(work.migrations)) == (1, 1, 1)
    assert work.lease is not None
    assert work.suspension is not None
    assert whole.inventory
    assert not work.inventory
    assert other.load_work().generations == {}


def test_a_suspension_is_read_back_and_lifted(make: Make) -> None:
    store = make()
    store.ensure()
    store.put_suspension(Suspension("ops", NOW))
    assert make().load().suspension == Suspension("ops", NOW)
    store.put_suspension(None)
    assert make().load().suspension is None


def test_records_can_be_read_by_people(endpoint: Live, make: Make) -> None:
    store = make("shop/prod")
    store.ensure()
    store.put_entry(FULL_ENTRY)
    item = items(endpoint)["table#users"]
    assert item["scope"] == {"S": "shop/prod"}
    assert item["ownership"] == {"S": "created"}
    assert item["changed_at"] == {"S": "2026-11-22T12:00:00.123456+00:00"}
    assert item["lifecycle"]["M"]["protect"] == {"BOOL": True}
    assert item["identity"]["M"] == {"arn": {"S": BARE.arn}, "created": {"S": BARE.created}}


def test_one_scope_never_sees_the_records_of_another(make: Make) -> None:
    mine, other = make("default/default"), make("default/prod")
    mine.ensure()
    mine.put_entry(ENTRY)
    assert other.ensure().inventory == {}
    assert mine.load().inventory == {ENTRY.name: ENTRY}


def test_only_the_table_records_of_other_scopes_are_read(make: Make) -> None:
    mine, other, third = make("default/default"), make("shop/prod"), make("shop/test")
    mine.ensure()
    mine.put_entry(ENTRY)
    other.put_entry(replace(ENTRY, ownership="released"))
    third.put_entry(replace(FULL_ENTRY, name=ENTRY.name))
    third.put_entry(INTENT)
    other.put_seed(SEEDS[0])
    other.put_suspension(Suspension("ops", NOW))
    assert make("default/default").load().foreign_claims == {
        ENTRY.name: (Claim("shop/prod", "released", IDENTITY), Claim("shop/test", "created", BARE)),
        INTENT.name: (Claim("shop/test", "intent", None),),
    }


def test_an_unreadable_record_of_another_scope_reserves_its_name_and_stops_nobody(endpoint: Live, make: Make) -> None:
    make().ensure()
    endpoint.client.put_item(TableName=NAME, Item={**broken("table#users"), "scope": {"S": "shop/prod"}})
    snapshot = make().load()
    assert snapshot.usable
    assert snapshot.foreign_claims == {"users": (Claim("shop/prod", "intent", None),)}


def test_more_records_than_a_page_holds_are_all_read(make: Make) -> None:
    store = make()
    store.ensure()
    wide = "x" * 150_000
    for number in range(9):
        store.put_attempts(Attempts(f"table{number}", None, {}, {"path": wide}))
    assert len(store.load().attempts) == 9


FOREIGN_KEYS = {
    "another hash key": [("pk", "HASH", "S"), ("record", "RANGE", "S")],
    "no range key": [("scope", "HASH", "S")],
    "numbers for text": [("scope", "HASH", "S"), ("record", "RANGE", "N")],
}


@pytest.mark.parametrize("keys", FOREIGN_KEYS.values(), ids=FOREIGN_KEYS)
@pytest.mark.parametrize("verb", ["load", "ensure"])
def test_an_unmanaged_table_of_that_name_is_refused_and_not_touched(
    endpoint: Live, make: Make, keys: list[tuple[str, str, str]], verb: str
) -> None:
    endpoint.client.create_table(
        TableName=NAME,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind, _ in keys],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, _, kind in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    with pytest.raises(StateError, match="RECONCILER_STATE_TABLE"):
        getattr(make(), verb)()
    assert items_count(endpoint) == 0


def items_count(endpoint: Live) -> int:
    count: int = endpoint.client.scan(TableName=NAME)["Count"]
    return count


@pytest.mark.parametrize(("item", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_record_that_cannot_be_read_is_named_and_never_dropped(
    endpoint: Live, make: Make, item: dict[str, Any], reason: str
) -> None:
    make().ensure()
    if item["record"]["S"] == "fingerprint":
        endpoint.client.delete_item(TableName=NAME, Key={key: item[key] for key in ("scope", "record")})
    endpoint.client.put_item(TableName=NAME, Item=item)
    with pytest.raises(StateError, match=reason) as raised:
        make().load()
    assert item["record"]["S"] in str(raised.value)
    assert item["record"]["S"] in items(endpoint)


def report(number: int, error: str | None = None) -> PassReport:
    started = NOW + timedelta(seconds=number)
    return PassReport(
        *(f"pass-{number}", "schedule", "default"),
        *(started, started + timedelta(seconds=1), None),
        error=error,
        stack="default",
    )


def test_the_history_gives_the_newest_runs_first(make: Make) -> None:
    store = make()
    store.ensure()
    for number in (2, 1, 3):
        store.add_history(report(number, "endpoint down" if number == 3 else None))
    runs = store.history(2)
    assert [run["pass_id"] for run in runs] == ["pass-3", "pass-2"]
    assert runs[0]["verdict"] == "error"
    assert runs[0]["error"] == "endpoint down"
    assert runs[1]["started"] == "2026-11-22T12:00:02.123456+00:00"
    assert runs[1]["summary"]["declared"] == 0
    assert store.load().inventory == {}


def test_the_history_keeps_the_newest_hundred(endpoint: Live, make: Make) -> None:
    store = make()
    store.ensure()
    for number in range(130):
        item = broken(f"run#{(NOW + timedelta(seconds=number)).isoformat()}#old", pass_id={"S": str(number)})
        endpoint.client.put_item(TableName=NAME, Item=item)
    store.add_history(report(1000))
    kept = [key for key in items(endpoint) if key.startswith("run#")]
    assert len(kept) == 100
    assert store.history(1)[0]["pass_id"] == "pass-1000"
    assert min(kept) == f"run#{(NOW + timedelta(seconds=31)).isoformat()}#old"


def test_runs_of_others_are_those_that_another_process_wrote_and_cost_no_request(endpoint: Live) -> None:
    sent: list[str] = []

    class Counting:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def call(self, operation: str, params: Any) -> Any:
            sent.append(operation)
            return self.inner.call(operation, params)

    client = Counting(connected(endpoint.url).state_client())
    store, other = (StateTable(client, NAME, "default/default", holder=each, clock=FakeClock(NOW)) for each in "ab")
    store.ensure()
    assert store.runs_of_others() == ()
    store.add_history(report(1))
    other.add_history(report(2, "refused"))
    other.add_history(report(3))
    store.load()
    store.add_history(report(4))
    before = len(sent)
    others = store.runs_of_others()
    assert [(run["pass_id"], run.get("error")) for run in others] == [("pass-3", None), ("pass-2", "refused")]
    assert len(sent) == before
    store.load()
    assert store.runs_of_others() == others
    assert [run["pass_id"] for run in store.history(9)] == ["pass-4", "pass-3", "pass-2", "pass-1"]


class Refusing:
    """A client that may do nothing but the named operations."""

    def __init__(self, inner: Any, allowed: tuple[str, ...]) -> None:
        self.inner, self.allowed = inner, allowed

    def call(self, operation: str, params: Any) -> Any:
        if operation not in self.allowed:
            raise Denied(operation, "AccessDeniedException", "not authorized")
        return self.inner.call(operation, params)


DENIALS = [
    ("DescribeTable", ()),
    ("CreateTable", ("DescribeTable",)),
    ("Scan", ("DescribeTable", "CreateTable")),
    ("PutItem", ("DescribeTable", "CreateTable", "Scan")),
]


@pytest.mark.parametrize(("refused", "allowed"), DENIALS, ids=[refused for refused, _ in DENIALS])
def test_a_refused_operation_is_named_with_its_table(moto: Live, refused: str, allowed: tuple[str, ...]) -> None:
    client = Refusing(connected(moto.url).state_client(), allowed)
    store = StateTable(client, NAME, "default/default", holder="one", clock=FakeClock(NOW))
    snapshot = store.ensure()
    assert not snapshot.usable
    assert snapshot.problem is not None
    assert f"dynamodb:{refused} on table/{NAME}" in snapshot.problem


def test_ensuring_waits_until_the_table_is_active(delayed_local: Any) -> None:
    import time

    class RealClock(FakeClock):
        def sleep(self, seconds: float) -> bool:
            time.sleep(seconds)
            return super().sleep(seconds)

    client = connect(delayed_local.url, None, 2, Quiet()).state_client()
    store = StateTable(client, NAME, "default/default", holder="one", clock=RealClock(NOW))
    assert store.ensure().usable
    assert delayed_local.client().describe_table(TableName=NAME)["Table"]["TableStatus"] == "ACTIVE"


class Creating:
    """An endpoint whose state table never gets ready."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def call(self, operation: str, params: Any) -> Any:
        self.calls.append(operation)
        keys = create_request(NAME).params
        return {"Table": {**keys, "TableStatus": "CREATING", "TableArn": "arn", "CreationDateTime": NOW}}


def test_ensuring_gives_up_after_a_minute_of_waiting() -> None:
    clock = FakeClock(NOW)
    store = StateTable(Creating(), NAME, "default/default", holder="one", clock=clock)
    with pytest.raises(StateError, match="not ACTIVE after 60 s"):
        store.ensure()
    assert timedelta(seconds=60) <= clock.now() - NOW < timedelta(seconds=62)


def test_loading_does_not_wait_for_a_table_that_is_being_created() -> None:
    client = Creating()
    snapshot = StateTable(client, NAME, "default/default", holder="one", clock=FakeClock(NOW)).load()
    assert not snapshot.usable
    assert client.calls == ["DescribeTable"]


def test_a_run_keeps_its_process_and_a_bounded_list_of_the_tables_that_were_not_in_sync(endpoint: Live) -> None:
    client = connected(endpoint.url).state_client()
    store = StateTable(client, NAME, "default/default", holder="one", holder_name="host:7", clock=FakeClock(NOW))
    store.ensure()
    tables = [TableReport(f"t{n:02}", TableStatus.DRIFTED, declaration="x.yaml:1", drifted=("ttl",)) for n in range(60)]
    found = Observation.of(
        replace(report(1), tables=(*tables, TableReport("ok", TableStatus.IN_SYNC, declaration="y")))
    )
    store.add_history(report(1), found.after_gap(NOW))
    (stored,) = (item for key, item in items(endpoint).items() if key.startswith("run#"))
    assert (stored["holder"]["S"], stored["process"]["S"]) == ("one", "host:7")
    assert stored["observation"]["M"]["more"] == {"N": "10"}
    assert stored["observation"]["M"]["not_in_sync"]["M"]["t49"] == {"L": [{"S": "drifted"}, {"S": "ttl"}]}
    assert len(stored["observation"]["M"]["not_in_sync"]["M"]) == 50
    (run,) = store.history(1)
    assert run["observation"] == replace(found, unseen_since=NOW)
    assert (run["process"], run["holder"]) == ("host:7", "one")


def test_a_run_of_an_older_release_says_neither_its_process_nor_which_tables_were_not_in_sync(
    endpoint: Live, make: Make
) -> None:
    store = make()
    store.ensure()
    store.add_history(report(1))
    (key,) = (key for key in items(endpoint) if key.startswith("run#"))
    newer = ("holder", "process", "done", "worked")
    item = {name: value for name, value in items(endpoint)[key].items() if name not in newer}
    endpoint.client.put_item(TableName=NAME, Item=item)
    (run,) = store.history(1)
    assert run["verdict"] == "in_sync"
    assert run.keys().isdisjoint((*newer, "observation", "actions"))


def test_a_run_keeps_its_first_steps_with_those_that_failed_before_the_others(endpoint: Live, make: Make) -> None:
    store = make()
    store.ensure()
    done, blocked = Step(Action.CREATE, "table").done(), Step(Action.UPDATE, "ttl").blocked(Reason.DENIED, "no")
    tables = [TableReport(f"t{n:02}", TableStatus.PENDING, steps=(done, blocked)) for n in range(12)]
    bad = TableReport("z", TableStatus.ERROR, steps=(Step(Action.UPDATE, "stream").failed("refused"),))
    store.add_history(replace(report(1), tables=(*tables, bad), wrote=True))
    (run,) = store.history(1)
    assert run["actions"][0] == ("z", "update", "stream", "failed")
    assert run["actions"][1:] == tuple((f"t{n:02}", "create", "table", "done") for n in range(9))
    assert run["done"] == {"create": 12}
    assert "interrupted" not in run
    store.add_history(replace(report(2), interrupted=True))
    assert store.history(1)[0]["interrupted"] is True
