"""Reads all files of a desired state as bytes. Called by ``folder``, twice per load.

Hidden entries and ``__pycache__`` are skipped. Folders named ``seeds`` hold seeds, not declarations. Symbolic links
must not leave the folder, and only regular files are opened. An unreadable entry is a problem, never skipped: its
declarations would look like removed ones, and their tables would be deleted (I2).
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

from reconciler.declarations.unread import (
    CDK_MARK,
    READ_SUFFIXES,
    classify_unread,
    is_declaration_file,
    is_part_of_cdk,
    is_template,
)
from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.source_file import CHUNK, LargeFile, SeedFile, SourceFile
from reconciler.seeds.file_names import CHECKSUMS, seed_suffix

DECLARATION_SUFFIXES = READ_SUFFIXES
DECLARATION_LIMIT = 10 * 1024 * 1024
"""Bytes of a declaration file."""
SEED_IN_MEMORY = 4 * 1024 * 1024
"""Bytes from which a seed is read piece by piece, whenever it is needed, and only its hash is kept."""
NAMED_MOST = 20
"""Unread files that are reported one by one. The names of the others stand together."""
NAMED_TOGETHER = 1000
LEAST_READ = 4095
LOOKED_AT = 1024 * 1024
"""Bytes of an unread file that are searched for the signs of a declaration."""


@dataclass(frozen=True, slots=True)
class FolderSnapshot:
    """The result of one read, sorted by path.

    ``changed`` is when a declaration file or a folder last changed, by the clock of its file system, in seconds since
    the epoch.
    ``unread_seeds`` are paths of files below ``seeds`` that are no seeds. ``notes`` name files that nobody expects to
    be read.
    """

    root: Path
    declarations: tuple[SourceFile, ...]
    seeds: tuple[SeedFile, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...] = ()
    changed: float = 0.0
    unread_seeds: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

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
    walk.folder(root, "", in_seeds=False)
    declarations: list[SourceFile] = []
    seeds: list[SeedFile] = []
    unread_seeds: list[str] = []
    for absolute, path, is_seed, is_link in walk.files:
        if is_seed and seed_suffix(absolute.name) is None and absolute.name not in CHECKSUMS:
            unread_seeds.append(path)
            continue
        try:
            if is_seed:
                seeds.append(_seed_file(path, absolute, root, is_link=is_link))
            else:
                content = read_regular(absolute, root, DECLARATION_LIMIT, is_link=is_link)
                declarations.append(SourceFile(path, absolute, content))
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
        tuple(sorted(walk.notes)),
    )


def _shortened(warnings: list[str]) -> tuple[str, ...]:
    others = [warning.partition(": ")[0] for warning in warnings[NAMED_MOST:]]
    if not others:
        return tuple(warnings)
    left = len(others) - NAMED_TOGETHER
    names = ", ".join(others[:NAMED_TOGETHER]) + (f" and {left} others" if left > 0 else "")
    return (*warnings[:NAMED_MOST], f"{len(others)} more files are not read: {names}")


def read_regular(path: Path, root: Path, limit: int, *, whole: bool = True, is_link: bool = True) -> bytes:
    """The bytes of a regular file inside ``root``; ``FileNotRead`` for anything else, without ever waiting.

    A file larger than ``limit`` is refused, or cut where it need not be ``whole``. ``is_link`` is False for an entry
    that was none when its folder was listed.
    """
    with _opened(path, root, is_link=is_link) as handle:
        size = os.fstat(handle).st_size
        content = _bytes_of(handle, size, limit) if size <= limit or not whole else None
    if content is not None and not whole:
        return content[:limit]
    if content is None or len(content) > limit:
        raise FileNotRead(f"is larger than {limit // 1024 // 1024} MB", "Split it.")
    return content


def _seed_file(path: str, absolute: Path, root: Path, *, is_link: bool) -> SeedFile:
    """A seed: its bytes, or those of a large one hashed."""
    with _opened(absolute, root, is_link=is_link) as handle:
        content = _bytes_of(handle, os.fstat(handle).st_size, SEED_IN_MEMORY - 1)
        if len(content) < SEED_IN_MEMORY:
            return SourceFile(path, absolute, content)
        digest = hashlib.sha256()
        while content:
            digest.update(content)
            content = os.read(handle, CHUNK)
        return LargeFile(path, absolute, digest.hexdigest())


@contextmanager
def _opened(path: Path, root: Path, *, is_link: bool) -> Iterator[int]:
    """A handle on a regular file inside ``root``."""
    try:
        handle = _handle(path, root, is_link=is_link)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise FileNotRead("is not a regular file", "Remove it or move it elsewhere.")
            yield handle
        finally:
            os.close(handle)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        remedy = "Make it readable for this user, or remove it."
        raise FileNotRead(f"cannot be read: {reason}", remedy, unreadable=True) from None


def _handle(path: Path, root: Path, *, is_link: bool) -> int:
    """Resolving each path takes longer than reading the file, so that only a link is resolved.

    What has become a link since its folder, which is inside ``root``, was listed is not followed, but treated as one.
    """
    if is_link and not path.resolve(strict=True).is_relative_to(root):
        raise FileNotRead("is a link to a path outside the folder of the desired state", "Copy the file here.")
    # Opening a FIFO for reading waits for its writer unless O_NONBLOCK is given.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(path, flags if is_link else flags | os.O_NOFOLLOW)
    except OSError as error:
        if is_link or error.errno != errno.ELOOP:
            raise
        return _handle(path, root, is_link=True)


def _bytes_of(handle: int, size: int, limit: int) -> bytes:
    """The content up to ``limit`` and one byte more; ``size`` is what the file system says, which may be out of date.

    A buffered file would allocate the whole limit for each file.
    """
    pieces, missing = [], limit + 1
    while missing > 0 and (piece := os.read(handle, min(missing, max(size, LEAST_READ) + 1))):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


class _Walk:
    """One walk through the folder.

    ``files`` are what is to be read: the absolute path, the one relative to the root, whether it is a seed, and whether
    it is a link.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: list[tuple[Path, str, bool, bool]] = []
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self.notes: list[str] = []
        self.changed = 0.0
        self._seen = {root}
        self._of_cdk: set[Path] = set()

    def folder(self, folder: Path, prefix: str, *, in_seeds: bool) -> None:
        """Every entry of one folder; ``prefix`` is its path relative to the root, with a slash at its end."""
        entries = self._entries(folder)
        if entries == [] and folder != self.root and not in_seeds:
            self.warnings.append(f"{prefix[:-1]}: is an empty folder; check that its volume is mounted")
        names = frozenset(entry.name for entry in entries or ())
        if not in_seeds and any(entry.name == CDK_MARK and entry.is_file() for entry in entries or ()):
            self._of_cdk.add(folder)
        for entry in entries or ():
            if entry.name.startswith("."):
                self._note_hidden(entry.name, prefix + entry.name, in_seeds=in_seeds)
            elif entry.name != "__pycache__":
                self._entry(entry, folder / entry.name, prefix + entry.name, names, in_seeds=in_seeds)

    def problem(self, path: Path, reason: str, remedy: str) -> None:
        """Something wrong with one entry."""
        self.problems.append(Problem(path.relative_to(self.root).as_posix(), None, None, reason, remedy))

    def _entry(self, entry: os.DirEntry[str], path: Path, relative: str, beside: Set[str], *, in_seeds: bool) -> None:
        try:
            status = entry.stat()
        except OSError as error:
            remedy = "Correct or remove the link." if path.is_symlink() else "Make it readable for this user."
            self.problem(path, f"cannot be read: {error.strerror}", remedy)
            return
        if path.parent in self._of_cdk and is_part_of_cdk(path.name):
            # What still defines a table in such a file is found by ``remains`` before anything is deleted.
            self.notes.append(f"{relative}: is not read: it is a part of the output of the CDK")
        elif stat.S_ISDIR(status.st_mode):
            self._subfolder(path, relative, in_seeds=in_seeds)
        elif in_seeds:
            self.files.append((path, relative, True, entry.is_symlink()))
        elif is_declaration_file(path.name):
            self._note_change(status)
            self.files.append((path, relative, False, entry.is_symlink()))
        else:
            self._not_read(path, relative, beside)

    def _subfolder(self, path: Path, relative: str, *, in_seeds: bool) -> None:
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
            self.folder(path, f"{relative}/", in_seeds=in_seeds or path.name == "seeds")

    def _note_hidden(self, name: str, relative: str, *, in_seeds: bool) -> None:
        """Hidden files are settings and leftovers of programs; one that could be a declaration or a seed is named."""
        if is_declaration_file(name) or (in_seeds and seed_suffix(name) is not None):
            self.notes.append(f"{relative}: is not read: its name begins with a dot")

    def _not_read(self, path: Path, location: str, beside: Set[str]) -> None:
        def content() -> bytes:
            return read_regular(path, self.root, LOOKED_AT, whole=False)

        try:
            if is_template(path.name, content):
                self._note_change(path.stat())
                self.files.append((path, location, False, path.is_symlink()))
                return
            verdict = classify_unread(path.name, beside, content)
        except FileNotRead as refused:
            if refused.unreadable:
                self.problem(path, refused.reason, refused.remedy)
            else:
                self.warnings.append(f"{location}: is not read: it {refused.reason}")
            return
        if verdict.harmless:
            self.notes.append(f"{location}: {verdict.reason}")
        elif verdict.remedy is not None:
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
