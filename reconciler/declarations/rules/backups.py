"""Scheduled backups. Asked by ``RULES``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.declarations.document.table import TableDocument
from reconciler.facets import backup_names, cron
from reconciler.parsing.place import Finding

_CHARACTERS = re.compile(r"[a-zA-Z0-9_.-]*")


def backup_schedule(document: TableDocument) -> Iterator[Finding]:
    """Cron's five fields."""
    if document.backups is None:
        return
    try:
        cron.parse(document.backups.schedule)
    except ValueError as error:
        remedy = "Write minute hour day month weekday, such as 0 3 * * *, or @daily."
        yield Finding(("backups", "schedule"), str(error), remedy)


def backup_name(document: TableDocument) -> Iterator[Finding]:
    """A name that tells one backup from the next, within what CreateBackup takes: 255 of a-z, A-Z, 0-9, _ . and -."""
    if document.backups is None:
        return
    pattern, path = document.backups.name, ("backups", "name")
    if pattern.count("{time}") != 1:
        yield Finding(path, "does not hold {time} once", "Write for example {table}-{time}.")
    elif not _CHARACTERS.fullmatch(pattern.replace("{time}", "").replace("{table}", "")):
        yield Finding(path, f"is {pattern!r}", "Use only a-z, A-Z, 0-9, _ . and -, with {time} and {table}.")
    elif backup_names.longest_name(pattern, document.table_name or "") > backup_names.LONGEST:
        yield Finding(path, f"makes names of more than {backup_names.LONGEST} characters", "Shorten it.")
