"""Finds definitions of tables that are no longer declared, in any file below the declarations folder.

A declaration that was hidden, renamed, nested, quoted or commented out looks like a removed one to every reader of
declarations. This is the one rule about it: every file counts, read or not, and what cannot be looked at counts as
not understood. Asked by the engine through ``FolderSource``, only where a recorded table is not declared.
"""

from __future__ import annotations

import os
import re
import stat
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import field, replace
from pathlib import Path
from types import MappingProxyType

from reconciler.declarations.computed_names import ComputedName, ComputedNames, LogicalId, is_telling
from reconciler.model.desired import DeclarationFile, Undeclared
from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.position import Position

FILE_LIMIT = 10 * 1024 * 1024
"""Bytes of a text file. A larger file counts as not understood, unless it is binary."""
TOTAL_LIMIT = 256 * 1024 * 1024
FILES_MOST = 20_000
_FOREIGN_FOLDERS = frozenset((".git", ".hg", ".svn", ".jj", "node_modules", ".venv"))
"""Folders of other programs, which contain old versions and copies."""
_CACHES = frozenset((".cache", ".direnv", ".mypy_cache", ".nox", ".pytest_cache", ".ruff_cache", ".terraform", ".tox"))
"""Folders in which tools name files after those that they have looked at."""

_BYTECODE = re.compile(r".+\.[a-z]+-[0-9]+.*\.py[co]")
"""``users.cpython-311.pyc``: Python leaves it in ``__pycache__`` when its source is gone."""

_NAME = r"(?P<name>[A-Za-z0-9_.-]{3,255})(?![A-Za-z0-9_.-])"
_SIGN = r"[\"'\\]*\s*(?:[:=]>?|:=|>|:[^\n=:#\"']{1,40}=)"
"""Between a field and its value, in YAML, JSON, Python, HCL, XML and quoted in another text."""
_BEFORE = r"[\s#(/*>|+-]*(?:[!&][^\s\"']*\s+)*(?:[rRbBuUfF]{1,2}(?=[\"']))?[\"'\\]*"
_FIELD = re.compile(rf"(?<![A-Za-z0-9])table[_-]?name{_SIGN}{_BEFORE}{_NAME}", re.IGNORECASE)
_RETURNED = re.compile(rf"\bdef get_table_name\b(?:[^\n]*\n){{1,8}}?[^\n]*\breturn{_BEFORE}{_NAME}")
_NAMED = re.compile(rf"(?<![A-Za-z0-9_.-])name{_SIGN}{_BEFORE}{_NAME}|\"aws_dynamodb_table\"\s+\"(?P<label>[^\"]+)\"")
_RESOURCE = re.compile(
    r"aws_dynamodb_table|AWS::DynamoDB::|AWS::Serverless::SimpleTable|dynamodb\.\S*aws"
    r"|\b(?:hash_?key|partition_?key)\b|\bkind[\"']?\s*:\s*[\"']?(?:Global)?Table\b",
    re.IGNORECASE,
)
"""Without one of these, ``name`` is a field of anything."""
_CLASS = re.compile(r"^[ \t#]*class[ \t]+(?P<name>\w+)[^\n]*", re.MULTILINE)
_OF_A_TABLE = re.compile(r"\b(?:SCHEMA|TABLE_NAME|get_schema|get_table_name|key_schema|KeySchema)\b")
_CLASS_ENDING = re.compile(r"(?:table|config|configuration|schema|definition)+$")
_KEYS = re.compile(r"\b(?:KeySchema|key_schema)\b")
_REMEDY = "To remove the table, delete this definition as well"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class _Text:
    """What one file seems to define: the first line of each name, and the lines of each class of a table.

    ``computed`` are the names that follow from parameters, ``logical_ids`` those from which a name is derived.
    """

    names: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    computed: tuple[ComputedName, ...] = ()
    logical_ids: tuple[LogicalId, ...] = ()
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """One entry of the file system: its path with slashes, whether below a hidden folder, and its status.

    The name of a ``leftover`` says nothing: a tool made it after a file that may be gone. An empty folder counts like a
    file: container engines make one where a file to be mounted is missing.
    """

    path: str
    aside: bool
    status: os.stat_result | None
    trouble: str | None = None
    leftover: bool = False
    folder: bool = False


class LeftoverDefinitions:
    """Searches one folder, and caches the definitions of each unchanged file."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, ...], _Text]] = {}

    def of(
        self,
        root: Path,
        undeclared: Iterable[Undeclared],
        declaring: Mapping[str, Set[str]],
        places: Set[tuple[str, int]],
        files: Mapping[str, DeclarationFile] = MappingProxyType({}),
    ) -> tuple[Problem, ...]:
        """A problem for each table that is still defined, or for which that is unknown.

        ``declaring`` are the files that declare tables, each with the names of its tables, ``places`` file and line of
        each class and resource that declares one. ``files`` says which tables a template defines with a condition that
        does not hold.
        """
        wanted = list(undeclared)
        if not wanted:
            return ()
        known, self._known = self._known, {}
        problems: dict[str, Problem] = {}
        for each in wanted:
            if (problem := _conditional(files, each)) is not None:
                problems[each.name] = problem
        size = 0
        for count, found in enumerate(_walk(root), start=1):
            size += _counted(found)
            if count > FILES_MOST or size > TOTAL_LIMIT:
                limit = f"{FILES_MOST} files" if count > FILES_MOST else f"{TOTAL_LIMIT // 1024 // 1024} MB"
                reason = f"holds more than {limit}, so a definition of {_tables(wanted)} may be missed"
                return (Problem(".", None, None, reason, "Move files that are not declarations out of the folder."),)
            text = self._text(root, found, known)
            for each in wanted:
                if each.name not in problems and (problem := _judge(found, text, each, declaring, places)) is not None:
                    problems[each.name] = problem
        return tuple(problems.values())

    def _text(self, root: Path, found: _Found, known: dict[str, tuple[tuple[int, ...], _Text]]) -> _Text:
        status = found.status
        if status is None:
            return _Text(trouble=found.trouble)
        version = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        before = known.get(found.path)
        text = before[1] if before is not None and before[0] == version else _read(root / found.path, found.path)
        self._known[found.path] = (version, text)
        return text


def _walk(root: Path) -> Iterator[_Found]:
    """All files below the folder. Links to folders are not followed: their targets are read under their own path."""
    open_folders: list[tuple[str, bool, bool]] = [("", False, False)]
    while open_folders:
        folder, aside, cache = open_folders.pop()
        try:
            with os.scandir(root / folder) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield _Found(folder or ".", aside, None, f"cannot be read: {error.strerror}")
            continue
        if folder and not inside:
            yield _Found(folder, aside, None, leftover=cache, folder=True)
        for entry in inside:
            path = f"{folder}/{entry.name}" if folder else entry.name
            hidden = aside or entry.name.startswith(".") or entry.name == "__pycache__"
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _FOREIGN_FOLDERS and not (root / path / "pyvenv.cfg").exists():
                    open_folders.append((path, hidden, cache or entry.name in _CACHES))
            else:
                bytecode = folder.rpartition("/")[2] == "__pycache__" and _BYTECODE.fullmatch(entry.name) is not None
                yield replace(_file(root, entry, path, aside=aside), leftover=cache or bytecode)


def _file(root: Path, entry: os.DirEntry[str], path: str, *, aside: bool) -> _Found:
    try:
        status = entry.stat()
        if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root.resolve()):
            return _Found(path, aside, None)
    except (OSError, RuntimeError):
        # A link to nowhere, as an editor's lock is: nothing stands there but the name.
        return _Found(path, aside, None)
    return _Found(path, aside, status if stat.S_ISREG(status.st_mode) else None)


def _counted(found: _Found) -> int:
    """Bytes that are read of a file; seeds have limits of their own."""
    return 0 if found.status is None or _in_seeds(found.path) else min(found.status.st_size, FILE_LIMIT)


def _in_seeds(path: str) -> bool:
    return "seeds" in path.split("/")[:-1]


def _read(path: Path, location: str) -> _Text:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            content = file.read(FILE_LIMIT + 1)
    except OSError as error:
        return _Text(trouble=f"cannot be read: {error.strerror}")
    if b"\0" in content[:8192] and not content.startswith(_UTF16) and _is_binary(content[:8192]):
        return _Text()
    # What is below ``seeds`` may be as large as a seed.
    in_seeds = _in_seeds(location)
    if len(content) > FILE_LIMIT and not in_seeds:
        return _Text(trouble=f"is larger than {FILE_LIMIT // 1024 // 1024} MB and is not searched")
    text = content.replace(b"\0", b"").decode("utf-8", errors="replace")
    if in_seeds and _KEYS.search(text) is None:
        # Items may have an attribute table_name; only a declaration says which keys a table has.
        return _Text()
    return _defined(text)


def _is_binary(beginning: bytes) -> bool:
    """Whether the NULs are none of UTF-16, where every other byte of plain text is one."""
    return beginning.count(b"\0") < len(beginning) // 3


def _defined(text: str) -> _Text:
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    names: dict[str, int] = {}
    for found in (*_FIELD.finditer(text), *_RETURNED.finditer(text)):
        line = _position(starts, found.start())
        names.setdefault(found["name"], line)
        # f"users-{environment}" is the base name with the suffix of an environment.
        names.setdefault(found["name"].rstrip("-_."), line)
    if _RESOURCE.search(text) is not None:
        for found in _NAMED.finditer(text):
            names.setdefault(found["name"] or found["label"], _position(starts, found.start()))
    classes: dict[str, tuple[int, ...]] = {}
    heads = list(_CLASS.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)]
    for head, following in zip(heads, ends, strict=False):
        if _OF_A_TABLE.search(text, head.end(), following) is not None:
            name = _class_name(head["name"])
            classes[name] = (*classes.get(name, ()), _position(starts, head.start()))
    search = ComputedNames(text)
    return _Text(names, classes, search.names(), search.logical_ids())


def _position(starts: list[int], offset: int) -> Position:
    line = bisect_right(starts, offset)
    return Position(line, offset - starts[line - 1] + 1)


def _judge(
    found: _Found, text: _Text, table: Undeclared, declaring: Mapping[str, Set[str]], places: Set[tuple[str, int]]
) -> Problem | None:
    remedy = f"{_REMEDY}; `reconciler release {table.name}` keeps the table unmanaged."
    restore = f"Restore the declaration of {table.name}, or move this out of the folder."
    trouble = text.trouble or found.trouble
    if trouble is not None:
        reason = f"{trouble}, so it may still define the table {table.name}, which is not declared"
        return Problem(found.path, None, None, reason, restore)
    for name in sorted(table.names):
        if name in text.names:
            reason = f"still defines the table {name}, but is not read as a declaration"
            return Problem(found.path, text.names[name], None, reason, remedy)
    for name in sorted({_class_name(name) for name in table.names}):
        for line in text.classes.get(name, ()):
            if (found.path, line) not in places:
                reason = f"still contains the class of the table {table.name}, which is not loaded"
                return Problem(found.path, line, None, reason, remedy)
    place = _computed(found, text, table, declaring, places)
    if place is not None:
        reason = f"still defines a table that may be {table.name}: its name is computed, and it is not declared"
        return Problem(found.path, place, None, reason, remedy)
    if table.gone is not None and found.path not in declaring and _same_stem(found, table.gone):
        what = "is an empty folder" if found.folder else "is not read as a declaration"
        reason = f"{what}, and {table.gone}, which declared the table {table.name}, is gone"
        ways = "or move it out of the folder if the table should be deleted"
        keep = f"`reconciler release {table.name}` keeps the table unmanaged."
        restore = f"Restore {table.gone}" if found.folder else f"Rename it to {table.gone}"
        return Problem(found.path, None, None, reason, f"{restore}, {ways}; {keep}")
    return None


def _computed(
    found: _Found, text: _Text, table: Undeclared, declaring: Mapping[str, Set[str]], places: Set[tuple[str, int]]
) -> Position | None:
    """The first definition that may be that of the table, though its name is not written out, and that nothing reads.

    In code, a method that computes the names of several tables is no leftover while a declared table has such a name.
    """
    own = declaring.get(found.path, frozenset[str]())
    declared = frozenset[str]().union(*declaring.values()) if found.path.endswith(".py") else own
    for each in text.computed:
        if not any(re.fullmatch(each.pattern, name) for name in table.names):
            continue
        is_read = not each.aside and any(re.fullmatch(each.pattern, name) for name in declared)
        # Without a part that is written out, it may be any table; then it counts for those of this file.
        counts = each.telling or (each.of_a_table and (each.aside or not own) and _is_of(found.path, table))
        if counts and not is_read:
            return each.position
    for resource in text.logical_ids:
        is_read = not resource.aside and (found.path, resource.position) in places
        if table.name.endswith(f"-{resource.name}") and not is_read:
            return resource.position
    return None


def _is_of(path: str, table: Undeclared) -> bool:
    """Whether a table may have been declared by this file, as far as that is known."""
    return table.declared_in is None or table.declared_in.rpartition("/")[2] == path.rpartition("/")[2]


def _conditional(files: Mapping[str, DeclarationFile], table: Undeclared) -> Problem | None:
    """The problem of a table that a template defines with a condition which does not hold now."""
    for path in sorted(files):
        for name, line in files[path].conditional.items():
            # A name that may be anything counts for the tables of its own file.
            counts = is_telling(name) or _is_of(path, table)
            if counts and any(re.fullmatch(name, each) for each in table.names):
                reason = f"still defines the table {table.name}, but with a condition that does not hold"
                keep = f"`reconciler release {table.name}` keeps the table unmanaged."
                remedy = f"Give the parameters with which it holds. {_REMEDY}; {keep}"
                return Problem(path, line, None, reason, remedy)
    return None


def _same_stem(found: _Found, gone: str) -> bool:
    """``users.toml``, ``.users.yaml.swp`` and ``users~`` beside ``users.yaml``; hidden ones anywhere."""
    folder, _, name = found.path.rpartition("/")
    former, _, former_name = gone.rpartition("/")
    hidden = found.aside or name.startswith((".", "#", "~"))
    if found.leftover or _in_seeds(found.path) or not (folder == former or hidden):
        return False
    return _stem(name) == _stem(former_name)


def _stem(name: str) -> str:
    return re.split(r"[.~#]", re.sub(r"^(?:\._|[.~#$]+)", "", name), maxsplit=1)[0].casefold()


def _class_name(name: str) -> str:
    """``users`` of ``UsersTable`` and of ``users``: how a class is named after its table."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return _CLASS_ENDING.sub("", plain) or plain


def _tables(wanted: list[Undeclared]) -> str:
    more = f" (and {len(wanted) - 1} more tables)" if len(wanted) > 1 else ""
    return f"the table {wanted[0].name}{more}, which is not declared,"
