"""Declared tables as one SVG file that stands alone: no script, no font, light and dark as the reader's system.

The page of a table embeds the same drawing without its style, because the policy of the pages allows none inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote
from xml.sax.saxutils import escape

from reconciler.model.desired import Declaration
from reconciler.model.lazy_dataclass import dataclass
from reconciler.planning.text import printable, several
from reconciler.presentation.diagrams.contents import attributes, indexes
from reconciler.presentation.relations import Relation, columns_of, declared_relations, groups_of

TITLE, ROW, PADDING, GAP_X, GAP_Y, MARGIN = 34, 22, 12, 88, 28, 16
LETTER = 7.3
"""Pixels of a letter of the monospaced font, with a little room."""
LONGEST = 44
"""Letters of a row; more are cut, and the whole text is its tooltip."""
ACROSS = 4
"""Tables without references in a row."""
LARGEST = 300
"""Connected tables that stand in columns; more are unreadable in any order, and stand in rows."""
STYLE = """
.ground { fill: #ffffff } .box { fill: #f5f7f9; stroke: #8a949e } .head { fill: #0b57a4 }
text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #1c2024 } .soft { fill: #57606a }
.name { fill: #ffffff; font-weight: 600 }
.line { stroke: #d9dee3 } .arrow { fill: none; stroke: #0b57a4; stroke-width: 1.5 } .tip { fill: #0b57a4 }
@media (prefers-color-scheme: dark) {
.ground { fill: #14171a } .box { fill: #1d2226; stroke: #717b85 } .head { fill: #7db7f0 }
text { fill: #e6e9ec } .name { fill: #0c1520 } .soft { fill: #a9b3bd } .line { stroke: #343b42 }
.arrow { stroke: #7db7f0 } .tip { fill: #7db7f0 }
}
"""


@dataclass(frozen=True, slots=True)
class _Row:
    text: str
    soft: bool
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class _Box:
    name: str
    rows: Sequence[_Row]
    x: float
    y: float
    width: float

    @property
    def height(self) -> float:
        return TITLE + ROW * len(self.rows)


def text(declarations: tuple[Declaration, ...]) -> str:
    """The file. A table stands left of those that it refers to."""
    found = tuple(declared_relations(declarations))
    boxes = _placed(declarations, found)
    lines = [
        _head(boxes, found, 'xmlns="http://www.w3.org/2000/svg" role="img"'),
        *_words(declarations, found, boxes),
        f"<style>{STYLE}</style>",
        _TIP,
        '<rect class="ground" width="100%" height="100%"/>',
        *(_arrow(relation, boxes) for relation in found),
        *(line for box in boxes.values() for line in _drawn(box)),
        "</svg>",
    ]
    return "\n".join([*lines, ""])


def fragment(declarations: tuple[Declaration, ...]) -> str:
    """The drawing as an element of a page, whose stylesheet has its classes. Each name links to ``/tables/NAME``."""
    found = tuple(declared_relations(declarations))
    boxes = _placed(declarations, found)
    lines = [
        _head(boxes, found, 'role="group"'),
        *_words(declarations, found, boxes),
        _TIP,
        *(_arrow(relation, boxes) for relation in found),
        *(line for box in boxes.values() for line in _drawn(box, linked=True)),
        "</svg>",
    ]
    return "\n".join(lines)


_TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto-start-reverse"><path class="tip" d="M0 0 L8 4 L0 8 z"/></marker></defs>'
)


def _head(boxes: Mapping[str, _Box], found: Sequence[Relation], attributes: str) -> str:
    width = max((box.x + box.width for box in boxes.values()), default=0) + MARGIN + (GAP_X // 2 if found else 0)
    height = max((box.y + box.height for box in boxes.values()), default=0) + MARGIN
    return (
        f'<svg {attributes} aria-labelledby="title text" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">'
    )


def _words(
    declarations: tuple[Declaration, ...], found: Sequence[Relation], boxes: Mapping[str, _Box]
) -> tuple[str, str]:
    return (
        f'<title id="title">{several(len(boxes), "DynamoDB table")}</title>',
        f'<desc id="text">{_escaped(_described(declarations, found))}</desc>',
    )


def _placed(declarations: tuple[Declaration, ...], found: Sequence[Relation]) -> Mapping[str, _Box]:
    rows = {each.spec.name: _rows(each) for each in declarations}
    widths = {name: _width(name, listed) for name, listed in rows.items()}
    related = sorted({name for relation in found for name in (relation.source, relation.target)})
    boxes: dict[str, _Box] = {}
    bottom = float(MARGIN)
    for group in groups_of(related, found):
        if len(group) > LARGEST:
            continue
        x, lowest = float(MARGIN), bottom
        inside = [relation for relation in found if relation.source in group]
        for column in columns_of(sorted(group), inside):
            y = bottom
            for name in column:
                boxes[name] = _Box(name, rows[name], x, y, widths[name])
                y += boxes[name].height + GAP_Y
            x += max((widths[name] for name in column), default=0) + GAP_X
            lowest = max(lowest, y)
        bottom = lowest
    alone = [name for name in rows if name not in boxes]
    for start in range(0, len(alone), ACROSS):
        x, lowest = float(MARGIN), bottom
        for name in alone[start : start + ACROSS]:
            boxes[name] = _Box(name, rows[name], x, bottom, widths[name])
            x += widths[name] + GAP_Y
            lowest = max(lowest, bottom + boxes[name].height)
        bottom = lowest + GAP_Y
    return boxes


def _rows(declaration: Declaration) -> tuple[_Row, ...]:
    found = []
    for each in attributes(declaration):
        roles = " ".join(each.roles)
        found.append(_Row(f"{each.name} {each.type} {roles}".rstrip(), not roles, each.name))
    found += [
        _Row(f"{each.name}: {each.kind} ({', '.join(each.keys)}) {each.projection}", True)
        for each in indexes(declaration)
    ]
    return tuple(found)


def _width(name: str, rows: Sequence[_Row]) -> float:
    letters = [len(_short(name)), *(len(_short(row.text)) for row in rows)]
    return max(160.0, max(letters) * LETTER + 2 * PADDING)


def _drawn(box: _Box, *, linked: bool = False) -> Iterator[str]:
    size = f'x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}"'
    yield f"<g><title>{_escaped(box.name)}</title>"
    yield f'<rect class="box" {size} height="{box.height:.0f}" rx="6"/>'
    yield f'<rect class="head" {size} height="{TITLE}" rx="6"/>'
    name = f'<text class="name" x="{box.x + PADDING:.0f}" y="{box.y + 22:.0f}">{_escaped(_short(box.name))}</text>'
    yield f'<a href="/tables/{quote(box.name, safe="")}">{name}</a>' if linked else name
    for number, row in enumerate(box.rows):
        top = box.y + TITLE + ROW * number
        if number:
            yield f'<path class="line" d="M{box.x:.0f} {top:.0f} h{box.width:.0f}"/>'
        style = ' class="soft"' if row.soft else ""
        tooltip = f"<title>{_escaped(row.text)}</title>" if _short(row.text) != row.text else ""
        place = f'x="{box.x + PADDING:.0f}" y="{top + 15:.0f}"'
        yield f"<text{style} {place}>{tooltip}{_escaped(_short(row.text))}</text>"
    yield "</g>"


def _arrow(relation: Relation, boxes: Mapping[str, _Box]) -> str:
    source, target = boxes[relation.source], boxes[relation.target]
    row = next((n for n, each in enumerate(source.rows) if each.attribute == relation.attribute), None)
    start = source.y + (TITLE / 2 if row is None or relation.attribute is None else TITLE + ROW * row + ROW / 2)
    left, right, end = source.x, source.x + source.width, target.y + TITLE / 2
    back = target.x + target.width
    if target.x > right:
        bend = (target.x - right) / 2
        path = f"M{right:.0f} {start:.0f} C{right + bend:.0f} {start:.0f} {target.x - bend:.0f} {end:.0f} "
        path += f"{target.x - 2:.0f} {end:.0f}"
    elif back < left:
        bend = (left - back) / 2
        path = f"M{left:.0f} {start:.0f} C{left - bend:.0f} {start:.0f} {back + bend:.0f} {end:.0f} "
        path += f"{back + 2:.0f} {end:.0f}"
    else:
        far = max(right, back) + GAP_X / 2
        path = f"M{right:.0f} {start:.0f} C{far:.0f} {start:.0f} {far:.0f} {end:.0f} {back + 2:.0f} {end:.0f}"
    label = f"{relation.source} refers to {relation.target}"
    return f'<path class="arrow" d="{path}" marker-end="url(#tip)"><title>{_escaped(label)}</title></path>'


def _described(declarations: tuple[Declaration, ...], found: Sequence[Relation]) -> str:
    """The diagram in words, for those who do not see it."""
    tables = ", ".join(each.spec.name for each in declarations)
    arrows = "; ".join(
        f"{one.source} refers to {one.target}{f' by {one.attribute}' if one.attribute else ''}" for one in found
    )
    return f"Tables: {tables}.{f' {arrows}.' if arrows else ''}"


def _short(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def _escaped(words: str) -> str:
    return escape(printable(words))
