"""What another process has done to a table since the last pass, so that no page gives advice that is out of date.

Pure; called by the pages. The steps of a table are those of the last pass, and a replacement may have begun, become
ready or ended since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.engine.assess_generation import progress_sentence, ready_sentence
from reconciler.engine.assess_replacement import progress_sentence as replacement_progress
from reconciler.engine.loop_status import PresentWork
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import Generation, GenerationPhase, Replacement
from reconciler.model.report import TableReport
from reconciler.presentation.render import hold_sentence


@dataclass(frozen=True, slots=True)
class News:
    """What a replacement came to, as a sentence, and the command that a person may give now."""

    sentence: str
    command: str | None = None


def news_of(tables: Iterable[TableReport], present: PresentWork | None) -> Mapping[str, News]:
    """The news of each table whose replacement is not as the last pass saw it, by name."""
    if present is None:
        return {}
    return {table.name: news for table in tables if (news := _news(table, present)) is not None}


def _news(table: TableReport, present: PresentWork) -> News | None:
    generations = (each for each in present.generations.values() if each.under_way)
    generation = next((each for each in generations if table.name in (each.old, each.new)), None)
    if _state(generation) != _state(table.generation or table.left_by):
        return _of_generation(generation)
    replacement = present.replacements.get(table.name)
    replacement = replacement if replacement is not None and replacement.under_way else None
    if _phase(replacement) != _phase(table.replacement):
        return _of_replacement(replacement)
    return None


def _state(work: Generation | None) -> tuple[object, ...] | None:
    """What a person decides by; the counts change all the time."""
    return None if work is None or not work.under_way else (work.phase, work.switch, work.paused, work.problem)


def _phase(work: Replacement | None) -> tuple[object, ...] | None:
    return None if work is None or not work.under_way else (work.phase, work.paused, work.problem)


def _of_generation(work: Generation | None) -> News:
    if work is None:
        return News("the replacement has ended")
    if work.phase is GenerationPhase.HOLD:
        return News(hold_sentence(work))
    if work.waits_for_switch:
        return News(ready_sentence(work), work.switch_command)
    return News(f"{work.name} {progress_sentence(work)}{_stopped(work)}")


def _of_replacement(work: Replacement | None) -> News:
    return News("the replacement has ended" if work is None else f"it {replacement_progress(work)}{_stopped(work)}")


def _stopped(work: Generation | Replacement) -> str:
    return f"; {work.problem}" if work.problem else "; it is paused" if work.paused else ""
