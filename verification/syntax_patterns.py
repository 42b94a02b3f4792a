"""Match Python snippets against syntax trees and replace what they match. Used by ``mutant_places.py``.

A snippet is Python. Layout, quotes, comments and redundant parentheses do not matter. Two kinds of wildcard exist:

- ``...`` stands for any run of statements, arguments, list elements or operands, or for any one expression. The n-th
  ``...`` of the new snippet is what the n-th ``...`` of the old one matched. ``if x: ...`` leaves ``else`` as it is,
  ``f(..., k=1)`` leaves all other arguments as they are, and ``{**..., "k": 1}`` all other entries.
- ``_a_`` (one underscore at each end) stands for one expression or one identifier, the same wherever it is repeated.

A lenient match also accepts code whose identifiers were renamed and whose messages were reworded. The new snippet then
takes the names and messages that the code has today.
"""

from __future__ import annotations

import ast
import builtins
import copy
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

WILDCARD = re.compile(r"_[a-z0-9]+_")
EXPRESSION = re.compile(r"[=<>]|[#:]\w")
SPOTS = (ast.expr, ast.stmt, ast.ExceptHandler)
BUILTINS = frozenset(dir(builtins))
SKIPPED = frozenset({"kind", "type_comment", "type_params"})
KINDS = {
    ast.Attribute: "attribute",
    ast.keyword: "argument",
    ast.FunctionDef: "definition",
    ast.AsyncFunctionDef: "definition",
    ast.ClassDef: "definition",
}
"""Identifiers are renamed by kind: a local ``table`` may be renamed while an attribute ``.table`` keeps its name."""


class Hole(ast.expr):
    """What ``...`` (a number) or ``_a_`` (its name) matched."""

    _fields = ("key",)
    key: str
    if TYPE_CHECKING:

        def __init__(self, *, key: str) -> None: ...

    @property
    def many(self) -> bool:
        """Whether it may match any number of neighbours."""
        return not WILDCARD.fullmatch(self.key)


class Entry(ast.AST):
    """One ``key: value`` of a dict; ``key`` is None for ``**value``."""

    _fields = ("key", "value")
    key: Any
    value: Any
    if TYPE_CHECKING:

        def __init__(self, *, key: Any, value: Any) -> None: ...


class Entries(ast.expr):
    """A dict as one list, so that it can be matched like any other list."""

    _fields = ("entries",)
    entries: list[Any]
    if TYPE_CHECKING:

        def __init__(self, *, entries: list[Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Match:
    """What the wildcards, names and messages of a snippet matched in the code."""

    holes: dict[str, Any] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    texts: dict[str, ast.expr] = field(default_factory=dict)

    @property
    def renamed(self) -> dict[str, str]:
        """Identifiers that the code spells differently: old to new."""
        return {old: new for (_, old), new in self.names.items() if old != new}

    @property
    def distance(self) -> int:
        """How far the code is from the snippet; 0 if it is the same."""
        return len(self.renamed) + sum(old != ast.dump(new) for old, new in self.texts.items())


@dataclass(frozen=True, slots=True)
class Site:
    """A place in a tree: ``length`` elements of a list, or (``index`` None) the value of a field."""

    parent: ast.AST
    field: str
    index: int | None
    length: int = 1

    @property
    def nodes(self) -> list[ast.AST]:
        """The code at this place."""
        value = getattr(self.parent, self.field)
        return [value] if self.index is None else value[self.index : self.index + self.length]

    def put(self, nodes: Sequence[ast.AST]) -> None:
        """Replace it. A block that becomes empty gets ``pass``."""
        value = getattr(self.parent, self.field)
        whole: Any
        if self.index is None:
            (whole,) = nodes
        else:
            whole = [*value[: self.index], *nodes, *value[self.index + self.length :]]
            if not whole and self.field == "body":
                whole = [ast.Pass()]
        setattr(self.parent, self.field, whole)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A parsed snippet. ``expression`` is whether it is one expression and nothing else."""

    nodes: tuple[ast.AST, ...]
    expression: bool

    @property
    def text(self) -> str:
        """The snippet again, laid out in one way."""
        plain = [ast.fix_missing_locations(_plain(copy.deepcopy(node))) for node in self.nodes]
        return "\n".join(map(ast.unparse, plain))


def parse(snippet: str) -> Pattern:
    """``SyntaxError`` if it is not Python. A snippet may also be an ``except`` clause. An empty one has none."""
    text = textwrap.dedent(snippet).strip()
    nodes: list[ast.AST]
    if text.startswith("except"):
        attempt: Any = ast.parse(f"try:\n    pass\n{text}").body[0]
        nodes = list(attempt.handlers)
    else:
        nodes = list(ast.parse(text).body)
    dots = [node for top in nodes for node in ast.walk(top) if isinstance(node, ast.Constant) and node.value is ...]
    dots.sort(key=lambda node: (node.lineno, node.col_offset))
    numbers = {id(node): str(number) for number, node in enumerate(dots, 1)}
    nodes = [_Holes(numbers).visit(node) for node in nodes]
    if len(nodes) == 1 and isinstance(nodes[0], ast.Expr | Hole):
        return Pattern((nodes[0].value if isinstance(nodes[0], ast.Expr) else nodes[0],), expression=True)
    return Pattern(tuple(nodes), expression=False)


def identifiers(tree: ast.AST) -> frozenset[tuple[str, str]]:
    """Every identifier below a node with its kind."""
    return frozenset((_kind(node), value) for node in ast.walk(tree) for value in _texts_of(node))


def spots(root: Site) -> Iterator[Site]:
    """Every expression, statement and clause within a site, and the site itself."""
    if root.index is not None and isinstance(root.nodes[0], ast.stmt):
        yield root
    for top in root.nodes:
        for node in ast.walk(top):
            for name, value in ast.iter_fields(node):
                if isinstance(value, ast.expr):
                    yield Site(node, name, None)
                elif isinstance(value, list):
                    yield from (Site(node, name, at) for at, item in enumerate(value) if isinstance(item, SPOTS))


def sites(among: Iterable[Site], old: Pattern, new: Pattern, matcher: Matcher) -> Iterator[tuple[Site, Match]]:
    """Each place that begins at one of some spots and that the old snippet matches."""
    expression = old.expression and new.expression
    for spot in among:
        if isinstance(spot.nodes[0], ast.expr) is expression:
            for place in [spot] if expression else _grown(spot, old):
                found = next(matcher.matches(old, place), None)
                if found is not None:
                    yield place, found


def kinds(old: Pattern, new: Pattern) -> frozenset[type[ast.AST]] | None:
    """The types of node that a match can begin with; None for any."""
    first = old.nodes[0]
    if isinstance(first, Hole):
        return None
    if old.expression and not new.expression:
        return frozenset({ast.Expr})
    if _is_message(first):
        return frozenset({ast.Constant, ast.JoinedStr})
    return frozenset({ast.Dict if isinstance(first, Entries) else type(first)})


def filled(new: Pattern, old: Pattern, match: Match) -> list[ast.AST]:
    """The new snippet with the holes, names and messages of a match. ``ValueError`` for a wildcard of its own."""
    filling = _Filling(old, match)
    if old.expression and new.expression:
        return [filling.one(new.nodes[0])]
    return [ast.Expr(value=node) if isinstance(node, ast.expr) else node for node in filling.many(new.nodes)]


def renamed(pattern: Pattern, match: Match) -> Pattern:
    """A snippet in the names and messages that the code has today."""
    nodes = _Filling(pattern, match, keep_holes=True).many(pattern.nodes)
    return replace(pattern, nodes=tuple(nodes))


class Matcher:
    """Matches exactly, or leniently: identifiers may be renamed, except those that the code still uses (``kept``)."""

    def __init__(self, *, lenient: bool = False, kept: frozenset[tuple[str, str]] = frozenset()) -> None:
        self.lenient = lenient
        self.kept = kept

    def matches(self, pattern: Pattern, site: Site) -> Iterator[Match]:
        """Every way in which the snippet matches the whole site."""
        nodes = [node.value if pattern.expression and isinstance(node, ast.Expr) else node for node in site.nodes]
        return self._list(list(pattern.nodes), nodes, Match())

    def _node(self, old: Any, code: Any, match: Match) -> Iterator[Match]:
        if isinstance(old, Hole):
            yield from _bound(match, old.key, [code])
        elif self.lenient and _is_message(old) and _is_message(code):
            yield replace(match, texts={**match.texts, ast.dump(old): code})
        elif isinstance(old, Entries) and isinstance(code, ast.Dict):
            yield from self._list(old.entries, _entries(code), match)
        elif type(old) is not type(code):
            return
        elif isinstance(old, ast.Constant):
            if type(old.value) is type(code.value) and old.value == code.value:
                yield match
        elif isinstance(old, ast.AST):
            yield from self._fields(old, code, [name for name in old._fields if name not in SKIPPED], match)
        elif old == code:
            yield match

    def _fields(self, old: ast.AST, code: ast.AST, names: list[str], match: Match) -> Iterator[Match]:
        if not names:
            yield match
            return
        first, *others = names
        for found in self._field(old, code, first, match):
            yield from self._fields(old, code, others, found)

    def _field(self, old: ast.AST, code: ast.AST, name: str, match: Match) -> Iterator[Match]:
        mine, theirs = getattr(old, name, None), getattr(code, name, None)
        if isinstance(mine, list) and isinstance(theirs, list):
            rest = mine[-1] if mine and name == "keywords" else None
            if isinstance(rest, Hole):
                return self._keywords(mine[:-1], theirs, rest.key, {}, match)
            return self._list(mine, theirs, match)
        if isinstance(mine, str) and isinstance(theirs, str):
            return self._identifier(_kind(old), mine, theirs, match)
        return self._node(mine, theirs, match)

    def _list(self, old: Sequence[Any], code: Sequence[Any], match: Match) -> Iterator[Match]:
        if not old:
            if not code:
                yield match
            return
        first, *others = old
        if isinstance(first, Hole) and first.many:
            for length in range(len(code) + 1):
                for found in _bound(match, first.key, list(code[:length])):
                    yield from self._list(others, code[length:], found)
        elif code:
            for found in self._node(first, code[0], match):
                yield from self._list(others, code[1:], found)

    def _keywords(
        self, old: list[ast.keyword], code: list[ast.keyword], key: str, taken: dict[int, str | None], match: Match
    ) -> Iterator[Match]:
        """Named arguments in any order. The rest is remembered with gaps where the snippet names an argument."""
        if not old:
            rest = [taken.get(number, word) for number, word in enumerate(code)]
            yield from _bound(match, key, rest)
            return
        first, *others = old
        for number, word in enumerate(code):
            if number not in taken:
                for found in self._node(first, word, match):
                    yield from self._keywords(others, code, key, {**taken, number: first.arg}, found)

    def _identifier(self, kind: str, old: str, code: str, match: Match) -> Iterator[Match]:
        if WILDCARD.fullmatch(old):
            yield from _bound(match, old, [code])
            return
        if not self.lenient:
            if old == code:
                yield match
            return
        known = match.names.get((kind, old))
        if known is not None:
            if known == code:
                yield match
            return
        used = {new for (of_kind, _), new in match.names.items() if of_kind == kind}
        fixed = old in BUILTINS or (kind, old) in self.kept
        if code not in used and (old == code or not fixed):
            yield replace(match, names={**match.names, (kind, old): code})


class _Filling:
    """Builds a new tree out of a snippet and a match."""

    def __init__(self, old: Pattern, match: Match, *, keep_holes: bool = False) -> None:
        self._match = match
        self._keep = keep_holes
        self._operators = {
            value.key: node.op
            for top in old.nodes
            for node in ast.walk(top)
            if isinstance(node, ast.BoolOp)
            for value in node.values
            if isinstance(value, Hole)
        }

    def many(self, nodes: Iterable[Any]) -> list[Any]:
        """A list, with every run of neighbours spliced in."""
        result: list[Any] = []
        for node in nodes:
            if isinstance(node, Hole) and not self._keep:
                result += self._hole(node)
            else:
                result.append(self.one(node))
        return result

    def one(self, node: Any) -> Any:
        """A node in place of one node."""
        if isinstance(node, Hole):
            return node if self._keep else self._single(node)
        if not isinstance(node, ast.AST):
            return node
        if _is_message(node) and (text := self._match.texts.get(ast.dump(node))) is not None:
            return text
        made: Any = type(node)(**{name: self._field(node, name) for name in node._fields})
        if isinstance(made, Entries) and not self._keep:
            pairs = [item if isinstance(item, Entry) else Entry(key=None, value=item) for item in made.entries]
            return ast.Dict(keys=[pair.key for pair in pairs], values=[pair.value for pair in pairs])
        if isinstance(made, ast.BoolOp) and len(made.values) == 1:
            return made.values[0]
        if getattr(made, "body", None) == [] and isinstance(node, ast.stmt):
            made.body = [ast.Pass()]
        return made

    def _field(self, node: ast.AST, name: str) -> Any:
        value = getattr(node, name, None)
        if isinstance(value, list):
            if name == "keywords" and value and isinstance(value[-1], Hole) and not self._keep:
                return self._keywords(self.many(value[:-1]), self._match.holes.get(value[-1].key, []))
            return self.many(value)
        if isinstance(value, str) and not isinstance(node, ast.Constant | Hole):
            bound = self._match.holes.get(value)
            return bound[0] if bound and not self._keep else self._match.names.get((_kind(node), value), value)
        return self.one(value)

    def _hole(self, hole: Hole) -> list[Any]:
        if hole.key not in self._match.holes:
            if "." in hole.key:
                return []
            raise ValueError(f"the new snippet has a wildcard that the old one lacks ({hole.key})")
        return list(self._match.holes[hole.key])

    def _single(self, hole: Hole) -> Any:
        nodes = self._hole(hole)
        if len(nodes) == 1:
            return nodes[0]
        if nodes and hole.key in self._operators:
            return ast.BoolOp(op=self._operators[hole.key], values=nodes)
        raise ValueError(f"wildcard {hole.key} stands for {len(nodes)} nodes where one is needed")

    @staticmethod
    def _keywords(named: list[ast.keyword], rest: list[ast.keyword | str | None]) -> list[ast.keyword]:
        """Each argument that the snippet names goes where it was; a further one goes last."""
        left = {word.arg: word for word in named}
        result: list[ast.keyword] = []
        for item in rest:
            if isinstance(item, ast.keyword):
                result.append(item)
            elif item in left:
                result.append(left.pop(item))
        return result + list(left.values())


class _Holes(ast.NodeTransformer):
    """Puts holes where wildcards are written."""

    def __init__(self, numbers: dict[int, str]) -> None:
        self._numbers = numbers

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return Hole(key=self._numbers[id(node)]) if id(node) in self._numbers else node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return Hole(key=node.id) if WILDCARD.fullmatch(node.id) else node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        self.generic_visit(node)
        return node.value if isinstance(node.value, Hole) else node

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        self.generic_visit(node)
        return node.value if node.arg is None and isinstance(node.value, Hole) else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        last = node.args[-1] if node.args else None
        words: list[Any] = node.keywords
        if isinstance(last, Hole) and last.many and not any(isinstance(word, Hole) for word in words):
            words.append(Hole(key=f"{last.key}.keywords"))
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        self.generic_visit(node)
        return Entries(entries=_entries(node))

    def _block(self, node: Any) -> Any:
        """``if x: ...`` ignores ``else``."""
        self.generic_visit(node)
        if len(node.body) == 1 and isinstance(node.body[0], Hole) and not node.orelse:
            node.orelse = [Hole(key=f"{node.body[0].key}.orelse")]
        return node

    def visit_If(self, node: ast.If) -> Any:
        return self._block(node)

    def visit_For(self, node: ast.For) -> Any:
        return self._block(node)

    def visit_While(self, node: ast.While) -> Any:
        return self._block(node)


def _entries(node: ast.Dict) -> list[Any]:
    return [
        value if key is None and isinstance(value, Hole) else Entry(key=key, value=value)
        for key, value in zip(node.keys, node.values, strict=True)
    ]


def _plain(node: Any) -> Any:
    """A tree with holes as the tree of what is written."""
    if isinstance(node, Hole):
        return ast.Constant(value=...) if node.many else ast.Name(id=node.key)
    if isinstance(node, Entries):
        pairs = [item if isinstance(item, Entry) else Entry(key=None, value=item) for item in node.entries]
        return ast.Dict(keys=[_plain(pair.key) for pair in pairs], values=[_plain(pair.value) for pair in pairs])
    if isinstance(node, ast.AST):
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                left = [item for item in value if not (isinstance(item, Hole) and "." in item.key)]
                plain = [_plain(item) for item in left]
                if name in ("body", "orelse", "finalbody"):
                    plain = [ast.Expr(item) if isinstance(item, ast.expr) else item for item in plain]
                elif name == "keywords":
                    plain = [item if isinstance(item, ast.keyword) else ast.keyword(None, item) for item in plain]
                setattr(node, name, plain)
            else:
                setattr(node, name, _plain(value))
    return node


def _bound(match: Match, key: str, nodes: list[Any]) -> Iterator[Match]:
    """Nothing if the wildcard already matched something else."""
    known = match.holes.get(key)
    if known is None:
        yield replace(match, holes={**match.holes, key: nodes})
    elif [_dumped(node) for node in known] == [_dumped(node) for node in nodes]:
        yield match


def _dumped(node: Any) -> Any:
    return ast.dump(node) if isinstance(node, ast.AST) else node


def _is_message(node: Any) -> bool:
    """A text for people: it has spaces and is not an expression of the service (``#holder = :holder``)."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return any(" " in text for text in texts) and not any(map(EXPRESSION.search, texts))


def _kind(node: ast.AST) -> str:
    return KINDS.get(type(node), "name")


def _texts_of(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Constant | Hole):
        yield from (value for name, value in ast.iter_fields(node) if isinstance(value, str) and name not in SKIPPED)


def _grown(spot: Site, old: Pattern) -> Iterator[Site]:
    """The statements from a spot on that a snippet of so many statements could match."""
    if spot.index is not None:
        room = len(getattr(spot.parent, spot.field)) - spot.index
        open_ended = any(isinstance(node, Hole) and node.many for node in old.nodes)
        for length in range(1, room + 1) if open_ended else (len(old.nodes),):
            if length <= room:
                yield replace(spot, length=length)
