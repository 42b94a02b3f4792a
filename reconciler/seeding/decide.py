"""Whether a table is to be seeded: by its record, its identity and what a scan says."""

from __future__ import annotations

from enum import StrEnum

from reconciler.model.identity import Identity
from reconciler.model.records import SeedRecord


class Need(StrEnum):
    """What seeding has to do for a live table."""

    NOTHING = "nothing"
    PROBE = "probe"
    """Seed it if a consistent scan proves it empty."""
    RESUME = "resume"
    """An earlier run was interrupted: write what is missing."""


def need(record: SeedRecord | None, identity: Identity | None) -> Need:
    """``cleared`` goes by name and lasts; ``done`` and ``started`` lapse with the table's identity."""
    if record is None:
        return Need.PROBE
    if record.state == "cleared":
        return Need.NOTHING
    if identity is None or not identity.same(record.identity):
        return Need.PROBE
    return Need.RESUME if record.state == "started" else Need.NOTHING
