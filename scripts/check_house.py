"""Checks every file of the repository against the house rules. Called by ``make check``.

No path of one machine, no host of a package registry, no unfinished work, no test that is always skipped, and no small
module that only one other module imports: it belongs into that one.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "reconciler"
SMALL = 40
"""Lines. A module below that is small."""
UNITS = (
    "reconciler/__main__.py",
    "reconciler/facets/*.py",
    "reconciler/cli/commands/*.py",
    "reconciler/declarations/features/*.py",
    "reconciler/*/formats/*.py",
    "reconciler/seeds/*_format.py",
)
"""Modules that are a unit of their kind whatever their size: a facet, a command, a feature, a format."""

RULES = {
    "a path of one machine": re.compile(r"(?<![\w.])/(?:root|home/(?!me/)\w+|work|Users/\w+)/"),
    "a host of a package registry": re.compile(
        r"\b(?:pypi|pythonhosted|npmjs|crates|rubygems|quay)\W(?:org|com|io)\b|\brepo1?\W(?:maven\W)", re.IGNORECASE
    ),
    "unfinished work": re.compile(r"#.*\b(?:TO[D]O|FIX[M]E|X[X]X)\b|NotImplementedError\(\)"),
    "a skipped test": re.compile(r"@pytest\.mark\.(?:skip|xfail)\b"),
}


def tracked(root: Path = ROOT) -> list[Path]:
    """Every file that git knows, as a path relative to the root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in listed.split("\0") if name and (root / name).is_file()]


def broken_rules(text: str) -> Iterator[tuple[int, str]]:
    """Line and rule of each place where a text breaks one."""
    for number, line in enumerate(text.splitlines(), start=1):
        for rule, pattern in RULES.items():
            if pattern.search(line):
                yield number, rule


def small_single_importer_modules(root: Path) -> list[Path]:
    """Modules of the package of fewer than ``SMALL`` lines with at most one importer in it, as paths below ``root``."""
    modules = {_dotted(path.relative_to(root)): path for path in sorted((root / PACKAGE).rglob("*.py"))}
    importers: dict[str, set[str]] = {name: set() for name in modules}
    texts = {name: path.read_text(encoding="utf-8") for name, path in modules.items()}
    for name, text in texts.items():
        for imported in _imported(ast.parse(text), modules):
            importers[imported].add(name)
    return [
        path.relative_to(root)
        for name, path in modules.items()
        if texts[name].count("\n") < SMALL
        and len(importers[name] - {name}) <= 1
        and path.name != "__init__.py"
        and not any(path.relative_to(root).match(unit) for unit in UNITS)
    ]


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _imported(tree: ast.AST, modules: Mapping[str, Path]) -> Iterator[str]:
    """The modules among ``modules`` that a module imports; ``from a import b`` is ``a.b`` where that is a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in modules or node.module in modules:
                    yield inner if inner in modules else node.module


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    problems: list[str] = []
    for path in tracked():
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        problems += [f"{path}:{number}: {rule}" for number, rule in broken_rules(text)]
    small = small_single_importer_modules(ROOT)
    problems += [f"{path}: fewer than {SMALL} lines and at most one importer; merge it into that" for path in small]
    print(f"House: {len(problems)} problems.")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
