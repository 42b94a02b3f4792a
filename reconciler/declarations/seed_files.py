"""Assigns each seed file to its table, by environment and by set. Called by ``assemble``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from pathlib import PurePosixPath

from reconciler.declarations.checked import CheckedDeclaration
from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.source_location import FieldProblem, alternatives, did_you_mean
from reconciler.seeds.export_folder import ROOT, ExportFolder
from reconciler.seeds.file_names import base_name_of, base_names, why_unread
from reconciler.seeds.file_names import remedy as unread_remedy
from reconciler.seeds.read_seed import SeedSource


@dataclass(frozen=True, slots=True)
class SeedChoice:
    """Which of several seeds of a table is meant.

    ``users.prod.json`` is the seed of ``users`` in the environment ``prod``, before ``users.json``. A file in the
    folder of the set, ``seeds/demo/users.json`` for ``demo``, comes before all others.
    """

    environment: str | None = None
    seed_set: str | None = None


ANY_SEED = SeedChoice()
"""The choice where neither an environment nor a set was given."""


@dataclass(slots=True)
class OtherEnvironments:
    """Sentences about seeds for other environments."""

    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    """The table that a file is the seed of, its environment and its set; ``""`` for none."""

    table: str
    environment: str
    seed_set: str


def _place_of(file: SeedSource, base_names: Sequence[str]) -> _Place:
    name = file.table if isinstance(file, ExportFolder) else base_name_of(file.path)
    parts = PurePosixPath(file.path).parent.parts
    below = parts[parts.index("seeds") + 1 :] if "seeds" in parts else ()
    seed_set = below[0] if below and below[0] not in (ROOT, name) else ""
    if name in base_names:
        return _Place(name, "", seed_set)
    # A table may have a dot in its name; the longest name that is declared is the table.
    table, _, environment = name.rpartition(".")
    return _Place(table, environment, seed_set) if table in base_names else _Place(name, "", seed_set)


class SeedFiles:
    """The seed files. Each belongs to one table at most; a table may have one for each environment and each set."""

    def __init__(
        self,
        files: Sequence[SeedSource],
        unread: Sequence[str] = (),
        choice: SeedChoice = ANY_SEED,
        base_names: Sequence[str] = (),
    ) -> None:
        self.files = {file.path: file for file in files}
        self.places = {file.path: _place_of(file, base_names) for file in files}
        self.unread = unread
        self.choice = choice
        self.base_names = base_names
        self.taken: set[str] = set()
        self.seeded: set[str] = set()
        self.problems: list[Problem] = list(self._unknown_set())
        self.unread_problems: list[Problem] = []
        self.unread_warnings: list[str] = []

    def _unknown_set(self) -> Iterator[Problem]:
        wanted, known = self.choice.seed_set, sorted({place.seed_set for place in self.places.values()} - {""})
        if wanted is None or wanted in known:
            return
        reason = f"unknown seed set {wanted!r}; " + (f"expected {alternatives(known)}" if known else "there is none")
        suggestion = did_you_mean(wanted, known)
        remedy = f"Did you mean --seed-set {suggestion}?" if suggestion else f"Put its files into seeds/{wanted}/."
        yield Problem("seeds", None, None, reason, remedy)

    def take(self, checked: CheckedDeclaration) -> SeedSource | None:
        """The seed file that the declaration names, or the one named after its base name."""
        named = checked.seed_file
        file = self._named(checked, named) if named is not None else self._called(checked)
        makes_items = checked.class_seed is not None or checked.seed_generate is not None
        if checked.base_name and (file or named or makes_items):
            self.seeded.add(checked.base_name)
        return file

    def _called(self, checked: CheckedDeclaration) -> SeedSource | None:
        own = {path: place for path, place in self.places.items() if place.table == checked.base_name}
        self.taken.update(own)
        here = {path: place for path, place in own.items() if place.environment in ("", self.choice.environment or "")}
        sets = sorted({place.seed_set for place in here.values()})
        seed_set = self._set_for(sets)
        if seed_set is None:
            paths = sorted(here)
            reason = f"is one of the seeds of {checked.base_name} in the sets {' and '.join(sets)}"
            self.problems.append(Problem(paths[0], None, None, reason, f"Choose one: --seed-set {sets[0]}."))
            return None
        chosen = {path: place for path, place in here.items() if place.seed_set == seed_set}
        environment = max((place.environment for place in chosen.values()), key=bool, default="")
        paths = sorted(path for path, place in chosen.items() if place.environment == environment)
        for path in paths[1:]:
            reason = f"duplicate seed of {checked.base_name}; {paths[0]} is another one"
            self.problems.append(Problem(path, None, None, reason, "Keep one of them."))
        return self.files[paths[0]] if paths else None

    def _set_for(self, sets: Sequence[str]) -> str | None:
        """The set to take a seed from, ``""`` for none; ``None`` where only a person can tell."""
        wanted = self.choice.seed_set
        if wanted is not None and wanted in sets:
            return wanted
        if not sets or "" in sets:
            return ""
        # A folder that holds the only seed of a table is no choice: such folders are older than sets.
        return None if len(sets) > 1 else sets[0] if wanted is None else ""

    def of_other_environments(self) -> OtherEnvironments:
        """What to say about seeds that are not read because they are for other environments."""
        found, here = OtherEnvironments(), self.choice.environment or ""
        for path, place in sorted(self.places.items()):
            if place.environment in ("", here):
                continue
            text = f"{path}: seed of {place.table} for environment {place.environment}; not read"
            if here and place.table not in self.seeded:
                file = f"{place.table}.{here}"
                found.warnings.append(f"{text}, and {place.table} has none here. Name it {file} if it is meant.")
            else:
                found.notes.append(text)
        return found

    def orphans(self, is_named: Callable[[str], bool]) -> list[str]:
        """Warnings for seed files without a declared table: a misspelling, or a leftover of a removed declaration.

        A file that some declaration names is for another environment.
        """
        warnings = []
        for path in self.files.keys() - self.taken:
            name = self.places[path].table
            if name in self.base_names or is_named(PurePosixPath(path).name):
                continue
            suggestion = did_you_mean(name, self.base_names)
            remedy = f"Did you mean `{suggestion}`?" if suggestion else "Remove it, or declare the table."
            warnings.append(f"{path}: seed of table {name!r}, which is not declared. {remedy}")
        return warnings

    def name_unread(self, declarations: Sequence[CheckedDeclaration]) -> None:
        """Report each file that is not read: an error if a declared table would have no seed, else a warning."""
        names = {name: each for each in declarations for name in (each.name, each.base_name) if name}
        folded = {name.lower(): name for name in names}
        for path in self.unread:
            meant = [folded[name.lower()] for name in base_names(path) if name.lower() in folded]
            reason, remedy = why_unread(path), unread_remedy(path)
            without_seed = [name for name in meant if names[name].base_name not in self.seeded]
            if without_seed:
                reason += f", so table {without_seed[0]} would have no seed"
                self.unread_problems.append(Problem(path, None, None, reason, remedy))
            else:
                self.unread_warnings.append(f"{path}: {reason}. {remedy}")

    def _named(self, checked: CheckedDeclaration, named: str) -> SeedSource | None:
        path = named.removeprefix("./")
        path = path if path in self.files else f"seeds/{path}"
        if path in self.files:
            self.taken.add(path)
            return self.files[path]
        unread = next((each for each in self.unread if each in (path, named.removeprefix("./"))), None)
        if unread is not None:
            problem = FieldProblem(("seed", "file"), f"seed file {named!r} {why_unread(unread)}", unread_remedy(unread))
            self.problems.append(checked.location.problem(problem))
            return None
        suggestion = did_you_mean(named, self.files)
        remedy = (
            f"Did you mean `{suggestion}`?"
            if suggestion
            else "Put the file into the folder seeds/ of the declarations."
        )
        problem = FieldProblem(("seed", "file"), f"seed file {named!r} does not exist", remedy)
        self.problems.append(checked.location.problem(problem))
        return None
