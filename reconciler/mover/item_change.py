"""What a migration does with one item: nothing, or one conditional update. Pure.

An update must be safe to repeat: a process that is killed, or an answer that is lost, makes the next attempt compute it
again from the changed item. So ``up`` is also applied to its own result, which must change nothing more; a migration
that is not repeatable is refused before its first write.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from reconciler.model.desired import AttributeValue, Item
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import MigrationDirection
from reconciler.mover.migration_file import MigrationFile, ReadItem
from reconciler.mover.ports import ItemUpdate
from reconciler.mover.where_expression import holds
from reconciler.seeding.digest import canonical
from reconciler.seeds.item_rules import DEPTH, LIMIT, depth, item_size
from reconciler.seeds.plain_values import attribute_value, name_of
from reconciler.seeds.seed_types import ValueProblem

MOST_TERMS = 150
"""Attributes that one condition may compare. An expression holds 4 KB and 300 operators
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html)."""


class Untouched(StrEnum):
    """Why an item needs no update."""

    SKIPPED = "skipped"
    """``where`` does not select it."""
    DONE = "done"
    """It has the changes already."""


class ItemFault(Exception):
    """A migration cannot be applied to an item. ``line`` is that in the migration's file, ``name`` its function."""

    def __init__(self, name: str, line: int | None, reason: str, remedy: str) -> None:
        self.name = name
        self.line = line
        self.reason = reason
        self.remedy = remedy
        super().__init__(f"{reason}. {remedy}")


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One update, and the item as it is after it."""

    update: ItemUpdate
    before: Item
    after: Item

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes that change."""
        return tuple(sorted([*self.update.set, *self.update.remove]))

    def is_in(self, item: Item) -> bool:
        """Whether an item has all the changes, whoever made them."""
        return all(same(item.get(name), self.after.get(name)) for name in self.names)


def change_of(
    migration: MigrationFile, direction: MigrationDirection, item: Item, key_names: Sequence[str]
) -> ItemChange | Untouched:
    """What the migration does with ``item``. Raises ``ItemFault``."""
    evaluation = _Evaluation(migration, direction, key_names)
    view = ReadItem(item)
    untouched = evaluation.leaves(view)
    if untouched is not None:
        return untouched
    changes = evaluation.changes(view, item)
    if not changes:
        return Untouched.DONE
    after = {name: value for name, value in {**item, **changes}.items() if value is not None}
    evaluation.check_after(after)
    evaluation.check_repeatable(after, view)
    expected = {name: value for name, value in view.asked().items() if name not in key_names}
    expected |= {name: item.get(name) for name in changes}
    if len(expected) > MOST_TERMS:
        raise evaluation.fault(
            direction,
            f"depends on {len(expected)} attributes of the item, and a condition of DynamoDB compares {MOST_TERMS}",
            "Read and change only the attributes that are needed, by their names.",
        )
    update = ItemUpdate(
        {name: item[name] for name in key_names},
        expected,
        {name: value for name, value in changes.items() if value is not None},
        tuple(name for name, value in changes.items() if value is None),
        migration.where if direction == "up" else None,
    )
    return ItemChange(update, item, after)


def same(one: AttributeValue | None, other: AttributeValue | None) -> bool:
    """Whether two values are equal as DynamoDB compares them: sets without order, numbers by amount."""
    if one is None or other is None:
        return one is other
    return canonical({"": one}) == canonical({"": other})


class _Evaluation:
    """The functions of one migration in one direction, with the checks of what they return."""

    def __init__(self, migration: MigrationFile, direction: MigrationDirection, key_names: Sequence[str]) -> None:
        self._migration = migration
        self._direction = direction
        self._key_names = key_names
        function = migration.up if direction == "up" else migration.down
        assert function is not None
        self._function = function

    def leaves(self, view: ReadItem) -> Untouched | None:
        """Why the item is left as it is, without asking ``up`` or ``down``; ``None`` if it is not."""
        migration = self._migration
        if self._direction == "up":
            if migration.selects is not None and not self._call("where", migration.selects, view):
                return Untouched.SKIPPED
            if migration.done is not None and self._call("done", migration.done, view):
                return Untouched.DONE
            return None
        if migration.done is not None and not self._call("done", migration.done, view):
            return Untouched.DONE
        return None

    def changes(self, view: ReadItem, item: Item) -> dict[str, AttributeValue | None]:
        """The attributes that get another value; ``None`` removes one."""
        returned = self._call(self._direction, self._function, view)
        if not isinstance(returned, Mapping):
            kind = type(returned).__name__
            raise self.fault(
                self._direction,
                f"returned {kind}; expected a dict of changes",
                "Return the attributes to set, None to remove one, and {} for no change.",
            )
        changes: dict[str, AttributeValue | None] = {}
        for name, value in returned.items():
            after = self._value(name, value, item)
            if same(item.get(name), after):
                continue
            if name in self._key_names:
                raise self.fault(
                    self._direction,
                    f"changes the key attribute {name}, which no update can do",
                    "Keys change only when the table is replaced: see `reconciler replace`.",
                )
            changes[name] = after
        return changes

    def _value(self, name: Any, value: Any, item: Item) -> AttributeValue | None:
        try:
            name_of(name, str(name))
            if value is None:
                # An item shows an attribute of the type NULL as None; giving it back must not remove it.
                found = item.get(name)
                return found if found is not None and "NULL" in found else None
            return attribute_value(value, name)
        except ValueProblem as problem:
            raise self.fault(self._direction, f"{problem.path} {problem.reason}", problem.remedy) from None

    def check_after(self, after: Item) -> None:
        """The item must stay within the limits of DynamoDB; else each attempt would be refused."""
        deepest = max(map(depth, after.values()), default=0)
        if deepest > DEPTH:
            raise self.fault(self._direction, f"nests {deepest} levels deep", f"DynamoDB allows {DEPTH} levels.")
        size = item_size(after)
        if size > LIMIT:
            raise self.fault(
                self._direction,
                f"makes the item {size} bytes long, more than {LIMIT} (400 KB)",
                "Shorten the item first, or leave it out with `where`.",
            )

    def check_repeatable(self, after: Item, view: ReadItem) -> None:
        """The same function must change nothing in its own result, or the result must be left out or done."""
        again = ReadItem(after)
        if self._leaves_again(after, again):
            return
        del view
        remedy = "Add done(item), which tells the items that have the changes already."
        try:
            changes = self.changes(again, after)
        except ItemFault as failed:
            reason = f"{self._direction}() fails on its own result: {failed.reason}"
            raise ItemFault(self._direction, failed.line, reason, remedy) from None
        if changes:
            names = ", ".join(sorted(changes))
            raise self.fault(
                self._direction, f"changes {names} again in its own result, so it cannot be repeated safely", remedy
            )

    def _leaves_again(self, after: Item, again: ReadItem) -> bool:
        if self.leaves(again) is not None:
            return True
        where = self._migration.where
        # Its condition is part of each update, so a result for which it no longer holds is never changed again.
        return self._direction == "up" and where is not None and holds(where, after) is False

    def fault(self, name: str, reason: str, remedy: str, line: int | None = None) -> ItemFault:
        """A fault at a function of the file."""
        return ItemFault(name, line or self._migration.lines.get(name), f"{name}() {reason}", remedy)

    def _call(self, name: str, function: Callable[[ReadItem], Any], view: ReadItem) -> Any:
        try:
            return function(view)
        except Exception as error:
            line = next(
                (
                    frame.lineno
                    for frame in reversed(traceback.extract_tb(error.__traceback__))
                    if frame.filename.endswith(f"{self._migration.name}.py")
                ),
                None,
            )
            text = " ".join(str(error).split())[:200]
            raise self.fault(
                name,
                f"raised {type(error).__name__}{': ' if text else ''}{text}",
                "Correct it, then run the command again.",
                line,
            ) from error
