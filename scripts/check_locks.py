"""Hold the lock files to pyproject.toml. Called by ``make check`` and ``make lock``.

Every requirement has a pin that satisfies it, every pin has a hash, the development lock pins what the other locks
pin, and no lock names an index. New releases on an index do not make this check fail.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("runtime", "build", "demo", "test", "verify", "docs", "dev")


def pins(lock: Path) -> dict[str, set[str]]:
    """The pinned versions of each distribution; several where environment markers divide them."""
    found: dict[str, set[str]] = {}
    for entry in lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        specification, _, hashes = entry.partition(" --hash=")
        requirement = Requirement(specification)
        versions = [s.version for s in requirement.specifier if s.operator == "=="]
        if requirement.url or len(versions) != 1 or not hashes:
            raise ValueError(f"{lock.name}: not a pin with hashes: {specification}")
        found.setdefault(canonicalize_name(requirement.name), set()).add(versions[0])
    return found


def wanted(pyproject: dict[str, Any]) -> dict[str, list[Requirement]]:
    """What each lock has to satisfy."""
    project, groups = pyproject["project"], pyproject["dependency-groups"]
    optional = project["optional-dependencies"]
    runtime, build = project["dependencies"], [*pyproject["build-system"]["requires"], *groups["build"]]
    demo = [*runtime, *optional["embedded"], *members(groups, "demo")]
    every_extra = [*runtime, *(item for extra in optional.values() for item in extra)]
    texts = {
        "runtime": runtime,
        "build": build,
        "demo": demo,
        "test": [*every_extra, *members(groups, "test")],
        "verify": [*every_extra, *members(groups, "verify")],
        "docs": [*runtime, *members(groups, "docs")],
        "dev": [*every_extra, *members(groups, "dev")],
    }
    return {name: [Requirement(text) for text in some] for name, some in texts.items()}


def members(groups: dict[str, Any], name: str) -> list[str]:
    """The requirements of a dependency group and of those that it includes."""
    found: list[str] = []
    for item in groups[name]:
        found += [item] if isinstance(item, str) else members(groups, item["include-group"])
    return found


def problems(root: Path = ROOT) -> list[str]:
    """One sentence for each place where a lock and pyproject.toml disagree."""
    requirements = wanted(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8")))
    locked = {name: pins(root / "requirements" / f"{name}.lock") for name in LOCKS}
    found = []
    for name in LOCKS:
        for requirement in requirements[name]:
            versions = locked[name].get(canonicalize_name(requirement.name), set())
            if not versions or not all(requirement.specifier.contains(v, prereleases=True) for v in versions):
                found.append(f"{name}.lock pins {sorted(versions) or 'nothing'} for '{requirement}'")
        for distribution, versions in locked[name].items():
            if not versions <= locked["dev"].get(distribution, set()):
                found.append(f"{name}.lock pins {distribution} {sorted(versions)}, dev.lock does not")
    return found


if __name__ == "__main__":
    sentences = problems()
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    if sentences:
        sys.exit("The lock files do not fit pyproject.toml: run `make lock`.")
    print("Locks: every requirement is pinned with hashes.")
