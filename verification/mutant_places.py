"""Find the code of a mutant by its symbol and its tests by the name of their file. Used by ``mutant_run.py``.

A symbol is a dotted name (``StateTable.write_entry``, ``SECOND``) and is looked up in all modules. Only where the same
symbol has the same code in two modules does a mutant name one of them: ``access:Guard.check``.
"""

from __future__ import annotations

import ast
import difflib
import functools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import syntax_patterns as patterns
from syntax_patterns import Match, Matcher, Pattern, Site

PACKAGES = ("reconciler", "desired_state")
TESTS = ("tests", "verification")
"""Folders below which a test file may be."""
SHOWN = 3
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class NotFoundError(ValueError):
    """A mutant has no place, or more than one. ``candidates`` are symbols (or tests) that it could name instead.

    ``best`` is the one that it must mean: no other has the same code, or only that one has the same last name too.
    """

    def __init__(self, message: str, candidates: Sequence[str] = (), best: str | None = None) -> None:
        near = f"; candidates: {', '.join(candidates[:SHOWN])}" if candidates else ""
        super().__init__(message + near)
        self.candidates = tuple(candidates)
        self.best = best


@dataclass(frozen=True, slots=True)
class Symbol:
    """A function, class or constant with the path of its module, relative to the folder of the packages."""

    name: str
    module: str
    site: Site

    @property
    def lines(self) -> range:
        node: Any = self.site.nodes[0]
        return range(node.lineno, node.end_lineno + 1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mutant is planted. ``match.renamed`` holds what was renamed since it was written."""

    symbol: Symbol
    site: Site
    match: Match

    @property
    def line(self) -> int:
        return int(getattr(self.site.nodes[0], "lineno", 0))


class Code:
    """The syntax trees of the packages in a folder and an index of their symbols."""

    def __init__(self, sources: dict[str, str]) -> None:
        self._lock = threading.Lock()
        self.modules = {path: ast.parse(text, path) for path, text in sources.items()}
        self._symbols: dict[str, list[Symbol]] = {}
        for path, tree in self.modules.items():
            for symbol in _symbols(path, tree, ""):
                self._symbols.setdefault(symbol.name, []).append(symbol)

    @classmethod
    def read(cls, folder: Path) -> Code:
        """Every module of the packages."""
        paths = [path for package in PACKAGES for path in sorted((folder / package).rglob("*.py"))]
        return cls({path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths})

    def symbols(self, at: str) -> list[Symbol]:
        """Those of this name, in the module that is named before a colon."""
        module, _, name = at.rpartition(":")
        found = self._symbols.get(name, [])
        return [symbol for symbol in found if not module or _is_in(symbol.module, module)]

    def find(self, at: str, old: Pattern, new: Pattern) -> Place:
        """The only matching place. Raises ``NotFoundError`` with the reason if there is none."""
        scopes = self.symbols(at)
        if not scopes:
            raise NotFoundError(f"no symbol {at}", *self._elsewhere(at, old, new))
        exact = _unique([place for scope in scopes for place in _in(scope, old, new, Matcher())])
        lenient: list[Place] = []
        if not exact:
            found = [place for scope in scopes for place in _in(scope, old, new, _lenient(scope))]
            least = min((place.match.distance for place in found), default=0)
            lenient = _unique([place for place in found if place.match.distance == least])
        places = exact or lenient
        if len(places) == 1:
            return places[0]
        if places:
            lines = ", ".join(f"{place.symbol.module}:{place.line}" for place in places)
            raise NotFoundError(f"the code of {at} matches {len(places)} times: {lines}")
        raise NotFoundError(f"{at} has no such code{_nearest(scopes, old)}", *self._elsewhere(at, old, new))

    def planted(self, place: Place, old: Pattern, new: Pattern) -> str:
        """The source of the module with the mutant in it. ``ValueError`` if that changes nothing."""
        tree = self.modules[place.symbol.module]
        with self._lock:
            before = ast.dump(tree)
            content = getattr(place.site.parent, place.site.field)
            place.site.put(patterns.filled(new, old, place.match))
            try:
                after = ast.dump(tree)
                text = ast.unparse(ast.fix_missing_locations(tree))
            finally:
                setattr(place.site.parent, place.site.field, content)
        if before == after:
            raise ValueError("it changes nothing")
        if ast.dump(ast.parse(text)) != after:
            raise ValueError("its tree cannot be written as source")
        compile(text, place.symbol.module, "exec")
        return text + "\n"

    def unknown_names(self, place: Place, old: Pattern, new: Pattern) -> list[str]:
        """Names in the new code that its module does not have: the mutant would fail for want of them."""
        here = {name for _, name in patterns.identifiers(self.modules[place.symbol.module])}
        known = here | {name.partition(".")[0] for name in here} | patterns.BUILTINS
        made = [pair for node in patterns.filled(new, old, place.match) for pair in patterns.identifiers(node)]
        bound = {
            node.id
            for top in new.nodes
            for node in ast.walk(top)
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        }
        wrong = {name for kind, name in made if kind == "name" and name not in known | bound}
        return sorted(wrong | {name for kind, name in made if kind != "name" and name not in self._everywhere | known})

    @functools.cached_property
    def _everywhere(self) -> frozenset[str]:
        """Every identifier of the packages, and the methods of common types."""
        ours = {name for tree in self.modules.values() for _, name in patterns.identifiers(tree)}
        return frozenset(ours.union(*map(dir, (str, bytes, int, list, dict, set, tuple, Path))))

    def _elsewhere(self, at: str, old: Pattern, new: Pattern) -> tuple[list[str], str | None]:
        """The symbols that hold the same code, or the same but for its names; the likeliest first. And the one."""
        wanted = at.rpartition(":")[2]
        for matcher in (Matcher(), Matcher(lenient=True)):
            ranked: dict[str, tuple[bool, int, float]] = {}
            for path, spots in self._spots(patterns.kinds(old, new)):
                for where, match in patterns.sites(spots, old, new, matcher):
                    name = self._innermost(path, where)
                    if name is not None:
                        likeness = difflib.SequenceMatcher(None, wanted, name).ratio()
                        rank = (not _same_end(wanted, name), match.distance, -likeness)
                        ranked[name] = min(rank, ranked.get(name, rank))
            if ranked:
                names = sorted(ranked, key=lambda name: ranked[name])
                alike = [name for name in names if not ranked[name][0]]
                sure = alike if matcher.lenient or len(alike) == 1 else names
                return names, sure[0] if len(sure) == 1 else None
        return [], None

    def _spots(self, kinds: frozenset[type[ast.AST]] | None) -> Iterator[tuple[str, list[Site]]]:
        """For each module the spots with a node of some types."""
        for path, index in self._by_kind.items():
            yield path, [spot for kind in (index if kinds is None else kinds) for spot in index.get(kind, [])]

    @functools.cached_property
    def _by_kind(self) -> dict[str, dict[type[ast.AST], list[Site]]]:
        result: dict[str, dict[type[ast.AST], list[Site]]] = {}
        for path, tree in self.modules.items():
            index = result.setdefault(path, {})
            holder: list[Any] = [tree]
            for spot in patterns.spots(Site(ast.Module(body=holder, type_ignores=[]), "body", 0)):
                index.setdefault(type(spot.nodes[0]), []).append(spot)
        return result

    def _innermost(self, module: str, site: Site) -> str | None:
        line = getattr(site.nodes[0], "lineno", 0)
        holders = [
            symbol
            for named in self._symbols.values()
            for symbol in named
            if symbol.module == module and line in symbol.lines
        ]
        return min(holders, key=lambda symbol: len(symbol.lines)).name if holders else None


class Killers:
    """The test files below the folders of the tests, by their names without ``.py``."""

    def __init__(self, root: Path) -> None:
        self._files: dict[str, list[Path]] = {}
        for folder in TESTS:
            for path in sorted((root / folder).rglob("test_*.py")):
                self._files.setdefault(path.stem, []).append(path)
        self._functions: dict[Path, frozenset[str]] = {}

    def find(self, killer: str) -> str:
        """What pytest calls ``test_state_lease::test_x[a case]``; ``NotFoundError`` if it is no test."""
        stem, _, rest = killer.partition("::")
        name = rest.partition("[")[0]
        files = self._files.get(stem, [])
        if not files:
            near = self._with(name) or difflib.get_close_matches(stem, self._files, SHOWN)
            raise NotFoundError(f"no test file {stem}.py", near)
        if len(files) > 1:
            raise NotFoundError(f"{stem}.py exists {len(files)} times")
        if name and name not in self._tests(files[0]):
            near = self._with(name) or difflib.get_close_matches(name, self._tests(files[0]), SHOWN, 0.5)
            raise NotFoundError(f"{stem}.py has no test {name}", near)
        return f"{files[0]}::{rest}" if rest else str(files[0])

    def _with(self, name: str) -> list[str]:
        """Where a test of this name is instead."""
        every = [(stem, path) for stem, paths in self._files.items() for path in paths]
        return [f"{stem}::{name}" for stem, path in every if name and name in self._tests(path)]

    def _tests(self, path: Path) -> frozenset[str]:
        if path not in self._functions:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found = (node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
            self._functions[path] = frozenset(name for name in found if name.startswith("test_"))
        return self._functions[path]


def _symbols(module: str, parent: ast.AST, prefix: str) -> Iterator[Symbol]:
    """Everything that has a name below a node, outermost first."""
    for name, value in ast.iter_fields(parent):
        if not isinstance(value, list):
            continue
        for index, node in enumerate(value):
            here = Site(parent, name, index)
            if isinstance(node, DEFINITIONS):
                yield Symbol(prefix + node.name, module, here)
                yield from _symbols(module, node, f"{prefix}{node.name}.")
            elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(parent, ast.Module | ast.ClassDef):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if isinstance(target, ast.Name):
                        yield Symbol(prefix + target.id, module, here)
            elif isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
                yield from _symbols(module, node, prefix)


def _in(scope: Symbol, old: Pattern, new: Pattern, matcher: Matcher) -> Iterator[Place]:
    for site, match in patterns.sites(patterns.spots(scope.site), old, new, matcher):
        yield Place(scope, site, match)


def _lenient(scope: Symbol) -> Matcher:
    return Matcher(lenient=True, kept=patterns.identifiers(scope.site.nodes[0]))


def _unique(places: list[Place]) -> list[Place]:
    """Without those found twice, as in a symbol that is indexed under two names."""
    return list({(id(p.site.parent), p.site.field, p.site.index, p.site.length): p for p in places}.values())


def _same_end(one: str, other: str) -> bool:
    return one.rpartition(".")[2] == other.rpartition(".")[2]


def _is_in(path: str, module: str) -> bool:
    parts = Path(path).with_suffix("").parts
    wanted = tuple(module.split("."))
    return any(parts[at : at + len(wanted)] == wanted for at in range(len(parts)))


def _nearest(scopes: Sequence[Symbol], old: Pattern) -> str:
    """The statement of the symbol that is most like the snippet."""
    lines = {
        ast.unparse(node).partition("\n")[0]: f"{scope.module}:{node.lineno}"
        for scope in scopes
        for node in ast.walk(scope.site.nodes[0])
        if isinstance(node, ast.stmt)
    }
    near = difflib.get_close_matches(old.text.partition("\n")[0], lines, 1, 0.3)
    return f"; nearest: {lines[near[0]]}: {near[0]}" if near else ""
