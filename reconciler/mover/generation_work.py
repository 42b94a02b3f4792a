"""One pass over the next generation of a table: its record, its end, and the calls that write.

The base of ``generation.proceed``, whose parts are ``generation_items``, ``generation_switch`` and ``generation_end``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import timedelta
from typing import Any

from reconciler.engine.assess_generation import another_shape, problem_ways, progress_sentence
from reconciler.engine.assessment import PassContext, TableAssessment
from reconciler.engine.context import EngineContext
from reconciler.engine.observe import observe_table
from reconciler.engine.seed_batches import lease_lost
from reconciler.engine.send_call import TableResult
from reconciler.model.change import Call
from reconciler.model.desired import Declaration, Pointer
from reconciler.model.errors import ApiError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import Generation, InventoryEntry
from reconciler.mover.generation_phases import GenerationEvent as Event
from reconciler.mover.generation_phases import advance
from reconciler.mover.generation_ports import GenerationPorts
from reconciler.mover.replay_pace import ReplayPace
from reconciler.planning import ownership
from reconciler.planning.shapes import key_texts

BUDGET = timedelta(seconds=45)
"""Of one pass of the daemon. Other tables are looked after in between, and the next pass goes on."""


class PassEnded(Exception):
    """The pass ends here for this table, with this step, or with none."""

    def __init__(self, step: Step | None) -> None:
        self.step = step


class StreamLost(Exception):
    """Changes are older than 24 hours and gone."""


@dataclass(slots=True)
class GenerationWork:
    """The state of one pass over one generation, and what every part of it does."""

    context: PassContext
    assessment: TableAssessment
    beside: GenerationPorts
    step: Step = field(init=False)
    ports: EngineContext = field(init=False)
    record: Generation = field(init=False)
    error: ApiError | None = None
    wrote: bool = False
    rounds: int = 0
    yielded: frozenset[int] = frozenset()
    pace: ReplayPace = field(init=False)
    _began: float = 0.0
    _saved: float = 0.0

    def __post_init__(self) -> None:
        self.ports = self.context.ports
        found = self.assessment.generation
        if found is None:
            raise ValueError("no generation is under way")
        self.record = found
        planned = next((s for s in self.assessment.steps if s.moves_items and s.status is StepStatus.READY), None)
        self.step = planned or Step(Action.REPLACE, "table", returns_items=True)
        self._began = self._saved = self.ports.clock.monotonic()
        self.pace = ReplayPace(self._began)

    def _result(self, step: Step | None) -> TableResult:
        under_way = self.record if self.record.under_way else None
        assessment = replace(self.assessment, generation=under_way)
        return TableResult(assessment, () if step is None else (step,), wrote=self.wrote, error=self.error)

    def _progress(self) -> Step:
        return self.step.deferred(Reason.REPLACING, progress_sentence(self.record, self.assessment.name))

    def _stop(self, why: str, ways: str | None = None) -> PassEnded:
        """End with a sentence that stays in the record: a person has to decide, by ``ways`` or by resuming it."""
        if self.record.problem != why:
            self._put(replace(self.record, problem=why))
        return PassEnded(self.step.blocked(Reason.REPLACING, why, ways or problem_ways(self.record.name, why)))

    def _late(self) -> bool:
        # A sleep of no time tells whether the process is to stop.
        spent = self.ports.clock.monotonic() - self._began
        slow = not self.context.options.one_shot and spent >= BUDGET.total_seconds()
        return slow or self.context.out_of_time or not self.ports.clock.sleep(0)

    def _put(self, record: Generation) -> None:
        self.ports.store.put_generation(record)
        self.record, self.wrote = record, True
        self._saved = self.ports.clock.monotonic()

    def _moved(self, event: Event, **changes: Any) -> None:
        self._put(advance(self.record, event, **changes))

    def _observed(self, name: str) -> ObservedTable | None:
        return observe_table(self.ports, name, None)

    def _another_shape(self, new: ObservedTable | None) -> str | None:
        """Why the new table is not what is declared by now, or ``None``."""
        declaration = self.assessment.declaration
        if declaration is None or new is None:
            return f"{self.record.name} is not declared any more"
        return another_shape(self.record, declaration, new)

    # The declaration

    def _declaration(self) -> Declaration:
        declaration = self.assessment.declaration
        if declaration is None:
            raise PassEnded(self.step.deferred(Reason.REPLACING, f"{self.record.name} is not declared any more"))
        if key_texts(declaration.spec.keys) != self.record.keys:
            raise self._stop(
                f"another key of {self.record.name} was declared during its replacement; declare that of"
                f" {self.record.new} again, or run `reconciler replace {self.record.name} --cancel`"
            )
        return declaration

    def _new_declaration(self) -> Declaration:
        """The declaration of the new table before it is made. It lacks what would act on its items before the switch,
        which is its stream, and protection, because until then it may have to be removed."""
        declaration = self._declaration()
        spec = replace(declaration.spec, name=self.record.new, stream=None, deletion_protection=None)
        return replace(declaration, spec=spec)

    def _wanted(self, recorded: InventoryEntry | None) -> TableAssessment:
        """The new table before it is made, with its inventory record."""
        # A released table of that name is gone by now; its record only tells the revision of the next one.
        entry = None if ownership.is_released(recorded) else recorded
        return TableAssessment(self.record.new, self._new_declaration(), recorded=recorded, entry=entry)

    # Calls

    def _publish(self, table: str) -> None:
        """Write the name to where the declaration says that applications read it."""
        pointer = self._pointer()
        if pointer is not None:
            self._write(pointer.publish(table))

    def _pointer(self) -> Pointer | None:
        declaration = self.assessment.declaration
        if declaration is not None:
            return declaration.pointer
        # A declaration that is gone may not leave applications with the name of a table that goes too.
        return Pointer.of(self.record.pointer) if self.record.pointer is not None else None

    def _write(self, call: Call) -> Mapping[str, Any]:
        if not self.ports.store.holds_lease():
            raise lease_lost()
        self.wrote = True
        return self.ports.api.write(call)
