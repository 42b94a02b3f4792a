"""Seeds that are written in transactions: refused, repeated, lost, interrupted. By what the table then holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate

from reconciler.engine import seed_batches
from reconciler.model.desired import Put, PutTogether
from reconciler.model.errors import (
    Ambiguous,
    ApiError,
    Busy,
    Denied,
    Malformed,
    Rejected,
    Throttled,
    Unsupported,
)
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason
from reconciler.model.report import TableReport, TableStatus, Verdict
from reconciler.seeding.provenance import item_digest, unpack
from reconciler.system import Threads

SEED = tuple(item(f"{number:04}", name=f"seed {number}") for number in range(450))
ACTIVE = {
    "TableName": "users",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}
Together = Callable[..., PutTogether]


def local(seed: Sequence[Any] = SEED, **options: Any) -> Sim:
    """DynamoDB Local with the table and without an item."""
    sim = simulate(flavor=Flavor.DYNAMODB_LOCAL, **options)
    sim.declare(declaration(seed=tuple(seed)))
    sim.dynamodb.make(**ACTIVE)
    return sim


def recorded(sim: Sim, then: Callable[[str, Any], None] = lambda *_: None) -> list[tuple[str, int]]:
    """The requests that write items from now on: the operation and the number of its items."""
    sent: list[tuple[str, int]] = []

    def note(operation: str, value: Any) -> None:
        if operation in ("PutItem", "TransactWriteItems"):
            sent.append((operation, len(value) if operation == "TransactWriteItems" else 1))
            then(operation, value)

    sim.items.faults = note
    return sent


def held(sim: Sim) -> dict[str, Any]:
    return {one["pk"]["S"]: one for one in sim.dynamodb.tables["users"].items.values()}


def put(sim: Sim, one: Any) -> None:
    sim.dynamodb.tables["users"].items[repr([one["pk"]])] = dict(one)


def seeded(sim: Sim) -> TableReport:
    (table,) = sim.reconciler.seed().tables
    return table


def first_answers(sim: Sim, *answers: Callable[[Together, tuple[Any, ...]], PutTogether]) -> None:
    """The first transactions end as ``answers`` say; those after them as the service says."""
    inner, left = sim.items.put_together, list(answers)

    def together(*request: Any) -> PutTogether:
        return left.pop(0)(inner, request) if left else inner(*request)

    sim.items.put_together = together  # type: ignore[method-assign]


def raising(error: ApiError, *, applied: bool = False) -> Callable[[Together, tuple[Any, ...]], PutTogether]:
    def answer(inner: Together, request: tuple[Any, ...]) -> PutTogether:
        if applied:
            inner(*request)
        raise error

    return answer


def test_a_seed_is_written_in_transactions_of_100_items() -> None:
    sim = local()
    sent = recorded(sim)
    table = seeded(sim)
    assert (table.seed_written, table.seed_present, sim.store.snapshot.seeds["users"].state) == (450, 0, "done")
    assert sent == [("TransactWriteItems", 100)] * 4 + [("TransactWriteItems", 50)]
    assert unpack(sim.store.snapshot.seeds["users"].uncertain) == frozenset()


@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.MOTO, Flavor.OTHER])
def test_no_transaction_is_sent_where_it_costs_capacity_or_loses_items_of_others(flavor: Flavor) -> None:
    sim = simulate(flavor=flavor)
    sim.declare(declaration(seed=SEED[:120]))
    sim.dynamodb.make(**ACTIVE)
    sent = recorded(sim)
    assert seeded(sim).seed_written == 120
    assert sent == [("PutItem", 1)] * 120


def test_a_transaction_that_is_partly_refused_is_sent_again_without_what_exists() -> None:
    sim = local()
    theirs = [item(f"{number:04}", by="others") for number in (0, 7, 99, 449)]
    for one in theirs:
        put(sim, one)
    sent = recorded(sim)
    table = seeded(sim)
    assert (table.seed_written, table.seed_present) == (446, 4)
    assert [held(sim)[one["pk"]["S"]] for one in theirs] == theirs
    assert sorted(sent) == sorted([("TransactWriteItems", size) for size in (100, 97, 100, 100, 100, 50, 49)]), (
        "one more for each refused one"
    )
    sim.reconciler.clear()
    assert sorted(held(sim)) == [one["pk"]["S"] for one in theirs]


def test_where_all_items_are_present_nothing_is_written_and_each_transaction_is_sent_once() -> None:
    sim = local()
    for one in SEED:
        put(sim, one)
    sent = recorded(sim)
    table = seeded(sim)
    assert (table.seed_written, table.seed_present, len(sent)) == (0, 450, 5)
    assert sim.reconciler.clear().tables[0].seed_removed == 0


def test_two_items_of_one_key_never_share_a_transaction() -> None:
    sim = local([item("a", v="first"), item("b"), item("a", v="second"), item("c")])
    table = seeded(sim)
    assert (table.seed_written, table.seed_present) == (3, 1)
    assert held(sim)["a"] == item("a", v="first")


def test_transactions_stay_within_4_mb_and_take_items_of_400_kb() -> None:
    sim = local([item(f"{number:02}", v="x" * (400 * 1024 - 5)) for number in range(21)])
    sent = recorded(sim)
    assert seeded(sim).seed_written == 21
    assert [size for _, size in sent] == [8, 8, 5]


def test_binary_sets_and_large_numbers_are_written_as_they_are() -> None:
    rich = {
        "pk": {"S": "rich"},
        "raw": {"B": b"\x00\xff" * 5000},
        "blobs": {"BS": [b"\x00", b"\xfe"]},
        "huge": {"N": "12345678901234567890123456789012345678"},
        "sizes": {"NS": ["1E+125", "-0.10"]},
    }
    sim = local([rich, item("b")])
    assert seeded(sim).seed_written == 2
    assert held(sim)["rich"] == rich


@pytest.mark.parametrize("kill_at", [0, 1, 2, 4])
def test_killed_between_the_ledger_and_a_transaction_nothing_of_it_counts_as_written(kill_at: int) -> None:
    sim = local()
    left = iter(range(kill_at))

    def kill(operation: str, value: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    recorded(sim, kill)
    with pytest.raises(KeyboardInterrupt):
        seeded(sim)
    sim.items.faults = None
    record = sim.store.snapshot.seeds["users"]
    uncertain = unpack(record.uncertain)
    there = {item_digest(one) for one in held(sim).values()}
    assert there <= unpack(record.written) | uncertain, "everything that was sent is in the record"
    assert len(uncertain) <= 400
    put(sim, SEED[-1])
    table = seeded(sim)
    assert table.seed_written + table.seed_present == len(SEED)
    assert held(sim) == {one["pk"]["S"]: one for one in SEED}
    sim.reconciler.clear()
    assert SEED[-1] in held(sim).values(), "an item of others stays"


def test_an_item_that_others_put_in_between_is_neither_overwritten_nor_counted() -> None:
    sim = local()
    quicker = iter([True])

    def others(operation: str, value: Any) -> None:
        if next(quicker, False):
            put(sim, item("0005", by="others"))
            put(sim, SEED[6])

    recorded(sim, others)
    table = seeded(sim)
    sim.items.faults = None
    assert (table.seed_written, table.seed_present) == (448, 2)
    sim.reconciler.clear()
    assert held(sim) == {"0005": item("0005", by="others"), "0006": SEED[6]}


def test_an_endpoint_without_transactions_gets_single_items() -> None:
    sim = local()
    refusal = Unsupported("TransactWriteItems", "UnknownOperationException", "no such operation here")
    first_answers(sim, raising(refusal), raising(refusal))
    sent = recorded(sim)
    table = seeded(sim)
    assert (table.status, table.seed_written) == (TableStatus.IN_SYNC, 450)
    assert sum(1 for operation, _ in sent if operation == "PutItem") == 450


def test_an_endpoint_that_calls_transactions_unknown_although_it_should_have_them_gets_single_items() -> None:
    sim = local(SEED[:150])
    refusal = Malformed("TransactWriteItems", "UnknownOperationException", "the endpoint has this operation")
    first_answers(sim, *[raising(refusal)] * 2 * seed_batches.TRIES)
    assert seeded(sim).seed_written == 150


def busy(inner: Together, request: tuple[Any, ...]) -> PutTogether:
    """One item is held by another transaction, one was throttled."""
    count = len(request[1])
    return PutTogether((Put.BUSY, *[Put.UNSENT] * (count - 2), Put.BUSY))


def test_conflicts_and_throttling_of_single_items_are_waited_for() -> None:
    sim = local()
    first_answers(sim, busy, busy, busy)
    before = sim.clock.seconds
    assert seeded(sim).seed_written == 450
    assert sim.clock.seconds > before


@pytest.mark.parametrize("error", [Throttled, Busy])
def test_a_transaction_that_is_throttled_or_in_progress_is_sent_again(error: type[ApiError]) -> None:
    sim = local()
    first_answers(sim, *[raising(error("TransactWriteItems", "TransactionInProgressException", "wait"))] * 3)
    assert (seeded(sim).seed_written, len(held(sim))) == (450, 450)


LOST = Ambiguous("TransactWriteItems", "InternalServerError", "no usable answer")


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("times", [1, 3])
def test_after_a_lost_response_the_counts_are_exact(times: int, applied: bool) -> None:
    sim = local()
    put(sim, item("0404", by="others"))
    first_answers(sim, *[raising(LOST, applied=applied)] * times)
    table = seeded(sim)
    assert (table.seed_written, table.seed_present) == (449, 1)
    assert sim.items.puts == 449
    sim.reconciler.clear()
    assert list(held(sim)) == ["0404"]


def test_on_an_endpoint_that_forgets_tokens_an_item_is_ours_only_if_that_is_proven() -> None:
    """The first transaction is applied and its response lost; the same token is then refused as if it were new."""
    sim = local(SEED[:100])

    def applied_then_changed(inner: Together, request: tuple[Any, ...]) -> PutTogether:
        inner(*request)
        sim.dynamodb.tokens.clear()
        put(sim, item("0003", by="others"))
        raise LOST

    first_answers(sim, applied_then_changed)
    table = seeded(sim)
    assert (table.seed_written, table.seed_present) == (0, 100)
    record = sim.store.snapshot.seeds["users"]
    assert record.written == ""
    assert unpack(record.uncertain) == {item_digest(one) for one in SEED[:100]} - {item_digest(SEED[3])}
    assert sim.reconciler.clear().tables[0].seed_removed == 0


def test_an_item_found_after_the_sdk_repeated_a_transaction_is_not_taken_for_one_of_others() -> None:
    sim = local(SEED[:100])

    def repeated(inner: Together, request: tuple[Any, ...]) -> PutTogether:
        inner(*request)
        return PutTogether((Put.PRESENT,) * 100, repeated=True)

    first_answers(sim, repeated)
    assert seeded(sim).seed_present == 100
    assert len(unpack(sim.store.snapshot.seeds["users"].uncertain)) == 100


def test_a_response_that_is_always_lost_ends_as_an_error_and_leaves_the_items_uncertain() -> None:
    sim = local()
    first_answers(sim, *[raising(LOST)] * 100)
    table = seeded(sim)
    assert (table.status, table.seed_written, table.seed_failed) == (TableStatus.ERROR, 0, 450)
    assert len(unpack(sim.store.snapshot.seeds["users"].uncertain)) <= 400
    assert seeded(sim).seed_written == 0, "the rest of the lost answers"


def test_refused_credentials_end_the_work_at_once() -> None:
    sim = local()
    first_answers(sim, *[raising(Denied("TransactWriteItems", "ExpiredTokenException", "expired"))] * 9)
    sent = recorded(sim)
    assert seeded(sim).status is TableStatus.ERROR
    assert sent == []


def test_the_item_that_a_transaction_is_refused_for_is_named_with_its_place() -> None:
    sim = local(SEED[:100])

    def refuse(operation: str, value: Any) -> None:
        if operation == "TransactWriteItems":
            raise Rejected(operation, "ValidationException", "an item breaks a rule")
        if value["pk"]["S"] == "0042":
            raise Rejected(operation, "ValidationException", "it is too long")

    recorded(sim, refuse)
    table = seeded(sim)
    assert (table.seed_written, table.seed_failed) == (99, 1)
    assert "seeds/users.json, item [42]: the item with pk '0042' was refused: it is too long" in (table.error or "")


def test_nothing_is_sent_after_the_lease_was_lost_midway() -> None:
    sim = local()
    sent = recorded(sim)
    sim.store.keep_lease = lambda: len(sent) < 2  # type: ignore[method-assign]
    table = seeded(sim)
    assert [step.reason for step in table.steps] == [Reason.LEASE]
    assert (table.seed_written, len(held(sim)), len(sent)) == (200, 200, 2)


def test_a_table_that_is_replaced_midway_gets_no_further_transaction() -> None:
    sim = local()

    def replaced(operation: str, value: Any) -> None:
        sim.clock.seconds += 1.5
        if len(sent) == 2:
            del sim.dynamodb.tables["users"]
            sim.dynamodb.make(**ACTIVE)

    sent = recorded(sim, replaced)
    table = seeded(sim)
    assert [step.reason for step in table.steps] == [Reason.IDENTITY]
    assert len(sent) == 2
    assert sim.store.snapshot.seeds["users"].state == "started"


def test_with_threads_each_item_is_written_once_and_recorded() -> None:
    sim = local()
    threads = Threads(4)
    one_by_one, sim.reconciler.ports = sim.reconciler.ports, replace(sim.reconciler.ports, parallel=threads)
    try:
        table = seeded(sim)
    finally:
        threads.close()
    sim.reconciler.ports = one_by_one
    assert (table.seed_written, table.seed_present, len(held(sim))) == (450, 0, 450)
    record = sim.store.snapshot.seeds["users"]
    assert unpack(record.written) == {item_digest(one) for one in SEED}
    assert sim.once().verdict is Verdict.IN_SYNC


def test_the_progress_counts_items_and_ends_with_all_of_them() -> None:
    sim = local()
    recorded(sim, lambda *_: sim.clock.sleep(0.8))
    put(sim, SEED[0])
    seeded(sim)
    progress = sim.telemetry.progress
    assert [each.ended for each in progress] == [*[False] * (len(progress) - 1), True]
    assert len(progress) > 1
    last = progress[-1]
    assert (last.table, last.total, last.written, last.present, last.seconds_left) == ("users", 450, 449, 1, 0.0)
    assert last.per_second == pytest.approx(450 / last.seconds)
    assert sorted(each.done for each in progress) == [each.done for each in progress]
