"""Fetches the jars of DynamoDB Local once, into ``.cache/`` of the repository; called by ``support.endpoints``.

``python tests/support/dynamodb_local/fetch.py`` does the same by hand and prints the folder.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

POM = Path(__file__).with_name("pom.xml")
CACHE = Path(__file__).resolve().parents[3] / ".cache" / "dynamodb-local"


class Missing(Exception):
    """Java or Maven is not there, so DynamoDB Local cannot be started; the text names which."""


def version() -> str:
    """The version named in the pom."""
    found = re.search(r"<dynamodb\.local\.version>([^<]+)<", POM.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{POM} names no version")
    return found[1]


def fetch() -> Path:
    """The folder with all jars; fetched by Maven if it is not there yet.

    Safe to call from many processes at once: one fetches under a file lock, the others wait; the folder appears whole.
    """
    if shutil.which("java") is None:
        raise Missing("DynamoDB Local needs Java 17 or newer, and there is no `java`")
    folder = CACHE / version()
    if folder.is_dir():
        return folder
    if shutil.which("mvn") is None:
        raise Missing("DynamoDB Local is fetched by Maven, and there is no `mvn`")
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _copy_jars(folder)
    return folder


def _copy_jars(folder: Path) -> None:
    partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={partial}"]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
        partial.rename(folder)
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"Maven could not fetch DynamoDB Local:\n{error.stdout}{error.stderr}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


if __name__ == "__main__":
    print(fetch())
