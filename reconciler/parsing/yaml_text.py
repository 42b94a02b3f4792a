"""Reads YAML 1.2 with the line of each value, from nodes. It builds only plain values, never objects.

``yes``, ``on`` and dates stay strings. Duplicate keys, unknown tags, recursive aliases and aliases that expand beyond
a limit are errors. libyaml parses plain texts, ruamel all others and those with errors; it is imported with the first.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from reconciler.model.position import Position, position_at
from reconciler.parsing.parsed import TOO_DEEP, Number, Parsed, ParseError, plain_number
from reconciler.parsing.plain_yaml import PLAIN, plain_nodes
from reconciler.parsing.source_location import Path

Node = Any
"""A plain node, or one of ruamel, whose type hints lack the common members."""

_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_NULL = re.compile(r"|~|null|Null|NULL")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_FUNCTIONS = {
    "!Ref": "Ref",
    "!Condition": "Condition",
    **{
        f"!{name}": f"Fn::{name}"
        for name in (
            *(
                "And",
                "Base64",
                "Cidr",
                "Equals",
                "FindInMap",
                "GetAZs",
                "GetAtt",
                "If",
                "ImportValue",
                "Join",
                "Length",
            ),
            *("Not", "Or", "Select", "Split", "Sub", "ToJsonString", "Transform"),
        )
    },
}
"""The short forms of CloudFormation's functions."""
_LEAST, _TIMES = 100_000, 10
"""Aliases may expand a document of at least ``_LEAST`` nodes to ``_TIMES`` its size. More is an alias bomb."""


def read_yaml(text: str, number: Number = plain_number, *, short_tags: bool = False) -> list[Parsed]:
    """All documents that are not empty. Raises ``ParseError`` with the line for malformed YAML.

    With ``short_tags``, ``!Sub x`` is read as ``{"Fn::Sub": "x"}``, as CloudFormation does.
    """
    nodes = plain_nodes(text)
    if nodes is not None:
        return [_Builder(number, short_tags).document(node) for node in nodes]
    return _read_any(text, number, short_tags)


def _read_any(text: str, number: Number, short_tags: bool) -> list[Parsed]:
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    _allow_anchors_anew()
    try:
        nodes = list(_yaml()(typ="safe", pure=True).compose_all(text))
        return [_Builder(number, short_tags).document(node) for node in nodes if node is not None]
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = Position(mark.line + 1, mark.column + 1) if mark is not None else None
        raise ParseError(line, f"is not YAML: {error.problem or error.context}", "Correct the syntax.") from None
    except ReaderError as error:
        reason = f"is not YAML: it contains the invalid character U+{_code(error):04X}"
        raise ParseError(position_at(text, error.position), reason, "Remove it.") from None
    except YAMLError as error:
        raise ParseError(None, f"is not YAML: {str(error).splitlines()[0]}", "Correct the syntax.") from None
    except RecursionError:
        raise ParseError(None, *TOO_DEEP) from None


@cache
def _yaml() -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.nodes import ScalarNode
    from ruamel.yaml.resolver import VersionedResolver
    from ruamel.yaml.tag import Tag

    class PlainByText(VersionedResolver):
        """Leaves the type of a plain scalar to its text, in every version of YAML."""

        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
            if kind is ScalarNode and implicit[0]:
                return Tag(suffix=_MERGE if value == "<<" else PLAIN)
            return super().resolve(kind, value, implicit)

    class WithoutPlugIns(YAML):
        """Looks for no plug-ins: with each new instance ruamel searches the disk for them."""

        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.Resolver = PlainByText

        def official_plug_ins(self) -> list[str]:
            return []

    return WithoutPlugIns


@cache
def _allow_anchors_anew() -> None:
    """YAML 1.2 permits redefined anchors, but ruamel prints a warning to standard error."""
    import warnings

    from ruamel.yaml.error import ReusedAnchorWarning

    warnings.simplefilter("ignore", ReusedAnchorWarning)


def _code(error: Any) -> int:
    """The code point of an invalid character. ruamel reports it as a number or as the character itself."""
    return error.character if isinstance(error.character, int) else ord(error.character)


class _Builder:
    """Converts the nodes of one document into values, and counts how often aliases repeat nodes."""

    def __init__(self, number: Number, short_tags: bool) -> None:
        self.number = number
        self.short_tags = short_tags
        self.lines: dict[Path, int] = {}
        self.literals: dict[Path, str] = {}
        self.key_literals: dict[Path, str] = {}
        self.built = 0
        self.distinct: set[int] = set()
        self.open: set[int] = set()

    def document(self, node: Node) -> Parsed:
        value = self.value(node, ())
        return Parsed(value, _line(node), self.lines, self.literals, self.key_literals)

    def value(self, node: Node, path: Path, line: int | None = None) -> Any:
        self._count(node)
        self.lines[path] = _line(node) if line is None else line
        if id(node) in self.open:
            raise ParseError(_line(node), "has an anchor that refers to itself", "Remove the alias.")
        self.open.add(id(node))
        try:
            function = _FUNCTIONS.get(str(node.tag)) if self.short_tags else None
            if function is not None:
                return self._call(function, node, path)
            if node.id == "mapping":
                return self._mapping(node, path)
            if node.id == "sequence":
                self._plain_tag(node, "seq")
                return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
            value = self._scalar(node)
            if not isinstance(value, str):
                self.literals[path] = str(node.value)
            return value
        finally:
            self.open.discard(id(node))

    def _call(self, function: str, node: Node, path: Path) -> dict[str, Any]:
        """The long form of a function that is written as a tag."""
        here = (*path, function)
        self.lines[here] = _line(node)
        if node.id == "mapping":
            return {function: self._members(node, here)}
        if node.id == "sequence":
            return {function: [self.value(child, (*here, index)) for index, child in enumerate(node.value)]}
        text = str(node.value)
        return {function: text.split(".", 1) if function == "Fn::GetAtt" else text}

    def _mapping(self, node: Node, path: Path) -> Any:
        if str(node.tag) == f"{_TAG}set":
            return {self._key(key) for key, _ in node.value}
        self._plain_tag(node, "map")
        return self._members(node, path)

    def _members(self, node: Node, path: Path) -> dict[Any, Any]:
        own: dict[Any, Any] = {}
        merged: dict[Any, Any] = {}
        # Later values replace earlier ones, with their lines and literals: the mapping's own keys come last.
        children = [child for key, child in node.value if str(key.tag) == _MERGE]
        for source in reversed([source for child in children for source in self._merge_sources(child)]):
            merged |= self.value(source, path, self.lines[path])
        for key_node, child in node.value:
            if str(key_node.tag) == _MERGE:
                continue
            key = self._key(key_node)
            if key in own:
                raise ParseError(_line(key_node), f"duplicate key {key!r}", "Keep one of them.")
            here = (*path, str(key))
            if not isinstance(key, str):
                self.key_literals[here] = str(key_node.value)
            own[key] = self.value(child, here, _line(key_node))
        return {**merged, **own}

    def _merge_sources(self, node: Node) -> Iterator[Node]:
        sources = node.value if node.id == "sequence" else [node]
        for source in sources:
            if source.id != "mapping":
                raise ParseError(_line(node), "<< must refer to a mapping", "Use << with an alias of a mapping.")
            yield source

    def _key(self, node: Node) -> Any:
        if node.id != "scalar":
            raise ParseError(_line(node), "has a key that is a list or a mapping", "Use texts as keys.")
        return self._scalar(node)

    def _scalar(self, node: Node) -> Any:
        tag, text = str(node.tag), str(node.value)
        if tag == f"{_TAG}binary":
            return self._binary(node)
        if not tag.startswith(_TAG):
            raise ParseError(_line(node), f"unsupported tag {tag}", "Write the value itself.")
        if tag == f"{_TAG}str" or (node.style is not None and tag not in (f"{_TAG}int", f"{_TAG}float")):
            return text
        return self._core(node, text)

    def _core(self, node: Node, text: str) -> Any:
        """The core schema of YAML 1.2: any other plain scalar is a string (https://yaml.org/spec/1.2.2/#103-core-schema)."""
        if _NULL.fullmatch(text):
            return None
        if _BOOL.fullmatch(text):
            return text.lower() == "true"
        if _BASED.fullmatch(text):
            if len(text) > 100:
                raise ParseError(_line(node), f"has {text[:20]}…, which is too long for a number", "Shorten it.")
            return self.number(str(int(text, 0)))
        if _NOT_FINITE.fullmatch(text):
            remedy = f'Write a finite number, or a text in quotes: "{text}".'
            raise ParseError(_line(node), f"invalid number {text}", remedy)
        if _INT.fullmatch(text) or _FLOAT.fullmatch(text):
            return self.number(text)
        return text

    def _binary(self, node: Node) -> bytes:
        try:
            return base64.b64decode("".join(str(node.value).split()), validate=True)
        except ValueError:
            raise ParseError(_line(node), "invalid base64 in !!binary", "Encode it as base64.") from None

    def _plain_tag(self, node: Node, name: str) -> None:
        if str(node.tag) != f"{_TAG}{name}":
            raise ParseError(_line(node), f"unsupported tag {node.tag}", "Write the value itself.")

    def _count(self, node: Node) -> None:
        self.built += 1
        self.distinct.add(id(node))
        if self.built > max(_LEAST, _TIMES * len(self.distinct)):
            raise ParseError(_line(node), "its aliases expand beyond the limit", "Write the values out.")


def _line(node: Node) -> Position:
    return Position(node.start_mark.line + 1, node.start_mark.column + 1)
