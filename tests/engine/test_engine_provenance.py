"""Which items ``clear`` may remove, what an interrupted seed resumes to, and what a recreated table ends. By the truth.

Each case asserts what the simulated table holds afterwards, not what the engine says of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate

from reconciler.engine import seed_batches
from reconciler.model.errors import Ambiguous, Interrupted, Rejected
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import TableReport, TableStatus, Verdict
from reconciler.seeding.digest import items_digest
from reconciler.seeding.provenance import pack, provenance, unpack

SEED = tuple(item(str(number), name=f"seed {number}") for number in range(1, 5))
MANY = tuple(item(f"{number:04}", name="seed") for number in range(2500))
OTHER_SEED = (SEED[0], item("2", name="new content"), item("9", name="new"))
ACTIVE = {
    "TableName": "users",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}


def keys(sim: Sim) -> set[str]:
    table = sim.dynamodb.tables.get("users")
    return set() if table is None else {one["pk"]["S"] for one in table.items.values()}


def put(sim: Sim, one: Any) -> None:
    sim.dynamodb.tables["users"].items[repr([one["pk"]])] = dict(one)


def killed_after(sim: Sim, items: int, act: Callable[[], object]) -> None:
    """The process is killed right before it sends one item more."""
    left = iter(range(items))

    def kill(operation: str, value: Any) -> None:
        if operation in ("PutItem", "DeleteItem") and next(left, None) is None:
            raise KeyboardInterrupt

    sim.items.faults = kill
    with pytest.raises(KeyboardInterrupt):
        act()
    sim.items.faults = None


def stopped_after(sim: Sim, items: int, act: Callable[[], object]) -> None:
    """The process is asked to stop while it sends this item; what was sent is recorded."""
    left, sleep, stopped = iter(range(1, items)), sim.clock.sleep, list[bool]()

    def stop(operation: str, value: Any) -> None:
        if operation in ("PutItem", "DeleteItem") and next(left, None) is None:
            stopped.append(True)

    def cut_short(seconds: float) -> bool:
        sleep(seconds)
        return not stopped

    sim.items.faults, sim.clock.sleep = stop, cut_short  # type: ignore[method-assign]
    act()
    sim.items.faults, sim.clock.sleep = None, sleep  # type: ignore[method-assign]


def cleared(sim: Sim) -> TableReport:
    (table,) = sim.reconciler.clear().tables
    return table


def seeded_by_a_pass(sim: Sim) -> None:
    sim.once()


def adopted_and_equal_by_chance(sim: Sim) -> None:
    sim.dynamodb.make(**ACTIVE)
    for one in SEED:
        put(sim, one)
    sim.once()


def seed_found_two_present(sim: Sim) -> None:
    sim.dynamodb.make(**ACTIVE)
    put(sim, SEED[0])
    put(sim, SEED[1])
    sim.reconciler.seed()


def seed_found_another_item_under_the_key(sim: Sim) -> None:
    sim.dynamodb.make(**ACTIVE)
    put(sim, item("1", name="mine"))
    sim.reconciler.seed()


def changed_since(sim: Sim) -> None:
    sim.once()
    put(sim, item("1", name="changed"))


def attribute_added_since(sim: Sim) -> None:
    sim.once()
    put(sim, {**SEED[0], "more": {"BOOL": True}})


def removed_by_others_since(sim: Sim) -> None:
    sim.once()
    del sim.dynamodb.tables["users"].items[repr([SEED[0]["pk"]])]


def the_record_is_lost(sim: Sim) -> None:
    sim.once()
    sim.store.snapshot = replace(sim.store.snapshot, seeds={})


def the_record_is_of_an_older_version(sim: Sim) -> None:
    sim.once()
    sim.store.put_seed(replace(sim.store.snapshot.seeds["users"], written="", uncertain=""))


def the_table_was_recreated_with_equal_items(sim: Sim) -> None:
    sim.once()
    del sim.dynamodb.tables["users"]
    sim.dynamodb.make(**ACTIVE)
    for one in SEED:
        put(sim, one)


def killed_before_the_batch_was_recorded(sim: Sim) -> None:
    killed_after(sim, 2, sim.once)
    sim.once()


def an_answer_was_lost(sim: Sim) -> None:
    lost = iter([True])
    put_if_absent = sim.items.put_if_absent

    def put_and_lose(table: str, one: Any, names: Any) -> bool:
        done = put_if_absent(table, one, names)
        if done and next(lost, False):
            raise Ambiguous("PutItem", "InternalServerError", "no usable answer")
        return done

    sim.items.put_if_absent = put_and_lose  # type: ignore[method-assign]
    sim.once()
    sim.items.put_if_absent = put_if_absent  # type: ignore[method-assign]


def somebody_was_quicker_during_the_seeding(sim: Sim) -> None:
    quicker = iter([True])

    def first(operation: str, value: Any) -> None:
        if operation == "PutItem" and next(quicker, False):
            put(sim, SEED[3])

    sim.items.faults = first
    sim.once()
    sim.items.faults = None


def the_seed_changed_after_it_was_written(sim: Sim) -> None:
    sim.once()
    sim.declare(declaration(seed=OTHER_SEED))


def cleared_twice(sim: Sim) -> None:
    sim.once()
    cleared(sim)
    put(sim, SEED[0])


SITUATIONS: dict[Callable[[Sim], None], tuple[set[str], int, int, str]] = {
    seeded_by_a_pass: (set(), 4, 0, "4 removed, 0 kept"),
    adopted_and_equal_by_chance: ({"1", "2", "3", "4"}, 0, 4, "4 kept (not recorded as written by the seed)"),
    seed_found_two_present: ({"1", "2"}, 2, 2, "2 removed, 2 kept (not recorded as written by the seed)"),
    seed_found_another_item_under_the_key: ({"1"}, 3, 1, "3 removed, 1 kept (not recorded as written by the seed)"),
    changed_since: ({"1"}, 3, 1, "3 removed, 1 kept (changed since)"),
    attribute_added_since: ({"1"}, 3, 1, "3 removed, 1 kept (changed since)"),
    removed_by_others_since: (set(), 3, 0, "3 removed, 0 kept, 1 already gone"),
    the_record_is_lost: ({"1", "2", "3", "4"}, 0, 4, "0 removed, 4 kept"),
    the_record_is_of_an_older_version: ({"1", "2", "3", "4"}, 0, 4, "0 removed, 4 kept"),
    the_table_was_recreated_with_equal_items: ({"1", "2", "3", "4"}, 0, 4, "0 removed, 4 kept"),
    killed_before_the_batch_was_recorded: ({"1", "2"}, 2, 2, "2 removed, 2 kept"),
    an_answer_was_lost: ({"1"}, 3, 1, "3 removed, 1 kept"),
    somebody_was_quicker_during_the_seeding: ({"4"}, 3, 1, "3 removed, 1 kept"),
    the_seed_changed_after_it_was_written: (set(), 4, 0, "4 removed, 0 kept"),
    cleared_twice: ({"1"}, 0, 1, "0 removed, 1 kept"),
}


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.__name__)
@pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.AWS])
def test_clear_removes_what_is_recorded_as_written_and_unchanged(
    situation: Callable[[Sim], None], flavor: Flavor
) -> None:
    left, removed, kept, words = SITUATIONS[situation]
    sim = simulate(flavor=flavor)
    sim.declare(declaration(seed=SEED))
    situation(sim)
    table = cleared(sim)
    assert keys(sim) == left
    assert (table.seed_removed, table.seed_kept, table.seed_written) == (removed, kept, 0)
    (step,) = table.steps
    assert (step.action.value, step.status) == ("clear", StepStatus.DONE)
    assert words in (step.message or "")
    assert sim.store.snapshot.seeds["users"].state == "cleared"
    sim.once()
    assert keys(sim) == left, "a cleared table is not seeded again by a pass"


@pytest.mark.parametrize("after", range(5))
def test_a_killed_clear_resumes_where_it_stopped(after: int) -> None:
    sim = simulate()
    sim.declare(declaration(seed=(*SEED, item("5"))))
    sim.once()
    put(sim, item("8", name="theirs"))
    killed_after(sim, after, sim.reconciler.clear)
    assert cleared(sim).seed_removed == 5 - after
    assert keys(sim) == {"8"}


def test_a_seed_of_many_records_is_removed_whole_and_leaves_no_record_behind() -> None:
    sim = simulate()
    sim.declare(declaration(seed=MANY))
    sim.once()
    snapshot = sim.store.snapshot
    record = snapshot.seeds["users"]
    assert len(snapshot.seed_parts) == 2
    assert len(provenance(record, snapshot.seed_parts, record.identity).written) == len(MANY)
    assert max(len(text) for text in (record.written, *(p.written for p in snapshot.seed_parts.values()))) < 20_000
    assert cleared(sim).seed_removed == len(MANY)
    assert (keys(sim), sim.store.snapshot.seed_parts) == (set(), {})


def test_records_of_an_earlier_table_are_dropped_when_the_next_one_is_seeded() -> None:
    sim = simulate()
    sim.declare(declaration(seed=MANY))
    sim.once()
    del sim.dynamodb.tables["users"]
    sim.declare(declaration(seed=SEED))
    sim.once()
    assert (len(keys(sim)), sim.store.snapshot.seed_parts) == (4, {})


CHANGED_SEEDS: dict[str, tuple[tuple[Any, ...], set[str], bool]] = {
    "the same": (SEED, {"1", "2", "3", "4"}, True),
    "one item more": ((*SEED, item("5")), {"1", "2", "3", "4", "5"}, True),
    "another order": (tuple(reversed(SEED)), {"1", "2", "3", "4"}, True),
    "only what was written": (SEED[:2], {"1", "2"}, True),
    "what was written and others": ((*SEED[:2], item("8")), {"1", "2", "8"}, True),
    "all others": ((item("8"), item("9")), {"1", "2", "8", "9"}, False),
    "one item less": (SEED[1:], {"1", "2", "3", "4"}, False),
    "an item with other content": ((item("1", name="new"), *SEED[1:]), {"1", "2", "3", "4"}, False),
    "all content": (tuple(item(str(n), name="new") for n in range(1, 5)), {"1", "2", "3", "4"}, False),
    "one of two, and one more": ((SEED[1], item("8")), {"1", "2", "8"}, False),
    "a number spelt otherwise": ((*SEED[:2], {"pk": {"S": "8"}, "n": {"N": "1.0"}}), {"1", "2", "8"}, True),
}


@pytest.mark.parametrize("name", CHANGED_SEEDS)
@pytest.mark.parametrize("batch", [1, 2, 100])
def test_a_seed_that_changed_while_it_was_interrupted(name: str, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seed_batches, "BATCH", batch)
    seed, expected, whole = CHANGED_SEEDS[name]
    sim = simulate()
    sim.declare(declaration(seed=SEED))
    killed_after(sim, 2, sim.once)
    if batch == 100:
        # Of four items two were sent, and all four count as possibly written.
        assert keys(sim) == {"1", "2"}
    sim.declare(declaration(seed=seed))
    report = sim.once()
    assert keys(sim) == expected
    record = sim.store.snapshot.seeds["users"]
    if whole:
        assert (report.verdict, record.state, record.digest) == (Verdict.IN_SYNC, "done", items_digest(seed))
        return
    assert (report.verdict, record.state) == (Verdict.DRIFTED, "started")
    blocked = [step for step in report.tables[0].steps if step.status is StepStatus.BLOCKED]
    assert [step.reason for step in blocked] == [Reason.SEED_CHANGED]
    assert blocked[0].allow_with == "reconciler seed users"
    quiet = sim.items.puts
    assert sim.once().verdict is Verdict.DRIFTED
    assert sim.items.puts == quiet


def test_a_seed_that_changes_with_every_reading_never_piles_up() -> None:
    sim = simulate()
    sim.declare(declaration(seed=tuple(item(f"a{n}") for n in range(8))))
    killed_after(sim, 3, sim.once)
    for turn in "bcd":
        sim.declare(declaration(seed=tuple(item(f"{turn}{n}") for n in range(8))))
        assert sim.once().verdict is Verdict.DRIFTED
    assert len(keys(sim)) == 3 + 8


def test_after_a_changed_seed_clear_and_seed_lead_to_exactly_the_present_one() -> None:
    sim = simulate()
    sim.declare(declaration(seed=SEED))
    stopped_after(sim, 2, sim.once)
    assert keys(sim) == {"1", "2"}
    sim.declare(declaration(seed=OTHER_SEED))
    sim.once()
    assert cleared(sim).seed_kept == 0
    assert keys(sim) == set()
    sim.reconciler.seed()
    assert list(sim.dynamodb.tables["users"].items.values()) == [dict(one) for one in OTHER_SEED]
    assert sim.once().verdict is Verdict.IN_SYNC


def test_foreign_items_keep_a_changed_seed_out_of_the_table() -> None:
    sim = simulate()
    sim.declare(declaration(seed=SEED))
    killed_after(sim, 2, sim.once)
    put(sim, item("7", name="theirs"))
    sim.declare(declaration(seed=(item("8"), item("9"))))
    assert sim.once().verdict is Verdict.DRIFTED
    assert keys(sim) == {"1", "2", "7"}
    sim.reconciler.seed()
    assert keys(sim) == {"1", "2", "7", "8", "9"}
    assert sim.once().verdict is Verdict.IN_SYNC


WHEN = [0, 1, 150, 999, 1000, 1001, 1500, 2000, 2300, 2498, 2499]


@pytest.mark.parametrize("verb", ["once", "seed", "clear"])
@pytest.mark.parametrize("when", WHEN)
def test_recreating_a_table_ends_its_seeding_within_two_seconds(when: int, verb: str) -> None:
    """Each item takes a twentieth of a second; the table is recreated with an item right before item ``when``."""
    sim = simulate(timeout=3000)
    sim.declare(declaration(seed=MANY))
    if verb == "seed":
        sim.dynamodb.make(**ACTIVE)
    if verb == "clear":
        sim.once()
    count, at = iter(range(10_000)), [0.0]

    def recreate(operation: str, value: Any) -> None:
        if operation not in ("PutItem", "DeleteItem"):
            return
        sim.clock.seconds += 0.05
        if next(count) == when:
            del sim.dynamodb.tables["users"]
            sim.dynamodb.make(**ACTIVE)
            put(sim, item("theirs"))
            for one in MANY if verb == "clear" else ():
                put(sim, one)
            at[0] = sim.clock.seconds

    sim.items.faults = recreate
    before = len(sim.telemetry.steps)
    report = sim.once() if verb == "once" else getattr(sim.reconciler, verb)()
    sim.items.faults = None
    assert sim.clock.seconds - at[0] < 2.5
    (table,) = report.tables
    assert table.status is TableStatus.ERROR
    failed = [step for _, step in sim.telemetry.steps[before:] if step.status is StepStatus.FAILED]
    assert [step.reason for step in failed] == [Reason.IDENTITY]
    assert "deleted it and created it again" in (failed[0].message or "")
    record = sim.store.snapshot.seeds["users"]
    assert record.state == ("cleared" if verb == "clear" else "started")
    assert "theirs" in keys(sim)
    touched = len(keys(sim)) - 1 if verb != "clear" else len(MANY) + 1 - len(keys(sim))
    assert touched <= 2.0 / 0.05, "items of the new table"


@pytest.mark.parametrize("after", [0, 1, 99, 100, 101, 250, 1000])
@pytest.mark.parametrize("verb", ["once", "seed", "clear"])
def test_a_stop_ends_seeding_between_two_batches_and_the_next_run_resumes(after: int, verb: str) -> None:
    sim = simulate(timeout=3000)
    sim.declare(declaration(seed=MANY))
    sim.once() if verb == "clear" else sim.run()
    count, stopped = iter(range(10_000)), []
    sleep = sim.clock.sleep

    def stop(operation: str, value: Any) -> None:
        if operation in ("PutItem", "DeleteItem") and next(count) == after:
            stopped.append(True)

    def cut_short(seconds: float) -> bool:
        sleep(seconds)
        return not stopped

    sim.items.faults, sim.clock.sleep = stop, cut_short  # type: ignore[method-assign]
    report = sim.once() if verb == "once" else getattr(sim.reconciler, verb)()
    sim.items.faults, sim.clock.sleep = None, sleep  # type: ignore[method-assign]
    moved = len(MANY) - len(keys(sim)) if verb == "clear" else len(keys(sim))
    assert after < moved <= after + 100
    steps = [step for step in report.tables[0].steps if step.status is StepStatus.DEFERRED]
    assert [step.reason for step in steps] == [Reason.BUSY]
    assert f"stopped after {moved:,} of 2,500 items" in (steps[0].message or "")
    assert report.verdict is not Verdict.IN_SYNC
    sim.reconciler.clear() if verb == "clear" else sim.once()
    assert len(keys(sim)) == (0 if verb == "clear" else len(MANY))


class CutShort:
    """The ``Parallel`` port of a process that is to stop: ``left`` results are given, one more call was sent."""

    def __init__(self, left: int) -> None:
        self.left = left

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], *, eager: bool = False) -> Iterator[Any]:
        for one in items:
            result = function(one)
            if self.left == 0:
                raise Interrupted("the process is to stop")
            self.left -= 1
            yield result


@pytest.mark.parametrize("verb", ["seed", "clear"])
@pytest.mark.parametrize("left", [0, 1, 2, 3])
def test_a_batch_that_is_cut_short_is_recorded_as_far_as_its_results_came(left: int, verb: str) -> None:
    sim = simulate(timeout=3000)
    sim.declare(declaration(seed=SEED))
    sim.dynamodb.make(**ACTIVE)
    if verb == "clear":
        sim.reconciler.seed()
    sim.reconciler.ports, whole = replace(sim.reconciler.ports, parallel=CutShort(left)), sim.reconciler.ports
    (table,) = getattr(sim.reconciler, verb)().tables
    (step,) = table.steps
    assert (step.status, step.reason) == (StepStatus.DEFERRED, Reason.BUSY)
    assert f"stopped after {left} of 4 items" in (step.message or "")
    assert len(keys(sim)) == (left + 1 if verb == "seed" else 4 - left - 1), "one more was sent"
    record = sim.store.snapshot.seeds["users"]
    assert record.state == ("started" if verb == "seed" else "cleared")
    assert len(unpack(record.written)) == (left if verb == "seed" else 4 - left)
    sim.reconciler.ports = whole
    if verb == "clear":
        assert cleared(sim).seed_removed == 4 - left - 1
        assert keys(sim) == set()
        return
    assert sim.once().verdict is Verdict.IN_SYNC
    assert len(keys(sim)) == 4
    assert cleared(sim).seed_kept == 1, "nobody knows who wrote the item whose answer did not come"


def test_the_deadline_ends_a_long_seeding_within_a_batch() -> None:
    sim = simulate(timeout=20)
    sim.declare(declaration(seed=MANY))

    def slow(operation: str, value: Any) -> None:
        sim.clock.seconds += 0.05

    sim.items.faults = slow
    report = sim.once()
    assert sim.clock.seconds < 20 + 100 * 0.05 + 1
    assert 0 < len(keys(sim)) < len(MANY)
    assert report.verdict is Verdict.DRIFTED
    sim.items.faults = None
    assert sim.once().verdict is Verdict.IN_SYNC
    assert len(keys(sim)) == len(MANY)


@pytest.mark.parametrize("at", [0, 1, 2, 3])
@pytest.mark.parametrize("line", [7, None])
def test_a_refused_item_is_named_by_file_line_and_key(at: int, line: int | None) -> None:
    sim = simulate(timeout=20)
    declared = declaration(seed=SEED)
    assert declared.seed is not None
    lines = () if line is None else tuple(line + position for position in range(len(SEED)))
    sim.declare(replace(declared, seed=replace(declared.seed, lines=lines)))

    def refuse(operation: str, value: Any) -> None:
        if operation == "PutItem" and value["pk"] == SEED[at]["pk"]:
            raise Rejected(operation, "ValidationException", "Item size has exceeded the maximum allowed size")

    sim.items.faults = refuse
    (table,) = sim.once().tables
    place = f"seeds/users.json, item [{at}]" if line is None else f"seeds/users.json:{line + at}"
    assert f"{place}: the item with pk '{at + 1}' was refused: Item size" in (
        table.error or table.steps[-1].message or ""
    )
    assert len(keys(sim)) == 3
    assert (table.seed_written, table.seed_failed) == (3, 1)


def test_digests_are_packed_sorted_and_read_back() -> None:
    digests = {bytes([number]) * 8 for number in range(5)}
    assert unpack(pack(digests)) == digests
    assert pack(digests) == pack(sorted(digests, reverse=True))
    assert (unpack(""), pack(())) == (frozenset(), "")


def test_a_part_holds_a_thousand_digests_and_stays_far_below_the_size_of_an_item() -> None:
    assert (
        len(pack(number.to_bytes(8, "big") for number in range(seed_batches.PART + seed_batches.BATCH))) < 400_000 / 10
    )
