"""What doctor says about an endpoint's gaps: operations that are not there, and fields that did not stick."""

from unittest.mock import Mock

import pytest
from simulation.simulated_engine import declaration, simulate

from reconciler.doctor.capabilities import capabilities
from reconciler.doctor.examine import examine
from reconciler.doctor.finding import Level
from reconciler.model.errors import EndpointError
from reconciler.model.identity import Flavor
from reconciler.settings.loading import load


@pytest.mark.parametrize(("flavor", "verdict"), [(Flavor.MOTO, "unsupported"), (Flavor.AWS, "contested")])
def test_a_field_that_was_written_twice_without_effect_is_named(flavor, verdict):
    sim = simulate(flavor=flavor)
    sim.declare(declaration())
    sim.once()
    sim.dynamodb.sticky = {"DeletionProtectionEnabled"}
    sim.declare(declaration(deletion_protection=True))
    for _ in range(3):
        sim.run()
    (finding,) = [finding for finding in capabilities(sim.reconciler) if finding.name == "users"]
    assert finding.level is Level.WARNING
    assert "deletion_protection" in finding.detail
    assert verdict in finding.detail


def test_nothing_is_reported_where_all_fields_take_effect():
    sim = simulate()
    sim.declare(declaration(deletion_protection=True))
    sim.once()
    assert [finding for finding in capabilities(sim.reconciler) if finding.name == "users"] == []


def test_a_variable_without_the_prefix_of_settings_is_a_warning(tmp_path):
    settings = load({}, one_shot=True, environ={"PRUNE": "never"}, cwd=tmp_path)
    sim = simulate()
    unreachable = Mock(side_effect=EndpointError("http://localhost:1 did not answer"))
    found = examine(settings, Mock(notices=()), unreachable, lambda: sim.reconciler, sim.source.load)
    told = [(each.level, each.detail) for each in found if each.name == "settings"]
    assert told == [(Level.WARNING, settings.warnings[0])]
    assert "Write RECONCILER_PRUNE=never." in told[0][1]
