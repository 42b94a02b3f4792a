"""Where the fuzzer begins: the files of every named case of malformed declarations and seeds, and sound ones."""

from __future__ import annotations

import gzip
import json
import runpy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fuzz.readers import as_input

TESTS = Path(__file__).resolve().parents[2] / "tests"
LONGEST = 4096
"""Bytes; what is longer is there for its length, and mutating it finds nothing else."""
KINDS: Mapping[str, tuple[str, ...]] = {
    ".yaml": ("declaration.yaml",),
    ".yml": ("declaration.yaml",),
    ".json": ("declaration.json", "declaration.yaml"),
    ".py": ("declaration.py",),
}
SEED_KINDS: Mapping[str, tuple[str, ...]] = {
    ".json": ("seed.json", "seed.yaml"),
    ".jsonl": ("seed.jsonl", "composite.jsonl"),
    ".yaml": ("seed.yaml",),
    ".yml": ("seed.yaml",),
    ".csv": ("seed.csv", "composite.csv"),
    ".tsv": ("seed.tsv",),
    ".ion": ("seed.ion",),
    ".zst": ("seed.json.zst",),
    ".gz": ("seed.json.gz",),
}
SOUND = {
    "declaration.yaml": b"table_name: users\nkey_schema: &k\n  - {attribute_name: pk, key_type: HASH}\n"
    b"attribute_definitions: [{attribute_name: pk, attribute_type: S}]\nttl: {attribute_name: gone}\n",
    "seed.json": b'{"users": [{"PutRequest": {"Item": {"pk": {"S": "a"}, "n": {"NS": ["1"]}}}}]}',
    "seed.jsonl": b'{"Item": {"pk": {"S": "a"}, "m": {"M": {"l": {"L": [{"NULL": true}]}}}}}\n',
    "seed.csv": b'pk,n:N,on:BOOL,raw:B,more:JSON\na,1.5,true,aGk=,"{""x"": [1]}"\n',
    "seed.yaml": b"- pk: a\n  n: 1.5\n  s: !!set {x, y}\n  b: !!binary aGk=\n---\npk: b\n",
    "seed.tsv": b'pk\tn:N\ttags:SS\tm:M\na\t1.5\t"[""x""]"\t"{""x"": [1]}"\n',
    "seed.ion": b'$ion_1_0 {Item: {pk: "a", n: 1.5, s: $dynamodb_NS::[1., 2.], b: {{aGk=}}, l: [null, {k: true}]}}',
    "seed.json.gz": gzip.compress(b'[{"pk": "a"}]', mtime=0),
    "declaration.toml": b'table_name = "users"\nkey_schema = [{ AttributeName = "pk", KeyType = "HASH" }]\n'
    b'[[attribute_definitions]]\nAttributeName = "pk"\nAttributeType = "S"\n[tags]\n"a.b" = \'c\'\nd = """e\n"""\n',
    "overlay.yaml": b"variables: {TEAM: {default: shop, type: string}}\nGlobalSecondaryIndexes: {by_email: null}\n"
    b"tags: [{Key: a, Value: b}]\nprovisioned_throughput: {read_capacity_units: 7}\n",
    "composite.jsonl": b'{"pk": {"B": "YQ=="}, "n": {"N": "1"}, "email": {"S": "x"}}\n',
}


def inputs() -> list[bytes]:
    """Every input to begin with, each once, in a fixed order."""
    found = dict.fromkeys(as_input(kind, content) for kind, content in SOUND.items())
    found |= dict.fromkeys(_of_cases())
    return [each for each in found if len(each) <= LONGEST]


def _of_cases() -> Iterator[bytes]:
    for table in [path for part in ("declarations", "seeds") for path in sorted((TESTS / part).glob("test_bad_*.py"))]:
        for files, _ in runpy.run_path(str(table)).get("CASES", {}).values():
            # Some tables of cases hold fields of one document, the others files by their paths.
            whole = files if any("." in path for path in files) else {"users.json": files}
            for path, content in whole.items():
                yield from _of_file(path, content)


def _of_file(path: str, content: Any) -> Iterator[bytes]:
    kinds = (SEED_KINDS if path.startswith("seeds/") else KINDS).get(Path(path).suffix, ())
    if not isinstance(content, bytes):
        text = content if isinstance(content, str) else json.dumps(content, default=str)
        content = text.encode("utf-8", "surrogatepass")
    for kind in kinds:
        yield as_input(kind, content)
