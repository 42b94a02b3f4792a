"""What the figures were measured on: machine, load, and the version of everything that takes part."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks import ROOT
from benchmarks.endpoint import Endpoint
from benchmarks.peers.installed import Peer

PACKAGES = ("boto3", "botocore", "urllib3", "pydantic")


def machine() -> str:
    """Processor, cores, memory and system in one line."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{_processor()}, {os.cpu_count()} cores, {gigabytes:.0f} GB, {platform.system()} {platform.release()}"


def load() -> float:
    """The load average of the last minute."""
    return os.getloadavg()[0]


def versions(peers: Sequence[Peer]) -> dict[str, str]:
    """Version by name."""
    found = {"reconciler": f"{version('dynamodb-reconciler')} ({_revision()})", "Python": platform.python_version()}
    found |= {name: version(name) for name in PACKAGES}
    found["DynamoDB Local"] = Endpoint.version()
    found["Java"] = _first_line("java", "-version")
    if any(peer.name == "dynamoose" for peer in peers):
        found["Node.js"] = _first_line("node", "--version").lstrip("v")
    return found | {peer.name: peer.version for peer in peers}


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", info.read_text(encoding="utf-8")) if info.exists() else None
    return found[1] if found else platform.processor() or platform.machine()


def _revision() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "no revision"


def _first_line(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return "none"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    line = (done.stdout + done.stderr).partition("\n")[0]
    found = re.search(r'"([^"]+)"', line)
    return found[1] if found else line
