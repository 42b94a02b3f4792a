"""One case of the campaign ``simulation-wide``: a storm over AWS, with replicas, auto scaling and backups.

Others work on those, too. Drawn from a generator of its own, so that the numbers of ``simulation`` stay what they are.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from campaigns.simulation_case import CALLS_OF_A_PASS, Deed, Plan, StormCase, Turn, draw
from support.foreign_wide import wide_call
from support.random_wide import carrying, wide

from reconciler.model.identity import Flavor

SHARE = 0.35
"""Of the declarations that get each of them."""
DAY = 86_400.0
BACKUP_DEEDS = ("backup", "drop_backup")


def draw_wide(number: int) -> StormCase:
    """The case of that number."""
    rng = Random(f"wide {number}")
    case = draw(rng.randrange(1_000_000))
    while case.flavor is not Flavor.AWS:
        case = draw(rng.randrange(1_000_000))
    plans = tuple(_plan(rng, plan) for plan in case.plans)
    options = case.options
    if rng.random() < 0.6:
        options = replace(options, data_loss="allow", disruption="allow", max_deletes=None, max_deletes_share=None)
    late = len(case.turns) // 2
    turns = tuple(_turn(rng, turn, plans, int(at >= late)) for at, turn in enumerate(case.turns))
    return replace(case, options=options, plans=plans, turns=turns)


def _plan(rng: Random, plan: Plan) -> Plan:
    """In two versions that go to and fro: both keep the stream that carries replicas of the other (rule 26)."""
    first, second = (wide(rng, spec, SHARE) for spec in (plan.first, plan.second))
    if first.replicas and rng.random() < 0.7:
        second = replace(first, replicas=first.replicas[1:], ttl=second.ttl, tags=second.tags, backups=second.backups)
    lifecycle = replace(plan.lifecycle, on_existing=rng.choice((plan.lifecycle.on_existing, "adopt", "own")))
    return replace(plan, first=carrying(first, second), second=carrying(second, first), lifecycle=lifecycle)


def _turn(rng: Random, turn: Turn, plans: tuple[Plan, ...], version: int) -> Turn:
    """Mostly the first versions in the first half of the turns, and the second ones later."""
    deeds = tuple(_deed(rng, plans) for _ in range(rng.choice((0, 0, 1, 2))))
    declared = tuple((at, version if rng.random() < 0.8 else 1 - version) for at, _ in turn.declared)
    return replace(turn, declared=declared, deeds=(*turn.deeds, *deeds), pause=rng.choice((turn.pause, DAY)))


def _deed(rng: Random, plans: tuple[Plan, ...]) -> Deed:
    name, at = rng.choice(plans).name, rng.randrange(CALLS_OF_A_PASS)
    if rng.random() < 0.25:
        return Deed(at, rng.choice(BACKUP_DEEDS), name)
    return Deed(at, "call", name, wide_call(rng, name))
