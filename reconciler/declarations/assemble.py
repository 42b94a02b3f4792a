"""Checks all declarations together, and assigns each seed file to its table. Called by ``folder``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from reconciler.declarations.checked import CheckedDeclaration
from reconciler.model.desired import Declaration, Origin, Seed
from reconciler.model.errors import Problem
from reconciler.model.table import TableSpec
from reconciler.parsing.source_file import SeedFile
from reconciler.parsing.source_location import FieldProblem, did_you_mean
from reconciler.seeds.export_folder import ExportFolder, split_exports
from reconciler.seeds.file_names import base_name_of, base_names, why_unread
from reconciler.seeds.file_names import remedy as unread_remedy
from reconciler.seeds.read_seed import SeedCache, SeedSource, seed_of_class
from reconciler.seeds.seed_types import SeedTarget


@dataclass(slots=True)
class Assembly:
    """Declarations sorted by table name, with all problems and warnings."""

    declarations: list[Declaration] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def assemble(
    checked: Sequence[CheckedDeclaration],
    seeds: Sequence[SeedFile],
    memory: SeedCache,
    unread: Sequence[str] = (),
    *,
    incomplete: bool = False,
) -> Assembly:
    """Check all declarations together, then each seed against its table.

    ``unread`` are the paths of files below ``seeds`` that are not read; each is reported. ``incomplete`` means that
    more declarations exist that could not be read.
    """
    result = Assembly(warnings=list(names_that_collide(checked)))
    result.problems += [problem for each in checked for problem in each.problems]
    result.problems += [*declared_twice(checked), *references_exist(checked)]
    single, exports, unread = split_exports(seeds, unread)
    files = _SeedFiles([*single, *exports], unread)
    for each in checked:
        file = files.take(each)
        if each.spec is not None:
            result.declarations.append(_declaration(each, each.spec, file, result.problems, memory))
    result.problems += files.problems
    # An unreadable declaration may belong to a seed file, which must not be reported as superfluous then.
    if not incomplete and all(each.base_name for each in checked):
        result.warnings += files.orphans([each.base_name for each in checked if each.base_name])
    files.name_unread(checked)
    result.problems += files.unread_problems
    result.warnings += files.unread_warnings
    memory.forget_unused()
    result.declarations.sort(key=lambda declaration: declaration.spec.name)
    return result


def _declaration(
    checked: CheckedDeclaration, spec: TableSpec, file: SeedSource | None, problems: list[Problem], memory: SeedCache
) -> Declaration:
    target = SeedTarget(checked.base_name or "", spec, checked.seed_format)
    written_in, line = checked.location.file, checked.location.line
    seed: Seed | None = None
    found: list[Problem] = []
    if file is not None and checked.class_seed is not None:
        remedy = "Keep the method or the file, not both."
        found = [
            checked.location.problem(FieldProblem(("seed",), f"duplicate seed: a seed method and {file.path}", remedy))
        ]
    elif file is not None:
        seed, found = memory.read(file, target)
    elif checked.class_seed is not None:
        seed, found = seed_of_class(checked.class_seed, written_in, line or 1, target)
    problems += found
    origin = Origin(written_in, line)
    return Declaration(target.base_name, spec, origin, checked.lifecycle, checked.description, seed, checked.references)


class _SeedFiles:
    """The seed files. Each belongs to one table at most."""

    def __init__(self, files: Sequence[SeedSource], unread: Sequence[str] = ()) -> None:
        self.files = {file.path: file for file in files}
        self.names = {file.path: _table_of(file) for file in files}
        self.unread = unread
        self.taken: set[str] = set()
        self.seeded: set[str] = set()
        self.problems: list[Problem] = []
        self.unread_problems: list[Problem] = []
        self.unread_warnings: list[str] = []

    def take(self, checked: CheckedDeclaration) -> SeedSource | None:
        """The seed file that the declaration names, or the one named after its base name."""
        named = checked.seed_file
        file = self._named(checked, named) if named is not None else self._called(checked)
        if checked.base_name and (file or named or checked.class_seed is not None):
            self.seeded.add(checked.base_name)
        return file

    def _called(self, checked: CheckedDeclaration) -> SeedSource | None:
        paths = [path for path, name in self.names.items() if name == checked.base_name]
        self.taken.update(paths)
        for path in paths[1:]:
            reason = f"duplicate seed of {checked.base_name}; {paths[0]} is another one"
            self.problems.append(Problem(path, None, None, reason, "Keep one of them."))
        return self.files[paths[0]] if paths else None

    def orphans(self, base_names: Sequence[str]) -> list[str]:
        """Warnings for seed files without a declared table: a misspelling, or a leftover of a removed declaration."""
        warnings = []
        for path in self.files.keys() - self.taken:
            name = self.names[path]
            if name in base_names:
                continue
            suggestion = did_you_mean(name, base_names)
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


def _table_of(file: SeedSource) -> str:
    return file.table if isinstance(file, ExportFolder) else base_name_of(file.path)


def declared_twice(declarations: Sequence[CheckedDeclaration]) -> Iterator[Problem]:
    """Each table name and each base name belongs to one declaration."""
    names: dict[str, CheckedDeclaration] = {}
    base_names: dict[str, CheckedDeclaration] = {}
    for checked in declarations:
        remedy = "Remove or rename one of the two."
        first = names.setdefault(checked.name or "", checked)
        if checked.name and first is not checked:
            reason = f"duplicate table name {checked.name!r}; {_where(first)} declares it as well"
            yield checked.location.problem(FieldProblem(("table_name",), reason, remedy))
            continue
        first = base_names.setdefault(checked.base_name or "", checked)
        if checked.base_name and first is not checked:
            reason = f"duplicate base name {checked.base_name!r}; {_where(first)} has it as well"
            yield checked.location.problem(FieldProblem(("table_name",), reason, remedy))


def references_exist(declarations: Sequence[CheckedDeclaration]) -> Iterator[Problem]:
    """Each reference is the base name of a declared table."""
    known = sorted(checked.base_name for checked in declarations if checked.base_name)
    for checked in declarations:
        for position, reference in enumerate(checked.referred):
            if reference not in known:
                suggestion = did_you_mean(reference, known)
                remedy = f"Did you mean `{suggestion}`?" if suggestion else f"Declared tables: {', '.join(known)}."
                problem = FieldProblem(
                    ("references", position, "table"), f"table {reference!r} is not declared", remedy
                )
                yield checked.location.problem(problem)


def names_that_collide(declarations: Sequence[CheckedDeclaration]) -> Iterator[str]:
    """A warning for names that differ only in case: DynamoDB Local treats them as one table."""
    by_fold: dict[str, CheckedDeclaration] = {}
    for checked in declarations:
        first = by_fold.setdefault((checked.name or "").lower(), checked)
        if checked.name and first.name != checked.name:
            yield (
                f"{_where(checked)}: {checked.name} differs from {first.name} ({_where(first)}) only in case, "
                "and DynamoDB Local treats both as one table"
            )


def _where(checked: CheckedDeclaration) -> str:
    return f"{checked.location.file}:{checked.location.line}"
