"""Why tables stay when ``destroy`` deletes the others: it deletes only tables that this stack created (I2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from reconciler.model.records import InventoryEntry
from reconciler.planning.ownership import is_ours
from reconciler.planning.text import several

_WHY = {
    "adopted": "existed before this stack managed {them}",
    "intent": "may be the {table} of others: no response to {their} creation arrived",
    "state_lost": "{are} recorded by {their} owner tag alone, because the state was lost",
    "released": "{were} released",
    None: "{have} no record in this stack",
}
_ONE = {"them": "it", "table": "table", "their": "its", "are": "is", "were": "was", "have": "has"}
_MANY = {word: word for word in _ONE} | {"table": "tables"}


def staying_tables(
    inventory: Mapping[str, InventoryEntry], focus: Set[str] | None, reported: Iterable[str]
) -> tuple[str, ...]:
    """One sentence for each reason, with the tables that ``destroy`` left for it.

    ``focus`` are the named tables, None for all of the stack. ``reported`` are the tables that it looked at, whose
    reports say themselves what became of them.
    """
    asked = focus if focus is not None else inventory.keys()
    names: dict[str | None, list[str]] = {}
    for name in sorted(set(asked) - set(reported)):
        entry = inventory.get(name)
        if not is_ours(entry):
            names.setdefault(entry.ownership if entry is not None else None, []).append(name)
    return tuple(_sentence(why, each) for why, each in names.items())


def _sentence(why: str | None, names: list[str]) -> str:
    rule = "destroy deletes only tables that this stack created"
    reason = _WHY[why].format_map(_ONE if len(names) == 1 else _MANY)
    if len(names) == 1:
        return f"{names[0]} stays: it {reason}, and {rule}"
    return f"{several(len(names), 'table')} stay, because they {reason} and {rule}: {', '.join(names)}"
