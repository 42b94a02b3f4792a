"""What of a declaration decides whether its table has to be replaced, as one text; keys as records have them. Pure.

A person may cancel a replacement. The text is recorded then, so that no pass begins it again while the declaration
asks for the same table. Called by the deletion gate's input and by the command ``replace``.
"""

from __future__ import annotations

import json

from reconciler.model.desired import Declaration
from reconciler.model.table import KeyElement


def shape_of(declaration: Declaration) -> str:
    """The key, the local indexes and the types of their attributes; and both names where the table is renamed."""
    spec = declaration.spec
    keys = [[element.attribute, element.role, element.type] for element in spec.keys]
    indexes = sorted(
        [
            index.name,
            [[element.attribute, element.role, element.type] for element in index.keys],
            index.projection.type,
            sorted(index.projection.non_key_attributes),
        ]
        for index in spec.local_indexes or ()
    )
    renamed = {}
    if declaration.renamed_from is not None:
        renamed = {"renamed_from": declaration.renamed_from, "name": declaration.declared_name or spec.name}
    return json.dumps({"keys": keys, "local_indexes": indexes, **renamed}, separators=(",", ":"), sort_keys=True)


def key_texts(keys: tuple[KeyElement, ...]) -> tuple[str, ...]:
    """A key as a record has it."""
    return tuple(f"{element.attribute} {element.role} {element.type}" for element in keys)


def key_names(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The attributes of a recorded key."""
    return tuple(key.rsplit(" ", 2)[0] for key in keys)
