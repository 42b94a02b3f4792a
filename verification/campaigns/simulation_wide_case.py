"""One case of the campaign ``simulation-wide``: a scenario on AWS with replicas, auto scaling and backups.

Others work on those, too. Drawn from a generator of its own, so that the numbers of ``simulation`` stay what they are.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from campaigns.simulation_case import CALLS_OF_A_PASS, Action, Phase, Plan, SimulationCase, draw
from support.foreign_wide import wide_call
from support.random_wide import carrying, wide

from reconciler.model.identity import Flavor

SHARE = 0.35
"""Of the declarations that get each of them."""
DAY = 86_400.0
BACKUP_ACTIONS = ("backup", "drop_backup")


def draw_wide(number: int) -> SimulationCase:
    """The case of that number."""
    rng = Random(f"wide {number}")
    case = draw(rng.randrange(1_000_000))
    while case.flavor is not Flavor.AWS:
        case = draw(rng.randrange(1_000_000))
    plans = tuple(_plan(rng, plan) for plan in case.plans)
    options = case.options
    if rng.random() < 0.6:
        options = replace(options, data_loss="allow", disruption="allow", max_deletes=None, max_deletes_share=None)
    late = len(case.phases) // 2
    phases = tuple(_phase(rng, phase, plans, int(at >= late)) for at, phase in enumerate(case.phases))
    return replace(case, options=options, plans=plans, phases=phases)


def _plan(rng: Random, plan: Plan) -> Plan:
    """In two versions that go to and fro: both keep the stream that carries replicas of the other (rule 26)."""
    first, second = (wide(rng, spec, SHARE) for spec in (plan.first, plan.second))
    if first.replicas and rng.random() < 0.7:
        second = replace(first, replicas=first.replicas[1:], ttl=second.ttl, tags=second.tags, backups=second.backups)
    lifecycle = replace(plan.lifecycle, on_existing=rng.choice((plan.lifecycle.on_existing, "adopt", "own")))
    return replace(plan, first=carrying(first, second), second=carrying(second, first), lifecycle=lifecycle)


def _phase(rng: Random, phase: Phase, plans: tuple[Plan, ...], version: int) -> Phase:
    """Mostly the first versions in the first half of the phases, and the second ones later."""
    actions = tuple(_action(rng, plans) for _ in range(rng.choice((0, 0, 1, 2))))
    declared = tuple((at, version if rng.random() < 0.8 else 1 - version) for at, _ in phase.declared)
    return replace(phase, declared=declared, actions=(*phase.actions, *actions), pause=rng.choice((phase.pause, DAY)))


def _action(rng: Random, plans: tuple[Plan, ...]) -> Action:
    name, at = rng.choice(plans).name, rng.randrange(CALLS_OF_A_PASS)
    if rng.random() < 0.25:
        return Action(at, rng.choice(BACKUP_ACTIONS), name)
    return Action(at, "call", name, wide_call(rng, name))
