"""The steps of action.yml: ``install``, ``run``, ``comment`` and ``verdict``. Only the standard library.

Every value comes in a variable, never in the text of a script, so that no branch name or input can become a command.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
VERBS = {"preview": ["preview"], "once": ["run", "--once"], "up": ["up", "--yes"]}
SETTINGS = ("DESIRED_STATE", "STACK", "ENVIRONMENT", "ENDPOINT_URL", "REGION", "CONFIG")
FAIL_ON = ("error", "drift", "never")
CHANGES = ("create", "update", "replace", "delete", "seed")
MAX_COMMENT = 60_000
"""Characters. GitHub refuses a comment of more than 65,536."""
PAGES = 30
SECONDS = 30.0


def install() -> None:
    """Install the reconciler of this checkout with its locked requirements, into an environment of its own."""
    executable = os.environ.get("EXECUTABLE", "")
    if not executable:
        home = temporary() / "dynamodb-reconciler"
        scripts = home / ("Scripts" if os.name == "nt" else "bin")
        venv.create(home, with_pip=True, clear=True)
        pip = [str(scripts / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        for lock in ("runtime.lock", "build.lock"):
            subprocess.run([*pip, "--require-hashes", "--requirement", str(ROOT / "requirements" / lock)], check=True)
        subprocess.run([*pip, "--no-deps", "--no-build-isolation", str(ROOT)], check=True)
        executable = str(scripts / "reconciler")
    output(executable=executable)


def run() -> None:
    """Run the command with all reports. Its exit code is an output: the comment comes before the step that fails."""
    command, plan = os.environ["INPUT_COMMAND"], os.environ.get("INPUT_PLAN", "")
    if command not in VERBS:
        sys.exit(f"command: invalid value '{command}'; expected {', '.join(VERBS)}.")
    if plan and command == "once":
        sys.exit("plan: `once` applies no saved plan. Use the command preview or up.")
    if not plan and command == "up":
        sys.exit("plan: `up` needs the file of a saved plan.")
    folder = Path(tempfile.mkdtemp(prefix="reconciler-report-", dir=temporary()))
    report = {"markdown": "report.md", "json": "report.json", "junit": "report.xml", "sarif": "report.sarif"}
    line = [os.environ["EXECUTABLE"], *VERBS[command]]
    if command == "preview":
        line += ["--expect-no-changes", *([f"--out={plan}"] if plan else [])]
    elif command == "up":
        line += [plan]
    for name in SETTINGS:
        value = os.environ.get(f"INPUT_{name}", "")
        line += [f"--{name.lower().replace('_', '-')}={value}"] if value else []
    line += [f"--report={form}={folder / file}" for form, file in report.items()]
    code = subprocess.run([*line, "--report", "github"], check=False).returncode
    summary = _summary(folder / "report.json")
    changes = sum(summary.get("summary", {}).get(name, 0) for name in CHANGES)
    written = folder / "report.md"
    output(
        changes=str(changes),
        drift=str(summary.get("verdict") == "drifted").lower(),
        exit_code=str(code),
        report=str(written) if written.is_file() else "",
        sarif=str(folder / "report.sarif") if written.is_file() else "",
    )


def comment() -> None:
    """Write the report as a comment of the pull request, or update the one that a former run wrote.

    A comment that cannot be written is a warning: the token of a fork's pull request may only read.
    """
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    number = event.get("pull_request", {}).get("number")
    if number is None:
        return
    report = Path(os.environ["REPORT"])
    about = _summary(report.with_name("report.json"))
    marker = f"<!-- dynamodb-reconciler {about.get('stack')}/{about.get('environment')} -->"
    body = f"{marker}\n{report.read_text(encoding='utf-8')}"
    if len(body) > MAX_COMMENT:
        body = f"{body[:MAX_COMMENT]}\n\n… cut; the summary of the job has all of it.\n"
    comments = f"/repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    try:
        former = next((each["id"] for each in _comments(f"{comments}/{number}/comments", marker)), None)
        if former is None:
            _api("POST", f"{comments}/{number}/comments", {"body": body})
        else:
            _api("PATCH", f"{comments}/comments/{former}", {"body": body})
    except (OSError, ValueError) as error:
        print(f"::warning::The comment was not written: {error}. It needs the permission 'pull-requests: write'.")


def verdict() -> None:
    """Fail where the exit code says so."""
    command, code = os.environ["INPUT_COMMAND"], os.environ.get("EXIT_CODE", "")
    fail_on = os.environ.get("INPUT_FAIL_ON", "") or ("error" if command == "preview" else "drift")
    if fail_on not in FAIL_ON:
        sys.exit(f"fail-on: invalid value '{fail_on}'; expected {', '.join(FAIL_ON)}.")
    number = int(code) if code.isdigit() else 1
    harmless = {"never": (0, 1, 2), "error": (0, 2), "drift": (0,)}[fail_on]
    sys.exit(0 if number in harmless else number)


def _comments(path: str, marker: str) -> Iterator[dict[str, Any]]:
    for page in range(1, PAGES + 1):
        found = _api("GET", f"{path}?per_page=100&page={page}")
        yield from (each for each in found if str(each.get("body", "")).startswith(marker))
        if len(found) < 100:
            return


def _api(method: str, path: str, content: dict[str, str] | None = None) -> Any:
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
        "Content-Type": "application/json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    data = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(f"{os.environ['GITHUB_API_URL']}{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        return json.loads(answer.read())


def _summary(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def temporary() -> Path:
    """The runner's folder, which it empties after the job."""
    return Path(os.environ.get("RUNNER_TEMP") or tempfile.gettempdir())


def output(**values: str) -> None:
    """Outputs of the step; an underscore is a hyphen. None of them has a line break."""
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.writelines(f"{name.replace('_', '-')}={value}\n" for name, value in values.items())


STEPS = {"install": install, "run": run, "comment": comment, "verdict": verdict}

if __name__ == "__main__":
    STEPS[sys.argv[1]]()
