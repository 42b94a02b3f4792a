"""Whole passes change no object that a cache shares with the next pass, whatever a table declares."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from simulation import data_plane
from simulation.simulated_dynamodb import SimulatedDynamoDB
from simulation.simulated_engine import Sim, declaration, simulate
from support.declared_everywhere import everywhere
from support.shared_objects import SharedObjects, shared_objects
from support.table_settings import KEYS

from reconciler.aws.lean.known_answers import KnownAnswers
from reconciler.facets import FACETS
from reconciler.model.change import Call
from reconciler.model.desired import Declaration
from reconciler.model.identity import Flavor
from reconciler.model.table import TableSpec
from reconciler.presentation.document import document
from reconciler.presentation.render import render
from reconciler.state.state_table import StateTable

VALUES: Mapping[str, Any] = {"S": "1", "N": "1", "B": b"1"}
PASSES = 12


class ParsedApi:
    """The simulated service, whose equal answers are the same object, as with the lean client."""

    def __init__(self, dynamodb: SimulatedDynamoDB) -> None:
        self._dynamodb = dynamodb
        self._known = KnownAnswers()

    def list_tables(self) -> tuple[str, ...]:
        return self._dynamodb.list_tables()

    def read(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        answer: Any = self._dynamodb.read(operation, params)
        return self._known.of(operation, repr((params, answer)).encode(), lambda: answer)

    def write(self, call: Call) -> Mapping[str, Any]:
        return self._dynamodb.write(call)


class StateClient:
    """The operations by which the state table is kept, on the same simulated service."""

    def __init__(self, dynamodb: SimulatedDynamoDB) -> None:
        self._dynamodb = dynamodb

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if operation in data_plane.OPERATIONS:
            return data_plane.OPERATIONS[operation](self._dynamodb, params)
        if operation == "DescribeTable":
            return dict(self._dynamodb.read(operation, params))
        return self._dynamodb.do(operation, params)


def environment(flavor: Flavor) -> Sim:
    sim = simulate(flavor=flavor, data_loss="allow", disruption="allow", timeout=7 * 86400)
    sim.dynamodb.aliases.update(KEYS)
    sim.dynamodb.has_backups = True
    store = StateTable(
        StateClient(sim.dynamodb), "reconciler_state", sim.reconciler.options.scope, holder="me", clock=sim.clock
    )
    object.__setattr__(sim.reconciler.ports, "api", ParsedApi(sim.dynamodb))
    object.__setattr__(sim.reconciler.ports, "store", store)
    return sim


def seeded(name: str, table: TableSpec) -> Declaration:
    fields = {each: getattr(table, each) for each in TableSpec.__dataclass_fields__ if each != "name"}
    return declaration(name, seed=({key.attribute: {key.type: VALUES[key.type]} for key in table.keys},), **fields)


def chosen(specs: Sequence[TableSpec]) -> list[TableSpec]:
    """The first two specs that declare each facet, each spec once."""
    found: list[TableSpec] = []
    for facet in FACETS:
        declaring = [table for table in specs if getattr(table, facet.name)][:2]
        assert declaring, f"no spec declares {facet.name}"
        found += [table for table in declaring if table not in found]
    return found


def look(sim: Sim, noted: SharedObjects) -> None:
    """Passes until nothing changes any more, and what their reports are used for."""
    for _ in range(PASSES):
        report = sim.run()
        json.dumps(document(report), default=str)
        assert list(render(report))
        sim.clock.seconds += 3600
    sim.reconciler.preview()
    assert noted.changed() == []


@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.MOTO])
def test_no_pass_changes_an_object_that_a_cache_shares(flavor: Flavor, tmp_path: Path) -> None:
    specs = chosen(list(everywhere(tmp_path).values()))
    sim = environment(flavor)
    with shared_objects() as noted:
        # Each table is declared anew with the spec of its neighbour, so that features are created and changed.
        for tables in (specs, [*specs[1:], specs[0]]):
            sim.declare(*(seeded(f"table-{number}", table) for number, table in enumerate(tables)))
            look(sim, noted)
    assert noted.shared.keys() == {"KnownAnswers", "ReadRecords", "PlanCache", "Conclusions"}
    assert min(noted.shared.values()) > len(specs)


def test_a_change_of_a_shared_object_is_noticed() -> None:
    with shared_objects() as noted:
        known = KnownAnswers()
        answer = known.of("DescribeTable", b"{}", lambda: {"Table": {"KeySchema": ["pk"]}})
        assert noted.changed() == []
        answer["Table"]["KeySchema"].append("sk")
        assert [cache for cache, _, _ in noted.changed()] == ["KnownAnswers"]
