"""Decodes all records of one scope, and the claims of other scopes.

An unreadable record stops the pass. It is never skipped, because a skipped inventory record would look like a table
without an owner.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from hashlib import blake2b
from typing import Any

from reconciler.model.errors import StateError
from reconciler.model.records import Claim, StateSnapshot
from reconciler.state import record_types as kinds
from reconciler.state.attribute_values import Unreadable, decode, encode
from reconciler.state.client import StateClient, pages
from reconciler.state.fields import Fields
from reconciler.state.record_types import ENTRIES, TABLE

NAMED: Mapping[str, tuple[str, Callable[[Fields], Any]]] = {
    kinds.TABLE: ("inventory", kinds.ENTRIES.read),
    kinds.SEED: ("seeds", kinds.SEED_RECORDS.read),
    kinds.SEED_PART: ("seed_parts", kinds.SEED_PARTS.read),
    kinds.ATTEMPTS: ("attempts", kinds.ATTEMPT_RECORDS.read),
    kinds.QUOTA_USAGE: ("quota_usage", kinds.QUOTA_USAGES.read),
    kinds.REBUILD: ("rebuilds", kinds.REBUILDS.read),
    kinds.REPLACEMENT: ("replacements", kinds.REPLACEMENTS.read),
    kinds.GENERATION: ("generations", kinds.GENERATIONS.read),
    kinds.ENDED: ("ended", kinds.ENDED_TABLES.read),
    kinds.CHECKPOINT: ("checkpoints", kinds.CHECKPOINTS.read),
    kinds.MIGRATION: ("migrations", kinds.MIGRATIONS.read),
}
SINGLE: Mapping[str, tuple[str, Callable[[Fields], Any]]] = {
    kinds.LEASE: ("lease", kinds.LEASES.read),
    kinds.SUSPENSION: ("suspension", kinds.SUSPENSIONS.read),
    kinds.FINGERPRINT: ("recorded_fingerprint", kinds.FINGERPRINTS.read),
}


Item = Mapping[str, Any]
Read = tuple[bytes, Any]
"""The digest of an item, and the record that was read from it."""


class ReadRecords:
    """The records of the last load with digests of their items, so that an equal item is read once.

    An unchanged record is the same object in each snapshot; the engine compares records by identity.
    """

    def __init__(self) -> None:
        self._last: Mapping[str, Read] = {}
        self.runs: Mapping[str, Mapping[str, Any]] = {}
        """The items of the history by their record, unread, because no decision depends on them."""

    def of(self, key: str, item: Mapping[str, Any], read: Callable[[], Any]) -> Read:
        """The record of the last load if the item is equal. Raises what ``read`` raises."""
        # Format 2 of marshal has no references, so equal items give equal bytes, ten times as fast as JSON.
        digest = blake2b(marshal.dumps(dict(item), 2), digest_size=16).digest()
        last = self._last.get(key)
        return last if last is not None and last[0] == digest else (digest, read())

    def keep(self, records: Mapping[str, Read], runs: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep what a whole load has read, and nothing else."""
        self._last, self.runs = records, runs


def snapshot_of(items: Iterable[Mapping[str, Any]], table: str, known: ReadRecords | None = None) -> StateSnapshot:
    """The snapshot of ``items`` of one scope. Runs of the history are kept for later. Raises ``StateError``."""
    known, seen, runs = known or ReadRecords(), dict[str, Read](), dict[str, Mapping[str, Any]]()
    members: dict[str, Any] = {member: {} for member, _ in NAMED.values()}
    for item in items:
        key = str((item.get("record") or {}).get("S", ""))
        if key.startswith(kinds.RUN):
            runs[key] = item
            continue
        prefix = key[: key.find("#") + 1]
        if prefix in NAMED:
            member, to_record = NAMED[prefix]
            name = key[len(prefix) :]
            seen[key] = known.of(key, item, partial(read_record, item, to_record, table, name))
            members[member][name] = seen[key][1]
        else:
            member, to_record = SINGLE.get(key, ("", _unknown))
            members[member] = read_record(item, to_record, table)
    known.keep(seen, runs)
    return StateSnapshot(**members)


def read_record(
    item: Mapping[str, Any], to_record: Callable[[Fields], Any], table: str, name: str | None = None
) -> Any:
    """One record. Raises ``StateError`` with its key and the remedy if it is unreadable."""
    try:
        record = to_record(understood(item))
        if name is not None and record.name != name:
            raise Unreadable(f"name is {record.name!r}, but its key says {name!r}")
    except Unreadable as reason:
        key = " / ".join(str((item.get(part) or {}).get("S", "?")) for part in ("scope", "record"))
        raise StateError(
            f"The record {key} of the state table {table} cannot be read: {reason}. "
            "Nothing is written until you repair or delete this record."
        ) from None
    return record


def understood(item: Mapping[str, Any]) -> Fields:
    """The members of an item. Raises ``Unreadable`` if its format is newer than this version."""
    members = decode(item)
    fields = Fields(members)
    version = fields.optional_number("format_version")
    if version is not None and version > kinds.FORMAT:
        raise Unreadable(
            f"format_version is {version}, but this version of the reconciler reads up to format {kinds.FORMAT};"
            " use the version that wrote the record"
        )
    return fields


def _unknown(_: Fields) -> Any:
    raise Unreadable("this version of the reconciler does not know this kind of record")


def read_items(client: StateClient, table: str, scope: str) -> tuple[list[Item], list[Item]]:
    """All records of this scope, and those of other scopes that may claim a table."""
    # One Scan for both: records of other scopes have other hash keys, the state table has no index, and DynamoDB would
    # read the records of this scope once more for a Query.
    request = {
        "TableName": table,
        "FilterExpression": "#scope = :scope OR begins_with(#record, :table) OR begins_with(#record, :copy)",
        "ExpressionAttributeNames": {"#scope": "scope", "#record": "record"},
        "ExpressionAttributeValues": encode({":scope": scope, ":table": TABLE, ":copy": kinds.REPLACEMENT}),
    }
    own, others = list[Item](), list[Item]()
    for item in pages(client, "Scan", request):
        (own if item["scope"] == {"S": scope} else others).append(item)
    return own, others


def foreign_claims(items: Iterable[Item]) -> dict[str, tuple[Claim, ...]]:
    """By table name, the claims in ``items`` of other scopes, sorted by scope."""
    found: dict[str, list[Claim]] = {}
    for item in items:
        if not str(item["record"]["S"]).startswith(TABLE):
            for name, claim in _copy_claim(item):
                found.setdefault(name, []).append(claim)
            continue
        name = str(item["record"]["S"]).removeprefix(TABLE)
        found.setdefault(name, []).append(_claim(item))
    return {name: tuple(sorted(several, key=lambda claim: claim.scope)) for name, several in found.items()}


def _copy_claim(item: Mapping[str, Any]) -> Iterator[tuple[str, Claim]]:
    """The copy aside of a replacement belongs to the scope that replaces the table."""
    try:
        replacement = kinds.REPLACEMENTS.read(understood(item))
    except Unreadable:
        return
    if replacement.under_way or replacement.keep:
        yield replacement.aside, Claim(str(item["scope"]["S"]), "created", replacement.aside_identity)


def _claim(item: Mapping[str, Any]) -> Claim:
    """The claim of one record. An unreadable record still claims its name, because its owner is unknown."""
    scope = str(item["scope"]["S"])
    try:
        entry = ENTRIES.read(understood(item))
    except Unreadable:
        return Claim(scope, "intent", None)
    return Claim(scope, entry.ownership, entry.identity)
