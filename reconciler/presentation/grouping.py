"""Folds tables with the same plan into one entry, so that a plan for many tables stays readable. Pure.

Only harmless work is folded, and an error that is all there is to say. A table that ends, fails or loses something is
always shown by itself, because a person has to see each of them before they agree.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence

from reconciler.model.plan import Action, Step, StepStatus
from reconciler.model.report import TableReport, TableStatus
from reconciler.planning.text import printable, several

NAMED = 6
"""The names that are shown of a folded entry."""
ALIKE = 2
"""So many tables with one error are one entry."""
_SHOWN_ALONE = frozenset({StepStatus.FAILED})
_BILLING = {"PAY_PER_REQUEST": "on demand", "PROVISIONED": "provisioned"}

Group = tuple[TableReport, ...]


def groups(tables: Iterable[TableReport], body: Callable[[TableReport], Hashable], many: int) -> Sequence[Group]:
    """The tables in their order; those with the same ``body`` form one group if there are at least ``many``.

    Tables that could not be read for the same reason, such as an endpoint that is down, form one from two on.
    """
    found: dict[Hashable, list[TableReport]] = {}
    for table in tables:
        found.setdefault(_key(table, body), []).append(table)
    made: list[Group] = []
    for members in found.values():
        enough = ALIKE if is_unread(members[0]) else many
        made += [tuple(members)] if len(members) >= enough else [(table,) for table in members]
    return sorted(made, key=lambda group: group[0].name)


def _key(table: TableReport, body: Callable[[TableReport], Hashable]) -> Hashable:
    if is_unread(table):
        return ("unread", table.error)
    return ("equal", body(table)) if _may_be_folded(table) else ("alone", table.name)


def is_unread(table: TableReport) -> bool:
    """Whether an error is all that is known of the table: nothing was planned or done."""
    work = table.rebuild or table.held or table.migrations
    planned = table.steps or table.changes or work or table.left_in_place
    return table.status is TableStatus.ERROR and bool(table.error) and not planned


def gist(group: Group) -> str:
    """``200 tables: create, on demand, key pk (S); seed``."""
    first = group[0]
    words = [_words(step) for step in first.steps]
    return printable(f"{several(len(group), 'table')}: {'; '.join(words)}")


def names(group: Group) -> str:
    """The first names of a group, and how many more there are."""
    shown = ", ".join(printable(table.name) for table in group[:NAMED])
    left = len(group) - NAMED
    return f"{shown} and {left} more" if left > 0 else shown


def unnamed(step: Step, table: TableReport) -> str:
    """The message of a step without the name of its table: seeds name their file after it."""
    message = step.message or ""
    if step.action in (Action.SEED, Action.CLEAR):
        for name in sorted(filter(None, (table.name, table.base_name)), key=len, reverse=True):
            message = message.replace(f"/{name}.", "/TABLE.")
    return message


def _may_be_folded(table: TableReport) -> bool:
    plain = table.status is not TableStatus.ERROR and not (
        table.error or table.rebuild or table.held or table.left_in_place or table.migrations
    )
    carried = [change for step in table.steps for change in step.changes]
    return (
        plain
        and bool(table.steps)
        and all(step.status not in _SHOWN_ALONE and not (step.destructive or step.hazardous) for step in table.steps)
        and not any(step.removes for step in table.steps)
        and all(change in carried for change in table.changes)
    )


def _words(step: Step) -> str:
    if step.action is Action.CREATE and step.call is not None:
        return ", ".join(["create", *_shape(step)])
    return f"{step.action.value} {step.facet}" if step.action is Action.UPDATE else step.action.value


def _shape(step: Step) -> Iterable[str]:
    """Billing mode and keys of a CreateTable request."""
    params = step.call.params if step.call else {}
    if params.get("BillingMode") in _BILLING:
        yield _BILLING[params["BillingMode"]]
    types = {each["AttributeName"]: each["AttributeType"] for each in params.get("AttributeDefinitions", ())}
    keys = [
        f"{each['AttributeName']} ({types.get(each['AttributeName'], '?')})" for each in params.get("KeySchema", ())
    ]
    if keys:
        yield f"key {', '.join(keys)}"
    indexes = sum(len(params.get(name) or ()) for name in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"))
    if indexes:
        yield several(indexes, "index").replace("indexs", "indexes")
