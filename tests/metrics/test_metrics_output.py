"""How metrics leave the process: both text formats, the textfile, the Pushgateway."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import subprocess
import sys
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
    loop_status = LoopStatus("prod")
    loop_status.finish(report(table(), environment="prod"))
    made = Metrics(loop_status)
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


def test_a_link_to_the_textfile_stays_a_link(metrics, tmp_path):
    (tmp_path / "real").mkdir()
    target, link, dangling = tmp_path / "real" / "a.prom", tmp_path / "link.prom", tmp_path / "dangling.prom"
    target.write_text("old")
    link.symlink_to(target)
    dangling.symlink_to("real/b.prom")
    for path in (link, dangling):
        metrics.write_textfile(str(path))
        assert path.is_symlink()
        assert path.read_text().startswith("# HELP dynamodb_reconciler_")
    assert sorted(each.name for each in (tmp_path / "real").iterdir()) == ["a.prom", "b.prom"]


@pytest.mark.parametrize("linked", [False, True])
def test_a_fifo_is_written_to_and_stays(metrics, tmp_path, linked):
    fifo, link = tmp_path / "fifo", tmp_path / "link"
    os.mkfifo(fifo)
    link.symlink_to("fifo")
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 1 << 20)
        metrics.write_textfile(str(link if linked else fifo))
        assert os.read(reader, 1 << 20).startswith(b"# HELP dynamodb_reconciler_")
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(fifo.stat().st_mode)
    assert link.is_symlink()


def test_a_full_device_is_one_sentence_and_stays_a_device(metrics, tmp_path):
    link = tmp_path / "metrics.prom"
    link.symlink_to("/dev/full")
    with pytest.raises(SettingsError, match=r"METRICS_FILE: cannot write .*metrics\.prom: No space left on device"):
        metrics.write_textfile(str(link))
    assert stat.S_ISCHR(link.stat().st_mode)


@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
def test_standard_output_keeps_what_was_printed_when_it_is_a_file(path, tmp_path):
    link = tmp_path / "link"
    link.symlink_to("/dev/stdout")
    program = (
        "import sys\nfrom reconciler.engine.loop_status import LoopStatus\nfrom reconciler.metrics import Metrics\n"
        "print('the report', flush=True)\nMetrics(LoopStatus('x')).write_textfile(sys.argv[1])\n"
    )
    out = tmp_path / "out.txt"
    with out.open("w") as file:
        subprocess.run(
            [sys.executable, "-c", program, str(link) if path == "link" else path],
            stdout=file,
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    assert out.read_text().startswith("the report\n# HELP dynamodb_reconciler_")


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
