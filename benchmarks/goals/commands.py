"""The folder and the endpoint of the commands that find nothing to do (P4 and P10)."""

from __future__ import annotations

from pathlib import Path

from benchmarks import declared
from benchmarks.context import Bench
from benchmarks.endpoint import Endpoint
from benchmarks.processes import environment, run, tool


def in_sync(bench: Bench) -> tuple[Path, Endpoint]:
    """A folder of declared tables and a DynamoDB Local that has just these tables; made once per run."""
    return bench.once("in sync", lambda: _in_sync(bench))


def _in_sync(bench: Bench) -> tuple[Path, Endpoint]:
    names = declared.names(bench.sizes.declared)
    endpoint = bench.endpoint("commands")
    folder = declared.yaml_files(bench.folder(), names)
    run([*tool(), "--once"], folder, environment(folder, endpoint.url))
    return folder, endpoint
