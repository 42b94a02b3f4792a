"""What of a declaration decides whether its table has to be replaced, as one text. Pure.

A person may cancel a replacement. The text is recorded then, so that no pass begins it again while the declaration
asks for the same table. Called by the deletion gate's input and by the command ``replace``.
"""

from __future__ import annotations

import json

from reconciler.model.table import TableSpec


def shape_of(spec: TableSpec, renamed_from: str | None = None) -> str:
    """The key, the local indexes and the types of their attributes; and the former name, while items move from it."""
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
    former = {} if renamed_from is None else {"renamed_from": renamed_from, "name": spec.name}
    return json.dumps({"keys": keys, "local_indexes": indexes, **former}, separators=(",", ":"), sort_keys=True)
