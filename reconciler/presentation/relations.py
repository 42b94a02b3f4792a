"""Lays out the references between declared tables as boxes and arrows. Pure; the status page and ``export`` draw them.

A table is left of those it refers to; an arrow starts at the attribute that holds the key of the other table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.model.desired import Declaration, DesiredState
from reconciler.model.lazy_dataclass import dataclass

BOX_WIDTH, TITLE_HEIGHT, ROW_HEIGHT = 192, 34, 24
COLUMN_GAP, ROW_GAP, MARGIN = 72, 24, 8
MAX_DRAWN = 60
"""Tables in one drawing; more are unreadable."""
MAX_SHOWN = 240
"""Tables in all drawings of a page; the list contains all."""
MAX_LETTERS = 22


@dataclass(frozen=True, slots=True)
class Relation:
    """``source`` refers to ``target`` by ``attribute``; both are names of tables."""

    source: str
    target: str
    attribute: str | None


@dataclass(frozen=True, slots=True)
class Box:
    """One table; ``rows`` are its referring attributes. Lengths are in pixels."""

    name: str
    label: str
    x: int
    y: int
    height: int
    rows: Sequence[str]


@dataclass(frozen=True, slots=True)
class Arrow:
    """A curve as an SVG path."""

    relation: Relation
    path: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """The layout of one group of connected tables; ``title`` names some of them."""

    title: str
    boxes: Sequence[Box]
    arrows: Sequence[Arrow]
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Relations:
    """All relations and the drawings; ``undrawn`` tables are only in the list."""

    all: Sequence[Relation]
    drawings: Sequence[Drawing]
    undrawn: int = 0


def relations(desired: DesiredState) -> Relations | None:
    """All declared references in one drawing, or one per group if that is too large; ``None`` without references."""
    found = tuple(declared_relations(desired.declarations))
    if not found:
        return None
    names = sorted({name for relation in found for name in (relation.source, relation.target)})
    if len(names) <= MAX_DRAWN:
        return Relations(found, (_drawing(names, found),))
    drawings, shown = [], 0
    for group in _groups(names, found):
        if len(group) <= MAX_DRAWN and shown + len(group) <= MAX_SHOWN:
            shown += len(group)
            drawings.append(_drawing(sorted(group), tuple(one for one in found if one.source in group)))
    return Relations(found, tuple(drawings), len(names) - shown)


def _drawing(names: Sequence[str], found: Sequence[Relation]) -> Drawing:
    columns = columns_of(names, found)
    boxes = {box.name: box for box in _boxes(columns, found)}
    arrows = tuple(Arrow(relation, _path(relation, boxes)) for relation in found)
    width = MARGIN * 2 + len(columns) * BOX_WIDTH + (len(columns) - 1) * COLUMN_GAP + COLUMN_GAP // 2
    height = MARGIN * 2 + max(box.y + box.height for box in boxes.values())
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return Drawing(f"{', '.join(map(_short, names[:2]))}{more}", tuple(boxes.values()), arrows, width, height)


def _groups(names: Sequence[str], found: Sequence[Relation]) -> list[frozenset[str]]:
    """Connected tables, the largest group first."""
    beside: dict[str, set[str]] = {name: set() for name in names}
    for relation in found:
        beside[relation.source].add(relation.target)
        beside[relation.target].add(relation.source)
    groups: list[frozenset[str]] = []
    left = dict.fromkeys(names)
    while left:
        group, reached = set(), [next(iter(left))]
        while reached:
            name = reached.pop()
            if name not in group:
                group.add(name)
                reached += beside[name]
                del left[name]
        groups.append(frozenset(group))
    return sorted(groups, key=lambda group: (-len(group), min(group)))


def declared_relations(declarations: Iterable[Declaration]) -> Iterable[Relation]:
    """Every reference to a declared table, by the names of the tables."""
    declared = tuple(declarations)
    names = {declaration.base_name: declaration.spec.name for declaration in declared}
    for declaration in declared:
        for reference in declaration.references:
            target = names.get(reference.table)
            if target is not None:
                yield Relation(declaration.spec.name, target, reference.attribute)


def columns_of(names: Sequence[str], found: Sequence[Relation]) -> list[list[str]]:
    """Tables by their distance from those that no table refers to; cycles are cut."""
    referrers = {name: sorted({r.source for r in found if r.target == name and r.source != name}) for name in names}
    depth: dict[str, int] = {}

    def measured(name: str, above: frozenset[str]) -> int:
        if name not in depth:
            before = [measured(one, above | {name}) for one in referrers[name] if one not in above | {name}]
            depth[name] = 1 + max(before, default=-1)
        return depth[name]

    for name in names:
        measured(name, frozenset())
    columns = [[name for name in names if depth[name] == column] for column in range(max(depth.values()) + 1)]
    return [columns[0], *(_beside(columns[: number + 1], found) for number in range(1, len(columns)))]


def _beside(columns: Sequence[Sequence[str]], found: Sequence[Relation]) -> list[str]:
    """The last column in the order of its incoming arrows, so that few of them cross."""
    height = {name: number for column in columns[:-1] for number, name in enumerate(column)}
    last = (len(columns[0]), len(found))

    def key(name: str) -> tuple[int, int]:
        into = ((height[r.source], i) for i, r in enumerate(found) if r.target == name and r.source in height)
        return min(into, default=last)

    return sorted(columns[-1], key=key)


def _boxes(columns: Sequence[Sequence[str]], found: Sequence[Relation]) -> Iterable[Box]:
    for number, names in enumerate(columns):
        y = MARGIN
        for name in names:
            rows = _rows(name, found)
            height = TITLE_HEIGHT + ROW_HEIGHT * len(rows)
            yield Box(name, _short(name), MARGIN + number * (BOX_WIDTH + COLUMN_GAP), y, height, rows)
            y += height + ROW_GAP


def _rows(name: str, found: Sequence[Relation]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_short(r.attribute) for r in found if r.source == name and r.attribute is not None))


def _path(relation: Relation, boxes: Mapping[str, Box]) -> str:
    source, target = boxes[relation.source], boxes[relation.target]
    row = None if relation.attribute is None else source.rows.index(_short(relation.attribute))
    start = source.y + (TITLE_HEIGHT // 2 if row is None else TITLE_HEIGHT + ROW_HEIGHT * row + ROW_HEIGHT // 2)
    right, end = source.x + BOX_WIDTH, target.y + TITLE_HEIGHT // 2
    if target.x > source.x:
        bend = (target.x - right) // 2
        return f"M{right} {start} C{right + bend} {start} {target.x - bend} {end} {target.x - 2} {end}"
    bulge, back = COLUMN_GAP // 2, target.x + BOX_WIDTH
    return f"M{right} {start} C{right + bulge} {start} {back + bulge} {end} {back + 2} {end}"


def _short(text: str) -> str:
    return text if len(text) <= MAX_LETTERS else f"{text[: MAX_LETTERS - 1]}…"
