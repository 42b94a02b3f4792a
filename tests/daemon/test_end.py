"""The end of the daemon: it releases the lease and keeps its last pass, and waits for nothing twice."""

from __future__ import annotations

import pytest
from simulation.simulated_engine import declaration, simulate

from reconciler.daemon.daemon import leave
from reconciler.model.errors import Unreachable


@pytest.mark.parametrize("answers", [True, False])
def test_the_last_pass_is_kept_unless_the_endpoint_does_not_answer_any_more(
    answers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sim = simulate()
    sim.declare(declaration())
    for _ in range(3):
        sim.clock.seconds += 60
        sim.run()
    before = len(sim.store.runs)

    def refuse() -> None:
        raise Unreachable("UpdateItem", "NoAnswer", "refused")

    if not answers:
        monkeypatch.setattr(sim.store, "release_lease", refuse)
    leave(sim.reconciler)
    assert len(sim.store.runs) - before == int(answers)
