"""On-demand backups on a schedule (CreateBackup, DeleteBackup)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reconciler.declarations.document.part import LONG, AlsoSpelled, Part
from reconciler.model.backups import PATTERN


class BackupsPart(Part):
    """Only backups that were taken by this declaration are ever deleted; leaving the field out leaves all alone."""

    schedule: str = Field(description="When, in UTC: minute hour day month weekday as in cron, or @daily and its like.")
    keep: Annotated[int, Field(ge=1, le=LONG), AlsoSpelled(("retain",))] = Field(
        description="How many of ours are kept."
    )
    name: str = Field(
        default=PATTERN, description="The name, with {time} in it and {table} if wanted; a mark is added at its end."
    )
