"""Say which mutants have lost their place or their tests, and write down what was renamed. Of ``plant_mutants.py``.

No test is run, so the answer takes seconds.
"""

from __future__ import annotations

import ast
import io
import itertools
import json
import re
import subprocess
import sys
import textwrap
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import syntax_patterns as patterns
from mutant_places import Code, Killers, NotFoundError, Place
from syntax_patterns import Match, Pattern


@dataclass(slots=True)
class Finding:
    """The findings about one mutant. ``edits`` are arguments of its definition in their new form."""

    name: str
    problems: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    edits: dict[str, str] = field(default_factory=dict)
    tests: dict[str, str] = field(default_factory=dict)


def examined(mutant: Any, code: Code, tests: Killers) -> Finding:
    """Find the place and the tests of one mutant, as planting does."""
    found = Finding(mutant.name)
    for killer in mutant.killers:
        try:
            tests.find(killer)
        except NotFoundError as error:
            found.problems.append(str(error))
            if len(error.candidates) == 1:
                found.tests[killer.partition("[")[0]] = error.candidates[0]
    try:
        old, new = patterns.parse(mutant.old), patterns.parse(mutant.new)
        place = _place(mutant.at, old, new, code, found)
        if place is None:
            return found
        code.planted(place, old, new)
        for name in code.unknown_names(place, old, new):
            found.problems.append(f"its new code uses {name}, which the code does not have")
    except (ValueError, SyntaxError) as error:
        found.problems.append(str(error))
        return found
    found.renamed = place.match.renamed
    if place.match.distance:
        found.edits["old"] = literal(respelt(mutant.old, old, place.match))
        found.edits["new"] = literal(respelt(mutant.new, new, place.match))
    return found


def _place(at: str, old: Pattern, new: Pattern, code: Code, found: Finding) -> Place | None:
    """Its place. If the symbol has a new name and nothing else fits, the edit for that."""
    try:
        return code.find(at, old, new)
    except NotFoundError as error:
        found.problems.append(str(error))
        if error.best is None:
            return None
        found.edits["at"] = error.best
        try:
            return code.find(error.best, old, new)
        except NotFoundError:
            del found.edits["at"]
            return None


def report(mutants: Sequence[Any], code: Code, tests: Killers) -> tuple[list[Finding], int]:
    """Print every problem and every rename; the findings and how many mutants have problems."""
    findings = [examined(mutant, code, tests) for mutant in mutants]
    for found in findings:
        for problem in found.problems:
            print(f"{found.name}: {problem}", file=sys.stderr)
        if found.renamed:
            print(f"{found.name}: renamed since: {', '.join(f'{a} -> {b}' for a, b in found.renamed.items())}")
    broken = sum(bool(found.problems) for found in findings)
    renamed = sum(bool(found.edits) for found in findings)
    print(f"mutants: {len(findings)} checked, {broken} with problems, {renamed} written with names of the past")
    return findings, broken


def fix(findings: Sequence[Finding], tables: Sequence[Path]) -> int:
    """Write the new names into the tables. How many definitions changed."""
    changed: set[str] = set()
    wanted = {found.name: found for found in findings if found.edits or found.tests}
    for table in tables:
        text = table.read_text(encoding="utf-8")
        result = text
        for name, found in wanted.items():
            edited = _edited(result, name, found.edits)
            if edited is not None:
                for old, new in found.tests.items():
                    edited = _with_test(edited, old, new)
                result = edited
                changed.add(name)
        if result != text:
            table.write_text(result, encoding="utf-8")
            subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(table)], check=True)
    return len(changed)


def respelt(snippet: str, pattern: Pattern, match: Match) -> str:
    """A snippet in today's names, laid out as it was unless a message was reworded too."""
    text = textwrap.dedent(snippet).strip()
    wanted = patterns.renamed(pattern, match).text
    lines = text.splitlines()
    tokens = list(tokenize.generate_tokens(io.StringIO(text + "\n").readline))
    for before, token in reversed(list(itertools.pairwise(tokens))):
        kinds = ("attribute",) if before.string == "." else ("name", "argument", "definition")
        names = {match.names[kind, token.string] for kind in kinds if (kind, token.string) in match.names}
        if token.type == tokenize.NAME and len(names) == 1:
            (row, start), end = token.start, token.end[1]
            lines[row - 1] = lines[row - 1][:start] + names.pop() + lines[row - 1][end:]
    if tokens[0].type == tokenize.NAME and ("name", tokens[0].string) in match.names:
        lines[0] = match.names["name", tokens[0].string] + lines[0][tokens[0].end[1] :]
    new = "\n".join(lines)
    same = patterns.parse(new).text == wanted
    return new if same else re.sub(r":\n    \.\.\.$", ": ...", wanted)


def literal(text: str) -> str:
    """A snippet as it is written in a table."""
    if "\n" in text or ('"' in text and "'" in text):
        mark = "r" if "\\" in text else ""
        return f'{mark}"""\n{textwrap.indent(text, " " * 8)}\n        """'
    return repr(text) if '"' in text else json.dumps(text, ensure_ascii=False)


def _edited(text: str, name: str, edits: dict[str, str]) -> str | None:
    """A table with the edits of one mutant; None if it is not in there."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and node.args and getattr(node.args[0], "value", None) == name:
            for position, key in reversed(list(enumerate(("at", "old", "new"), 1))):
                if key in edits:
                    value = edits[key] if key != "at" else json.dumps(edits[key])
                    text = _replaced(text, node.args[position], value)
            return text
    return None


def _replaced(text: str, node: ast.expr, value: str) -> str:
    lines = text.encode().splitlines(keepends=True)
    ends = (node.end_lineno or node.lineno, node.end_col_offset or 0)
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: ends[0] - 1])) + ends[1]
    data = b"".join(lines)
    return (data[:start] + value.encode() + data[end:]).decode()


def _with_test(text: str, old: str, new: str) -> str:
    """Both halves of a test's name, wherever the table spells them."""
    for before, after in zip(old.split("::"), new.split("::"), strict=False):
        text = re.sub(rf"\b{re.escape(before)}\b", after, text)
    return text
