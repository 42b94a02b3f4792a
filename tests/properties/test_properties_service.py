"""From any declaration to any other on the strict simulation with delays and stale reads, related resources included.

The loop arrives without one refused call, as raw answers show it, waits for every quota, and then writes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from simulation.sequences import converge
from simulation.simulated_engine import Sim, simulate
from support.declared_state import violations
from support.specs import declaration
from support.strategies import table_specs_with_all
from support.table_settings import KEYS

from reconciler.model.identity import Flavor
from reconciler.model.observed import Responses
from reconciler.model.table import TableSpec
from reconciler.planning.observe import extra_reads, read_params, reads

YEAR = 365 * 86400.0


def follows(before: TableSpec, after: TableSpec) -> TableSpec:
    """``after``, where it can follow: a table with vector indexes, ours or others', stays on demand (rule 16)."""
    if before.vector_indexes and after.vector_indexes is None and _provisioned(after):
        return replace(after, vector_indexes=())
    if after.vector_indexes and after.billing is None and _provisioned(before):
        return replace(after, vector_indexes=None)
    return after


def _provisioned(table: TableSpec) -> bool:
    return table.billing is not None and table.billing.mode == "PROVISIONED"


def answers(sim: Sim, spec: TableSpec) -> Responses:
    dynamodb = sim.dynamodb
    table = dynamodb.read("DescribeTable", {"TableName": spec.name})["Table"]
    found: dict[str, Any] = {"DescribeTable": {"Table": table}}
    for operation in reads(spec):
        found[operation] = dynamodb.read(operation, read_params(operation, spec.name, table["TableArn"], table))
    for ask in extra_reads(spec, table):
        found[ask.key] = dynamodb.read(ask.operation, ask.params)
    return Responses(found)


@settings(max_examples=60)
@given(table_specs_with_all(), table_specs_with_all(), st.sampled_from([0.0, 40.0]))
def test_the_loop_arrives_without_a_refused_call_and_stays(before: TableSpec, after: TableSpec, delay: float) -> None:
    sim = simulate(flavor=Flavor.AWS, delay=delay, stale=10, data_loss="allow", disruption="allow")
    sim.dynamodb.aliases.update(KEYS)
    last = follows(before, after)
    for spec in (before, replace(last, deletion_protection=False), last):
        converge(sim, declaration(spec))
        assert violations(answers(sim, spec), spec) == []
        sim.clock.seconds += YEAR
