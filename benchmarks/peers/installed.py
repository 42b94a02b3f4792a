"""The peers, installed with pinned versions into a folder of the benchmark's own below ``.cache``."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import CACHE
from benchmarks.harness import progress
from benchmarks.processes import environment, run

HERE = Path(__file__).resolve().parent
PINS = HERE / "requirements.txt"
NPM_FILES = ("package.json", "package-lock.json")
STAMP = "installed"


@dataclass(frozen=True)
class Peer:
    """How a peer is called.

    ``describe`` and ``create`` are its commands for a number of tables, ``seed`` for a table's number and a number of
    items, ``check`` for a whole process that finds nothing to do. A peer without a command does not do that work.
    """

    name: str
    version: str
    describe: Callable[[int], list[str]] | None = None
    create: Callable[[int], list[str]] | None = None
    check: Callable[[int], list[str]] | None = None
    seed: Callable[[int, int], list[str]] | None = None
    typed: str = ""
    """What its command asks for on standard input."""


def install(note: Callable[[str], None]) -> list[Peer]:
    """Install the peers that are not there yet and return those that can be called.

    Args:
        note: called with a sentence for each peer that cannot be installed.
    """
    peers: list[Peer] = []
    for packages in (_from_pypi, _from_npm):
        try:
            peers += packages()
        except (OSError, subprocess.CalledProcessError) as error:
            output = str(getattr(error, "stderr", "") or error).strip().splitlines()
            note(f"peers left out: {output[-1] if output else error}")
    return peers


def _from_pypi() -> list[Peer]:
    folder = CACHE / f"pypi-{_digest(PINS)}"
    python = folder / "bin" / "python"
    if not (folder / STAMP).exists():
        progress("installing cfddb and PynamoDB into .cache/benchmarks")
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        _call([*pip, "--require-hashes", "--requirement", str(PINS)])
        (folder / STAMP).touch()
    pins = dict(line.split(" ")[0].split("==") for line in PINS.read_text("utf-8").splitlines() if "==" in line)
    script, reads = str(HERE / "pynamodb_peer.py"), str(HERE / "cfddb_peer.py")
    cfddb = [str(folder / "bin" / "cfddb"), "--template", "template.yaml", "--region", "us-east-1", "--endpoint"]
    return [
        Peer(
            "cfddb",
            pins["cfddb"],
            describe=lambda tables: [str(python), reads, str(tables)],
            create=lambda _: [*cfddb, "URL"],
            check=lambda _: [*cfddb, "URL", "--plan"],
            typed="y\n",
        ),
        Peer(
            "PynamoDB",
            pins["pynamodb"],
            describe=lambda tables: [str(python), script, "read", str(tables)],
            create=lambda tables: [str(python), script, "create", str(tables)],
            check=lambda tables: [str(python), script, "check", str(tables)],
            seed=lambda table, items: [str(python), script, "seed", str(table), str(items)],
        ),
    ]


def _from_npm() -> list[Peer]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise FileNotFoundError("dynamoose needs node and npm")
    folder = CACHE / f"npm-{_digest(*(HERE / name for name in NPM_FILES))}"
    if not (folder / STAMP).exists():
        progress("installing dynamoose into .cache/benchmarks")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in NPM_FILES:
            shutil.copy(HERE / name, folder)
        _call([npm, "ci", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts"])
        (folder / STAMP).touch()
    package = json.loads((folder / "node_modules" / "dynamoose" / "package.json").read_text(encoding="utf-8"))
    command = [node, str(HERE / "dynamoose_peer.js"), str(folder)]
    return [
        Peer(
            "dynamoose",
            package["version"],
            describe=lambda tables: [*command, "describe", str(tables)],
            create=lambda tables: [*command, "create", str(tables)],
            check=lambda tables: [*command, "describe", str(tables)],
            seed=lambda table, items: [*command, "seed", str(table), str(items)],
        )
    ]


def call(peer: Peer, command: list[str], url: str, folder: Path) -> tuple[float, float]:
    """Run a command of a peer.

    Returns:
        Seconds of the whole process, and those of its work as it prints them (0 where it prints none).

    Raises:
        BenchmarkError: it failed.
    """
    words = [url if word == "URL" else word for word in command]
    done = run(words, folder, environment(folder, url), typed=peer.typed)
    return done.seconds, printed(done.stdout)


def printed(output: str) -> float:
    """The number in the last line of an output; 0 where there is none."""
    last = output.strip().rpartition("\n")[2]
    try:
        return float(last)
    except ValueError:
        return 0.0


def bare_boto3(verb: str, threads: int, tables: int, items: int = 0) -> list[str]:
    """The command of the boto3 script; it runs with the SDK of this environment."""
    return [sys.executable, str(HERE / "boto3_peer.py"), verb, str(threads), str(tables), str(items)]


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _call(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
