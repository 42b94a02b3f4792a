"""P10: the modules that each command imports, counted by the interpreter itself (``-X importtime``)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.context import Bench, Goal
from benchmarks.figures import Row
from benchmarks.goals.commands import in_sync
from benchmarks.processes import environment, run, tool

PREFIX = "import time:"
OFFLINE = (("--version",), ("--help",), ("up", "--help"), ("schema",), ("validate",))
ONLINE = (("status",), ("preview",), ("--once",))
HEAVY = ("boto3", "botocore", "pydantic", "fastapi", "prometheus_client", "rich", "ruamel", "yaml")


def measured(bench: Bench) -> Iterator[Row]:
    """All modules of a command, those of the standard library included; and which heavy packages are among them."""
    folder, endpoint = in_sync(bench)
    variables = environment(folder, endpoint.url, PYTHONPROFILEIMPORTTIME="1")
    bare = len(imported([sys.executable, "-c", "pass"], folder, variables))
    for words in OFFLINE + ONLINE:
        modules = imported([*tool(), *words], folder, variables)
        heavy = [name for name in HEAVY if name in modules]
        scenario = f"modules imported: {', '.join(heavy) or 'no heavy package'}"
        place = ("P10", scenario, f"reconciler {' '.join(words)}")
        yield Row.single(place, "modules", len(modules), {"bare Python": len(modules) / bare})


def imported(command: list[str], folder: Path, variables: Mapping[str, str]) -> set[str]:
    """The names of all modules that a command imports."""
    lines = run(command, folder, variables).stderr.splitlines()
    names = {line.rpartition("|")[2].strip() for line in lines if line.startswith(PREFIX)}
    return names - {"imported package"}


GOAL = Goal("P10", "Modules imported", "a counted budget for each command", measured)
