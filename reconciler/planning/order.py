"""The order of the steps of one table: a plan is always sorted by ``order``; facets state the ranks."""

from __future__ import annotations

from reconciler.facets import BY_NAME
from reconciler.facets.rank import Rank
from reconciler.model.plan import Action, Step


def order(step: Step) -> tuple[int, str]:
    """The sort key of a step."""
    return rank(step), step.changes[0].path if step.changes else step.facet


def rank(step: Step) -> Rank:
    """The rank that the step's facet gives it; a step without a call only waits."""
    if step.call is None:
        return Rank.WAIT
    return Rank.TABLE if step.action is not Action.UPDATE else BY_NAME[step.facet].rank_of(step)
