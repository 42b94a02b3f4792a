"""The fuzzer over every reader: a slice of it with the same inputs each time, and the fuzzer itself for a while."""

from __future__ import annotations

import os
import platform
import random
import re
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
from fuzz.corpus import inputs
from fuzz.mutate import mutate
from fuzz.readers import READERS, as_input, run

ROOT = Path(__file__).resolve().parent.parent.parent
CORPUS = inputs()
INPUTS, SHARES = 3_000, 6


def test_the_corpus_begins_every_reader() -> None:
    kinds = Counter(list(READERS)[each[0]] for each in CORPUS)
    assert set(kinds) == set(READERS)
    assert len(CORPUS) > 500


def test_every_input_of_the_corpus_ends_in_declarations_items_or_sentences() -> None:
    ends = Counter(run(each) for each in CORPUS)
    assert ends["read"] > 50
    assert ends["refused"] > 300


@pytest.mark.timeout(900)
@pytest.mark.parametrize("share", range(SHARES))
def test_mutated_inputs_end_in_declarations_items_or_sentences(share: int) -> None:
    chance = random.Random(share)
    ends: Counter[str] = Counter()
    for _ in range(INPUTS // SHARES):
        data = mutate(chance, chance.choice(CORPUS), CORPUS)
        try:
            ends[run(data)] += 1
        except Exception as error:
            kind = list(READERS)[data[0] % len(READERS)]
            raise AssertionError(f"{kind}: {data[1:]!r}: {type(error).__name__}: {error}") from error
    assert set(ends) == {"read", "refused"}, "mutations that only ever break a file find nothing behind its syntax"


FOUND = {
    "a hexadecimal number that Python will not write out": ("declaration.yaml", b"table_name: 0x" + b"f" * 4000),
    "the same in a seed": ("seed.yaml", b"- pk: 0x" + b"f" * 4000),
    "an item nested deeper than Python recurses": (
        "seed.json",
        b'[{"pk": "a", "x": ' + b"[" * 400 + b"]" * 400 + b"}]",
    ),
    "a cell of binary that is not ASCII": ("composite.csv", "pk\n\u00e9\n".encode()),
    "a policy as text that is nested so": (
        "declaration.yaml",
        b"table_name: users\nkey_schema: [{attribute_name: pk, key_type: HASH}]\n"
        b"attribute_definitions: [{attribute_name: pk, attribute_type: S}]\n"
        b'resource_policy: \'{"Statement": ' + b"[" * 600 + b"]" * 600 + b"}'\n",
    ),
}
"""What the fuzzer found, so that it stays mended."""


NESTED = {
    "mappings": lambda depth: b'{"a":' * depth + b"1" + b"}" * depth,
    "lists": lambda depth: b"[" * depth + b"]" * depth,
    "typed lists": lambda depth: b'{"L":[' * depth + b'{"S":"x"}' + b"]}" * depth,
}
AROUND = {
    "declaration.json": b'{"table_name": "users", "tags": %s, "resource_policy": {"Statement": %s}}',
    "declaration.yaml": b"table_name: users\ntags: %s\nresource_policy: {Statement: %s}\n",
    "declaration.py": b"tags = %s\npolicy = %s\n",
    "seed.json": b'[{"pk": "a", "x": %s, "y": %s}]',
    "seed.jsonl": b'{"pk": "a", "x": %s, "y": %s}\n',
    "seed.yaml": b"- {pk: a, x: %s, y: %s}\n",
}


@pytest.mark.parametrize("shape", NESTED)
@pytest.mark.parametrize("kind", AROUND)
def test_no_depth_of_nesting_ends_in_anything_else(kind: str, shape: str) -> None:
    """Readers, checks and conversions each reach the end of Python's stack at another depth."""
    for depth in (31, 33, 100, 200, 300, 330, 400, 450, 490, 600, 900, 980, 3000):
        value = NESTED[shape](depth)
        assert run(as_input(kind, AROUND[kind] % (value, value))) in ("read", "refused")


@pytest.mark.parametrize("case", FOUND)
def test_past_bugs_stay_fixed(case: str) -> None:
    assert run(as_input(*FOUND[case])) in ("read", "refused")


LOCKED = sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info < (3, 14)
"""Where the lock of development has atheris."""


@pytest.mark.timeout(900)
@pytest.mark.skipif(not LOCKED, reason="atheris is to be had on Linux for x86_64 and Python before 3.14 only")
def test_the_fuzzer_finds_nothing_in_its_first_inputs() -> None:
    assert find_spec("atheris") is not None
    command = [sys.executable, "verification/fuzz_readers.py", "--runs", "2000"]
    ended = subprocess.run(command, cwd=ROOT, env={**os.environ}, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-4000:]
    executions = re.search(r"([\d,]+) executions", ended.stdout)
    assert executions, ended.stdout
    assert int(executions[1].replace(",", "")) >= 2000, "libFuzzer may run an input again, and leaves none out"
