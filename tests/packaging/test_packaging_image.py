"""The Dockerfile keeps its promises; what it makes is run by ``scripts/image_steps.py``."""

import json
import re
import subprocess
import sys
from pathlib import Path

import botocore
import dockerfile
import image_steps
import pytest
import trim_botocore

from reconciler import __version__
from reconciler.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
BUILDER, FINAL = dockerfile.read(ROOT / "Dockerfile")


def test_both_stages_use_the_same_slim_python():
    assert BUILDER.base == FINAL.base == "python:${PYTHON_VERSION}-slim"


def test_the_user_is_a_fixed_number_that_is_not_root():
    assert [step.rest for step in FINAL.all("USER")] == ["65532:65532"]


def test_the_final_stage_runs_nothing_and_takes_only_the_environment():
    assert FINAL.all("RUN") == []
    assert [step.rest for step in FINAL.all("COPY")] == ["--from=builder /app/venv /app/venv"]


def test_entry_point_and_health_check_need_no_shell():
    assert json.loads(FINAL.all("ENTRYPOINT")[0].rest) == ["reconciler"]
    health = FINAL.all("HEALTHCHECK")[0].rest
    assert json.loads(health.partition("CMD ")[2]) == ["reconciler", "healthcheck"]


def test_it_is_stopped_by_the_signal_that_the_daemon_answers():
    assert FINAL.all("STOPSIGNAL")[0].rest == "SIGTERM"


def test_the_environment_names_the_mount_point_and_listens_beyond_loopback():
    environment = FINAL.environment()
    assert environment["RECONCILER_DESIRED_STATE"] == "/desired-state"
    assert environment["RECONCILER_HTTP_HOST"] == "0.0.0.0"
    assert environment["HOME"] == "/tmp"


def test_every_setting_of_the_image_exists():
    prefix = "RECONCILER_"
    named = {name.removeprefix(prefix).lower() for name in FINAL.environment() if name.startswith(prefix)}
    assert named <= set(Settings.model_fields)


def test_the_label_carries_the_version():
    labels = {name: value for step in FINAL.all("LABEL") for name, value in step.pairs.items()}
    assert labels["org.opencontainers.image.version"] == __version__


@pytest.mark.parametrize("lock", ["build", "runtime"])
def test_packages_come_from_a_lock_with_hashes(lock):
    runs = " && ".join(step.rest for step in BUILDER.all("RUN"))
    assert f"install --require-hashes --requirement requirements/{lock}.lock" in runs
    others = re.findall(r"pip(?: --python \S+)? install (?!--require-hashes)([^&]*)", runs)
    assert all("--no-deps --no-index" in options for options in others)


def test_everything_that_is_copied_exists_and_passes_the_ignore_file():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    sources = {source.rstrip("/") for step in BUILDER.all("COPY") for source in step.paths[0]}
    assert sources == allowed
    assert all((ROOT / source).exists() for source in sources)


def test_the_steps_without_docker_move_every_folder_of_the_image():
    absolute = {path for step in BUILDER.all("RUN") for path in re.findall(r"(?<=\s)/\w+", " " + step.rest)}
    assert absolute
    assert all(image_steps.FOLDERS.search(path) for path in absolute)


def test_every_service_that_the_code_calls_keeps_its_description():
    calls = re.compile(r"""(?:client|resource|create_client)\(\s*["']([a-z0-9-]+)["']""")
    called = {name for file in (ROOT / "reconciler").rglob("*.py") for name in calls.findall(file.read_text())}
    assert called <= trim_botocore.KEEP


def test_the_trimmed_sdk_builds_every_client_that_was_kept(tmp_path):
    source = Path(botocore.__file__).parent.parent
    for package in ("botocore", "boto3"):
        data = tmp_path / package / "data"
        data.mkdir(parents=True)
        for entry in (source / package / "data").iterdir():
            if entry.is_file():
                (data / entry.name).write_bytes(entry.read_bytes())
            elif entry.name in trim_botocore.KEEP or entry.name in {"ec2", "s3"}:
                (data / entry.name).mkdir()
                for file in (f for f in entry.rglob("*") if f.is_file()):
                    target = data / file.relative_to(source / package / "data")
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(file.read_bytes())
    assert trim_botocore.trim(tmp_path) == 4
    left = {p.name for p in (tmp_path / "botocore" / "data").iterdir() if p.is_dir()}
    assert left == trim_botocore.KEEP


def test_trimming_refuses_an_interpreter_outside_a_virtual_environment():
    base = getattr(sys, "_base_executable", sys.executable)
    code = "import sys, runpy; sys.prefix = sys.base_prefix; runpy.run_path(sys.argv[1], run_name='__main__')"
    answer = subprocess.run(
        [base, "-c", code, str(ROOT / "scripts" / "trim_botocore.py")], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1
    assert "virtual environment" in answer.stderr
