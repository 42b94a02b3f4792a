"""Complaints of users of other tools, shown not to happen here; docs/complaints.md names these tests."""

from __future__ import annotations

from dataclasses import replace

import pytest
from simulation.sequences import converge
from simulation.simulated_engine import Sim, declaration, simulate
from support.specs import gsi, keys, provisioned, ttl

from reconciler.engine.state import EngineState
from reconciler.model.desired import Lifecycle
from reconciler.model.identity import Flavor
from reconciler.model.plan import Action, Reason, StepStatus
from reconciler.model.report import TableStatus, Verdict
from reconciler.model.table import KeyElement
from reconciler.presentation.render import render

SEVEN = tuple(gsi(f"by_{letter}", f"{letter} S") for letter in "abcdefg")


def living(**spec: object) -> Sim:
    """AWS as simulated, with a converged table that was made long ago."""
    sim = simulate(flavor=Flavor.AWS, delay=30, disruption="allow")
    converge(sim, declaration("users", **spec))
    sim.clock.seconds += 86400
    sim.dynamodb.journal.clear()
    return sim


def test_one_index_more_is_one_line_of_the_plan_and_no_other_index_is_named() -> None:
    sim = living(global_indexes=SEVEN)
    sim.declare(declaration("users", global_indexes=(*SEVEN, gsi("by_h", "h S"))))
    lines = [text for _, text in render(sim.reconciler.preview())]
    assert [line for line in lines if "by_" in line] == ["       global_indexes.by_h: none →"]
    after = lines[lines.index("       global_indexes.by_h: none →") + 1 :]
    assert [line.strip() for line in after[:4]] == [
        "KeySchema:",
        "AttributeName: h, KeyType: HASH, AttributeType: S",
        "Projection:",
        "ProjectionType: ALL",
    ]


def test_what_the_service_computes_or_adds_by_itself_is_not_drift() -> None:
    sim = living(global_indexes=SEVEN[:1], billing=None)
    table = sim.dynamodb.tables["users"].description
    table |= {
        "ItemCount": 10**9,
        "TableSizeBytes": 10**12,
        "WarmThroughput": {"ReadUnitsPerSecond": 90000, "WriteUnitsPerSecond": 50000, "Status": "ACTIVE"},
        "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": "arn:aws:kms:x:1:key/aws"},
        "SomethingOfNextYear": {"Enabled": True},
    }
    table["AttributeDefinitions"] = table["AttributeDefinitions"][::-1]
    table["GlobalSecondaryIndexes"][0] |= {
        "IndexArn": "arn:index",
        "IndexSizeBytes": 7,
        "ItemCount": 7,
        "WarmThroughput": {"ReadUnitsPerSecond": 90000, "WriteUnitsPerSecond": 50000, "Status": "ACTIVE"},
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
    }
    report = sim.run()
    assert (report.verdict, report.tables[0].steps, sim.dynamodb.journal) == (Verdict.IN_SYNC, (), [])


def test_a_field_without_effect_does_not_block_other_changes() -> None:
    sim = living(deletion_protection=False)
    sim.dynamodb.after = lambda operation, _: sim.dynamodb.tables["users"].description.update(
        DeletionProtectionEnabled=False
    )
    sim.declare(declaration("users", deletion_protection=True, ttl=ttl("gone"), global_indexes=SEVEN[:1]))
    for _ in range(20):
        (table,) = sim.run().tables
        sim.clock.seconds += 3600
    assert [step.reason for step in table.steps] == [Reason.CONTESTED]
    live = sim.dynamodb.tables["users"]
    assert (live.ttl["AttributeName"], len(live.description["GlobalSecondaryIndexes"])) == ("gone", 1)
    assert sim.dynamodb.mutating.count("UpdateTable") == 3


@pytest.mark.parametrize("ignored", ["global_indexes.by_a.throughput", "global_indexes", "billing", "keys", "*"])
def test_adding_or_removing_an_ignore_rule_makes_no_call_and_never_a_replacement(ignored: str) -> None:
    fields = {"billing": provisioned(5, 5), "global_indexes": (gsi("by_a", "a S", units=(5, 5)),)}
    sim = living(**fields)
    for lifecycle in (Lifecycle(ignore_changes=(ignored,)), Lifecycle(), Lifecycle(ignore_changes=(ignored,))):
        sim.declare(declaration("users", lifecycle=lifecycle, **fields))
        report = sim.run()
        assert (report.verdict, report.tables[0].steps) == (Verdict.IN_SYNC, ())
    assert sim.dynamodb.journal == []


def test_tags_of_a_cost_tool_come_and_go_without_a_call() -> None:
    sim = living(tags=(("team", "core"),))
    for theirs in ({"cost-center": "42", "aws:cloudformation:stack-name": "x"}, {"cost-center": "43"}, {}):
        kept = {key: value for key, value in sim.dynamodb.tables["users"].tags.items() if "cost" not in key}
        sim.dynamodb.tables["users"].tags = {**kept, **theirs}
        assert sim.run().verdict is Verdict.IN_SYNC
    assert sim.dynamodb.journal == []


def test_many_index_changes_reach_their_end_though_every_pass_is_a_process_of_its_own() -> None:
    sim = living(global_indexes=SEVEN[:4])
    sim.declare(declaration("users", global_indexes=SEVEN[3:]))
    seen = []
    for _ in range(200):
        sim.reconciler.state = EngineState()
        report = sim.run()
        if report.verdict is Verdict.IN_SYNC:
            break
        seen.append(report.tables[0].steps)
        sim.clock.seconds += 20
    assert report.verdict is Verdict.IN_SYNC
    assert sim.dynamodb.refused == []
    assert [next(iter(call.params["GlobalSecondaryIndexUpdates"][0])) for call in sim.dynamodb.journal] == [
        *["Create"] * 3,
        *["Delete"] * 3,
    ]
    assert all(any(step.status in (StepStatus.DONE, StepStatus.DEFERRED) for step in steps) for steps in seen)


@pytest.mark.parametrize("other", [keys("pk N"), keys("pk S", "sk S"), keys("id S")], ids=["type", "range", "name"])
def test_another_key_is_reported_and_the_table_stays_until_it_is_allowed(
    other: tuple[KeyElement, ...],
) -> None:
    sim = living()
    sim.dynamodb.tables["users"].items["1"] = {"pk": {"S": "1"}}
    sim.reconciler.options = replace(sim.reconciler.options, data_loss="never")
    sim.declare(declaration("users", keys=other))
    for _ in range(3):
        (table,) = sim.run().tables
    (step,) = table.steps
    assert (table.status, step.action, step.status) == (TableStatus.BLOCKED, Action.REPLACE, StepStatus.BLOCKED)
    assert step.changes[0].path == "keys"
    assert "RECONCILER_DATA_LOSS=allow" in (step.allow_with or "")
    assert sim.dynamodb.journal == []
