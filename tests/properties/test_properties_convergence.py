"""From any declaration to any other the loop converges, as raw answers show it, and then writes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from simulation.simulated_engine import Sim, item, simulate
from support.declared_state import violations
from support.strategies import table_specs
from support.table_settings import KEYS

from reconciler.model.desired import Declaration, Origin, Seed
from reconciler.model.identity import Flavor
from reconciler.model.observed import Responses
from reconciler.model.report import Verdict
from reconciler.model.table import TableSpec
from reconciler.seeding.digest import items_digest

EMULATORS = [flavor for flavor in Flavor if flavor.emulator]
ALLOWED = {"data_loss": "allow", "disruption": "allow"}


def declared(spec: TableSpec) -> Declaration:
    """The table under its one name, with a seed when its key lets the same items fit."""
    simple = [(key.attribute, key.type) for key in spec.keys] == [("pk", "S")]
    seeds = (item("1"), item("2")) if simple else ()
    seed = Seed("seeds/subject.json", seeds, items_digest(seeds)) if seeds else None
    return Declaration("subject", replace(spec, name="subject"), Origin("subject.yaml", 1), seed=seed)


def as_declared(sim: Sim, spec: TableSpec) -> list[str]:
    """What the table lacks of the declaration, without what such an endpoint is known to lack."""
    live = sim.dynamodb.tables["subject"]
    answers = {"DescribeTable": {"Table": live.description}, "DescribeTimeToLive": {"TimeToLiveDescription": live.ttl}}
    if sim.dynamodb.has_tags:
        answers["ListTagsOfResource"] = {"Tags": [{"Key": k, "Value": v} for k, v in live.tags.items()]}
    answers["DescribeContinuousBackups"] = sim.dynamodb.read("DescribeContinuousBackups", {"TableName": "subject"})
    lacking = sim.reconciler.ports.endpoint.flavor.lacks
    return violations(Responses(answers), replace(spec, **dict.fromkeys(lacking)))


def environment(**options: Any) -> Sim:
    """A simulation whose account has the keys that the declarations name."""
    sim = simulate(timeout=3600, **ALLOWED, **options)
    sim.dynamodb.aliases.update(KEYS)
    return sim


def quiet(sim: Sim) -> None:
    sim.dynamodb.journal.clear()
    puts = sim.items.puts
    for _ in range(5):
        assert sim.run().verdict is Verdict.IN_SYNC
    assert sim.dynamodb.journal == []
    assert sim.items.puts == puts


@settings(max_examples=150)
@given(table_specs(), table_specs(), st.sampled_from(EMULATORS), st.sampled_from([0.0, 7.0]))
def test_from_any_declaration_to_any_other(before: TableSpec, after: TableSpec, flavor: Flavor, delay: float) -> None:
    sim = environment(flavor=flavor, delay=delay)
    for spec in (before, replace(after, deletion_protection=False), after):
        sim.declare(declared(spec))
        assert sim.once().verdict is Verdict.IN_SYNC
        assert as_declared(sim, spec) == []
    quiet(sim)


@settings(max_examples=100)
@given(table_specs(), table_specs(), st.integers(1, 6))
def test_a_declaration_that_changes_midway_converges_to_the_latest_version(
    first: TableSpec, last: TableSpec, rounds: int
) -> None:
    sim = environment(delay=2.0)
    sim.declare(declared(replace(first, deletion_protection=None)))
    for _ in range(rounds):
        sim.run()
        sim.clock.seconds += 1
    sim.declare(declared(last))
    assert sim.once().verdict is Verdict.IN_SYNC
    assert as_declared(sim, last) == []
    quiet(sim)
