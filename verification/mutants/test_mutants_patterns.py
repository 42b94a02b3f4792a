"""Snippets match by syntax: what they match, what they replace it with, and what they leave alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
import syntax_patterns as patterns
from syntax_patterns import Matcher, Site

# Code, old snippet, new snippet, the code afterwards.
REPLACED = {
    "a condition": ("if a and b:\n    c()", "if a and b: ...", "if False: ...", "if False:\n    c()"),
    "a condition with an else": ("if a: b()\nelse: c()", "if a: ...", "if not a: ...", "if not a: b()\nelse: c()"),
    "an elif": ("if a:\n    b()\nelif c:\n    d()", "if c: ...", "if True: ...", "if a:\n    b()\nelif True:\n    d()"),
    "a condition that goes": ("if a:\n    b()\n    c()", "if a: ...", "...", "b()\nc()"),
    "a loop": ("for a in b:\n    c()", "for a in b: ...", "for a in b[:1]: ...", "for a in b[:1]:\n    c()"),
    "a whole if": ("if a:\n    b()\nc()", "if a: ...", "", "c()"),
    "the only statement of a block": ("if a:\n    b()", "b()", "", "if a:\n    pass"),
    "a call as a statement": ("x = f()\nf()", "f()", "pass", "x = f()\npass"),
    "two statements": ("a()\nb()\nc()", "a()\nb()", "d()", "d()\nc()"),
    "statements between": ("a()\nb()\nc()\nd()", "a()\n...\nd()", "...", "b()\nc()"),
    "a clause": ("try: a()\nexcept A as e: b()", "except A as e: ...", "except B: ...", "try: a()\nexcept B: b()"),
    "a comparison": ("return a <= b + 1", "a <= b + 1", "a < b + 1", "return a < b + 1"),
    "the last operand": ("x = a and b and c", "... and c", "...", "x = a and b"),
    "an operand between": ("x = a and b and c", "... and b and ...", "... and ...", "x = a and c"),
    "the other one of two operands": ("x = a or b", "... or b", "...", "x = a"),
    "a named argument": ("f(a, x=1, k=2, y=3)", "f(..., k=2)", "f(..., k=9)", "f(a, x=1, k=9, y=3)"),
    "a named argument that goes": ("f(a, x=1, k=2, y=3)", "f(..., k=2)", "f(...)", "f(a, x=1, y=3)"),
    "a further argument": ("f(a, x=1)", "f(...)", "f(..., k=2)", "f(a, x=1, k=2)"),
    "a positional argument": ("f(a, b, c)", "f(a, b, ...)", "f(a, None, ...)", "f(a, None, c)"),
    "an entry of a dict": ("x = {'a': 1, 'k': 2, **b}", "{**..., 'k': 2, **...}", "{**..., **...}", "x={'a': 1, **b}"),
    "an element of a list": ("x = [a, b, c]", "[..., b, ...]", "[..., ...]", "x = [a, c]"),
    "a wildcard": ("x = f(a) - a", "f(_x_) - _x_", "_x_", "x = a"),
    "a wildcard for an attribute": ("x = a.b.c()", "a._any_.c()", "None", "x = None"),
    "a constant": ("A = 5", "A = 5", "A = 6", "A = 6"),
    "a number spelt otherwise": ("x = y & 0xFF", "y & 255", "y", "x = y"),
}  # fmt: skip


@pytest.mark.parametrize("case", REPLACED)
def test_a_snippet_is_replaced(case: str) -> None:
    code, old, new, expected = REPLACED[case]
    assert planted(code, old, new) == [ast.unparse(ast.parse(expected))]


UNMATCHED = {
    "another operator": ("if a or b:\n    c()", "if a and b: ..."),
    "an else that the snippet rules out": ("if a:\n    b()\nelse:\n    c()", "if a:\n    b()"),
    "one more argument": ("f(a, b)", "f(a)"),
    "another name": ("f(a)", "f(b)"),
    "a number is no truth": ("x = 1", "x = True"),
    "a wildcard that must be the same twice": ("x = f(a) - b", "f(_x_) - _x_"),
    "another order": ("b()\na()", "a()\nb()"),
}


@pytest.mark.parametrize("case", UNMATCHED)
def test_other_code_is_not_matched(case: str) -> None:
    code, old = UNMATCHED[case]
    assert planted(code, old, "pass") == []


def test_a_snippet_matches_at_every_place() -> None:
    assert len(planted("if a:\n    f()\nf()", "f()", "g()")) == 2


def test_a_wildcard_that_the_old_snippet_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="a wildcard that the old one lacks"):
        planted("f(a)", "f(a)", "f(...)\n...")


RENAMED = {
    "a name": ("if old.ready: ...", "if new.ready:\n    a()", True),
    "an attribute": ("if item.old: ...", "if item.new:\n    a()", True),
    "an argument": ("f(old=1)", "f(new=1)", True),
    "two names": ("f(a, b)", "f(x, y)", True),
    "a message": ("f('the old message')", "f('a better one, by far')", True),
    "a message with a value": ("f(f'the {old} message')", "f(f'{new}: better words')", True),
    "one name for two": ("f(a, b)", "f(x, x)", False),
    "two names for one": ("f(a, a)", "f(x, y)", False),
    "a built-in name": ("any(a)", "all(a)", False),
    "a key": ("f('TableName')", "f('IndexName')", False),
    "a condition of the service": ("f('#a = :a')", "f('#a <> :a')", False),
    "a name that is still there": ("f(a)", "f(b)\na", False),
}


@pytest.mark.parametrize("case", RENAMED)
def test_a_lenient_match_allows_new_names_and_messages(case: str) -> None:
    old, code, expected = RENAMED[case]
    tree = ast.parse(code)
    matcher = Matcher(lenient=True, kept=patterns.identifiers(tree))
    found = list(patterns.sites(everything(tree), patterns.parse(old), patterns.parse("pass"), matcher))
    assert bool(found) is expected


def everything(tree: ast.Module) -> Iterator[Site]:
    return patterns.spots(Site(ast.Module(body=[tree], type_ignores=[]), "body", 0))


def planted(code: str, old: str, new: str) -> list[str]:
    """The code with each match of the snippet replaced."""
    before, after = patterns.parse(old), patterns.parse(new)
    number, results = 0, []
    while True:
        tree = ast.parse(code)
        found = list(patterns.sites(everything(tree), before, after, Matcher()))
        if number >= len(found):
            return results
        site, match = found[number]
        site.put(patterns.filled(after, before, match))
        results.append(ast.unparse(ast.fix_missing_locations(tree)))
        number += 1
