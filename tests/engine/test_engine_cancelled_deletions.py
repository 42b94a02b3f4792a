"""A pending deletion that is cancelled while another reconciler leads: it ends without a record."""

from __future__ import annotations

from datetime import timedelta

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate

from reconciler.model.desired import Declaration
from reconciler.model.identity import Flavor
from reconciler.model.records import Lease
from reconciler.model.report import Verdict
from reconciler.model.table import KeyElement

NUMBER = (KeyElement("pk", "HASH", "N"),)
GRACE = 300.0
CARTS, ORDERS, OTHER_KEY = declaration("carts"), declaration("orders"), declaration("carts", keys=NUMBER)
FLAVORS = [Flavor.MOTO, Flavor.AWS]


def _settled(flavor: Flavor) -> Sim:
    """Two tables, one of them with an item of others."""
    sim = simulate(flavor=flavor, data_loss="allow", disruption="allow", prune_grace=timedelta(seconds=GRACE))
    sim.declare(CARTS, ORDERS)
    for _ in range(20):
        if sim.run().verdict is Verdict.IN_SYNC:
            break
        sim.clock.seconds += 1
    sim.dynamodb.tables["carts"].items["theirs"] = item("theirs")
    sim.clock.seconds += 60
    return sim


def _passes(sim: Sim, seconds: float, *declared: Declaration) -> None:
    sim.declare(*declared)
    until = sim.clock.seconds + seconds
    while sim.clock.seconds < until:
        sim.run()
        sim.clock.seconds += 10


def _under_another(sim: Sim, *declared: Declaration) -> None:
    """One pass while another reconciler holds the lease."""
    sim.store.rival = Lease("rival", 7, sim.clock.now() + timedelta(seconds=30))
    sim.declare(*declared)
    sim.run()
    sim.store.rival = None
    sim.clock.seconds += 5


def _there(sim: Sim) -> bool:
    table = sim.dynamodb.tables.get("carts")
    return table is not None and "theirs" in table.items


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("options", [(ORDERS,), (OTHER_KEY, ORDERS)], ids=["forgotten", "replaced"])
def test_a_pending_deletion_cancelled_under_another_leader_restarts_its_grace(
    flavor: Flavor, options: tuple[Declaration, ...]
) -> None:
    sim = _settled(flavor)
    _passes(sim, GRACE - 20, *options)
    _under_another(sim, CARTS, ORDERS)
    again = sim.clock.seconds
    _passes(sim, GRACE - 10, *options)
    assert _there(sim), f"lost {sim.clock.seconds - again} s after the second wish"
    _passes(sim, 60, *options)
    assert not _there(sim)


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_restarted_grace_is_recorded_for_other_processes(flavor: Flavor) -> None:
    sim = _settled(flavor)
    _passes(sim, GRACE - 20, ORDERS)
    _under_another(sim, CARTS, ORDERS)
    again = sim.clock.now()
    _passes(sim, 10, ORDERS)
    entry = sim.store.snapshot.inventory["carts"]
    assert entry.forgotten_since == entry.unwanted_since == again


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_pending_deletion_keeps_its_start_time_under_another_leader(flavor: Flavor) -> None:
    sim = _settled(flavor)
    _passes(sim, GRACE - 20, ORDERS)
    _under_another(sim, ORDERS)
    _passes(sim, 60, ORDERS)
    assert not _there(sim)
