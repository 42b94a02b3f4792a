"""Classifies files that are not read: harmless ones, renamed declarations, and others.

Called by ``folder_snapshot`` for each file with another suffix. A renamed or converted declaration must not look like a
removed one, so a file that looks like a declaration is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from pathlib import PurePosixPath

from reconciler.model.lazy_dataclass import dataclass

READ_SUFFIXES = (".py", ".yaml", ".yml", ".json", ".toml")
"""The suffixes of declaration files. All but ``.py`` may be in any case: Python imports nothing else."""
_ANY_CASE = frozenset(READ_SUFFIXES[1:])
_SAM_SETTINGS = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")
SETTINGS_FILES = frozenset(("pyproject.toml", "reconciler.toml", *_SAM_SETTINGS))
"""Files that are no declarations, although their suffix is that of one."""
_LISTED = ".py, .yaml, .yml, .json and .toml"
_MOVE = "or move it out of the folder"

# The patterns are texts, which ``re`` compiles and keeps at the first use: hardly any folder has a file for them.
_ANOTHER_NAME = r"(?i)(?P<original>.+?\.(?:py|ya?ml|json|toml))(?:[^A-Za-z0-9].*)"
"""``users.yaml.bak``, ``users.yml.txt``, ``users.py~``, ``users.yaml.j2``."""
_HARMLESS_NAMES = (
    r"(?i)(?:readme|licen[cs]e|copying|notice|authors|contributors|contributing|changelog|changes|history|codeowners|owners)"
    r"(?:[.-].*)?|py\.typed|thumbs\.db|desktop\.ini"
)
_HARMLESS_SUFFIXES = frozenset(
    (
        *(".md", ".markdown", ".rst", ".adoc", ".pdf", ".html", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp"),
        *(".ico", ".drawio", ".puml", ".mmd", ".dot", ".pyc", ".pyo", ".pyi", ".lock"),
    )
)
"""Documents, pictures, and what Python leaves beside its sources."""
_NOTES = frozenset((".txt", ".log", ".text"))
_PROGRAMS = frozenset(
    (
        *(".sh", ".bash", ".zsh", ".fish", ".ps1", ".bat", ".sql", ".js", ".mjs", ".cjs", ".ts", ".go", ".java"),
        *(".kt", ".rb", ".cs", ".rs", ".php", ".pl"),
    )
)
"""Programs call DynamoDB too, so a table's name alone does not make one look like a declaration."""

_DEFINES = (
    rb"\b(?:KeySchema|key_schema|AttributeDefinitions|attribute_definitions|aws_dynamodb_table|get_schema)\b"
    rb"|AWS::DynamoDB::(?:Global)?Table\b|AWS::Serverless::SimpleTable\b"
)
_IN_TEMPLATE = rb"AWSTemplateFormatVersion|AWS::(?:DynamoDB::(?:Global)?Table|Serverless::SimpleTable)\b"
_ANY_MARK = _DEFINES + rb"|\b(?:TableName|table_name)\b"
_IN_NOTES = (
    rb"(?m)^[ \t]*(?:-[ \t]*)?[\"']?(?:KeySchema|key_schema)[\"']?[ \t]*[:=]"
    rb"|^[ \t]*[\"']?Type[\"']?[ \t]*:[ \t]*[\"']?AWS::DynamoDB::|^[ \t]*def get_schema\b"
)


@dataclass(frozen=True, slots=True)
class ForeignSource:
    """A source of another tool: what it is, and the ``command`` that writes the ``output`` for ``import --from``."""

    what: str
    kind: str
    command: str
    output: str


_SOURCES: tuple[tuple[frozenset[str], bytes, ForeignSource], ...] = (
    (
        frozenset((".tf", ".tofu", ".hcl", ".tfstate")),
        rb"\baws_dynamodb_table\b|\bdynamodb[-_]table\b",
        ForeignSource(
            "it declares tables for Terraform", "terraform", "terraform show -json > tables.json", "tables.json"
        ),
    ),
    (
        frozenset((".ts", ".mts", ".js", ".mjs", ".cjs")),
        rb"@serverless/typescript(?s:.)*AWS::DynamoDB::|AWS::DynamoDB::(?s:.)*@serverless/typescript",
        ForeignSource(
            "it is a program for the Serverless Framework",
            "cloudformation",
            "npx serverless package",
            ".serverless/cloudformation-template-update-stack.json",
        ),
    ),
    (
        frozenset((".ts", ".tsx", ".mts", ".js", ".mjs", ".cjs", ".java", ".cs", ".go")),
        (rb"(?:aws-cdk-lib|@aws-cdk/|awscdk|Amazon\.CDK)(?s:.)*\b(?:Table|TableV2|CfnTable|CfnGlobalTable|NewTable)\b"),
        ForeignSource("it is a program for the CDK", "cloudformation", "npx cdk synth", "cdk.out/*.template.json"),
    ),
)
"""Sources of other tools that declare tables: suffixes, the mark of a table, and the way to JSON."""
_SERVERLESS = r"serverless\.(?:ts|mts|js|mjs|cjs)"

CDK_MARK = "cdk.out"
"""The file that marks a folder as output of ``cdk synth``."""
_OF_CDK = r"cdk\.out|manifest\.json|tree\.json|validation-report\.json|.+\.(?:assets|metadata)\.json|asset\..+"


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """The message about a file that is not read: an error with a ``remedy``, a note if ``harmless``, else a warning."""

    reason: str
    remedy: str | None = None
    harmless: bool = False


def is_declaration_file(name: str) -> bool:
    """Whether a file is read as a declaration, by its name."""
    stem, dot, suffix = name.rpartition(".")
    if not stem:
        return False
    return suffix == "py" or (f"{dot}{suffix}".lower() in _ANY_CASE and name not in SETTINGS_FILES)


def is_template(name: str, content: Callable[[], bytes]) -> bool:
    """Whether a file with the suffix ``.template`` is one of CloudFormation, in JSON or YAML."""
    if PurePosixPath(name).suffix.lower() != ".template" or re.fullmatch(_ANOTHER_NAME, name):
        return False
    return re.search(_IN_TEMPLATE, content()) is not None


def is_part_of_cdk(name: str) -> bool:
    """Whether ``cdk synth`` gives this name to files and folders that are no templates, in a folder of its own."""
    return re.fullmatch(_OF_CDK, name) is not None


def classify_unread(name: str, beside: Set[str], content: Callable[[], bytes]) -> UnreadFile:
    """What is said about a file. ``beside`` are the names in its folder; ``content`` reads the beginning of it."""
    suffix = PurePosixPath(name).suffix
    if name in _SAM_SETTINGS:
        return UnreadFile("is not read: it holds parameters of a template. Name it with --parameters-file")
    if name in SETTINGS_FILES:
        return UnreadFile("is not read: it holds settings")
    if suffix.lower() in READ_SUFFIXES:
        renamed = name.removesuffix(suffix) + suffix.lower()
        reason = f"is not read: its suffix is {suffix}, but Python only imports {suffix.lower()}"
        return UnreadFile(reason, f"Rename it to {renamed}, {_MOVE}.")
    other = re.fullmatch(_ANOTHER_NAME, name.removeprefix("#"))
    if other is not None:
        return _another_name(other["original"], beside)
    if re.fullmatch(_HARMLESS_NAMES, name) or suffix.lower() in _HARMLESS_SUFFIXES:
        return UnreadFile("is not read: it is no declaration", harmless=True)
    source = foreign_source(name, content())
    if source is not None:
        way = f"Run `{source.command}` and put {source.output} into this folder"
        return UnreadFile(f"is not read: {source.what}", f"{way}, {_MOVE}.")
    mark = _mark(name, suffix.lower(), content())
    if mark is not None:
        reason = f"is not read, but contains {mark} like a declaration; only {_LISTED} files are read"
        return UnreadFile(reason, f"Write it as YAML, JSON or a class file, {_MOVE}.")
    if suffix.lower() in _NOTES:
        return UnreadFile("is not read: it is no declaration", harmless=True)
    return UnreadFile(f"is not read: declarations are {_LISTED} files")


def foreign_source(name: str, content: bytes) -> ForeignSource | None:
    """What a program or a configuration of another tool is; None for any other file."""
    suffix = PurePosixPath(name).suffix.lower()
    for suffixes, mark, source in _SOURCES:
        named = re.fullmatch(_SERVERLESS, name) and "Serverless" in source.what and re.search(_DEFINES, content)
        if suffix in suffixes and (re.search(mark, content) or named):
            return source
    return None


def _another_name(original: str, beside: Set[str]) -> UnreadFile:
    if original in beside:
        return UnreadFile(f"is not read: it looks like a copy of {original}")
    reason = "is not read: it looks like a renamed declaration"
    return UnreadFile(reason, f"Rename it to {original}, {_MOVE}.")


def _mark(name: str, suffix: str, content: bytes) -> str | None:
    """The word that makes the content look like a declaration. NULs are those of UTF-16."""
    program = suffix in _PROGRAMS or name in ("Makefile", "Dockerfile")
    pattern = _IN_NOTES if suffix in _NOTES else _DEFINES if program else _ANY_MARK
    found = re.search(pattern, content.replace(b"\0", b""))
    return found.group().decode(errors="replace").strip(" \t\"'-:=") if found else None
