"""Scenarios of hard spec changes: a table with foreign items exists, and another shape is declared."""

from __future__ import annotations

from collections.abc import Iterator

from faults.builders import declare, foreign_items
from faults.scenario import Run, Scenario, nobody
from support.spec_changes import SPEC_CHANGES, SpecChange
from support.spec_documents import document
from support.specs import NAME

THEIRS = 2
CHOSEN = (
    "an index is added",
    "two indexes are added one at a time",
    "an index is removed",
    "the key of an index changes",
    "the projection widens from keys to all",
    "a new index takes an attribute over under another type",
    "on demand to provisioned without indexes",
    "provisioned to on demand without indexes",
    "on demand to provisioned with an index",
    "provisioned to on demand with two indexes",
    "on demand to provisioned while an index comes",
    "throughput of the table rises",
    "throughput of the table falls",
    "throughput of one index changes",
    "throughput of two indexes changes in one call",
    "throughput of table and index change in two calls",
    "the stream goes on with KEYS_ONLY",
    "the stream goes off",
    "the stream's view changes from NEW_IMAGE to OLD_IMAGE",
    "the stream's view changes from KEYS_ONLY to NEW_AND_OLD_IMAGES",
    "time to live goes on",
    "time to live goes off",
    "time to live moves to another attribute",
    "deletion protection goes on",
    "deletion protection goes off",
    "throughput and stream go in calls of their own",
    "the hash key is another attribute",
    "the type of the hash key changes",
    "a range key is added",
    "a local index is added",
    "the key changes and time to live comes back after",
    "the key changes together with an index over its attribute",
    "protection goes off before the key changes",
    "everything at once",
)
"""No tags, which DynamoDB Local does not have, and few that build indexes, which takes it a second each."""


def scenario(case: SpecChange) -> Scenario:
    """The spec change of a table with foreign items, which only a replacement may remove."""
    unprotects = case.before.deletion_protection and case.after.deletion_protection is False
    subject = frozenset({NAME})
    return Scenario(
        case.name,
        given=(Run(declare(document(case.before))),),
        meanwhile=nobody if case.replacement else foreign_items(NAME, case.before, THEIRS),
        when=Run(declare(document(case.after))),
        ends={NAME: 0 if case.replacement else THEIRS},
        may_delete=subject if case.replacement else frozenset(),
        may_unprotect=subject if unprotects else frozenset(),
    )


def chosen() -> Iterator[Scenario]:
    """Those of ``CHOSEN``, in its order."""
    named = {case.name: case for case in SPEC_CHANGES}
    return (scenario(named[name]) for name in CHOSEN)
