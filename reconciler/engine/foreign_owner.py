"""Whose a table is, for the verbs that a person calls by name; a pass asks the same for every table it surveys."""

from __future__ import annotations

from reconciler.model.observed import ObservedTable
from reconciler.model.options import Options
from reconciler.model.records import StateSnapshot
from reconciler.planning.scopes import ForeignOwner, find_foreign_owner


def foreign_owner(
    snapshot: StateSnapshot, options: Options, name: str, observed: ObservedTable | None
) -> ForeignOwner | None:
    """The other stack or environment that the table belongs to, or ``None``."""
    claims = snapshot.foreign_claims.get(name, ())
    return find_foreign_owner(snapshot.inventory.get(name), observed, claims, options.scope)
