"""What ``assert_in_sync`` and ``assert_items`` find; the lines of their failures. Called by the plugin."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from reconciler.pytest_plugin.backend import Refused
from reconciler.pytest_plugin.declared import Declared, Server


def in_sync(declared: Declared, server: Server, tables: Mapping[str, str] | Iterable[str] | str) -> tuple[str, ...]:
    """How the tables differ from their declarations, as ``preview`` shows it; items do not count."""
    from reconciler.model.errors import UsageError
    from reconciler.model.plan import Action
    from reconciler.presentation.paths import from_here
    from reconciler.presentation.render import render

    wanted = (tables,) if isinstance(tables, str) else tables.values() if isinstance(tables, Mapping) else tables
    with declared.opened(server) as app:
        try:
            report = app.reconciler.preview(tuple(wanted))
        except UsageError as error:
            raise Refused(str(error)) from error
    found = []
    for table in report.tables:
        steps = tuple(step for step in table.steps if step.action not in (Action.SEED, Action.CLEAR))
        if table.declaration is not None and (steps or table.changes or table.error):
            found.append(replace(table, steps=steps))
    if report.error:
        return (report.error,)
    if not found:
        return ()
    path = partial(from_here, base=declared.settings.desired_state)
    return tuple(text for _, text in render(replace(report, tables=tuple(found)), path=path))


def items_of(
    declared: Declared,
    server: Server,
    table: str,
    items: Iterable[Mapping[str, Any]] | None,
    *,
    subset: bool,
    ignore: Collection[str],
) -> tuple[str, ...]:
    """How the items of a table differ from ``items``, or from its seed."""
    from reconciler.pytest_plugin.items import all_items, differences, typed

    declaration = declared.declaration(table) if items is None or declared.exists else None
    name = declaration.spec.name if declaration else table
    if items is None:
        if declaration is None or declaration.seed is None:
            raise Refused(f"{table} has no seed. Give assert_items the expected items.")
        expected = list(declaration.seed.items)
    else:
        expected = [typed(item) for item in _checked(table, items)]
    client = server.client()
    try:
        keys = [each["AttributeName"] for each in client.describe_table(TableName=name)["Table"]["KeySchema"]]
    except client.exceptions.ResourceNotFoundException:
        return (f"{name}: the table does not exist",)
    for position, item in enumerate(expected, start=1):
        if missing := [key for key in keys if key not in item]:
            raise Refused(f"expected item {position} lacks {', '.join(missing)} of the key of {name}. Add it.")
    return differences(name, all_items(client, name), expected, keys, subset=subset, ignore=ignore)


def _checked(table: str, items: Any) -> list[Mapping[str, Any]]:
    """The expected items; raises ``Refused`` where they are not a list of mappings."""
    how = f'Write a list of items, such as assert_items({table!r}, [{{"pk": "1"}}]).'
    if isinstance(items, Mapping):
        raise Refused(f"assert_items got one item without a list around it. {how}")
    if isinstance(items, str | bytes) or not isinstance(items, Iterable):
        raise Refused(f"assert_items expects items, but got {items!r}. {how}")
    found = list(items)
    for position, item in enumerate(found, start=1):
        if not isinstance(item, Mapping):
            raise Refused(f"expected item {position} is {item!r}, not a mapping of attributes. {how}")
    return found
