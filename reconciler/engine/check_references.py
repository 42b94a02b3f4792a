"""The command ``check-references``: look for items of live tables that refer to no item. Only reads.

It reads in small pages with a pause between them, so that it takes little of the capacity of the tables. Writers go on
meanwhile: an item that is deleted between the two reads may be reported as an orphan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from itertools import groupby

from reconciler.engine.context import EngineContext
from reconciler.model.desired import AttributeValue, DesiredState, Item
from reconciler.model.errors import NotFound, UsageError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.planning.references import Link, links, named_values
from reconciler.seeding.digest import canonical

PAGE = 100
"""Items of a page: as many as BatchGetItem takes keys
(https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html).
"""
PAUSE = 0.1
"""Seconds between two pages, except on an emulator."""
EXAMPLES = 5
MOST_KNOWN = 100_000
"""Values of a reference whose answer is remembered."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """One value that names no item: the key of the item that holds it, and the value."""

    item: Item
    value: AttributeValue


@dataclass(slots=True)
class CheckedReference:
    """What was found for one reference. ``items`` were read, ``values`` of them name an item of the other table."""

    link: Link
    items: int = 0
    values: int = 0
    orphans: int = 0
    examples: list[Orphan] = field(default_factory=list)
    known: dict[str, bool] = field(default_factory=dict, repr=False)
    """Whether the item of a value exists, by the value as canonical JSON."""


@dataclass(frozen=True, slots=True)
class CheckReferences:
    """One run of the command."""

    ports: EngineContext
    desired: DesiredState

    def run(self, names: Sequence[str], sample: int | None) -> tuple[CheckedReference, ...]:
        """Check the references of these tables, or all of them. ``sample`` limits the items that are read of each.

        A Scan goes in the order of the hash of the partition key, so its first items are a sample of all. Raises
        ``UsageError`` for a named table without references to check, and if a table does not exist.
        """
        found = tuple(each for each in links(self.desired.declarations) if not names or each.source.spec.name in names)
        checkable = {each.source.spec.name for each in found}
        for name in names:
            if name not in checkable:
                raise UsageError(f"{name} declares no reference with an attribute, so there is nothing to check")
        for name in sorted({table.spec.name for each in found for table in (each.source, each.target)}):
            self._require(name)
        checked = tuple(CheckedReference(link) for link in found)
        for _, group in groupby(checked, key=lambda each: each.link.source.spec.name):
            self._check_table(tuple(group), sample)
        return checked

    def _require(self, name: str) -> None:
        try:
            self.ports.api.read("DescribeTable", {"TableName": name})
        except NotFound:
            raise UsageError(f"table {name} does not exist; `reconciler up {name}` creates it") from None

    def _check_table(self, checked: Sequence[CheckedReference], sample: int | None) -> None:
        source = checked[0].link.source
        keys = tuple(element.attribute for element in source.spec.keys)
        names = tuple(dict.fromkeys((*keys, *(each.link.attribute for each in checked))))
        for page in self.ports.items.pages(source.spec.name, names, PAGE, sample):
            for each in checked:
                self._check_page(each, page, keys)
            if not self.ports.emulator:
                self.ports.clock.sleep(PAUSE)

    def _check_page(self, checked: CheckedReference, page: Sequence[Item], keys: Sequence[str]) -> None:
        attribute = checked.link.attribute
        held = [(item, value) for item in page if attribute in item for value in named_values(item[attribute])]
        self._look_up(checked, {canonical({"": value}): value for _, value in held})
        checked.items += len(page)
        checked.values += len(held)
        for item, value in held:
            if not checked.known[canonical({"": value})]:
                checked.orphans += 1
                if len(checked.examples) < EXAMPLES:
                    checked.examples.append(Orphan({name: item[name] for name in keys if name in item}, value))

    def _look_up(self, checked: CheckedReference, values: Mapping[str, AttributeValue]) -> None:
        """Find out which of these values name an item."""
        if len(checked.known) > MOST_KNOWN:
            checked.known.clear()
        unknown = {text: value for text, value in values.items() if text not in checked.known}
        # Of another type than the key, a value cannot name an item, and DynamoDB refuses to look for it.
        asked = {text: value for text, value in unknown.items() if checked.link.key.type in value}
        present = self._present(checked.link, asked) if asked else frozenset()
        checked.known.update({text: text in present for text in unknown})

    def _present(self, link: Link, values: Mapping[str, AttributeValue]) -> frozenset[str]:
        target, key = link.target.spec, link.key.attribute
        if link.index is None and len(target.keys) == 1:
            found: set[str] = set()
            for some in _batches(list(values.values())):
                items = self.ports.items.find_keys(target.name, [{key: value} for value in some])
                found.update(canonical({"": item[key]}) for item in items)
            return frozenset(found)
        # With a sort key, or in an index, the whole key of an item is not known.
        has_item = self.ports.items.has_item
        return frozenset(text for text, value in values.items() if has_item(target.name, link.index, key, value))


def _batches(values: Sequence[AttributeValue]) -> Iterator[Sequence[AttributeValue]]:
    return (values[start : start + PAGE] for start in range(0, len(values), PAGE))
