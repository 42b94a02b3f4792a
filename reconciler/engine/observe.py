"""Ask the endpoint about one table: DescribeTable, and the extra reads its declared facets need."""

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
"""Off emulators DescribeTable may not find a table for a while after its create (eventual consistency)."""
NOT_YET_VISIBLE = "a create of this table may not be visible yet"


def observe_table(
    ports: EngineContext,
    name: str,
    spec: TableSpec | None,
    *,
    ask_owner: Callable[[Identity], bool] | None = None,
    whole: bool = False,
    plan_cache: PlanCache | None = None,
) -> ObservedTable | None:
    """The live table, or ``None`` where DescribeTable says that there is none.

    ``spec`` is the declared one and decides the extra reads; ``whole`` reads everything that any facet knows, and
    ``ask_owner`` says of which table the owner tag is wanted too. ``recall`` spares reading equal answers again.
    Raises ``ApiError`` where anything could not be read: a failure is never taken for emptiness. Only what we are not
    permitted to look at is unknown, and the rest goes on; whose a table is must be known, and a table read whole is.
    """
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
            # An endpoint that has tags and does not tell them hides whose the table is: off emulators that is an error.
            if owner_needed and extra.key == LIST_TAGS and not ports.emulator:
                raise
            unsupported.add(extra.key)
        except NotFound:
            # An emulator that tells of an index or a stream, and cannot be asked about it, will never know it.
            if not (ports.emulator and extra in extra_reads_wanted):
                raise
            if extra.operation not in LOOKUPS:
                # A name that leads to nothing is an answer: no table is encrypted by such a key.
                unsupported.add(extra.key)
    responses = Responses(answers, frozenset(unsupported), frozenset(denied), ports.clock.now())

    def read() -> ObservedTable:
        seen = observe(responses)
        return replace(seen, not_observed=not_observed(spec, table, denied)) if denied else seen

    return read() if plan_cache is None else plan_cache.observed(name, spec, responses, read)


def observe_twice(ports: EngineContext, name: str) -> ObservedTable | None:
    """The table with its owner, or ``None`` where two answers say that there is none: what is forgotten is for good."""
    first = observe_table(ports, name, None, ask_owner=lambda _: True)
    return first or observe_table(ports, name, None, ask_owner=lambda _: True)


def with_owner(ports: EngineContext, observed: ObservedTable) -> ObservedTable:
    """The same table with its owner tag, read now where the endpoint has tags and nobody has read them yet."""
    if observed.owner_known or not ports.endpoint.flavor.has_tags:
        return observed
    try:
        answer = ports.api.read(LIST_TAGS, read_params(LIST_TAGS, observed.spec.name, observed.identity.arn))
    except Unsupported:
        return observed
    return replace(observed, owner_tag=owner_of(Responses({LIST_TAGS: answer})), owner_known=True)


def not_visible_before(ports: EngineContext, recorded: InventoryEntry | None) -> datetime | None:
    """When a table of ours would be seen if it were there; None where that time has come, or it is not of ours."""
    if recorded is None or recorded.changed_at is None or ports.emulator:
        return None
    not_before = recorded.changed_at + CREATE_GRACE
    young = may_be_ours(recorded) and ports.clock.now() < not_before
    return not_before if young else None
