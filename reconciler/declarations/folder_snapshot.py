"""Reads all files of a desired state as bytes. Called by ``folder``, twice per load.

Hidden entries and ``__pycache__`` are skipped. Folders named ``seeds`` hold seeds, not declarations. Symbolic links
must not leave the folder, and only regular files are opened. An unreadable entry is a problem, never skipped: its
declarations would look like removed ones, and their tables would be deleted (I2).
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from reconciler.declarations.unread import READ_SUFFIXES, classify_unread
from reconciler.model.errors import Problem
from reconciler.parsing.source_file import CHUNK, LargeFile, SeedFile, SourceFile
from reconciler.seeds.file_names import CHECKSUMS, seed_suffix

DECLARATION_SUFFIXES = READ_SUFFIXES
DECLARATION_LIMIT = 10 * 1024 * 1024
"""Bytes of a declaration file."""
SEED_IN_MEMORY = 4 * 1024 * 1024
"""Bytes from which a seed is read piece by piece, whenever it is needed, and only its hash is kept."""
NAMED_MOST = 20
"""Unread files that are reported one by one. The others are counted."""
LOOKED_AT = 1024 * 1024
"""Bytes of an unread file that are searched for the signs of a declaration."""


@dataclass(frozen=True, slots=True)
class FolderSnapshot:
    """The result of one read, sorted by path.

    ``changed`` is when a declaration file or a folder last changed, by the clock of its file system, in seconds since
    the epoch.
    ``unread_seeds`` are paths of files below ``seeds`` that are no seeds.
    """

    root: Path
    declarations: tuple[SourceFile, ...]
    seeds: tuple[SeedFile, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...] = ()
    changed: float = 0.0
    unread_seeds: tuple[str, ...] = ()

    def hashes(self) -> dict[str, str]:
        """SHA-256 of every file by its path."""
        return {file.path: file.digest for file in (*self.declarations, *self.seeds)}


class FileNotRead(Exception):
    """A file is not read; the text is the reason. ``unreadable`` means that the file system refused access."""

    def __init__(self, reason: str, remedy: str, *, unreadable: bool = False) -> None:
        self.reason = reason
        self.remedy = remedy
        self.unreadable = unreadable
        super().__init__(reason)


def read_snapshot(root: Path) -> FolderSnapshot:
    """Read the folder. An unreadable entry is a problem in the result, never a missing file."""
    walk = _Walk(root)
    walk.folder(root, in_seeds=False)
    declarations: list[SourceFile] = []
    seeds: list[SeedFile] = []
    unread_seeds: list[str] = []
    for absolute, is_seed in walk.files:
        path = absolute.relative_to(root).as_posix()
        if is_seed and seed_suffix(absolute.name) is None and absolute.name not in CHECKSUMS:
            unread_seeds.append(path)
            continue
        try:
            if is_seed:
                seeds.append(_seed_file(path, absolute, root))
            else:
                declarations.append(SourceFile(path, absolute, read_regular(absolute, root, DECLARATION_LIMIT)))
        except FileNotRead as refused:
            walk.problem(absolute, refused.reason, refused.remedy)
    warnings = _shortened(sorted(walk.warnings))
    return FolderSnapshot(
        root,
        tuple(sorted(declarations, key=lambda file: file.path)),
        tuple(sorted(seeds, key=lambda file: file.path)),
        tuple(walk.problems),
        warnings,
        walk.changed,
        tuple(sorted(unread_seeds)),
    )


def _shortened(warnings: list[str]) -> tuple[str, ...]:
    more = len(warnings) - NAMED_MOST
    return (*warnings[:NAMED_MOST], f"{more} more files are not read") if more > 0 else tuple(warnings)


def read_regular(path: Path, root: Path, limit: int, *, whole: bool = True) -> bytes:
    """The bytes of a regular file inside ``root``; ``Refused`` for anything else, without ever waiting.

    A file larger than ``limit`` is refused, or cut where it need not be ``whole``.
    """
    with _opened(path, root) as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(limit + 1) if size <= limit or not whole else None
    if content is not None and not whole:
        return content[:limit]
    if content is None or len(content) > limit:
        raise FileNotRead(f"is larger than {limit // 1024 // 1024} MB", "Split it.")
    return content


def _seed_file(path: str, absolute: Path, root: Path) -> SeedFile:
    """A seed: its bytes, or those of a large one hashed."""
    with _opened(absolute, root) as file:
        content = file.read(SEED_IN_MEMORY)
        if len(content) < SEED_IN_MEMORY:
            return SourceFile(path, absolute, content)
        digest = hashlib.sha256()
        while content:
            digest.update(content)
            content = file.read(CHUNK)
        return LargeFile(path, absolute, digest.hexdigest())


@contextmanager
def _opened(path: Path, root: Path) -> Iterator[BinaryIO]:
    try:
        if not path.resolve(strict=True).is_relative_to(root):
            raise FileNotRead("is a link to a path outside the folder of the desired state", "Copy the file here.")
        # Opening a FIFO for reading waits for its writer unless O_NONBLOCK is given.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise FileNotRead("is not a regular file", "Remove it or move it elsewhere.")
            yield file
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        remedy = "Make it readable for this user, or remove it."
        raise FileNotRead(f"cannot be read: {reason}", remedy, unreadable=True) from None


class _Walk:
    """One walk through the folder; ``files`` are what is to be read, each with whether it is a seed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: list[tuple[Path, bool]] = []
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self.changed = 0.0
        self._seen = {root}

    def folder(self, folder: Path, *, in_seeds: bool) -> None:
        """Every entry of one folder."""
        entries = self._entries(folder)
        if entries == [] and folder != self.root and not in_seeds:
            location = folder.relative_to(self.root).as_posix()
            self.warnings.append(f"{location}: is an empty folder; check that its volume is mounted")
        names = frozenset(entry.name for entry in entries or ())
        for entry in entries or ():
            if not (entry.name.startswith(".") or entry.name == "__pycache__"):
                self._entry(folder / entry.name, names, in_seeds=in_seeds)

    def problem(self, path: Path, reason: str, remedy: str) -> None:
        """Something wrong with one entry."""
        self.problems.append(Problem(path.relative_to(self.root).as_posix(), None, None, reason, remedy))

    def _entry(self, path: Path, beside: Set[str], *, in_seeds: bool) -> None:
        try:
            status = path.stat()
        except OSError as error:
            remedy = "Correct or remove the link." if path.is_symlink() else "Make it readable for this user."
            self.problem(path, f"cannot be read: {error.strerror}", remedy)
            return
        if stat.S_ISDIR(status.st_mode):
            self._subfolder(path, in_seeds=in_seeds)
        elif in_seeds:
            self.files.append((path, True))
        elif path.suffix in DECLARATION_SUFFIXES:
            self._note_change(status)
            self.files.append((path, False))
        else:
            self._not_read(path, beside)

    def _subfolder(self, path: Path, *, in_seeds: bool) -> None:
        if not in_seeds and path.suffix.lower() in DECLARATION_SUFFIXES:
            # A bind mount of a file that is missing on the host leaves an empty folder of its name.
            self.problem(
                path, "is a folder, but has the name of a declaration file", "Restore the file, or rename the folder."
            )
            return
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            reason = f"cannot be read: {getattr(error, 'strerror', None) or error}"
            self.problem(path, reason, "Make the folder readable for this user.")
            return
        if not target.is_relative_to(self.root):
            self.problem(path, "is a link to a path outside the folder of the desired state", "Copy the folder here.")
        elif target not in self._seen:
            self._seen.add(target)
            self.folder(path, in_seeds=in_seeds or path.name == "seeds")

    def _not_read(self, path: Path, beside: Set[str]) -> None:
        location = path.relative_to(self.root).as_posix()
        try:
            verdict = classify_unread(path.name, beside, lambda: read_regular(path, self.root, LOOKED_AT, whole=False))
        except FileNotRead as refused:
            if refused.unreadable:
                self.problem(path, refused.reason, refused.remedy)
            else:
                self.warnings.append(f"{location}: is not read: it {refused.reason}")
            return
        if verdict is None:
            return
        if verdict.remedy is not None:
            self.problem(path, verdict.reason, verdict.remedy)
        else:
            self.warnings.append(f"{location}: {verdict.reason}")

    def _entries(self, folder: Path) -> list[os.DirEntry[str]] | None:
        """Real entries before links, so that a link to a folder read anyway is not read twice; None if unreadable."""
        try:
            self._note_change(folder.stat())
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: (entry.is_symlink(), entry.name))
        except OSError as error:
            self.problem(folder, f"cannot be read: {error.strerror}", "Make the folder readable for this user.")
            return None

    def _note_change(self, status: os.stat_result) -> None:
        """The change time: unlike the modification time, nothing can set it back."""
        self.changed = max(self.changed, status.st_ctime)
