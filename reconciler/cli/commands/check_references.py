"""Look for items that refer to no item, in live tables whose declarations have `references`. Never writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from reconciler.cli import codes
from reconciler.cli.command import Tables, command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Option
from reconciler.engine.check_references import CheckedReference
from reconciler.model.json_values import plain
from reconciler.planning.references import item_text, value_text
from reconciler.planning.text import printable, several

Sample = Annotated[
    int | None, Option(("--sample",), metavar="N", minimum=1, help="Read at most N items of each table; else all.")
]


@command()
def check_references(invocation: Invocation, tables: Tables = None, *, sample: Sample = None) -> int:
    """Print counts and examples; exit 2 where an item refers to none."""
    invocation.allow(Output.HUMAN, Output.JSON)
    with invocation.opened(invocation.settings(), read_only=True) as app:
        checked = app.reconciler.check_references(tuple(tables or ()), sample)
    orphans = sum(each.orphans for each in checked)
    members = {"sample": sample, "orphans": orphans, "references": [_entry(each) for each in checked]}
    invocation.answer(_lines(checked, orphans), members)
    return codes.DRIFT if orphans else codes.OK


def _lines(checked: Sequence[CheckedReference], orphans: int) -> Iterator[str]:
    for each in checked:
        link = each.link
        names = f"{link.source.spec.name}.{link.attribute} → {link.target.spec.name}.{link.key.attribute}"
        counts = f"{several(each.items, 'item')}, {several(each.values, 'value')}, {several(each.orphans, 'orphan')}"
        yield printable(f"{names}: {counts}")
        for example in each.examples:
            item = item_text(example.item, link.source.spec.keys)
            yield printable(f"  {item}: {link.attribute} {value_text(example.value)} names no item")
        if each.orphans > len(each.examples):
            yield f"  and {each.orphans - len(each.examples):,} more"
    if not checked:
        yield "No declared reference names an attribute; write `references: [{table: NAME, attribute: ATTRIBUTE}]`."
    elif orphans:
        yield f"{several(orphans, 'value')} without an item."
    else:
        yield "Every value names an item."


def _entry(checked: CheckedReference) -> dict[str, Any]:
    link = checked.link
    return {
        "table": link.source.spec.name,
        "attribute": link.attribute,
        "target": link.target.spec.name,
        "key": link.key.attribute,
        "index": link.index,
        "items": checked.items,
        "values": checked.values,
        "orphans": checked.orphans,
        "examples": [{"item": plain(each.item), "value": plain(each.value)} for each in checked.examples],
    }
