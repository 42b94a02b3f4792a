"""What the fuzzer feeds: every reader of declarations and of seeds, as bytes of a file of that kind.

Whatever the bytes are, a reader ends in declarations or items that hold what they promise, or in problems that are
whole sentences. Anything else that is raised is a defect. Nothing is written, and no class file is executed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from reconciler.declarations.assemble import assemble
from reconciler.declarations.cache.file_cache import check_all
from reconciler.declarations.formats.python.classes import class_lines
from reconciler.declarations.formats.text.documents import read_documents
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.desired import Declaration, Seed
from reconciler.model.errors import Problem
from reconciler.model.table import GlobalIndex, KeyElement, Projection, TableSpec
from reconciler.parsing.source_file import SourceFile
from reconciler.planning.create import create_call
from reconciler.seeding.digest import items_digest
from reconciler.seeds.read_seed import SeedCache, read_seed_file
from reconciler.seeds.seed_types import SeedTarget

SENTENCE = re.compile(r"[^\n:]+(?::\d+(?::\d+)?)?: .*\. [A-Z].*[.?]", re.DOTALL)
BY_EMAIL = GlobalIndex("by_email", (KeyElement("email", "HASH", "S"),), Projection("ALL"))
PLAIN = SeedTarget("users", TableSpec("users", (KeyElement("pk", "HASH", "S"),)))
COMPOSITE = SeedTarget(
    "users",
    TableSpec("users", (KeyElement("pk", "HASH", "B"), KeyElement("n", "RANGE", "N")), global_indexes=(BY_EMAIL,)),
)
BASE = b"""variables: {UNITS: {default: 5}, TEAM: }
table_name: users
KeySchema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: email, AttributeType: S}]
provisioned_throughput: {ReadCapacityUnits: "${UNITS}", WriteCapacityUnits: 5}
GlobalSecondaryIndexes:
  - IndexName: by_email
    KeySchema: [{AttributeName: email, KeyType: HASH}]
    Projection: {ProjectionType: ALL}
    ProvisionedThroughput: {ReadCapacityUnits: 5, WriteCapacityUnits: 5}
tags: {team: "${TEAM}"}
environments: {prod: {lifecycle: {protect: true}}, test: {tags: [{Key: a, Value: b}]}}
"""
Reader = Callable[[bytes], str]
"""Reads one file's bytes and returns the kind of result; every exception is a defect."""


def read_declaration(path: str) -> Reader:
    """A document of YAML or JSON, checked by every rule, and its CreateTable."""

    def reader(data: bytes) -> str:
        reading = read_documents(SourceFile(path, Path("/nowhere") / path, data), TemplateInputs())
        assembly = assemble(check_all(reading.declarations, None), (), SeedCache())
        _whole([*reading.problems, *assembly.problems])
        for declaration in assembly.declarations:
            _sound(declaration)
        return "refused" if reading.problems or assembly.problems else "read"

    return reader


def read_overlay(data: bytes) -> str:
    """A file that changes a declaration in an environment, and the declaration that comes of it."""
    inputs = TemplateInputs(environment="prod", parameters={"TEAM": "core"})
    base = SourceFile("users.yaml", Path("/nowhere/users.yaml"), BASE)
    overlay = SourceFile("users.prod.yaml", Path("/nowhere/users.prod.yaml"), data)
    readings = [read_documents(overlay, inputs, (base,)), read_documents(base, inputs, (overlay,))]
    problems = [problem for each in readings for problem in each.problems]
    declarations = check_all([raw for each in readings for raw in each.declarations], "prod")
    assembly = assemble(declarations, (), SeedCache(), incomplete=bool(problems))
    _whole([*problems, *assembly.problems])
    for declaration in assembly.declarations:
        _sound(declaration)
    return "refused" if problems or assembly.problems else "read"


def read_seed(path: str, target: SeedTarget) -> Reader:
    """A seed of one format, checked against a table."""

    def reader(data: bytes) -> str:
        seed, problems = read_seed_file(SourceFile(path, Path("/nowhere") / path, data), target)
        _whole(problems)
        assert (seed is None) == bool(problems), "a seed or its problems"
        if seed is not None:
            _fits(seed, target)
        return "refused" if problems else "read"

    return reader


def read_class_file(data: bytes) -> str:
    """The lines of classes and fields in a class file; called only for valid Python."""
    try:
        ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "refused"
    class_lines(data)
    return "read"


def _sound(declaration: Declaration) -> None:
    call = create_call(declaration.spec, None)
    assert call.params["TableName"] == declaration.spec.name
    assert 3 <= len(declaration.spec.name) <= 255


def _fits(seed: Seed, target: SeedTarget) -> None:
    assert seed.digest == items_digest(seed.items)
    keys = [tuple(str(item[name]) for name in target.keys) for item in seed.items]
    assert len(set(keys)) == len(keys)
    for item in seed.items:
        for name, kind in target.keys.items():
            assert set(item[name]) == {kind}


def _whole(problems: list[Problem]) -> None:
    for problem in problems:
        assert SENTENCE.fullmatch(str(problem)), str(problem)
        assert problem.line is None or problem.line >= 1, str(problem)


READERS: Mapping[str, Reader] = {
    "declaration.yaml": read_declaration("users.yaml"),
    "declaration.json": read_declaration("users.json"),
    "declaration.py": read_class_file,
    "seed.json": read_seed("seeds/users.json", PLAIN),
    "seed.jsonl": read_seed("seeds/users.jsonl", PLAIN),
    "seed.yaml": read_seed("seeds/users.yaml", PLAIN),
    "seed.csv": read_seed("seeds/users.csv", PLAIN),
    "seed.json.gz": read_seed("seeds/users.json.gz", PLAIN),
    "seed.tsv": read_seed("seeds/users.tsv", PLAIN),
    "seed.ion": read_seed("seeds/users.ion", PLAIN),
    "seed.json.zst": read_seed("seeds/users.json.zst", PLAIN),
    "composite.jsonl": read_seed("seeds/users.jsonl", COMPOSITE),
    "composite.csv": read_seed("seeds/users.csv", COMPOSITE),
    "declaration.toml": read_declaration("users.toml"),
    "overlay.yaml": read_overlay,
}
"""Each reader by the kind of its files; the order is that of the first byte of an input of the fuzzer."""


def run(data: bytes) -> str:
    """One input of the fuzzer: its first byte chooses the reader, the rest is the file."""
    kinds = list(READERS)
    return READERS[kinds[data[0] % len(kinds)]](data[1:]) if data else "empty"


def as_input(kind: str, content: bytes) -> bytes:
    """A file as an input of the fuzzer."""
    return bytes([list(READERS).index(kind)]) + content
