"""Decides whether a table needs seeding, from its seed record and its identity."""

from __future__ import annotations

from enum import StrEnum

from reconciler.model.identity import Identity
from reconciler.model.records import SeedRecord


class Need(StrEnum):
    """What seeding must do for a table."""

    NOTHING = "nothing"
    PROBE = "probe"
    """Seed it if a consistent Scan proves that it is empty."""
    RESUME = "resume"
    """An earlier seeding was interrupted: write the missing items."""


def need(record: SeedRecord | None, identity: Identity | None) -> Need:
    """What seeding must do. ``identity`` is ``None`` if the table does not exist.

    A ``cleared`` record goes by name and stays valid for a recreated table, because a person cleared it on purpose.
    ``done`` and ``started`` count only for the recorded identity.
    """
    if record is None:
        return Need.PROBE
    if record.state == "cleared":
        return Need.NOTHING
    if identity is None or not identity.same(record.identity):
        return Need.PROBE
    return Need.RESUME if record.state == "started" else Need.NOTHING


def is_updating(record: SeedRecord, digest: str) -> bool:
    """Whether ``seed --update`` was interrupted while it brought the table to the seed with this ``digest``."""
    return record.state == "started" and record.updating and record.digest == digest
