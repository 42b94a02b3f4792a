"""The desired state in one folder. Implements the engine's ``DeclarationSource``; built by the wiring.

It also decides since when the files are unchanged: nothing is deleted because of files that changed a moment ago.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.declarations.assemble import assemble
from reconciler.declarations.cache.file_cache import FileCache, check_all
from reconciler.declarations.cache.stored_results import StoredResults
from reconciler.declarations.checked import CheckedFile
from reconciler.declarations.folder_snapshot import FolderSnapshot, read_snapshot
from reconciler.declarations.locate import locate
from reconciler.declarations.overlays.file_names import split_environment
from reconciler.declarations.raw import PythonReading, RawDeclaration
from reconciler.declarations.seed_files import SeedChoice
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.desired import Declaration, DeclarationFile, DesiredState, Undeclared
from reconciler.model.errors import DeclarationError, Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import KNOWN_FIELDS
from reconciler.seeds.read_seed import SeedCache

if TYPE_CHECKING:
    from reconciler.declarations.remains import LeftoverDefinitions
    from reconciler.engine.ports import Clock

SETTLE_SECONDS = 3.0
"""How long the declarations must be unchanged before something is deleted because of them. A checkout writes its files
within it; a run in CI, where every file is fresh, waits no longer than this and only if it deletes something."""


class SettlingTime:
    """Remembers since when it has seen the same declarations, on a clock that never jumps."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock
        self._digest: str | None = None
        self._since = 0.0

    def settled_at(self, digest: str, changed: float) -> datetime | None:
        """When the declarations will be settled; None where they are.

        They are when they were read before with the same ``digest`` long enough ago, or when the file system says that
        nothing ``changed`` (seconds since the epoch) for as long. A change in the future is one of just now: the clock
        of a file server may be ahead.
        """
        now, steady = self._now(), self._steady()
        if digest != self._digest:
            self._digest, self._since = digest, steady
        still = max(steady - self._since, now.timestamp() - changed)
        left = SETTLE_SECONDS - still
        return now + timedelta(seconds=left) if left > 0 else None

    def _now(self) -> datetime:
        return self._clock.now() if self._clock is not None else datetime.now(UTC)

    def _steady(self) -> float:
        return self._clock.monotonic() if self._clock is not None else time.monotonic()


@dataclass(frozen=True, slots=True)
class _LastReading:
    """The files of the last load without problems, and what was loaded.

    ``hashes`` are by path, ``outside`` modules outside the folder. ``desired`` is None if a former command checked some
    of it.
    """

    digest: str
    root: Path
    hashes: Mapping[str, str]
    outside: Mapping[Path, bytes]
    notes: tuple[object, ...]
    proof: str
    desired: DesiredState | None

    def result(self, snapshot: FolderSnapshot, hashes: Mapping[str, str], python: PythonReading) -> DesiredState | None:
        """What was loaded, if every file and every answer of a class file is the same now; else None."""
        same = self.root == snapshot.root and self.hashes == hashes and self.notes == _notes(snapshot)
        same = same and not snapshot.problems and not python.problems and self.proof == python.proof
        return self.desired if same else None


class FolderSource:
    """Reads class files, documents, templates of other tools and seeds. Nothing is written, nothing stays imported.

    ``location`` is a folder, ``package:NAME``, or ``bundled``; ``environment`` is None where none was given.
    ``inputs`` are what templates of other tools are evaluated with, and have the same environment. ``seed_set`` names
    the folder below ``seeds`` whose files come before the others. ``environments`` are the only ones that can be
    chosen, because ``settings_file`` has a section for each; empty where it has none. With
    ``uses_stored`` it need not check files again that a former command checked, and stores its own results. What a
    former command found is never acted upon: ``still`` and ``remains`` check all files anew (I2).
    """

    def __init__(
        self,
        location: str,
        environment: str | None,
        clock: Clock | None = None,
        *,
        uses_stored: bool = False,
        inputs: TemplateInputs | None = None,
        seed_set: str | None = None,
        environments: Sequence[str] = (),
        settings_file: str | None = None,
    ) -> None:
        self.location = location
        self._environments, self._settings_file = tuple(environments), settings_file
        self.environment = environment or None
        self.seed_set = seed_set
        self._inputs = inputs or TemplateInputs(environment=self.environment)
        self._settling_time = SettlingTime(clock)
        self._uses_stored = uses_stored
        self._file_cache: FileCache | None = None
        self._confirmed: DesiredState | None = None
        self._refuted: DesiredState | None = None
        self._seed_cache = SeedCache()
        self._read: _LastReading | None = None

    def load(self) -> DesiredState:
        """Load all declarations; two reads of the files must be equal (I2).

        Raises ``DeclarationError`` with all problems, sorted by file and line.
        """
        root = locate(self.location)
        if self._file_cache is None:
            stored = StoredResults(root, self._inputs) if self._uses_stored else None
            self._file_cache = FileCache(self._inputs, stored)
        cache = self._file_cache
        try:
            desired = self._load(root, cache)
        except DeclarationError:
            if not cache.uses_former:
                raise
            # Only the files themselves have the lines of all fields, which the messages name.
            cache.forget_former()
            desired = self._load(root, cache)
        cache.store()
        return desired

    def _load(self, root: Path, cache: FileCache) -> DesiredState:
        first = read_snapshot(root)
        hashes = first.hashes()
        files = [file for file in first.declarations if not file.path.endswith(".py")]
        classes = tuple(file for file in first.declarations if file.path.endswith(".py"))
        python = _read_classes(classes, first.root, self.environment, cache.proofs)
        known = self._read.result(first, hashes, python) if self._read is not None else None
        if known is not None:
            # The files are as they were in a former load, so this is their second read, and their results are known.
            settled_at = self._settling_time.settled_at(known.digest, first.changed)
            return known if settled_at == known.settled_at else replace(known, settled_at=settled_at)
        cache.note_classes(python)
        readings = cache.read(files)
        checked = [
            *check_all(python.declarations, self.environment),
            *(each for reading in readings for each in reading.declarations),
        ]
        unread = [*first.problems, *python.problems, *(problem for each in readings for problem in each.problems)]
        assembly = assemble(
            sorted(checked, key=lambda each: (each.location.file, each.location.line or 0)),
            first.seeds,
            self._seed_cache,
            first.unread_seeds,
            choice=SeedChoice(self.environment, self.seed_set),
            incomplete=bool(unread),
            is_named=partial(_is_named, [file.content for file in files]),
        )
        problems = [*unread, *assembly.problems]
        problems += _resembling(classes, python.declarations) if not python.problems else ()
        problems += self._changed(first, hashes, python)
        problems += self._unknown_environments(files)
        if self._inputs.named:
            from reconciler.declarations.unknown_parameters import unknown_parameters

            given = self._inputs
            problems += unknown_parameters(given.named, first.declarations, self.location, given.named_by)
        warnings = [*first.warnings, *python.warnings, *assembly.warnings]
        warnings += [warning for reading in readings for warning in reading.warnings]
        included = {path for reading in readings for path in reading.included}
        for file, reading in zip(files, readings, strict=True):
            warnings += reading.silent if file.path not in included else ()
        warnings += self._unused_environments(files, first)
        if not problems and not assembly.declarations:
            remedy = "Add one, or name another folder with --desired-state PATH. `reconciler init` writes an example."
            silent = dict(_silent(python))
            problems += [Problem(path, None, None, f"declares nothing: {why}", remedy) for path, why in silent.items()]
            # The file that was to declare a table says more than its folder, and more than a warning about it.
            warnings = [each for each in warnings if not each.startswith(tuple(f"{path}: " for path in silent))]
            if not silent:
                problems.append(Problem(self.location, None, None, "contains no table declaration", remedy))
        if problems:
            raise DeclarationError(_in_order(problems), tuple(sorted(warnings)))
        digest = self._digest(hashes, python)
        desired = DesiredState(
            tuple(assembly.declarations),
            digest,
            tuple(sorted(warnings)),
            files=_files(first, assembly.declarations, dict(zip((file.path for file in files), readings, strict=True))),
            settled_at=self._settling_time.settled_at(digest, first.changed),
            from_cache=cache.uses_former,
            notes=tuple(
                sorted([*first.notes, *assembly.notes, *(note for reading in readings for note in reading.notes)])
            ),
        )
        self._read = _LastReading(
            digest,
            first.root,
            hashes,
            dict(python.outside),
            _notes(first),
            python.proof,
            desired if not desired.from_cache else None,
        )
        return desired

    def still(self, desired: DesiredState) -> bool:
        """Whether all files are unchanged since ``desired`` was loaded, and none was added or removed.

        It compares only hashes, so it is cheap enough to call right before each delete. Declarations that a former
        command checked are checked anew once.
        """
        return self.unchanged(desired) and self._is_confirmed(desired)

    def check_ahead(self) -> None:
        """Begin, beside other work, to check anew what a former command checked, because ``still`` will be asked."""
        if self._file_cache is not None:
            self._file_cache.check_ahead()

    def unchanged(self, desired: DesiredState) -> bool:
        """As ``still``, for a caller that acts on nothing yet."""
        if desired is self._refuted:
            return False
        read = self._read
        try:
            if read is None or read.digest != desired.digest:
                return self.load().digest == desired.digest
            now = read_snapshot(locate(self.location))
        except DeclarationError:
            return False
        same = now.root == read.root and not now.problems and now.hashes() == read.hashes
        return same and all(_bytes(path) == content for path, content in read.outside.items())

    def remains(self, desired: DesiredState, undeclared: Sequence[Undeclared]) -> tuple[Problem, ...]:
        """Problems for tables that are no longer declared but still defined in a file below the folder."""
        if not self._is_confirmed(desired):
            refuted = desired is self._refuted
            reason = "was read from a cache that does not match" if refuted else "changed while it was being read"
            return (Problem(self.location, None, None, reason, "Run the command again, which reads all files anew."),)
        root = locate(self.location)
        declaring: dict[str, set[str]] = {path: set() for path, file in desired.files.items() if file.tables}
        for each in desired.declarations:
            declaring.setdefault(each.origin.file, set()).update(each.names)
        places = {(each.origin.file, each.origin.line or 1) for each in desired.declarations}
        # A file that is read through a link is also found under its own path.
        own = {path: target for path in declaring if (target := _own_path(root, path)) != path}
        places |= {(own[path], line) for path, line in places if path in own}
        for path, target in own.items():
            declaring[target] = declaring.get(target, set()) | declaring[path]
        return self._leftovers.of(root, undeclared, declaring, places, desired.files)

    def stands_in(self, folder: str, file: str, desired: DesiredState) -> bool:
        """Whether another folder of declarations, which is no copy of this one, still has this file.

        What cannot be looked into counts as there. A copy, such as another checkout of the same project, has at least
        one file that declares tables of ``desired`` with the same bytes.
        """
        other = Path(folder)
        try:
            (other / file).lstat()
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return False
        except OSError:
            return True
        try:
            root = locate(self.location)
        except DeclarationError:
            return True
        declaring = (path for path, each in desired.files.items() if each.tables)
        return not any((content := _bytes(root / path)) and content == _bytes(other / path) for path in declaring)

    def _is_confirmed(self, desired: DesiredState) -> bool:
        """Whether the files declare what ``desired`` says, without any result of a former command."""
        if not desired.from_cache or desired is self._confirmed:
            return True
        if desired is self._refuted or self._file_cache is None:
            return False
        self._file_cache.forget_former()
        try:
            fresh = self.load()
        except DeclarationError:
            return False
        if fresh.digest != desired.digest:
            return False
        if (fresh.declarations, fresh.files) != (desired.declarations, desired.files):
            self._refuted = desired
            self._file_cache.remove_stored()
            return False
        self._confirmed = desired
        return True

    @cached_property
    def _leftovers(self) -> LeftoverDefinitions:
        from reconciler.declarations.remains import LeftoverDefinitions

        return LeftoverDefinitions()

    def _changed(self, first: FolderSnapshot, before: Mapping[str, str], python: PythonReading) -> list[Problem]:
        """Problems for files that changed between two reads: an editor may be saving them."""
        after = read_snapshot(first.root).hashes()
        paths = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        paths += [str(path) for path, content in python.outside.items() if _bytes(path) != content]
        remedy = "If it was being saved, no action is needed; the next pass reads it again."
        return [Problem(path, None, None, "changed while it was being read", remedy) for path in paths]

    def _unknown_environments(self, files: Sequence[SourceFile]) -> list[Problem]:
        """Problems of overlays; nothing is imported where there is none."""
        if not any(b"environments" in file.content or split_environment(file.path) for file in files):
            return []
        from reconciler.declarations.overlays.unused_environments import unknown_environments

        return list(unknown_environments(files, self.environment, self._environments, self._settings_file))

    def _unused_environments(self, files: Sequence[SourceFile], snapshot: FolderSnapshot) -> list[str]:
        """Warnings about overlays; nothing is imported where there is none."""
        if not any(split_environment(file.path) for file in files):
            return []
        from reconciler.declarations.overlays.unused_environments import unused_environments

        return list(unused_environments(files, [seed.path for seed in snapshot.seeds], self.environment))

    def _digest(self, hashes: Mapping[str, str], python: PythonReading) -> str:
        outside = {str(path): hashlib.sha256(content).hexdigest() for path, content in python.outside.items()}
        everything: Mapping[str, object] = {
            "environment": self.environment,
            "seed_set": self.seed_set,
            "files": hashes,
            "outside": outside,
            "inputs": self._inputs.digest(),
        }
        return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()


@dataclass
class CachedSource:
    """The declarations of a one-shot command: loaded once, and again only if the files changed."""

    source: FolderSource
    loaded: DesiredState | None = None

    def load(self) -> DesiredState:
        """The current declarations. Raises ``DeclarationError`` if they have problems now."""
        if self.loaded is None or not self.source.unchanged(self.loaded):
            self.loaded = None
            self.loaded = self.source.load()
        return self.loaded

    def still(self, desired: DesiredState) -> bool:
        """As ``FolderSource.still``."""
        return self.source.still(desired)

    def check_ahead(self) -> None:
        """As ``FolderSource.check_ahead``."""
        self.source.check_ahead()

    def remains(self, desired: DesiredState, undeclared: Sequence[Undeclared]) -> tuple[Problem, ...]:
        """As ``FolderSource.remains``."""
        return self.source.remains(desired, undeclared)

    def stands_in(self, folder: str, file: str, desired: DesiredState) -> bool:
        """As ``FolderSource.stands_in``."""
        return self.source.stands_in(folder, file, desired)


def watch_paths(location: str) -> tuple[str, ...]:
    """The folders to watch for changes; none if the location does not exist."""
    try:
        return (str(locate(location)),)
    except DeclarationError:
        return ()


def _files(
    snapshot: FolderSnapshot, declarations: Iterable[Declaration], readings: Mapping[str, CheckedFile]
) -> dict[str, DeclarationFile]:
    """What each declaration file declares, also where that is nothing."""
    tables: dict[str, list[str]] = {file.path: [] for file in snapshot.declarations}
    for declaration in declarations:
        tables.setdefault(declaration.origin.file, []).append(declaration.spec.name)
    return {path: _declaration_file(tuple(names), readings.get(path)) for path, names in tables.items()}


def _declaration_file(names: tuple[str, ...], reading: CheckedFile | None) -> DeclarationFile:
    if reading is None:
        return DeclarationFile(names)
    patterns = tuple(each.name_pattern for each in reading.declarations if each.name_pattern is not None)
    # With other parameters, its name may differ as well as its condition.
    patterns += tuple(each.pattern for each in reading.conditional if each.pattern is not None)
    conditional = {each.name: each.line for each in reading.conditional}
    return DeclarationFile(names, reading.empty_document, patterns, conditional)


def _own_path(root: Path, path: str) -> str:
    """The path of the file itself, where a link led to it."""
    try:
        return (root / path).resolve().relative_to(root.resolve()).as_posix()
    except (OSError, RuntimeError, ValueError):
        return path


def _notes(snapshot: FolderSnapshot) -> tuple[object, ...]:
    """What else of the folder a result depends on: files that are not read."""
    return snapshot.warnings, snapshot.notes, snapshot.unread_seeds


def _read_classes(
    files: tuple[SourceFile, ...], root: Path, environment: str | None, proofs: tuple[str, ...]
) -> PythonReading:
    """What the class files declare; nothing is imported where there is none."""
    if not files:
        return PythonReading()
    from reconciler.declarations.formats.python.read_classes import read_python

    # The models that check what the classes declare take as long to import as the classes to evaluate, in a process of
    # their own.
    models = threading.Thread(target=_import_models, daemon=True)
    models.start()
    try:
        return read_python(files, root, environment, proofs)
    finally:
        models.join()


def _import_models() -> None:
    """Import what ``check_all`` imports. A failure shows there."""
    with suppress(Exception):
        importlib.import_module("reconciler.declarations.document.check")


def _resembling(files: tuple[SourceFile, ...], declared: Sequence[RawDeclaration]) -> list[Problem]:
    """Problems for classes and files that look like a declaration and are none."""
    if not files:
        return []
    from reconciler.declarations.formats.python.overlooked_classes import resembling

    return resembling(files, declared)


def _silent(python: PythonReading) -> list[tuple[str, str]]:
    """Class files that have no table; a package's ``__init__.py`` is not meant to."""
    return [(path, why) for path, why in python.silent.items() if not path.endswith("__init__.py")]


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


LONGEST_LIST = 120
"""Characters of a list of fields that may be repeated."""
LISTED_ABOVE = "The first such error lists the known fields."


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """By file and line, each once: a broken module may fail every file that imports it. So is a long list of fields."""
    listed: set[str] = set()
    found = []
    for problem in sorted(dict.fromkeys(problems), key=lambda problem: (problem.file, problem.line or 0)):
        is_repeated = problem.remedy in listed
        if problem.remedy.startswith(KNOWN_FIELDS) and len(problem.remedy) > LONGEST_LIST:
            listed.add(problem.remedy)
        found.append(replace(problem, remedy=LISTED_ABOVE) if is_repeated else problem)
    return tuple(found)


def _is_named(contents: Sequence[bytes], name: str) -> bool:
    """Whether any of the texts has the name of a file as a word of its own."""
    word = re.compile(rb"(?<![\w.-])" + re.escape(name.encode()) + rb"(?![\w.-])")
    return any(word.search(content) for content in contents)
