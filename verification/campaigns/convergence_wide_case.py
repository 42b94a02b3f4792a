"""One case of the campaign ``convergence-wide``: ``convergence`` with replicas, auto scaling and backups.

A share of the declarations has replicas, auto scaling or a schedule of backups too. Drawn from a generator of its own,
so that the numbers of ``convergence`` stay what they are.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from campaigns.convergence_case import EsrCase, Subject, draw
from support.random_wide import carrying, wide

from reconciler.model.identity import Flavor

SHARE = 0.1
"""Of the declarations that get each of them."""


def draw_wide(number: int) -> EsrCase:
    """The case of that number."""
    rng = Random(f"wide {number}")
    case = draw(rng.randrange(1_000_000))
    return replace(case, flavor=Flavor.AWS, subjects=tuple(_widened(rng, subject) for subject in case.subjects))


def _widened(rng: Random, subject: Subject) -> Subject:
    """What is declared, before and after a change of mind; and now and then what we made before.

    Where there may be replicas, what is declared later keeps the stream that carries them (rule 26).
    """
    live = wide(rng, subject.live, SHARE) if subject.live and subject.ours else subject.live
    desired = carrying(wide(rng, subject.desired, SHARE), live)
    then = carrying(wide(rng, subject.then, SHARE), live, desired) if subject.then else None
    return replace(subject, desired=desired, then=then, live=live)
