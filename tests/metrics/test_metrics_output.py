"""How metrics leave the process: both text formats, the textfile, the Pushgateway."""

from __future__ import annotations

import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from support.sample_reports import report, table
from support.scrape import samples

from reconciler import __version__
from reconciler.engine.loop_status import LoopStatus
from reconciler.metrics import FAMILIES, Metrics
from reconciler.model.errors import SettingsError

OPENMETRICS = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2"


@pytest.fixture
def metrics():
    board = LoopStatus("prod")
    board.finish(report(table(), environment="prod"))
    made = Metrics(board)
    made.pass_finished(report(table(), environment="prod"))
    return made


def test_without_an_accept_header_the_text_format_is_served(metrics):
    content_type, body = metrics.exposition("")
    assert content_type.startswith("text/plain; version=0.0.4")
    assert b"# TYPE dynamodb_reconciler_passes_total counter" in body


def test_openmetrics_is_served_when_asked_for_and_carries_the_pass_id_as_exemplar(metrics):
    content_type, body = metrics.exposition(OPENMETRICS)
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    families = {family.name: family for family in text_string_to_metric_families(body.decode())}
    buckets = families["dynamodb_reconciler_pass_duration_seconds"].samples
    assert [sample.exemplar.labels for sample in buckets if sample.exemplar] == [{"pass_id": "pass-1"}]


def test_an_overlong_pass_id_does_not_break_the_exemplar(metrics):
    metrics.pass_finished(report(table(), pass_id="p" * 500))
    assert b"p" * 64 in metrics.exposition(OPENMETRICS)[1]


def test_no_created_series_are_exposed(metrics):
    assert b"_created" not in metrics.exposition("")[1]
    assert b"_created" not in metrics.exposition(OPENMETRICS)[1]


def test_process_platform_and_garbage_collector_metrics_are_exposed(metrics):
    text = metrics.exposition("")[1].decode()
    for name in ("process_cpu_seconds_total", "python_info", "python_gc_collections_total"):
        assert f"# TYPE {name} " in text


def test_build_info_names_version_revision_and_python(monkeypatch):
    monkeypatch.setenv("RECONCILER_REVISION", "abc1234")
    [(labels, number)] = samples(Metrics(LoopStatus("default")), "build_info")
    assert number == 1
    assert (labels["version"], labels["revision"]) == (__version__, "abc1234")
    assert labels["python_version"].startswith("3.")


def test_an_unknown_revision_is_shown_as_unknown(monkeypatch):
    monkeypatch.delenv("RECONCILER_REVISION", raising=False)
    [(labels, _)] = samples(Metrics(LoopStatus("default")), "build_info")
    assert labels["revision"] == "unknown"


def test_names_follow_the_conventions():
    for family in FAMILIES:
        assert family.name.startswith("dynamodb_reconciler_")
        assert (family.type == "counter") == family.name.endswith("_total")
        assert not family.name.endswith(("_count", "_sum", "_bucket"))
        assert family.help.endswith((".", ";"))
        assert len(family.help) <= 120
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)


def test_two_processes_worth_of_metrics_do_not_share_series(metrics):
    other = Metrics(LoopStatus("default"))
    assert samples(other, "pass_duration_seconds_count")[0][1] == 0


def test_the_textfile_holds_our_families_alone_and_replaces_what_was_there(metrics, tmp_path):
    path = tmp_path / "reconciler.prom"
    path.write_text("old")
    metrics.write_textfile(str(path))
    text = path.read_text()
    assert text.startswith("# HELP dynamodb_reconciler_")
    assert 'dynamodb_reconciler_passes_total{environment="prod",result="in_sync",trigger="interval"} 1.0' in text
    assert "process_cpu" not in text
    assert [each.name for each in tmp_path.iterdir()] == ["reconciler.prom"]


def test_a_textfile_that_cannot_be_written_is_one_sentence(metrics, tmp_path):
    path = tmp_path / "absent" / "reconciler.prom"
    with pytest.raises(SettingsError, match=r"METRICS_FILE: cannot write .*absent.*: No such file or directory"):
        metrics.write_textfile(str(path))


class Gateway(BaseHTTPRequestHandler):
    """Remembers what was pushed."""

    def do_PUT(self):
        length = int(self.headers["Content-Length"])
        self.server.pushed.append((self.path, self.rfile.read(length).decode()))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        return


@pytest.fixture
def gateway():
    server = HTTPServer(("127.0.0.1", 0), Gateway)
    server.pushed = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_push_replaces_the_group_of_the_environment_without_an_instance(metrics, gateway):
    metrics.push(f"http://127.0.0.1:{gateway.server_port}")
    [(path, body)] = gateway.pushed
    assert path == "/metrics/job/dynamodb_reconciler/environment/prod"
    assert "dynamodb_reconciler_last_success_timestamp_seconds" in body
    assert "process_cpu" not in body


def test_a_push_that_is_refused_is_one_sentence(metrics, gateway):
    port = gateway.server_port
    gateway.server_close()
    with pytest.raises(SettingsError, match="PUSH_GATEWAY: cannot push to"):
        metrics.push(f"http://127.0.0.1:{port}")


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_finds_nothing_to_criticise(metrics):
    text = "\n".join(line for line in metrics.exposition("")[1].decode().splitlines() if "dynamodb_reconciler_" in line)
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=text + "\n", capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
