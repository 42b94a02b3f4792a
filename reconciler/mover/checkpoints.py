"""The checkpoints of one piece of work: one record per part in the state table, fenced by the lease.

A checkpoint is written after everything before it is done. A process that was killed leaves it behind by at most one
page per part, so work must be safe to repeat for the items of one page.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from reconciler.model.desired import Item
from reconciler.model.identity import Identity
from reconciler.model.records import Checkpoint


class CheckpointStore(Protocol):
    """The part of ``StateStore`` that is used here."""

    def put_checkpoint(self, checkpoint: Checkpoint) -> None: ...

    def drop_checkpoint(self, name: str) -> None: ...


class Checkpoints:
    """The checkpoints of ``work`` on ``table``. ``recorded`` are those of the snapshot, of whatever work.

    Checkpoints of another identity of the table, or of another start of the work, are void: their part begins anew.
    """

    def __init__(
        self,
        store: CheckpointStore,
        recorded: Mapping[str, Checkpoint],
        *,
        table: str,
        work: str,
        identity: Identity,
        started_as: str,
    ) -> None:
        self._store = store
        self._prefix = f"{table}#{work}#"
        self._identity = identity
        self._started_as = started_as
        self._known = {name: found for name, found in recorded.items() if name.startswith(self._prefix)}

    def part(self, number: int) -> Checkpoint:
        """The checkpoint of one part, counted from 0; a new one at the beginning if none is valid."""
        return self.named(f"{number:05}")

    def named(self, part: str) -> Checkpoint:
        """As ``part``, of a part that has a name, for example a shard."""
        name = f"{self._prefix}{part}"
        found = self._known.get(name)
        return found if found is not None and self._valid(found) else Checkpoint(name, self._identity, self._started_as)

    def names(self) -> tuple[str, ...]:
        """The names of the parts that have a valid checkpoint."""
        return tuple(name.removeprefix(self._prefix) for name, found in self._known.items() if self._valid(found))

    def _valid(self, found: Checkpoint) -> bool:
        return found.started_as == self._started_as and self._identity.same(found.identity)

    def parts(self, count: int) -> tuple[Checkpoint, ...]:
        """The first ``count`` parts."""
        return tuple(self.part(number) for number in range(count))

    def save(self, checkpoint: Checkpoint) -> None:
        """Store one checkpoint. Raises ``LeaseLost`` if a later holder of the lease has stored it since."""
        self._store.put_checkpoint(checkpoint)
        self._known[checkpoint.name] = checkpoint

    def drop_named(self, part: str) -> None:
        """Delete the checkpoint of one part."""
        if self._known.pop(f"{self._prefix}{part}", None) is not None:
            self._store.drop_checkpoint(f"{self._prefix}{part}")

    def drop(self) -> None:
        """Delete all of them, void ones too, after the work is recorded as done elsewhere."""
        for name in sorted(self._known):
            self._store.drop_checkpoint(name)
        self._known.clear()


def advanced(
    checkpoint: Checkpoint, last_key: Item | None, counts: Mapping[str, int], data: Mapping[str, str] | None = None
) -> Checkpoint:
    """The checkpoint after one more page, whose ``counts`` are added. Without a ``last_key`` the part is finished."""
    return replace(
        checkpoint,
        position=None if last_key is None else key_text(last_key),
        finished=last_key is None,
        counts=total([checkpoint.counts, counts]),
        data=checkpoint.data if data is None else data,
    )


def total(several: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sums of counts, by name."""
    sums: dict[str, int] = {}
    for counts in several:
        for name, count in counts.items():
            sums[name] = sums.get(name, 0) + count
    return sums


def key_text(key: Item) -> str:
    """The key of an item as text: DynamoDB JSON, with binary values in base64."""
    return json.dumps(
        {name: {kind: _text(kind, content) for kind, content in value.items()} for name, value in key.items()},
        sort_keys=True,
        separators=(",", ":"),
    )


def key_of_text(text: str) -> dict[str, dict[str, Any]]:
    """The key that ``key_text`` wrote. Raises ``ValueError`` for another text."""
    found = json.loads(text)
    if not isinstance(found, dict) or not all(isinstance(value, dict) and len(value) == 1 for value in found.values()):
        raise ValueError(f"not the key of an item: {text!r}")
    return {
        name: {kind: base64.b64decode(content) if kind == "B" else content for kind, content in value.items()}
        for name, value in found.items()
    }


def _text(kind: str, content: Any) -> Any:
    return base64.b64encode(bytes(content)).decode("ascii") if kind == "B" else content
