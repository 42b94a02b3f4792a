"""Begins the move of a renamed table on an emulator, which nothing has to wait for. Called by ``replacer``.

It is the work on a generation whose new table has the declared name. Nobody else writes to an emulator meanwhile, so
the switch and the end are asked for from the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.engine.assessment import PassContext, TableAssessment
from reconciler.model.identity import Identity
from reconciler.model.records import Generation, GenerationPhase
from reconciler.mover.preflight import Preflight
from reconciler.planning.shapes import key_texts, shape_of

RENAMED = 1
"""The number of a table that has its declared name, after it was renamed."""


def begin_rename(
    context: PassContext, assessment: TableAssessment, examined: Mapping[str, tuple[Identity, Preflight]]
) -> TableAssessment:
    """The assessment with the record of the move, which is stored. The step was judged by the deletion gate."""
    declaration, observed = assessment.declaration, assessment.observed
    if declaration is None or observed is None or declaration.declared_name is None:
        raise ValueError("no rename is planned")
    identity, found = examined.get(assessment.name, (None, None))
    known = found if identity is not None and observed.identity.same(identity) else None
    pointer = declaration.pointer
    record = Generation(
        declaration.declared_name,
        GenerationPhase.CREATE,
        RENAMED,
        assessment.name,
        declaration.declared_name,
        observed.identity,
        key_texts(declaration.spec.keys),
        context.ports.clock.now(),
        items=known.items if known is not None else 0,
        size=known.size if known is not None else 0,
        fencing=False,
        switch=True,
        finish=True,
        shape=shape_of(declaration),
        pointer=pointer.text if pointer is not None else None,
    )
    context.ports.store.put_generation(record)
    return replace(assessment, generation=record)
