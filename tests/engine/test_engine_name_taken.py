"""Others create a table between our read and our CreateTable: without a proving tag the refused create owns nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate

from reconciler.model.errors import Ambiguous, ApiError, Busy
from reconciler.model.identity import Flavor
from reconciler.planning.create import create_call

OURS, NEXT = declaration("orders"), declaration("users")


def _environment(flavor: Flavor) -> Sim:
    sim = simulate(flavor=flavor, data_loss="allow", prune_grace=timedelta(0))
    sim.declare(OURS)
    return sim


def _before_create(sim: Sim, error: ApiError | None) -> None:
    """Others make the very same table right before ours would be, whose answer may be lost as well."""

    def fault(operation: str, params: object) -> None:
        if operation != "CreateTable":
            return
        sim.dynamodb.faults = None
        call = create_call(OURS.spec, None)
        sim.dynamodb.do(call.operation, dict(call.params))
        sim.dynamodb.tables["orders"].items["theirs"] = item("theirs")
        if error is not None:
            raise error

    sim.dynamodb.faults = fault


def _forgotten(sim: Sim) -> None:
    """Another table is declared instead, until nothing more is to be deleted."""
    for declared in ((OURS, NEXT), (NEXT,)):
        sim.declare(*declared)
        for _ in range(5):
            sim.run()
            sim.clock.seconds += 61


@pytest.mark.parametrize("flavor", list(Flavor))
def test_a_foreign_table_created_right_before_our_create_is_adopted_and_never_pruned(flavor: Flavor) -> None:
    sim = _environment(flavor)
    _before_create(sim, None)
    sim.run()
    sim.run()
    assert sim.store.snapshot.inventory["orders"].ownership == "adopted"
    _forgotten(sim)
    assert "theirs" in sim.dynamodb.tables["orders"].items


def test_a_refused_create_drops_its_intent_where_no_tag_can_prove_it() -> None:
    sim = _environment(Flavor.DYNAMODB_LOCAL)
    _before_create(sim, None)
    sim.run()
    assert "orders" not in sim.store.snapshot.inventory


def test_a_refused_create_still_checks_on_existing_fail_where_there_are_tags() -> None:
    sim = _environment(Flavor.AWS)
    sim.declare(replace(OURS, lifecycle=replace(OURS.lifecycle, on_existing="fail")))
    _before_create(sim, None)
    for _ in range(3):
        report = sim.run()
        sim.clock.seconds += 61
    assert "lifecycle.on_existing is `fail`" in str(report.tables[0].error)
    assert "orders" not in sim.store.snapshot.inventory


def test_the_record_before_a_refused_create_is_restored() -> None:
    sim = _environment(Flavor.DYNAMODB_LOCAL)
    sim.run()
    before = sim.store.snapshot.inventory["orders"]
    del sim.dynamodb.tables["orders"]
    sim.store.put_entry(replace(before, forgotten_since=sim.clock.now()))
    sim.clock.seconds += 61
    _before_create(sim, None)
    sim.run()
    assert sim.store.snapshot.inventory["orders"] == before, "and no wish that was taken back"
    _forgotten(sim)
    assert "theirs" in sim.dynamodb.tables["orders"].items


@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.MOTO])
def test_a_table_that_a_paused_leader_made_late_is_created_by_this_stack(flavor: Flavor) -> None:
    sim = _environment(flavor)
    sent: list[dict[str, Any]] = []

    def paused(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "CreateTable":
            sent.append(dict(params))
            raise Ambiguous(operation, "ConnectionError", "nobody knows what became of it")

    def made_late(operation: str, params: object) -> None:
        if operation == "CreateTable":
            sim.dynamodb.faults = None
            sim.dynamodb.do(operation, sent[0])

    sim.dynamodb.faults = paused
    sim.run()
    sim.clock.seconds += 61
    sim.dynamodb.faults = made_late
    for _ in range(4):
        sim.run()
        sim.clock.seconds += 61
    assert sim.store.snapshot.inventory["orders"].ownership == "created"


def test_a_create_whose_answer_was_lost_keeps_its_intent_though_the_next_one_is_refused() -> None:
    sim = _environment(Flavor.DYNAMODB_LOCAL)

    def lost(operation: str, params: object) -> None:
        if operation == "CreateTable":
            raise Ambiguous(operation, "InternalServerError", "no usable answer")

    sim.dynamodb.faults = lost
    sim.run()
    intent = sim.store.snapshot.inventory["orders"]
    sim.clock.seconds += 61
    _before_create(sim, Busy("CreateTable", "ResourceInUseException", "to a second sending"))
    sim.run()
    assert intent.ownership == sim.store.snapshot.inventory["orders"].ownership == "intent"
