"""libyaml reads plain YAML, and what it reads is what ruamel reads."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fakes import FakeClock
from support.folders import SOUND, sentences, write

from reconciler.declarations.folder import FolderSource
from reconciler.parsing import plain_yaml, yaml_text
from reconciler.parsing.parsed import ParseError

TABLE = """\
# users
table_name: users
partition_key: {name: pk, type: S}
sort_key:
  name: "s\\u00e9"
  type: N
tags:
  'a b': 'it''s'
  owner: über # nobody
global_indexes:
  - name: by_email
    partition_key: {name: email, type: S, 1: [yes, 0o7, .5e3, null, -1.5e+3, 012]}
  - - x
  -
"""
PLAIN = {
    "a table": TABLE,
    "JSON": '{"a": {"b": [1, 2.5, "x\\n", null, true]}, "c": "d/\\/"}\n',
    "two documents": "---\na: 1\n---\n- x\n- http://x:80/y#z # comment\n",
    "the same key twice": "a: 1\nb: 2\na: 3\n",
    "a scalar alone": "users\n",
    "values like other types": "a: ~\nb: =\nc: 2001-01-01\nd: .inf2\ne: 1_000\nf: 12:30\ng: on\n",
    "nothing": "# only a comment\n\n",
}
LEFT = {
    "a tag": "a: !!str 5\n",
    "a tag of CloudFormation": "a: !Sub x\n",
    "an anchor": "a: &x 1\n",
    "an alias": "a: &x 1\nb: *x\n",
    "a merge key": "a:\n  <<: {b: 1}\n",
    "a block scalar": "a: |\n  text\n",
    "a folded scalar": "a: >\n  text\n",
    "a scalar of two lines": "a: one\n  two\n",
    "a quoted scalar of two lines": 'a: "one\n  two"\n',
    "a version": "%YAML 1.1\n---\na: yes\n",
    "an end of a document": "a: 1\n...\n",
    "a question mark": "? a\n: 1\n",
    "a pair in a list": '[a, "b":c]\n',
    "an empty document": "---\n---\na: 1\n",
    "a tab": "a:\tb\n",
    "a carriage return": "a: b\r\n",
    "a line separator": "a: b\u2028c: d\n",
    "a next line": "a: b\x85c: d\n",
    "a byte order mark": "\ufeffa: b\n",
    "a control character": "a: b\x07\n",
    "nested too deeply": "[" * 60 + "]" * 60,
    "nested without end": "[" * 100_000,
    "no YAML": "a: b: c\n",
    "an open bracket": "a: [1\n",
    "a reserved indicator": "a: @x\n",
}
TOKENS = [
    *(
        "a",
        "key",
        "1",
        "01",
        "0o7",
        ".5e3",
        "-",
        "+1",
        "- ",
        ": ",
        ":",
        " ",
        "  ",
        "\n",
        "\n",
        "\n  ",
        "\n- ",
        "\n  - ",
    ),
    *("{", "}", "[", "]", ",", ", ", '"', "'", "#", " # c", "\\n", "\\", "\\/", "\\x41", "\\u00e9", "---", "\n---\n"),
    *("...", "<<: ", "|", ">", "&a", "*a", "!t", "!!str ", "@", "`", "%", "é", "~", "null", "yes", "=", "\u3042", "? "),
    *("http://x", "a:b", "a#b", "x: y", '"a":1', "{a: b}", "[1, 2]", "\ufeff", "\U0001f600", "::", "\t", "\r\n"),
]
Read = list[tuple[Any, ...]] | tuple[Any, ...]


def by_libyaml(text: str) -> Read | None:
    nodes = plain_yaml.plain_nodes(text)
    return None if nodes is None else outcome(text)


def by_ruamel(text: str) -> Read:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_text, "plain_nodes", lambda _: None)
        return outcome(text)


def outcome(text: str) -> Read:
    """Every value with its type, line and column, or the error."""
    try:
        documents = yaml_text.read_yaml(text)
    except ParseError as error:
        return places(error.line), error.reason, error.remedy
    return [
        (repr(d.value), places(d.line), {path: places(at) for path, at in d.lines.items()}, d.literals, d.key_literals)
        for d in documents
    ]


def places(line: Any) -> tuple[int, int | None] | None:
    return None if line is None else (line, getattr(line, "column", None))


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_plain_yaml_is_read_by_libyaml_as_ruamel_reads_it(text: str) -> None:
    found = by_libyaml(text)
    assert found is not None
    assert found == by_ruamel(text)


@pytest.mark.parametrize("text", LEFT.values(), ids=LEFT)
def test_all_other_yaml_is_left_to_ruamel(text: str) -> None:
    assert plain_yaml.plain_nodes(text) is None


@given(st.lists(st.sampled_from(TOKENS), max_size=14).map("".join))
def test_any_text_has_one_reading(text: str) -> None:
    found = by_libyaml(text)
    assert found is None or found == by_ruamel(text)


@given(st.data())
def test_a_damaged_table_has_one_reading(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(TABLE)))
    end = data.draw(st.integers(start, min(start + 4, len(TABLE))))
    text = TABLE[:start] + data.draw(st.sampled_from(["", *TOKENS])) + TABLE[end:]
    found = by_libyaml(text)
    assert found is None or found == by_ruamel(text)


def test_without_libyaml_the_same_tables_and_errors_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = write(tmp_path / "sound", {"users.yaml": json.dumps(SOUND)})
    bad = write(tmp_path / "bad", {"users.yaml": "table_name: x\nkeys: 1\n"})
    clock = FakeClock(datetime(2026, 1, 1, tzinfo=UTC))  # the time until the files are settled is equal as well
    expected = FolderSource(str(sound), None, clock).load(), sentences(bad)
    monkeypatch.setitem(sys.modules, "yaml._yaml", None)
    plain_yaml._libyaml.cache_clear()
    try:
        assert (FolderSource(str(sound), None, clock).load(), sentences(bad)) == expected
        assert plain_yaml._libyaml() is None
    finally:
        plain_yaml._libyaml.cache_clear()
