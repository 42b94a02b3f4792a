"""A command reports its run: an ID of its own, and those of all passes that it took."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from simulation.simulated_engine import Silent, Sim, declaration, item, simulate

from reconciler.model.plan import Action, Approval, Step
from reconciler.model.report import PassReport, RunReport


@dataclass
class Noted(Silent):
    """The IDs of the passes that began, and of each step."""

    began: list[str] = field(default_factory=list)
    stepped: list[str] = field(default_factory=list)

    def pass_started(self, pass_id: str, trigger: str) -> None:
        self.began.append(pass_id)

    def step(self, pass_id: str, table: str, step: Step) -> None:
        super().step(pass_id, table, step)
        self.stepped.append(pass_id)


def noted(sim: Sim) -> Noted:
    telemetry = Noted()
    sim.reconciler.ports = replace(sim.reconciler.ports, telemetry=telemetry)
    return telemetry


def slow() -> Sim:
    sim = simulate(delay=5.0)
    sim.source.declarations = (declaration("users", seed=(item("1"),)),)
    return sim


def check(report: PassReport, telemetry: Noted) -> None:
    assert isinstance(report, RunReport)
    assert list(report.pass_ids) == telemetry.began
    assert report.pass_ids[-1] == report.pass_id
    assert report.run_id not in report.pass_ids
    assert set(telemetry.stepped) <= set(report.pass_ids)


def test_once_names_every_pass_of_its_run() -> None:
    sim = slow()
    telemetry = noted(sim)
    report = sim.reconciler.converge("once")
    assert len(report.pass_ids) > 2
    check(report, telemetry)


def test_up_and_destroy_are_runs_too_and_each_has_an_id_of_its_own() -> None:
    sim = slow()
    first = sim.reconciler.converge("up", approved=Approval(everything=True))
    telemetry = noted(sim)
    second = sim.reconciler.destroy()
    check(second, telemetry)
    assert first.run_id != second.run_id


def test_seed_and_clear_give_their_steps_the_id_of_their_pass() -> None:
    sim = slow()
    sim.reconciler.converge("once")
    telemetry = noted(sim)
    for verb, action in ((sim.reconciler.clear, Action.CLEAR), (sim.reconciler.seed, Action.SEED)):
        report = verb()
        assert [step.action for table in report.tables for step in table.steps] == [action]
        assert report.pass_ids == (report.pass_id,)
        assert telemetry.stepped.pop() == report.pass_id
        assert report.run_id != report.pass_id


def test_a_preview_and_a_pass_of_the_daemon_are_not_runs() -> None:
    sim = slow()
    assert not isinstance(sim.reconciler.preview(), RunReport)
    assert not isinstance(sim.reconciler.run_pass("interval"), RunReport)
