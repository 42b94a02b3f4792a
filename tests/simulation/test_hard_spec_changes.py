"""Every hard spec change on the strict simulation with delays and stale reads: no refused call, then no writes.

What was reached is read from the raw answers, without the product's facets.
"""

from __future__ import annotations

from typing import Any

import pytest
from simulation.sequences import converge
from simulation.simulated_engine import Sim, simulate
from support.declared_state import violations
from support.setting_changes import SETTINGS
from support.spec_changes import SPEC_CHANGES, SpecChange
from support.specs import NAME, declaration
from support.table_settings import KEYS
from support.vector_changes import VECTORS

from reconciler.model.identity import Flavor
from reconciler.model.observed import Responses
from reconciler.planning.observe import all_reads, read_params

DAY = 86400.0
CASES = (*SPEC_CHANGES, *SETTINGS, *VECTORS)


def responses(sim: Sim) -> Responses:
    dynamodb = sim.dynamodb
    answers: dict[str, Any] = {"DescribeTable": dynamodb.read("DescribeTable", {"TableName": NAME})}
    for operation in ("DescribeTimeToLive", "ListTagsOfResource", "DescribeContinuousBackups"):
        assert operation in all_reads()
        answers[operation] = dynamodb.read(operation, read_params(operation, NAME, dynamodb.arn(NAME)))
    return Responses(answers)


@pytest.mark.parametrize("delay", [0, 40])
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_it_is_reached_without_a_refused_call_and_stays(case: SpecChange, delay: float) -> None:
    sim = simulate(flavor=Flavor.AWS, delay=delay, stale=10, data_loss="allow", disruption="allow")
    sim.dynamodb.aliases.update(KEYS)
    converge(sim, declaration(case.before))
    sim.clock.seconds += DAY
    converge(sim, declaration(case.after))
    assert violations(responses(sim), case.after) == []
