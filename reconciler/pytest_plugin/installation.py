"""Finds DynamoDB Local: an unpacked folder, npm's package, or Maven's jars in a cache. Called by ``local_server``.

Also what the tests of this repository start their own servers with. Imports nothing of the package.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

POM = Path(__file__).with_name("pom.xml")
HOME = "DYNAMODB_LOCAL_HOME"
MAIN_CLASS = "software.amazon.dynamodb.services.local.main.ServerRunner"
NPM_PACKAGE = "amplify-dynamodb-simulator"
NPM_VERSION = "2.9.30"
NO_JAVA = "Run with --dynamodb moto, which needs no Java."
FETCH_SECONDS = 600
QUICK_START = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""The first compiler stage alone starts faster, and a test run ends before the second one pays."""


class Missing(Exception):
    """DynamoDB Local cannot be started here; the text says what is missing and what to do."""


@dataclass(frozen=True)
class Installation:
    """``java`` is the program; ``folder`` holds the jars and the native libraries of DynamoDB Local."""

    java: str
    folder: Path

    def command(self, *options: str, machine: Sequence[str] = QUICK_START) -> list[str]:
        """The command that starts the server with these options of its own; ``machine`` are those of Java."""
        libraries = self.folder / "DynamoDBLocal_lib"
        native = libraries if libraries.is_dir() else self.folder
        classes = os.pathsep.join(f"{folder}{os.sep}*" for folder in dict.fromkeys((self.folder, native)))
        return [self.java, *machine, f"-Djava.library.path={native}", "-cp", classes, MAIN_CLASS, *options]


def version() -> str:
    """The version that Maven fetches, as the pom names it."""
    found = re.search(r"<dynamodb\.local\.version>([^<]+)<", POM.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{POM} names no version")
    return found[1]


def find(cache: Path, project: Path | None = None, environ: Mapping[str, str] = os.environ) -> Installation:
    """DynamoDB Local and the Java for it; fetched into ``cache`` if it is nowhere.

    ``DYNAMODB_LOCAL_HOME`` comes first, then ``node_modules`` in ``project`` and the folders above it, then the jars
    that Maven or npm fetched before. Raises ``Missing``.
    """
    java = _java(environ)
    if java is None:
        raise Missing(f"DynamoDB Local needs Java 17 or newer, and there is no `java`. Install a JRE. {NO_JAVA}")
    home = environ.get(HOME)
    if home:
        folder = Path(home).expanduser()
        if not _holds_server(folder):
            raise Missing(
                f"{HOME}: {home} holds no DynamoDBLocal.jar. Name the folder of the unpacked archive. {NO_JAVA}"
            )
        return Installation(java, folder)
    for folder in _of_npm(project):
        return Installation(java, folder)
    return Installation(java, fetch(cache))


def fetch(cache: Path) -> Path:
    """The folder with all jars below ``cache``, fetched by Maven, else by npm. Raises ``Missing``.

    Processes that call this at once wait for the first one. The folder appears whole.
    """
    folder = cache / version()
    if folder.is_dir():
        return folder
    by_npm = cache / f"npm-{NPM_VERSION}"
    emulator = by_npm / "node_modules" / NPM_PACKAGE / "emulator"
    if emulator.is_dir():
        return emulator
    maven, npm = shutil.which("mvn"), shutil.which("npm")
    if maven is None and npm is None:
        raise Missing(
            "DynamoDB Local is fetched by Maven or npm, and there is neither `mvn` nor `npm`. "
            f"Install one of them, or set {HOME} to an unpacked DynamoDB Local. {NO_JAVA}"
        )
    try:
        with _locked(cache):
            if maven is not None:
                if not folder.is_dir():
                    _by_maven(maven, folder)
                return folder
            assert npm is not None
            if not emulator.is_dir():
                _by_npm(npm, by_npm)
            return emulator
    except OSError as error:
        raise Missing(f"DynamoDB Local cannot be stored in {cache}: {error}. Set {HOME}. {NO_JAVA}") from error


class _locked:  # noqa: N801 - used as a function
    """One process at a time. The kernel frees the lock of a process that dies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        import fcntl

        self._folder.mkdir(parents=True, exist_ok=True)
        self._file = (self._folder / "lock").open("w", encoding="utf-8")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _java(environ: Mapping[str, str]) -> str | None:
    home = environ.get("JAVA_HOME")
    if home and (program := shutil.which("java", path=str(Path(home) / "bin"))):
        return program
    return shutil.which("java", path=environ.get("PATH"))


def _holds_server(folder: Path) -> bool:
    return folder.is_dir() and any(folder.glob("DynamoDBLocal*.jar"))


def _of_npm(project: Path | None) -> Iterator[Path]:
    for parent in (project, *project.parents) if project else ():
        folder = parent / "node_modules" / NPM_PACKAGE / "emulator"
        if _holds_server(folder):
            yield folder


def _by_maven(maven: str, folder: Path) -> None:
    partial = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={partial}"]
    try:
        _run(command, "Maven")
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _by_npm(npm: str, folder: Path) -> None:
    partial = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]
    try:
        _run([npm, "install", "--prefix", str(partial), *options, f"{NPM_PACKAGE}@{NPM_VERSION}"], "npm")
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _run(command: list[str], name: str) -> None:
    try:
        ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=FETCH_SECONDS)
    except subprocess.TimeoutExpired:
        why = f"no end within {FETCH_SECONDS} s"
    else:
        if not ended.returncode:
            return
        # Maven colours even what goes into a pipe.
        output = re.sub(r"\x1b\[[0-9;]*m", "", ended.stdout + ended.stderr)
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        why = lines[0] if lines else f"exit {ended.returncode}"
    raise Missing(
        f"{name} could not fetch DynamoDB Local {version()}: {why}\n"
        f"Check the network, or set {HOME} to an unpacked DynamoDB Local. {NO_JAVA}"
    )
