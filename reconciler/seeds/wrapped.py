"""Unwraps the items of a seed from the output of a Scan or a BatchWriteItem request. Called by the format readers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.parsing.parsed import ParseError
from reconciler.seeds.seed_types import WrittenItem, WrittenItems

ANSWER = frozenset({"Items", "Count", "ScannedCount", "ConsumedCapacity", "LastEvaluatedKey", "NextToken"})
"""Members of a response of Scan and Query, as the SDKs and the AWS CLI print it."""
REQUEST = frozenset({"RequestItems", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics"})
"""Members of a BatchWriteItem request. The AWS CLI takes the content of RequestItems alone."""
_WRAPPERS = frozenset({"items", "data", "records", "rows", "results", "seed", "seeds", "values"})
_SDK = frozenset({"ResponseMetadata", "$metadata"})


def wrapped(members: Mapping[Any, Any], line: int | None) -> WrittenItems:
    """The items in ``members``, whose lists are written items already. Raises ``ParseError`` for any other mapping."""
    items = members.get("Items")
    if isinstance(items, list) and members.keys() <= ANSWER | _SDK and not _are_requests(items):
        _whole(members, len(items), line)
        return WrittenItems(tuple(items))
    requests = members.get("RequestItems")
    if isinstance(requests, Mapping) and members.keys() <= REQUEST:
        members = {
            name: [_record(each, line) for each in several] if isinstance(several, list) else several
            for name, several in requests.items()
        }
    alone = next(iter(members), None)
    inside = members.get(alone)
    if len(members) == 1 and str(alone).lower() in _WRAPPERS and isinstance(inside, list) and not _are_requests(inside):
        remedy = f'Write only the list, [{{…}}, {{…}}], without {{"{alone}": …}} around it.'
        raise ParseError(line, f"has its items under {alone}; expected a list", remedy)
    if not members or not all(isinstance(each, list) for each in members.values()):
        reason = "expected a list of items, the output of a scan (Items) or a BatchWriteItem request"
        raise ParseError(line, reason, "Write the items as a list, each with its attributes.")
    return WrittenItems(requests={str(name): tuple(several) for name, several in members.items()})


def _whole(answer: Mapping[Any, Any], items: int, line: int | None) -> None:
    """Refuse one page of several and a shortened response: the seed would lack items."""
    for name in ("LastEvaluatedKey", "NextToken"):
        if answer.get(name):
            remedy = f"Scan the table to its end, or remove {name} if these are all the items of the seed."
            raise ParseError(line, f"is an incomplete scan, because it has {name}", remedy)
    count = answer.get("Count")
    if count is not None and count != items:
        reason = f"has {items:,} items, but Count is {count:,}"
        raise ParseError(line, reason, "Scan the table again, or remove Count if these are all the items of the seed.")


def _record(each: Any, line: int | None) -> WrittenItem:
    return each if isinstance(each, WrittenItem) else WrittenItem(each, line)


def _are_requests(records: list[WrittenItem]) -> bool:
    """Whether it is a request for a table with the name Items."""
    kinds = ({"PutRequest"}, {"DeleteRequest"})
    return bool(records) and all(isinstance(r.value, Mapping) and set(r.value) in kinds for r in records)
