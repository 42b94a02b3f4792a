"""What ``export`` is asked for and what it returns. Shared by all formats."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from reconciler.model.desired import Declaration, DesiredState, Lifecycle
from reconciler.model.errors import UsageError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.source_location import did_you_mean


@dataclass(frozen=True, slots=True)
class Selection:
    """The declarations to write. ``names`` has the table name of every declared base name, for references.

    ``region`` is the Region of the tables, None where it is not known: a global table needs it.
    """

    declarations: tuple[Declaration, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """The texts by file name, and a sentence for each thing that the format does not hold."""

    texts: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)
    """The name that a template gives each table: its logical ID, or its address."""
    recipe: tuple[str, ...] = ()
    """The commands with which the other tool takes over live tables, to be run beside the files."""


def selected(desired: DesiredState, names: tuple[str, ...], region: str | None) -> Selection:
    """The tables of these names or base names, or all. Raises ``UsageError`` for one that is not declared."""
    every = desired.declarations
    for name in names:
        if desired.named(name) is None:
            close = did_you_mean(name, [known for each in every for known in (each.base_name, each.spec.name)])
            declared = ", ".join(each.spec.name for each in every) or "none"
            remedy = f"Did you mean {close}?" if close else f"Declared tables: {declared}."
            raise UsageError(f"table {name!r} is not declared. {remedy}")
    wanted = {found.spec.name for found in map(desired.named, names) if found is not None}
    chosen = tuple(each for each in every if not names or each.spec.name in wanted)
    return Selection(chosen, {each.base_name: each.spec.name for each in every}, region)


def camel_id(name: str, taken: Mapping[str, str]) -> str:
    """A logical ID of letters and digits, as ``OrdersTable``; another one for each table."""
    words = "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", name) if word)
    return _free(f"{words.removesuffix('Table')[:240]}Table", "", taken)


def snake_id(name: str, taken: Mapping[str, str]) -> str:
    """An identifier of Terraform, as ``orders_by_day``; another one for each table."""
    words = re.sub(r"[^A-Za-z0-9_-]+", "_", name)
    return _free(f"t_{words}" if words[:1].isdigit() or words[:1] == "-" else words, "_", taken)


def _free(name: str, joint: str, taken: Mapping[str, str]) -> str:
    used, found, number = set(taken.values()), name, 2
    while found in used:
        found, number = f"{name}{joint}{number}", number + 1
    return found


def lifecycle_members(lifecycle: Lifecycle) -> dict[str, Any]:
    """The lifecycle without its protection, and without what is the default."""
    default = Lifecycle()
    members: dict[str, Any] = {
        "ignore_changes": list(lifecycle.ignore_changes),
        "on_existing": lifecycle.on_existing,
        "allow_data_loss": lifecycle.allow_data_loss,
    }
    return {name: value for name, value in members.items() if value not in (getattr(default, name), [])}


def seed_warnings(selection: Selection, kind: str) -> tuple[str, ...]:
    """A sentence for each table with a seed: no format but ours creates a table with items."""
    return tuple(
        f"{each.spec.name}: {kind} holds no items; the seed {each.seed.source} is not written"
        for each in selection.declarations
        if each.seed is not None
    )


def json_text(value: Any) -> str:
    """JSON as people read it."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
