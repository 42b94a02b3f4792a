"""What the last look at each table came to: equal answers mean the same table, and the same table the same plan.

Most passes find what the pass before found. The survey asks here before it works anything out; only pure results are
kept, one for each table, so that forgetting them costs nothing but time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.facets import TIME_DEPENDENT
from reconciler.model.change import Change
from reconciler.model.desired import Declaration
from reconciler.model.identity import Flavor
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.plan import Step
from reconciler.model.table import TableSpec
from reconciler.planning.diff import diff
from reconciler.planning.planner import plan
from reconciler.planning.scaled import scaled_paths

Planned = tuple[tuple[Change, ...], tuple[Step, ...]]


@dataclass(frozen=True, slots=True)
class _Observation:
    spec: TableSpec | None
    responses: Responses
    observed: ObservedTable


@dataclass(frozen=True, slots=True)
class _Plan:
    declaration: Declaration
    observed: ObservedTable
    flavor: Flavor
    planned: Planned


@dataclass(slots=True)
class PlanCache:
    """One look and one plan for each table, by its name. Threads that look at different tables may share it."""

    observations: dict[str, _Observation] = field(default_factory=dict)
    plans: dict[str, _Plan] = field(default_factory=dict)

    def observed(
        self, name: str, spec: TableSpec | None, responses: Responses, read: Callable[[], ObservedTable]
    ) -> ObservedTable:
        """What ``read`` makes of the responses, or the very object it made of equal ones last time."""
        last = self.observations.get(name)
        timeless = responses.answers.keys().isdisjoint(TIME_DEPENDENT)
        if last is not None and timeless and _equal(last, spec, responses):
            return last.observed
        observed = read()
        self.observations[name] = _Observation(spec, responses, observed)
        return observed

    def planned(self, declaration: Declaration, observed: ObservedTable, flavor: Flavor) -> Planned:
        """Every difference, and the steps that close them; see ``diff`` and ``plan``."""
        name = declaration.spec.name
        last = self.plans.get(name)
        if last is not None and last.observed is observed and last.flavor is flavor and last.declaration == declaration:
            return last.planned
        changes = diff(declaration.spec, observed.spec, scaled_paths(declaration, observed))
        steps = plan(declaration, observed, lacks=flavor.lacks, changes=changes)
        planned = (changes, steps)
        self.plans[name] = _Plan(declaration, observed, flavor, planned)
        return planned


def _equal(last: _Observation, spec: TableSpec | None, responses: Responses) -> bool:
    before = last.responses
    return (
        before.answers == responses.answers
        and before.unsupported == responses.unsupported
        and before.denied == responses.denied
        and last.spec == spec
    )
