"""The report comes first; side outputs change neither it nor the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.endpoints import Live

YAML = """\
table_name: users
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
"""
BROKEN = {
    "a dead Pushgateway": {"RECONCILER_PUSH_GATEWAY": "http://127.0.0.1:9"},
    "a Pushgateway without a name": {"RECONCILER_PUSH_GATEWAY": "http://no-such-host.invalid:9091"},
    "a metrics file in no folder": {"RECONCILER_METRICS_FILE": "missing/folder/m.prom"},
    "a metrics file that is a folder": {"RECONCILER_METRICS_FILE": "."},
    "both": {"RECONCILER_PUSH_GATEWAY": "http://127.0.0.1:9", "RECONCILER_METRICS_FILE": "missing/m.prom"},
}


def run(folder: Path, endpoint: str | None, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    (folder / "desired_state").mkdir(exist_ok=True)
    (folder / "desired_state" / "users.yaml").write_text(YAML, encoding="utf-8")
    # An endpoint that runs already spares each command the four seconds in which moto is imported.
    where = ["--embedded"] if endpoint is None else ["--endpoint-url", endpoint]
    command = [sys.executable, "-m", "reconciler", *where, *words]
    kept = {**os.environ, "AWS_REGION": "us-east-1", "PYTHONPATH": os.pathsep.join(sys.path), **environ}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=kept, check=False, timeout=90)


@pytest.mark.parametrize("words", [("--once",), ("up", "--yes")], ids=" ".join)
@pytest.mark.parametrize("name", BROKEN)
def test_the_report_is_there_and_the_failure_is_a_warning(
    name: str, words: tuple[str, ...], tmp_path: Path, moto: Live
) -> None:
    ended = run(tmp_path, moto.url, *words, "-o", "json", **BROKEN[name])
    document = json.loads(ended.stdout)
    assert (ended.returncode, document["verdict"], document["summary"]["create"]) == (0, "in_sync", 1)
    assert ended.stderr.count("warning: ") == len(BROKEN[name])
    assert "error: " not in ended.stderr


def test_a_job_summary_that_cannot_be_written_is_a_warning(tmp_path: Path, moto: Live) -> None:
    ended = run(
        tmp_path, moto.url, "--once", "-o", "github", GITHUB_STEP_SUMMARY=str(tmp_path / "missing" / "summary.md")
    )
    assert ended.returncode == 0
    assert "::warning::the job summary" in ended.stdout


def test_a_job_log_has_sentences_for_people_unless_a_format_is_set(tmp_path: Path, moto: Live) -> None:
    ended = run(tmp_path, moto.url, "--once")
    assert [line for line in ended.stderr.splitlines() if line.startswith("{")] == []
    assert "created" in ended.stdout
    assert "{" not in ended.stdout.partition("\n")[0]


def test_a_run_that_changed_things_and_converged_ends_its_log_with_in_sync(tmp_path: Path) -> None:
    ended = run(tmp_path, None, "--once", RECONCILER_LOG_FORMAT="json")
    last = json.loads(ended.stderr.splitlines()[-1])
    assert (last["event"], last["verdict"], last["changed"], last["create"]) == ("run finished", "in_sync", True, 1)


@pytest.mark.parametrize("words", [("--once",), ("up", "--yes")], ids=" ".join)
def test_the_document_has_an_id_of_the_run_and_those_of_all_its_passes(
    words: tuple[str, ...], tmp_path: Path, moto: Live
) -> None:
    ended = run(tmp_path, moto.url, *words, "-o", "json", RECONCILER_LOG_FORMAT="json", RECONCILER_LOG_LEVEL="info")
    document = json.loads(ended.stdout)
    lines = [json.loads(line) for line in ended.stderr.splitlines() if line.startswith("{")]
    steps = [line for line in lines if line["event"] == "step"]
    assert document["pass_ids"] == [
        line["pass_id"] for line in lines if line["event"] == "pass" and line["trigger"] != "preview"
    ]
    assert len(document["pass_ids"]) > 1
    assert document["run_id"] not in document["pass_ids"]
    assert steps
    assert {step["pass_id"] for step in steps} <= set(document["pass_ids"])
