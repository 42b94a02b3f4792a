"""The parts of libraries that no documentation promises and that we use: what is gone when a new release moves them.

A failure here after ``make lock`` names the feature to port before the new version may be locked.
"""

from __future__ import annotations

import asyncio
import inspect
import tomllib
from importlib.metadata import version
from json.decoder import scanstring  # type: ignore[attr-defined]
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import check_locks
import pytest
import uvicorn
from apscheduler.executors import base as executors
from apscheduler.job import Job
from apscheduler.schedulers.background import BackgroundScheduler
from packaging.requirements import Requirement
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

ROOT = Path(__file__).resolve().parents[2]
PRIVATE = ("uvicorn", "apscheduler", "boto3", "botocore")
BOUNDED = ("uvicorn", "apscheduler")
"""Their next minor version is not allowed beside us. boto3 has no bound: it must fit the SDK of whoever installs us."""


@pytest.mark.parametrize("library", PRIVATE)
def test_what_is_judged_here_is_the_version_in_the_runtime_lock(library: str) -> None:
    assert check_locks.pins(ROOT / "requirements" / "runtime.lock")[library] == {version(library)}


@pytest.mark.parametrize("library", BOUNDED)
def test_the_next_minor_version_is_not_allowed_unseen(library: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (wanted,) = (r for r in map(Requirement, project["dependencies"]) if r.name == library)
    major, minor = version(library).split(".")[:2]
    assert f"{major}.{int(minor) + 1}.0" not in wanted.specifier


def test_uvicorn_else_slow_clients_hold_their_connections_and_probes_are_refused_at_the_limit() -> None:
    for hook in ("connection_made", "on_response_complete", "connection_lost", "handle_events"):
        assert callable(getattr(H11Protocol, hook)), hook
    config = uvicorn.Config(SimpleNamespace(), lifespan="off", limit_concurrency=3, log_config=None)
    config.load()
    loop = asyncio.new_event_loop()
    try:
        protocol: Any = H11Protocol(config, ServerState(), {}, loop)
        assert (protocol.cycle, protocol.transport, protocol.connections) == (None, None, set())
        assert (protocol.limit_concurrency, protocol.config.limit_concurrency) == (3, 3)
        assert protocol.loop is loop
        assert protocol.app is config.loaded_app
    finally:
        loop.close()
    # Asked of the request that is running; the app is served where there is no room.
    assert {"more_body", "response_complete"} <= set(RequestResponseCycle.__init__.__code__.co_names)
    assert list(inspect.signature(service_unavailable).parameters) == ["scope", "receive", "send"]


def test_scanstring_else_no_json_declaration_or_seed_can_be_read() -> None:
    assert scanstring(r'"a\u00e4\n" rest', 1, True) == ("aä\n", 11)
    with pytest.raises(ValueError, match="Unterminated string"):
        scanstring('"a', 1, True)


def test_apscheduler_else_no_pass_is_ever_run() -> None:
    scheduler = BackgroundScheduler()
    job = scheduler.add_job(print, "interval", seconds=60, jobstore="default")
    assert "_jobstore_alias" in Job.__slots__
    assert isinstance(job, Job)
    assert list(inspect.signature(executors.run_job).parameters) == [
        "job",
        "jobstore_alias",
        "run_times",
        "logger_name",
    ]
    assert list(inspect.signature(executors.BaseExecutor._run_job_success).parameters) == ["self", "job_id", "events"]
    failed = inspect.signature(executors.BaseExecutor._run_job_error)
    assert list(failed.parameters) == ["self", "job_id", "exc", "traceback"]
    assert list(inspect.signature(executors.BaseExecutor._do_submit_job).parameters) == ["self", "job", "run_times"]


def test_botocore_else_calls_have_no_total_deadline_and_credentials_and_certificates_are_not_checked() -> None:
    import boto3
    from botocore.httpsession import URLLib3Session

    session = boto3.session.Session("key", "secret", region_name="eu-central-1")
    client = session.client("dynamodb", endpoint_url="http://127.0.0.1:1")
    http: Any = client._endpoint.http_session
    assert isinstance(http, URLLib3Session)
    assert set(http._pool_classes_by_scheme) == {"http", "https"}
    assert URLLib3Session(verify="bundle.pem")._verify == "bundle.pem"
    assert session._session.get_credentials().access_key == "key"
