"""Observe one table: DescribeTable, and the further reads that its declared facets need.

Also knows when a missing table is really missing: DescribeTable is eventually consistent right after a create.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from reconciler.engine.context import EngineContext
from reconciler.engine.state import PlanCache
from reconciler.facets import LOOKUPS
from reconciler.facets.base import ExtraRead
from reconciler.facets.tags import READ as LIST_TAGS
from reconciler.facets.tags import owner_of
from reconciler.model.errors import EndpointChanged, Forbidden, NotFound, Unsupported
from reconciler.model.identity import Identity
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.records import InventoryEntry
from reconciler.model.table import TableSpec
from reconciler.planning.access_denied import not_observed
from reconciler.planning.observe import (
    all_extra_reads,
    all_reads,
    extra_reads,
    identity_of,
    observe,
    read_params,
    reads,
)
from reconciler.planning.ownership import may_be_ours

CREATE_GRACE = timedelta(seconds=30)
"""DescribeTable may miss a table for a while after CreateTable (eventual consistency); emulators have no such delay.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html
"""
NOT_YET_VISIBLE = "a create of this table may not be visible yet"


def observe_table(
    ports: EngineContext,
    name: str,
    spec: TableSpec | None,
    *,
    ask_owner: Callable[[Identity], bool] | None = None,
    whole: bool = False,
    plan_cache: PlanCache | None = None,
    described: Mapping[str, Any] | None = None,
) -> ObservedTable | None:
    """The live table, or ``None`` if DescribeTable does not find it.

    ``spec`` is the declared table and decides which further reads are sent; ``whole`` sends those of every facet.
    ``ask_owner`` gets the identity of the table and decides whether its owner tag is read. ``plan_cache`` returns the
    previous object if all responses are equal. ``described`` is the response of DescribeTable if it was read just now.

    Raises ``ApiError`` if a read failed: a failure never counts as an absent value. A read for which the permission is
    missing leaves its facet unknown and the rest continues. Only the owner tag, and a table that is read ``whole``,
    must be complete. ``EndpointChanged`` means that the ARN in the response belongs to another account or region.
    """
    if described is None:
        try:
            described = ports.api.read("DescribeTable", {"TableName": name})
        except NotFound:
            return None
    against = ports.endpoint.contradiction(str(described["Table"]["TableArn"]))
    if against is not None:
        raise EndpointChanged("DescribeTable", "EndpointChanged", f"the endpoint or the account changed: {against}")
    answers: dict[str, Mapping[str, Any]] = {"DescribeTable": described}
    unsupported: set[str] = set()
    operations = dict.fromkeys(all_reads() if whole else reads(spec))
    table = described["Table"]
    owner_needed = bool(ask_owner and ports.endpoint.flavor.has_tags and ask_owner(identity_of(table)))
    if owner_needed:
        operations[LIST_TAGS] = None
    requests = [
        ExtraRead(operation, operation, read_params(operation, name, table["TableArn"], table))
        for operation in operations
    ]
    extra_reads_wanted = all_extra_reads(table) if whole else extra_reads(spec, table)
    wanted = {extra.key: extra for extra in (*requests, *extra_reads_wanted)}
    denied: dict[str, str] = {}
    for extra in wanted.values():
        try:
            answers[extra.key] = ports.api.read(extra.operation, extra.params)
        except Forbidden:
            if (owner_needed and extra.key == LIST_TAGS) or (whole and extra.operation not in LOOKUPS):
                raise
            denied[extra.key] = extra.operation
        except Unsupported:
            # Without the owner tag another stack's table could pass for ours. Emulators may lack tags altogether.
            if owner_needed and extra.key == LIST_TAGS and not ports.emulator:
                raise
            unsupported.add(extra.key)
        except NotFound:
            # Some emulators list an index or a stream in DescribeTable and do not know it in the operation about it.
            if not (ports.emulator and extra in extra_reads_wanted):
                raise
            if extra.operation not in LOOKUPS:
                # A KMS alias that does not resolve is a valid answer: no table can be encrypted with that key.
                unsupported.add(extra.key)
    responses = Responses(answers, frozenset(unsupported), frozenset(denied), ports.clock.now())

    def read() -> ObservedTable:
        seen = observe(responses)
        return replace(seen, not_observed=not_observed(spec, table, denied)) if denied else seen

    return read() if plan_cache is None else plan_cache.observed(name, spec, responses, read)


def observe_twice(ports: EngineContext, name: str) -> ObservedTable | None:
    """The table with its owner tag, or ``None`` if two DescribeTable calls do not find it.

    The caller drops the record of a missing table, which cannot be undone, and one response may be stale.
    """
    first = observe_table(ports, name, None, ask_owner=lambda _: True)
    return first or observe_table(ports, name, None, ask_owner=lambda _: True)


def with_owner(ports: EngineContext, observed: ObservedTable) -> ObservedTable:
    """The same table with its owner tag, which is read now if it is not known and the endpoint has tags."""
    if observed.owner_known or not ports.endpoint.flavor.has_tags:
        return observed
    try:
        answer = ports.api.read(LIST_TAGS, read_params(LIST_TAGS, observed.spec.name, observed.identity.arn))
    except Unsupported:
        return observed
    return replace(observed, owner_tag=owner_of(Responses({LIST_TAGS: answer})), owner_known=True)


def not_visible_before(ports: EngineContext, recorded: InventoryEntry | None) -> datetime | None:
    """Until when DescribeTable may miss a table that we created, or ``None`` if a missing table is really missing."""
    if recorded is None or recorded.changed_at is None or ports.emulator:
        return None
    not_before = recorded.changed_at + CREATE_GRACE
    young = may_be_ours(recorded) and ports.clock.now() < not_before
    return not_before if young else None
