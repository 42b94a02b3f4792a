"""Classifies files that are not read: harmless ones, renamed declarations, and others.

Called by ``folder_snapshot`` for each file with another suffix. A renamed or converted declaration must not look like a
removed one, so a file that looks like a declaration is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from pathlib import PurePosixPath

from reconciler.model.lazy_dataclass import dataclass

READ_SUFFIXES = (".py", ".yaml", ".yml", ".json")
"""The suffixes of declaration files, as they are written."""
_LISTED = ".py, .yaml, .yml and .json"
_MOVE = "or move it out of the folder"

_ANOTHER_NAME = re.compile(r"(?P<original>.+?\.(?:py|ya?ml|json))(?:[^A-Za-z0-9].*)", re.IGNORECASE)
"""``users.yaml.bak``, ``users.yml.txt``, ``users.py~``, ``users.yaml.j2``."""
_HARMLESS_NAMES = re.compile(
    r"(?:readme|licen[cs]e|copying|notice|authors|contributors|contributing|changelog|changes|history|codeowners|owners)"
    r"(?:[.-].*)?|py\.typed|thumbs\.db|desktop\.ini",
    re.IGNORECASE,
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
_DEFINITION = re.compile(_DEFINES)
_ANY_MARK = re.compile(_DEFINES + rb"|\b(?:TableName|table_name)\b")
_IN_NOTES = re.compile(
    rb"^[ \t]*(?:-[ \t]*)?[\"']?(?:KeySchema|key_schema)[\"']?[ \t]*[:=]"
    rb"|^[ \t]*[\"']?Type[\"']?[ \t]*:[ \t]*[\"']?AWS::DynamoDB::|^[ \t]*def get_schema\b",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """The message about a file that is not read. It is an error with a ``remedy``, and a warning without."""

    reason: str
    remedy: str | None = None


def classify_unread(name: str, beside: Set[str], content: Callable[[], bytes]) -> UnreadFile | None:
    """None for a harmless file. ``beside`` are the names in its folder; ``content`` reads the beginning of it."""
    suffix = PurePosixPath(name).suffix
    if suffix.lower() in READ_SUFFIXES:
        renamed = name.removesuffix(suffix) + suffix.lower()
        reason = f"is not read: its suffix is {suffix}, but only {_LISTED} in lower case are read"
        return UnreadFile(reason, f"Rename it to {renamed}, {_MOVE}.")
    other = _ANOTHER_NAME.fullmatch(name.removeprefix("#"))
    if other is not None:
        return _another_name(other["original"], beside)
    if _HARMLESS_NAMES.fullmatch(name) or suffix.lower() in _HARMLESS_SUFFIXES:
        return None
    mark = _mark(name, suffix.lower(), content())
    if mark is not None:
        reason = f"is not read, but contains {mark} like a declaration; only {_LISTED} files are read"
        return UnreadFile(reason, f"Write it as YAML, JSON or a class file, {_MOVE}.")
    if suffix.lower() in _NOTES:
        return None
    return UnreadFile(f"is not read: declarations are {_LISTED} files")


def _another_name(original: str, beside: Set[str]) -> UnreadFile:
    if original in beside:
        return UnreadFile(f"is not read: it looks like a copy of {original}")
    reason = "is not read: it looks like a renamed declaration"
    return UnreadFile(reason, f"Rename it to {original}, {_MOVE}.")


def _mark(name: str, suffix: str, content: bytes) -> str | None:
    """The word that makes the content look like a declaration. NULs are those of UTF-16."""
    program = suffix in _PROGRAMS or name in ("Makefile", "Dockerfile")
    pattern = _IN_NOTES if suffix in _NOTES else _DEFINITION if program else _ANY_MARK
    found = pattern.search(content.replace(b"\0", b""))
    return found.group().decode(errors="replace").strip(" \t\"'-:=") if found else None
