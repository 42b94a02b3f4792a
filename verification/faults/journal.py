"""Which calls count, what they did, and which are forbidden, by the journal of the proxy alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from faults.scenario import Scenario
from support.proxy import MUTATING, Recorded

MARK = ".replacing."
RENEWAL = "#holder = :holder AND #token = :token"
ITEM_WRITES = frozenset(("PutItem", "UpdateItem", "DeleteItem"))
WHOLESALE = frozenset(
    ("BatchWriteItem", "TransactWriteItems", "ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction")
)


def of_state(request: Recorded) -> bool:
    """Whether it is about a state table alone."""
    return bool(request.tables) and all("state" in name for name in request.tables)


def state_record(request: Recorded) -> str:
    """The record of the state table that is read or written; empty for anything else."""
    members = request.body.get("Item") or request.body.get("Key") or {}
    return str(members.get("record", {}).get("S", "")) if of_state(request) else ""


def renews_lease(request: Recorded) -> bool:
    """Whether a lease that is held already is renewed, under the condition that its token is still the holder's."""
    if request.operation != "PutItem" or state_record(request) != "lease":
        return False
    return bool(request.body.get("ConditionExpression") == RENEWAL)


def announces_end(request: Recorded) -> bool:
    """Whether an inventory entry was written that announces the deletion of its table."""
    written = request.operation == "PutItem" and state_record(request).startswith("table#") and request.status == 200
    return written and "S" in request.body["Item"].get("ending_at", {})


class Tally:
    """Counts mutating calls in the order they come. A lease that is renewed because time went by does not count."""

    def __init__(self) -> None:
        self.count = 0
        self._leased = False

    def number(self, request: Recorded) -> int | None:
        """The number of this call, from 1; None where it is none that counts."""
        if request.operation not in MUTATING:
            return None
        if request.operation == "PutItem" and state_record(request) == "lease":
            if self._leased:
                return None
            self._leased = True
        self.count += 1
        return self.count


def writes(requests: Iterable[Recorded]) -> int:
    """How many calls of a run count."""
    tally = Tally()
    for request in requests:
        tally.number(request)
    return tally.count


def effects(requests: Iterable[Recorded]) -> Counter[tuple[str, str]]:
    """What was done to tables other than the state's, refused calls left out: operation and table."""
    done = (r for r in requests if r.operation in MUTATING and r.status == 200 and not of_state(r))
    return Counter((request.operation, without_token(name)) for request in done for name in request.tables)


def without_token(name: str) -> str:
    """The name of a table; that of a copy aside without its random token."""
    return name.partition(MARK)[0] + MARK if MARK in name else name


def _is_copy(name: str, scenario: Scenario) -> bool:
    """Whether it is the copy of a table that the run replaces with its items."""
    of, mark, _ = name.partition(MARK)
    return bool(mark) and of in scenario.may_delete


def unrecorded(runs: Iterable[Sequence[Recorded]]) -> set[str]:
    """Tables that were asked for, by runs that died before it was recorded that they were created."""
    found: set[str] = set()
    for request in (request for run in runs for request in run):
        if request.operation == "CreateTable":
            found.update(request.tables)
        elif request.status == 200:
            found.difference_update(_recorded_as_created(request))
    return found


def _recorded_as_created(request: Recorded) -> Iterator[str]:
    """The tables whose records say from this request on that they were created."""
    puts = [request.body] if request.operation == "PutItem" else []
    puts += [action.get("Put", {}) for action in request.body.get("TransactItems", ())]
    for put in puts:
        item = put.get("Item", {})
        if item.get("ownership") == {"S": "created"}:
            yield str(item["record"]["S"]).removeprefix("table#")


def violations(run: Sequence[Recorded], scenario: Scenario) -> Iterator[str]:
    """Everything in the calls of one run that may never be done (I1, I4, I5, I7, I9), as sentences.

    What was seen of a table counts until the lease is taken anew, or table or its entry is written. An entry that
    announces the delete follows the look that decided it; the lease is renewed after both.
    """
    looked: dict[str, int] = {}
    leased = -1
    for position, request in enumerate(run):
        name = request.tables[0] if request.tables else ""
        if request.operation == "DescribeTable":
            looked[name] = position
        elif renews_lease(request):
            leased = position if request.status == 200 else -1
        elif request.operation == "DeleteTable":
            if not _is_copy(name, scenario) and name not in scenario.may_delete:
                yield f"I1: table {name} was deleted"
            if leased < looked.get(name, position):
                yield f"I4: {name} was deleted without reading identity and renewing the lease right before"
        elif request.operation in MUTATING:
            yield from _update(request, name, scenario)
        if announces_end(request) and _subject(request) in looked:
            looked[_subject(request)] = position
        elif request.operation in MUTATING and not renews_lease(request):
            for stale in tuple(looked) if state_record(request) == "lease" else (_subject(request),):
                looked.pop(stale, None)


def quiet_violations(run: Sequence[Recorded]) -> Iterator[str]:
    """Everything that an idle pass wrote except lease and history (I8)."""
    for request in run:
        if request.operation not in MUTATING:
            continue
        record = state_record(request)
        if not (record == "lease" or record.startswith("run#") or _cuts_history(request)):
            yield f"I8: {request.operation} {', '.join(request.tables)} {record} in a pass with nothing to do"


def _subject(request: Recorded) -> str:
    """The table that a call is about, be it by its entry in the inventory."""
    if of_state(request):
        return state_record(request).removeprefix("table#")
    return request.tables[0] if request.tables else ""


def _cuts_history(request: Recorded) -> bool:
    parts = [part for parts in request.body.get("RequestItems", {}).values() for part in parts]
    keys = [part.get("DeleteRequest", {}).get("Key", {}) for part in parts]
    return (
        of_state(request) and all(key.get("record", {}).get("S", "").startswith("run#") for key in keys) and bool(keys)
    )


def _puts_where_free(request: Recorded) -> bool:
    """Whether it is a transaction that only puts items, each on the condition that its key is free."""
    puts = [action.get("Put", {}) for action in request.body.get("TransactItems", ())]
    return bool(puts) and all(put.get("ConditionExpression") == "attribute_not_exists(#key)" for put in puts)


def _update(request: Recorded, name: str, scenario: Scenario) -> Iterator[str]:
    if of_state(request):
        return
    if name not in scenario.ends and name not in scenario.may_delete and not _is_copy(name, scenario):
        yield f"{request.operation} on {name}, which is not of this stack"
    if request.operation in WHOLESALE and not _puts_where_free(request):
        yield f"I5: {request.operation} on {name} writes items without a condition"
    if request.operation in ITEM_WRITES and "ConditionExpression" not in request.body:
        yield f"I5: {request.operation} on {name} without a condition"
    unprotects = request.operation == "UpdateTable" and request.body.get("DeletionProtectionEnabled") is False
    if unprotects and name not in scenario.may_unprotect:
        yield f"I7: the protection of {name} was switched off"
    changed = [one for one in request.body.get("GlobalSecondaryIndexUpdates", ()) if "Update" not in one]
    if len(changed) > 1:
        yield f"I9: {len(changed)} indexes of {name} in one call"
