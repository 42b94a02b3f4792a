"""Expands ``Fn::ForEach`` of CloudFormation's language extensions, before anything else is evaluated.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from reconciler.declarations.formats.unresolved import Unresolved
from reconciler.parsing.parsed import Parsed
from reconciler.parsing.source_location import Path

_LOOP = "Fn::ForEach::"
_MOST = 10_000
"""Members that the loops of one template may make."""


def has_loops(value: Any) -> bool:
    """Whether a loop is in it, at any depth."""
    if isinstance(value, Mapping):
        return any(str(key).startswith(_LOOP) or has_loops(item) for key, item in value.items())
    return isinstance(value, list) and any(has_loops(item) for item in value)


def expanded(document: Parsed, base: Path, collection: Callable[[Any, Path], Any]) -> Parsed:
    """The document with the loops below ``base`` written out; the lines of what they make are those in the loop.

    ``collection`` evaluates the list of a loop. Raises ``Unresolved`` for a loop that CloudFormation would refuse.
    """
    whole = document.value
    section = whole[base[0]] if base else whole
    loops = _Loops(document, collection)
    found = loops.value(section, base, base)
    lines, literals = dict(document.lines), dict(document.literals)
    for path, source in loops.sources.items():
        if path != source:
            lines |= {path: document.lines[source]} if source in document.lines else {}
            literals |= {path: document.literals[source]} if source in document.literals else {}
    return replace(document, value={**whole, base[0]: found} if base else found, lines=lines, literals=literals)


class _Loops:
    def __init__(self, document: Parsed, collection: Callable[[Any, Path], Any]) -> None:
        self.document = document
        self.collection = collection
        self.sources: dict[Path, Path] = {}
        self.made = 0

    def value(self, value: Any, here: Path, out: Path) -> Any:
        self.sources[out] = here
        if isinstance(value, list):
            return [self.value(item, (*here, place), (*out, place)) for place, item in enumerate(value)]
        if not isinstance(value, Mapping):
            return value
        found: dict[Any, Any] = {}
        for key, item in value.items():
            if str(key).startswith(_LOOP):
                self._loop(item, (*here, key), out, found)
            else:
                self._add(key, self.value(item, (*here, str(key)), (*out, str(key))), here, found)
        return found

    def _loop(self, loop: Any, here: Path, out: Path, found: dict[Any, Any]) -> None:
        remedy = "Write [Identifier, [value, …], {Key${Identifier}: …}]."
        if not isinstance(loop, list) or len(loop) != 3 or not isinstance(loop[0], str):
            raise Unresolved(here, "Fn::ForEach needs an identifier, a list and a mapping", remedy)
        identifier, values, body = loop[0], self.collection(loop[1], (*here, 1)), loop[2]
        if not isinstance(values, list) or not isinstance(body, Mapping):
            raise Unresolved(here, "Fn::ForEach needs an identifier, a list and a mapping", remedy)
        for each in values:
            if not isinstance(each, str | int):
                raise Unresolved((*here, 1), "Fn::ForEach needs a list of texts", remedy)
            for key, item in body.items():
                self.made += 1
                if self.made > _MOST:
                    raise Unresolved(here, f"makes more than {_MOST} members", "Make the list shorter.")
                name = _replaced(str(key), identifier, str(each))
                inner = (*here, 2, str(key))
                written = _substituted(item, identifier, str(each))
                if name.startswith(_LOOP):
                    self._loop(written, inner, out, found)
                else:
                    self._add(name, self.value(written, inner, (*out, name)), inner, found)

    def _add(self, name: Any, value: Any, here: Path, found: dict[Any, Any]) -> None:
        if name in found:
            reason = f"Fn::ForEach makes {name!r} twice"
            raise Unresolved(here, reason, "Write the identifier into the key, as in Key${Identifier}.")
        found[name] = value


def _replaced(text: str, identifier: str, value: str) -> str:
    """The text with ``${Identifier}``, and with ``&{Identifier}``, which leaves out what a logical ID may not have."""
    text = text.replace(f"${{{identifier}}}", value)
    return text.replace(f"&{{{identifier}}}", re.sub(r"[^A-Za-z0-9]", "", value))


def _substituted(value: Any, identifier: str, each: str) -> Any:
    if isinstance(value, Mapping):
        if dict(value) == {"Ref": identifier}:
            return each
        return {_replaced(str(k), identifier, each): _substituted(v, identifier, each) for k, v in value.items()}
    if isinstance(value, list):
        return [_substituted(item, identifier, each) for item in value]
    return _replaced(value, identifier, each) if isinstance(value, str) else value
