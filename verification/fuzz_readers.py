"""Fuzz every reader of declarations and seeds with atheris, guided by coverage. Called by ``make fuzz``.

``--seconds`` says for how long, ``--runs`` how many inputs, the same each time; ``--input FILE`` reads one again, as
libFuzzer left it behind. Any input must end in declarations, items or sentences, within a minute and 2 GB while it is
being traced; the first that does not is printed, and the end is 1.
"""

from __future__ import annotations

import argparse
import importlib
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMITS = (
    "-timeout=60",
    "-rss_limit_mb=2048",
    "-max_len=8192",
    "-print_final_stats=1",
    "-len_control=0",
)
LAST = re.compile(r"#(\d+)\s+(?:DONE|pulse|REDUCE|NEW|INITED|RELOAD).*?cov: (\d+) ft: (\d+) corp: (\d+)")


def fuzz(arguments: list[str]) -> None:
    """In a process of its own, which libFuzzer ends."""
    atheris = importlib.import_module("atheris")

    sys.path[:0] = [str(ROOT / "verification"), str(ROOT / "tests"), str(ROOT)]
    with atheris.instrument_imports(include=["reconciler.declarations", "ruamel.yaml"]):
        corpus, mutation, readers = (
            importlib.import_module(f"fuzz.{part}") for part in ("corpus", "mutate", "readers")
        )
    begin = corpus.inputs()

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if chance.random() < 0.3:
            return bytes(atheris.Mutate(data, most))
        return bytes(mutation.mutate(chance, data, begin, most)[:most])

    def one_input(data: bytes) -> None:
        readers.run(data)

    atheris.Setup([sys.argv[0], *arguments], one_input, custom_mutator=mutated)
    atheris.Fuzz()


def begin_in(folder: Path) -> int:
    """The inputs to begin with as files, as libFuzzer wants them."""
    sys.path[:0] = [str(ROOT / "verification"), str(ROOT / "tests"), str(ROOT)]
    each: list[bytes] = importlib.import_module("fuzz.corpus").inputs()
    for number, data in enumerate(each):
        (folder / f"{number:05}").write_bytes(data)
    return len(each)


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--runs", type=int, help="so many inputs instead, the same ones each time")
    parser.add_argument("--input", type=Path)
    parser.add_argument("--libfuzzer", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.libfuzzer is not None:
        fuzz(asked.libfuzzer)
        return 0
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        corpus, left = Path(scratch) / "corpus", Path(scratch) / "left"
        corpus.mkdir()
        left.mkdir()
        begun, began = begin_in(corpus), time.monotonic()
        long = [f"-runs={asked.runs}", "-seed=1"] if asked.runs else [f"-max_total_time={asked.seconds}"]
        desired = [str(asked.input)] if asked.input else [*long, str(corpus)]
        command = [sys.executable, "-u", __file__, "--libfuzzer", *LIMITS, f"-artifact_prefix={left}/", *desired]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        messages = done.stdout + done.stderr
        found = LAST.findall(messages)
        executions, covered, features, kept = found[-1] if found else ("0", "0", "0", "0")
        spent = time.monotonic() - began
        print(f"fuzz: {int(executions):,} executions from {begun:,} inputs in {spent:.0f} s, ", end="")
        print(f"{covered} edges and {features} features covered, {kept} inputs kept")
        if not done.returncode:
            return 0
        for file in sorted(left.iterdir()):
            print(f"  {file.name}: {file.read_bytes()!r}", file=sys.stderr)
        print(done.stdout[-3000:], done.stderr[-3000:], sep="\n", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
