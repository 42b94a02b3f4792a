"""On-demand backups on a schedule (CreateBackup, DeleteBackup)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from reconciler.declarations.document.extras import TableNameFields
from reconciler.declarations.document.field_model import LONG, Aliases, FieldModel
from reconciler.declarations.features.base import Feature, not_written, rule
from reconciler.facets import backup_names, cron
from reconciler.model.backups import PATTERN, Backups
from reconciler.parsing.source_location import FieldProblem

_CHARACTERS = re.compile(r"[a-zA-Z0-9_.-]*")


class BackupsPart(FieldModel):
    """Only backups that were taken by this declaration are ever deleted; leaving the field out leaves all alone."""

    schedule: str = Field(description="When, in UTC: minute hour day month weekday as in cron, or @daily and its like.")
    keep: Annotated[int, Field(ge=1, le=LONG), Aliases(("retain",))] = Field(description="How many of ours are kept.")
    name: str = Field(
        default=PATTERN, description="The name, with {time} in it and {table} if wanted; a mark is added at its end."
    )


class BackupsFields(TableNameFields):
    """Scheduled backups of the table, which may be named after it."""

    backups: BackupsPart | None = Field(default=None, description="On-demand backups on a schedule.")


@rule("backups")
def schedule(document: BackupsFields) -> Iterator[FieldProblem]:
    """Cron's five fields."""
    if document.backups is None:
        return
    try:
        cron.parse(document.backups.schedule)
    except ValueError as error:
        remedy = "Write minute hour day month weekday, such as 0 3 * * *, or @daily."
        yield FieldProblem(("backups", "schedule"), str(error), remedy)


@rule("backups", "table_name")
def name(document: BackupsFields) -> Iterator[FieldProblem]:
    """A name that tells one backup from the next, within what CreateBackup takes: 255 of a-z, A-Z, 0-9, _ . and -."""
    if document.backups is None:
        return
    pattern, path = document.backups.name, ("backups", "name")
    if pattern.count("{time}") != 1:
        yield FieldProblem(path, "must contain {time} exactly once", "For example, write {table}-{time}.")
    elif not _CHARACTERS.fullmatch(pattern.replace("{time}", "").replace("{table}", "")):
        yield FieldProblem(path, f"is {pattern!r}", "Use only a-z, A-Z, 0-9, _ . and -, with {time} and {table}.")
    elif backup_names.longest_name(pattern, document.table_name or "") > backup_names.LONGEST:
        yield FieldProblem(path, f"backup names would exceed {backup_names.LONGEST} characters", "Shorten it.")


def to_model(document: BackupsFields) -> Backups | None:
    """The schedule; backups that were taken are observed alone."""
    part = document.backups
    return None if part is None else Backups(part.schedule, part.keep, part.name)


# Not written by ``import``: a schedule cannot be observed.
BACKUPS = Feature("backups", BackupsFields, (schedule, name), to_model, not_written)
