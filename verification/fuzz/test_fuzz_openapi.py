"""The running daemon keeps to its own OpenAPI document: no 5xx, no undeclared answer, whatever is sent."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.bundled_daemon import ready, running, until
from support.endpoints import Live

from reconciler.http.links import LINKS

pytestmark = [pytest.mark.dynamodb_local, pytest.mark.timeout(400)]
STREAM = "/api/v1/events"
"""Without an end, so it is asked in the tests of the events."""

LIMITS = """
[phases.stateful]
max-steps = 6

[phases.stateful.generation]
max-examples = 30
"""
"""Of the phase that goes from one answer to the next request by the links of the document."""
COVERED = re.compile(r"API Links: +(\d+) covered")


def test_schemathesis_finds_no_answer_that_the_document_does_not_declare(local: Live, tmp_path: Path) -> None:
    with running(tmp_path, local.url, RECONCILER_INTERVAL="1h") as daemon:
        until(lambda: ready(daemon), daemon=daemon)
        (tmp_path / "schemathesis.toml").write_text(LIMITS, encoding="utf-8")
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{daemon.port}/openapi.json"]
        options = [
            "--checks=all",
            "--phases=examples,coverage,fuzzing,stateful",
            "--max-examples=5",
            "--seed=1",
            "--no-color",
        ]
        ended = subprocess.run(
            [*command, *options, "--generation-deterministic", f"--exclude-path={STREAM}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=380,
        )
        assert ended.returncode == 0, "\n".join(line[:300] for line in ended.stdout.splitlines())[-6000:]
        assert "No issues found" in ended.stdout
        covered = COVERED.search(ended.stdout)
        assert covered is not None
        assert int(covered[1]) > len(LINKS) / 2, ended.stdout[-3000:]
        assert daemon.process.poll() is None
