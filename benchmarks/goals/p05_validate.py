"""P5: ``validate`` as a whole process, the first time and again with the cache that the first one left."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks import declared
from benchmarks.context import Bench, Goal
from benchmarks.figures import Row, compared
from benchmarks.harness import Contender
from benchmarks.processes import environment, run, tool

PYTHON = "bare Python"
FORMS = {"YAML": declared.yaml_files, "class files": declared.class_files}


def measured(bench: Bench) -> Iterator[Row]:
    """``again`` has a folder and a cache of its own, which the warm-up fills and nobody empties."""
    names = declared.names(bench.sizes.declared)
    somewhere = bench.folder()
    contenders = [
        Contender(PYTHON, partial(_process, [sys.executable, "-c", "pass"], somewhere)),
        Contender("import boto3", partial(_process, [sys.executable, "-c", "import boto3"], somewhere)),
    ]
    for form, write in FORMS.items():
        first, again = write(bench.folder(), names), write(bench.folder(), names)
        validate = [*tool(), "validate"]
        forget = partial(shutil.rmtree, first / "cache", ignore_errors=True)
        contenders.append(Contender(f"reconciler validate, {form}", partial(_process, validate, first), forget))
        contenders.append(Contender(f"reconciler validate, {form}, again", partial(_process, validate, again)))
    samples = bench.samples(contenders, 60)
    yield from compared("P5", f"validate {len(names):,} tables, whole process", "s", samples, (PYTHON,))


def _process(command: list[str], folder: Path) -> float:
    return run(command, folder, environment(folder)).seconds


GOAL = Goal("P5", "Validation", "25 × bare Python; unchanged folders are not parsed again", measured)
