"""A slice of the campaign ``simulation``, spread over all of it; and that its witness sees what it is there for."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from campaigns.campaign import slice_of
from campaigns.simulation_campaign import CAMPAIGN, case, valid
from campaigns.simulation_case import DEEDS, KINDS, Plan, StormCase, Turn, draw
from campaigns.simulation_run import Storm
from support.specs import keys

from reconciler.model.change import Call
from reconciler.model.desired import Lifecycle
from reconciler.model.identity import Flavor
from reconciler.model.options import Options
from reconciler.model.table import TableSpec

CASES = 1_200
PARTS = 4
ORDERS, USERS = TableSpec("orders", keys("pk S")), TableSpec("users", keys("pk S"))


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_forbidden_happens_and_the_declared_state_is_reached(part: int) -> None:
    figures: Counter[str] = Counter()
    for number in list(slice_of(CAMPAIGN, CASES))[part::PARTS]:
        try:
            figures.update(case(number))
        except AssertionError as error:
            raise AssertionError(f"make campaign CAMPAIGN='simulation --seed {number}': {error}") from error
    assert figures["tables as declared"] > CASES / PARTS / 2
    assert figures["DeleteTable"] > CASES / PARTS / 12
    assert figures["broken by crash"] > 0


def test_what_is_drawn_can_be_reached_and_has_every_kind_of_trouble() -> None:
    cases = [draw(number) for number in range(400)]
    assert all(valid(case) for case in cases)
    turns = [turn for case in cases for turn in case.turns]
    assert {fault.kind for turn in turns for fault in turn.faults} == set(KINDS)
    assert {deed.kind for turn in turns for deed in turn.deeds} == set(DEEDS)


def world(*, flavor: Flavor = Flavor.MOTO, lifecycle: Lifecycle | None = None, **options: object) -> Storm:
    """``orders`` and ``users`` are there and ours; then only ``users`` is declared."""
    plans = (Plan("users", USERS, USERS), Plan("orders", ORDERS, ORDERS, lifecycle or Lifecycle()))
    storm = Storm(StormCase(flavor, Options(prune_grace=timedelta(0), **options), plans, ()))  # type: ignore[arg-type]
    for _ in range(2):
        storm.turn(Turn(((0, 0), (1, 0)), pause=61.0))
    storm.witness.begin(Turn(((0, 0),)))
    return storm


DELETE = Call("DeleteTable", {"TableName": "orders"})


def delete(storm: Storm) -> None:
    """As the engine would: a look inside, the lease in hand, and the call."""
    storm.reconciler.ports.store.acquire_lease()
    storm.witness.scanned("orders", 1)
    storm.witness.writes(DELETE, 5)


def test_the_witness_lets_a_rightful_delete_pass() -> None:
    delete(world())


def _recreated(storm: Storm) -> None:
    del storm.plane.tables["orders"]
    storm.others.create(ORDERS)


def _put(storm: Storm) -> None:
    table = storm.plane.tables["orders"]
    storm.others._put(table, "theirs")


WRONG = {
    "table of others": (_recreated, {}),
    "after an invalid answer": (lambda storm: storm.witness.garbled(), {}),
    "lifecycle.protect": (lambda storm: None, {"lifecycle": Lifecycle(protect=True)}),
    "PRUNE=never": (lambda storm: None, {"prune": "never"}),
    "items lost without leave": (_put, {"data_loss": "never"}),
    "items lost 0.0 s after": (_put, {"grace": 300}),
    "more than 0 deletes": (lambda storm: None, {"max_deletes": 0}),
    "not seen empty": (lambda storm: None, {"flavor": Flavor.AWS, "grace": 300}),
    "declarations broken": (lambda storm: storm.witness.begin(Turn(((0, 0),), broken=True)), {}),
    "nothing declared": (lambda storm: storm.witness.begin(Turn(())), {}),
    "mode observe": (lambda storm: storm.witness.begin(Turn(((0, 0),), observe=True)), {}),
    "foreign state table": (lambda storm: storm.witness.begin(Turn(((0, 0),), elsewhere=True)), {}),
    "replaced without need": (lambda storm: storm.witness.begin(Turn(((0, 0), (1, 0)))), {}),
}


@pytest.mark.parametrize("said", WRONG)
def test_the_witness_sees_a_wrong_delete(said: str) -> None:
    change, wanted = WRONG[said]
    options = dict(wanted)
    grace = options.pop("grace", None)
    storm = world(**options)  # type: ignore[arg-type]
    if grace is not None:
        storm.case = storm.witness.case = _with_grace(storm.case, grace)
    change(storm)
    with pytest.raises(AssertionError, match=said):
        delete(storm)


def _with_grace(case: StormCase, seconds: int) -> StormCase:
    return replace(case, options=replace(case.options, prune_grace=timedelta(seconds=seconds)))


def test_the_witness_sees_a_lost_lease_a_lost_item_and_a_second_change() -> None:
    storm = world()
    storm.state.stolen()
    with pytest.raises(AssertionError, match="lease lost"):
        storm.witness.writes(DELETE, 5)
    storm = world()
    _put(storm)
    storm.plane.tables["orders"].items.clear()
    with pytest.raises(AssertionError, match="item of others lost"):
        storm.witness.after_pass()
    storm = world()
    switch = Call("UpdateTable", {"TableName": "users", "DeletionProtectionEnabled": True})
    storm.witness.writes(switch, 5)
    with pytest.raises(AssertionError, match="two changes of one table"):
        storm.witness.writes(switch, 6)
    storm = world()
    off = Call("UpdateTable", {"TableName": "users", "DeletionProtectionEnabled": False})
    with pytest.raises(AssertionError, match="protection switched off unasked"):
        storm.witness.writes(off, 5)
