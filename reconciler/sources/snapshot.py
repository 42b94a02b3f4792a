"""Every file of a desired state as bytes, read whole and only where it is safe. Called by ``folder``, twice a load.

Skipped: hidden files and folders and ``__pycache__``. Folders named ``seeds`` hold seeds and no declarations. Symbolic
links may not leave the folder; only regular files are opened.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.errors import Problem

DECLARATION_SUFFIXES = (".py", ".yaml", ".yml", ".json")
SEED_SUFFIXES = (".json", ".jsonl", ".yaml", ".yml", ".csv")
DECLARATION_LIMIT = 10 * 1024 * 1024
"""Bytes of a declaration file."""
SEED_LIMIT = 100 * 1024 * 1024
"""Bytes of a seed file, before and after decompression."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file; ``path`` is relative to the desired state's folder, with slashes."""

    path: str
    absolute: Path
    content: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one reading found, sorted by path. ``unread_seeds`` are paths of files below ``seeds`` that are no seeds."""

    root: Path
    declarations: tuple[SourceFile, ...]
    seeds: tuple[SourceFile, ...]
    problems: tuple[Problem, ...]
    unread_seeds: tuple[str, ...] = ()

    def hashes(self) -> dict[str, str]:
        """SHA-256 of every file by its path."""
        return {file.path: hashlib.sha256(file.content).hexdigest() for file in (*self.declarations, *self.seeds)}


class Refused(Exception):
    """A file that is not read; the text is the reason."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason = reason
        self.remedy = remedy
        super().__init__(reason)


def read_snapshot(root: Path) -> Snapshot:
    """Read the whole folder; what cannot be read is a problem, never an absence."""
    found: dict[bool, list[SourceFile]] = {False: [], True: []}
    problems: list[Problem] = []
    unread: list[str] = []
    for absolute, is_seed in _walk(root, root, False, {root}, problems):
        path = absolute.relative_to(root).as_posix()
        if is_seed and seed_suffix(absolute.name) is None:
            unread.append(path)
            continue
        try:
            content = read_regular(absolute, root, SEED_LIMIT if is_seed else DECLARATION_LIMIT)
        except Refused as refused:
            problems.append(Problem(path, None, None, refused.reason, refused.remedy))
        else:
            found[is_seed].append(SourceFile(path, absolute, content))
    declarations, seeds = (tuple(sorted(found[kind], key=lambda file: file.path)) for kind in (False, True))
    return Snapshot(root, declarations, seeds, tuple(problems), tuple(sorted(unread)))


def read_regular(path: Path, root: Path, limit: int) -> bytes:
    """The bytes of a regular file inside ``root``; ``Refused`` for anything else, without ever waiting."""
    try:
        if not path.resolve(strict=True).is_relative_to(root):
            raise Refused("is a link that leaves the desired state's folder", "Put the file itself here.")
        # Opening a FIFO for reading waits for its writer unless O_NONBLOCK is given.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise Refused("is not a regular file", "Remove it or move it elsewhere.")
            content = file.read(limit + 1) if status.st_size <= limit else None
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Refused(f"cannot be read: {reason}", "Make it readable for this user, or remove it.") from None
    if content is None or len(content) > limit:
        raise Refused(f"is larger than {limit // 1024 // 1024} MB", "Split it.")
    return content


def _walk(
    folder: Path, root: Path, in_seeds: bool, seen: set[Path], problems: list[Problem]
) -> Iterator[tuple[Path, bool]]:
    for entry in _entries(folder, root, problems):
        path = folder / entry.name
        if entry.name.startswith(".") or entry.name == "__pycache__":
            continue
        if _is_folder(path):
            target = path.resolve()
            if not target.is_relative_to(root):
                reason = "is a link that leaves the desired state's folder"
                problems.append(
                    Problem(path.relative_to(root).as_posix(), None, None, reason, "Put the folder itself here.")
                )
            elif target not in seen:
                seen.add(target)
                yield from _walk(path, root, in_seeds or entry.name == "seeds", seen, problems)
        elif in_seeds or path.suffix in DECLARATION_SUFFIXES:
            yield path, in_seeds


def seed_suffix(name: str) -> str | None:
    """``.json`` of ``users.json`` and ``users.json.gz``; None where the name is not a seed's."""
    suffix = Path(name.removesuffix(".gz")).suffix
    return suffix if suffix in SEED_SUFFIXES else None


def _entries(folder: Path, root: Path, problems: list[Problem]) -> list[os.DirEntry[str]]:
    """Real entries before links, so that a link to a folder read anyway is not read twice."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: (entry.is_symlink(), entry.name))
    except OSError as error:
        place = folder.relative_to(root).as_posix()
        reason = f"cannot be read: {error.strerror}"
        problems.append(Problem(place, None, None, reason, "Make the folder readable for this user."))
        return []


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
