"""The command line as a process: start-up, help, streams, exit codes, signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.waiting import PATIENCE

from reconciler.cli import codes
from reconciler.cli.verbs import COMMANDS

TESTS = Path(__file__).resolve().parent.parent
FAKED = """
import sys
from support.fake_wiring import FakeWiring, install
from support.reports import *
import time
fake = FakeWiring(plan=a_report({plan}), result=a_report({plan}))
{extra}
install(fake)
from reconciler.cli.app import main
sys.exit(main(sys.argv[1:]))
"""


def run(*arguments: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reconciler", *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **environ},
        check=False,
        timeout=PATIENCE,
    )


def faked(*arguments: str, plan: str, folder: Path, extra: str = "", **environ: str) -> subprocess.Popen[str]:
    code = FAKED.format(plan=plan, extra=extra)
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(TESTS), "PYTHONIOENCODING": "utf-8", **environ},
    )


def test_help_lists_every_verb_and_every_exit_code(tmp_path: Path) -> None:
    done = run("--help", folder=tmp_path, COLUMNS="200")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(f"  {verb} " in done.stdout for verb in COMMANDS)
    assert all(f"{code}: " in done.stdout for code, _ in codes.TABLE)
    assert "--desired-state" in done.stdout


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_verb_has_help(verb: str, tmp_path: Path) -> None:
    done = run(verb, "--help", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"reconciler {verb}" in done.stdout
    assert "--embedded" in done.stdout


HEAVY = (
    "boto3",
    "botocore",
    "rich",
    "fastapi",
    "structlog",
    "apscheduler",
    "moto",
    "opentelemetry",
    "reconciler.wiring",
)


@pytest.mark.parametrize(
    ("line", "never"), [("--help", (*HEAVY, "pydantic", "reconciler.model.table")), ("up --help", HEAVY)]
)
def test_help_imports_nothing_heavy(line: str, never: tuple[str, ...], tmp_path: Path) -> None:
    code = (
        f"import sys; from reconciler.cli.app import main; main({line.split()});"
        f"print(sorted(set({never}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("line", ["validate", "schema", "preview"])
def test_a_command_that_exposes_no_metrics_does_not_import_them(line: str, tmp_path: Path) -> None:
    arguments = [*line.split(), "--desired-state", "bundled", "--endpoint-url", "http://127.0.0.1:1", "--wait", "0s"]
    code = (
        f"import sys; from reconciler.cli.app import main; main({arguments});"
        "print('prometheus_client' in sys.modules, 'reconciler.wiring' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stderr.splitlines()[-1] == "False True"


def test_columns_are_honoured(tmp_path: Path) -> None:
    lines = run("--help", folder=tmp_path, COLUMNS="50").stdout.splitlines()
    assert max(len(line) for line in lines) <= 50


def test_version(tmp_path: Path) -> None:
    done = run("--version", folder=tmp_path)
    assert (done.returncode, done.stdout.split()[0]) == (0, "reconciler")


@pytest.mark.parametrize("arguments", [["nonsense"], ["preview", "--nonsense"], ["-o", "xml", "preview"], ["up"]])
def test_a_usage_error_is_1_on_standard_error(arguments: list[str], tmp_path: Path) -> None:
    done = run(*arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "rror" in done.stderr
    assert "Traceback" not in done.stderr


CODES = {
    "in_sync()": 0,
    "missing()": 2,
    "blocked()": 2,
    "failed()": 1,
}


@pytest.mark.parametrize("plan", CODES)
def test_the_process_ends_with_the_code_of_its_report(plan: str, tmp_path: Path) -> None:
    process = faked("preview", "--expect-no-changes", plan=plan, folder=tmp_path)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == CODES[plan]
    assert out


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_cleanly(number: signal.Signals, code: int, tmp_path: Path) -> None:
    slow = "fake.preview = lambda tables: (print('started', flush=True), time.sleep(30))"
    process = faked("preview", plan="in_sync()", folder=tmp_path, extra=slow)
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Traceback" in err) == (code, False)


def test_output_without_utf_8_is_escaped_not_a_crash(tmp_path: Path) -> None:
    process = faked("preview", plan="drifted()", folder=tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert "\\u2192" in out


def test_a_closed_output_pipe_causes_no_traceback(tmp_path: Path) -> None:
    many = "*(drifted(f't{n}') for n in range(5000))"
    process = faked("preview", "--diff", plan=many, folder=tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.wait(timeout=PATIENCE)
    assert (process.returncode, err) == (1, "")


@pytest.mark.parametrize(
    ("environ", "colored"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
    ids=["plain", "NO_COLOR", "TERM=dumb"],
)
def test_on_a_terminal_colour_follows_the_environment(environ: dict[str, str], colored: bool, tmp_path: Path) -> None:
    master, slave = os.openpty()
    code = FAKED.format(plan="drifted()", extra="")
    env = {**os.environ, "PYTHONPATH": str(TESTS), "PYTHONIOENCODING": "utf-8", "TERM": "xterm", **environ}
    subprocess.run(
        [sys.executable, "-c", code, "preview"], stdout=slave, cwd=tmp_path, env=env, check=True, timeout=PATIENCE
    )
    os.close(slave)
    shown = os.read(master, 65536).decode()
    os.close(master)
    assert "users" in shown
    assert ("\x1b[" in shown) is colored


UNWRITABLE = ["validate", "validate -o json", "--version", "--help", "schema", "environments"]


def redirected(line: str, redirection: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = f'"$0" -m reconciler {line} {redirection}'
    return subprocess.run(
        ["/bin/sh", "-c", command, sys.executable],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        timeout=PATIENCE,
    )


@pytest.fixture
def declared(tmp_path: Path) -> Path:
    (tmp_path / "desired_state").mkdir()
    (tmp_path / "desired_state" / "users.yaml").write_text(
        "table_name: users\nkey_schema: [{AttributeName: pk, KeyType: HASH}]\n"
        "attribute_definitions: [{AttributeName: pk, AttributeType: S}]\n"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("redirection", "why"), [(">&-", "it is closed"), ("> /dev/full", "No space left on device"), (">&- <&-", "closed")]
)
@pytest.mark.parametrize("line", UNWRITABLE)
def test_a_result_that_cannot_be_written_is_one_sentence(line: str, redirection: str, why: str, declared: Path) -> None:
    done = redirected(line, redirection, declared)
    assert (done.returncode, done.stdout) == (1, "")
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("error: Standard output cannot be written: ")
    assert f"{why}." in sentence


def test_an_error_is_told_once_where_its_document_cannot_be_written(tmp_path: Path) -> None:
    done = redirected("preview --endpoint-url http://127.0.0.1:1 --wait 0s -o json -q", "> /dev/full", tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("error: ") == 2
    assert "there is no ./desired_state" in done.stderr.lower() or "./desired_state" in done.stderr
    assert "Standard output cannot be written" in done.stderr


@pytest.mark.parametrize("redirection", ["2>&-", "2> /dev/full", "2>&- <&-"])
def test_messages_that_cannot_be_written_do_not_end_a_command(redirection: str, declared: Path) -> None:
    done = redirected("validate", redirection, declared)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Valid: 1 table")
    assert redirected("nonsense", redirection, declared).returncode == 1


def test_a_report_is_written_though_standard_output_is_full(declared: Path) -> None:
    line = "preview --endpoint-url http://127.0.0.1:1 --wait 0s -o json --report junit=out.xml"
    assert redirected(line, "> /dev/full", declared).returncode == 1
    assert (declared / "out.xml").read_text().startswith("<?xml")
