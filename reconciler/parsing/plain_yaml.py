"""Reads plain YAML with libyaml, which takes a fortieth of the time of ruamel's parser, written in Python.

libyaml reads YAML 1.1. Only texts in which both versions agree are read here: without tags, anchors, merge keys,
directives, block scalars, scalars of several lines and unusual characters. All others, and all that libyaml refuses,
are left to ruamel, which alone decides what an error is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

PLAIN = "tag:yaml.org,2002:null"
"""The tag of each plain scalar without a tag of its own. The text alone decides whether it is a number or null."""
_TEXT, _LIST, _MAPPING = "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"
_UNUSUAL = re.compile(
    r"^%|^\.\.\.|\?|[^\n -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]", re.MULTILINE
)
"""Directives, ends of documents, question marks, tabs, characters that end a line in one version only, and controls."""
_DEPTH = 50
"""Levels. What is nested deeper is left to ruamel, and its limit."""


class PlainNode:
    """A scalar, a sequence or a mapping: those members of ruamel's nodes that are read."""

    __slots__ = ("id", "start_mark", "style", "tag", "value")

    def __init__(self, kind: str, tag: str, value: Any, style: str | None, start_mark: Any) -> None:
        self.id = kind
        self.tag = tag
        self.value = value
        self.style = style
        self.start_mark = start_mark


class _OtherError(Exception):
    """The text has a part that is not plain."""


def plain_nodes(text: str) -> list[PlainNode] | None:
    """The root of each document; None for a text that ruamel has to read, and where libyaml is missing."""
    events = _libyaml()
    if events is None or _UNUSUAL.search(text):
        return None
    import yaml

    try:
        return list(_documents(events(text)))
    except (_OtherError, yaml.YAMLError):
        return None


@cache
def _libyaml() -> Callable[[str], Iterator[Any]] | None:
    """A function from a text to its events. PyYAML has libyaml in its wheels; a build from source may lack it."""
    try:
        from yaml._yaml import CParser
    except ImportError:
        return None

    def events(text: str) -> Iterator[Any]:
        parser = CParser(text)
        try:
            while (event := parser.get_event()) is not None:
                yield event
        finally:
            parser.dispose()

    return events


def _documents(events: Iterator[Any]) -> Iterator[PlainNode]:
    import yaml

    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if event.version or event.tags:
                raise _OtherError
            root = _node(next(events), events, _DEPTH)
            if root.value == "" and root.style is None:
                raise _OtherError
            yield root


def _node(event: Any, events: Iterator[Any], levels: int) -> PlainNode:
    import yaml

    if levels == 0 or isinstance(event, yaml.AliasEvent) or event.anchor is not None or event.tag is not None:
        raise _OtherError
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event)
    if isinstance(event, yaml.SequenceStartEvent):
        items = []
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            items.append(_node(item, events, levels - 1))
        return PlainNode("sequence", _LIST, items, None, event.start_mark)
    members = []
    while not isinstance(key := next(events), yaml.MappingEndEvent):
        if event.flow_style and key.start_mark.index == event.start_mark.index:
            raise _OtherError  # a pair in a list, without braces
        members.append((_node(key, events, levels - 1), _node(next(events), events, levels - 1)))
    return PlainNode("mapping", _MAPPING, members, None, event.start_mark)


def _scalar(event: Any) -> PlainNode:
    if event.style in ("|", ">") or event.value == "<<" or event.start_mark.line != event.end_mark.line:
        raise _OtherError
    return PlainNode("scalar", _TEXT if event.style else PLAIN, event.value, event.style or None, event.start_mark)
