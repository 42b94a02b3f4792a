"""Hold every file of the repository to the house rules. Called by ``make check``.

No path of one machine, no host of a package registry, no unfinished work, no test that is always skipped, no file of
Python over 600 lines. Those over 120 are counted: a file is one unit.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 600
LONG = 120
SHOWN = 10

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


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    problems: list[str] = []
    long: list[tuple[int, Path]] = []
    for path in tracked():
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        problems += [f"{path}:{number}: {rule}" for number, rule in broken_rules(text)]
        lines = text.count("\n")
        if path.suffix == ".py" and lines > LONGEST:
            problems.append(f"{path}: {lines} lines, more than {LONGEST}")
        elif path.suffix == ".py" and lines > LONG:
            long.append((lines, path))
    longest = ", ".join(f"{path} {lines}" for lines, path in sorted(long)[::-1][:SHOWN])
    print(f"House: {len(long)} Python files over {LONG} lines, the longest: {longest}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
