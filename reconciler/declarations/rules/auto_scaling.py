"""Auto scaling (RegisterScalableTarget, PutScalingPolicy, PutScheduledAction). Asked by ``RULES``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.declarations.document.table import TableDocument
from reconciler.declarations.features.auto_scaling import ScalingPart
from reconciler.parsing.place import Finding, Path, did_you_mean

LEAST_TARGET, GREATEST_TARGET = 20, 90
"""Target utilisation of provisioned capacity, in percent (DynamoDB Developer Guide)."""
_SCHEDULE = re.compile(r"(cron|rate|at)\(.+\)")
_DETAILS = ("min", "max", "target", "scale_in_cooldown", "scale_out_cooldown", "disable_scale_in", "scheduled")


def scaled_capacities(document: TableDocument) -> Iterator[tuple[Path, ScalingPart]]:
    """Every declared capacity with its path."""
    scaling = document.auto_scaling
    if scaling is None:
        return
    holders = [(("auto_scaling",), scaling.read, scaling.write)]
    for position, index in enumerate(scaling.indexes or ()):
        holders.append((("auto_scaling", "indexes", position), index.read, index.write))  # type: ignore[arg-type]
    for path, read, write in holders:
        for name, part in (("read", read), ("write", write)):
            if part is not None:
                yield (*path, name), part


def scaling_is_whole(document: TableDocument) -> Iterator[Finding]:
    """Limits and target where a capacity is scaled, nothing where it is not."""
    for path, part in scaled_capacities(document):
        if not part.enabled:
            for name in (name for name in _DETAILS if getattr(part, name) is not None):
                yield Finding((*path, name), "is given, but enabled is false", "Remove it, or set enabled to true.")
            continue
        for name in ("min", "max", "target"):
            if getattr(part, name) is None:
                yield Finding((*path, name), "is missing, which a scaled capacity needs", f"Add {name}.")
        yield from _limits(path, part.min, part.max)
        if part.target is not None and not LEAST_TARGET <= part.target <= GREATEST_TARGET:
            remedy = f"Write a utilisation in percent from {LEAST_TARGET} to {GREATEST_TARGET}."
            yield Finding((*path, "target"), f"is {part.target:g}", remedy)


def scheduled_scaling(document: TableDocument) -> Iterator[Finding]:
    """Each action has a name of its own, a schedule, and a limit to set."""
    for path, part in scaled_capacities(document):
        seen: set[str] = set()
        for position, action in enumerate(part.scheduled or ()):
            here = (*path, "scheduled", position)
            if action.name in seen:
                yield Finding((*here, "name"), f"is {action.name!r}, which is given already", "Give it another name.")
            seen.add(action.name)
            if not _SCHEDULE.fullmatch(action.schedule):
                remedy = "Write cron(0 6 * * ? *), rate(1 day) or at(2030-01-01T00:00:00)."
                yield Finding((*here, "schedule"), f"is {action.schedule!r}, which is no schedule", remedy)
            if action.min is None and action.max is None:
                yield Finding(here, "sets neither min nor max", "Give it at least one of them.")
            yield from _limits(here, action.min, action.max)


def scaling_fits_billing(document: TableDocument) -> Iterator[Finding]:
    """Only provisioned capacity can be scaled."""
    if document.billing_mode == "PAY_PER_REQUEST" and any(part.enabled for _, part in scaled_capacities(document)):
        remedy = "Remove it to stay on demand. For provisioned capacity, set billing_mode to PROVISIONED."
        yield Finding(("auto_scaling",), "is given with billing_mode PAY_PER_REQUEST", remedy)


def scaled_indexes(document: TableDocument) -> Iterator[Finding]:
    """Each index once, and one that the declaration has, where it lists any."""
    known = [index.index_name for index in document.global_secondary_indexes or ()]
    seen: set[str] = set()
    for position, index in enumerate((document.auto_scaling and document.auto_scaling.indexes) or ()):
        path, name = ("auto_scaling", "indexes", position, "index_name"), index.index_name
        if name in seen:
            yield Finding(path, f"is {name!r}, which is given already", "Keep one of them.")
        elif document.global_secondary_indexes is not None and name not in known:
            suggestion = did_you_mean(name, known)
            remedy = f"Did you mean `{suggestion}`?" if suggestion else "Declare the index, or remove its scaling."
            yield Finding(path, f"is {name!r}, which is no global secondary index of this table", remedy)
        seen.add(name)


def _limits(path: Path, least: int | None, most: int | None) -> Iterator[Finding]:
    if least is not None and most is not None and least > most:
        yield Finding((*path, "min"), f"is {least}, more than max, which is {most}", "Exchange them.")
