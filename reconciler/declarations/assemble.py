"""Checks all declarations together, and assigns each seed file to its table. Called by ``folder``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field, replace

from reconciler.declarations.checked import CheckedDeclaration
from reconciler.declarations.references import cycle_warnings, reference_problems
from reconciler.declarations.seed_files import ANY_SEED, SeedChoice, SeedFiles
from reconciler.model.desired import Declaration, Origin, Seed
from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.position import located
from reconciler.model.table import TableSpec
from reconciler.parsing.source_file import SeedFile
from reconciler.parsing.source_location import FieldProblem
from reconciler.seeds.export_folder import split_exports
from reconciler.seeds.read_seed import SeedCache, SeedSource, seed_of_class
from reconciler.seeds.seed_types import GENERATE, DeclaredSeed, SeedTarget


@dataclass(slots=True)
class Assembly:
    """Declarations sorted by table name, with all problems, warnings and notes."""

    declarations: list[Declaration] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def assemble(
    checked: Sequence[CheckedDeclaration],
    seeds: Sequence[SeedFile],
    memory: SeedCache,
    unread: Sequence[str] = (),
    *,
    choice: SeedChoice = ANY_SEED,
    incomplete: bool = False,
    is_named: Callable[[str], bool] = lambda _: False,
) -> Assembly:
    """Check all declarations together, then each seed against its table.

    ``unread`` are the paths of files below ``seeds`` that are not read; each is reported. ``incomplete`` means that
    more declarations exist that could not be read. ``choice`` tells which of several seeds of a table is meant.
    ``is_named`` tells whether a file of the folder has the name of a seed file in its text, as an overlay for another
    environment has.
    """
    if any(each.companion is not None for each in checked):
        from reconciler.declarations.companions import with_companions

        checked = with_companions(checked, incomplete=incomplete)
    result = Assembly(warnings=list(names_that_collide(checked)))
    result.problems += [problem for each in checked for problem in each.problems]
    result.problems += [*declared_twice(checked), *renamed_twice(checked), *reference_problems(checked)]
    single, exports, unread = split_exports(seeds, unread)
    files = SeedFiles([*single, *exports], unread, choice, [each.base_name for each in checked if each.base_name])
    generated: list[DeclaredSeed] = []
    for each in checked:
        file = files.take(each)
        if each.spec is None:
            continue
        result.declarations.append(_declaration(each, each.spec, file, result.problems, memory))
        if each.seed_generate is not None and file is None and each.class_seed is None:
            target = SeedTarget(each.base_name or "", each.spec, each.seed_format)
            generated.append(DeclaredSeed(each.seed_generate, target, each.location))
    if generated:
        _add_generated(generated, result, memory, choice.environment)
    result.problems += files.problems
    # An unreadable declaration may belong to a seed file, which must not be reported as superfluous then.
    if not incomplete and all(each.base_name for each in checked):
        result.warnings += files.orphans(is_named)
    files.name_unread(checked)
    result.problems += files.unread_problems
    result.warnings += files.unread_warnings
    for_others = files.of_other_environments()
    result.warnings += for_others.warnings
    result.notes += for_others.notes
    memory.forget_unused()
    result.declarations.sort(key=lambda declaration: declaration.spec.name)
    result.warnings += cycle_warnings(result.declarations)
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
    elif checked.seed_generate is not None and (file is not None or checked.class_seed is not None):
        other = file.path if file is not None else "a seed method"
        finding = FieldProblem(GENERATE, f"duplicate seed: seed.generate and {other}", "Keep one of the two.")
        found = [checked.location.problem(finding)]
    elif file is not None:
        seed, found = memory.read(file, target)
    elif checked.class_seed is not None:
        seed, found = seed_of_class(checked.class_seed, written_in, line or 1, target)
    problems += found
    origin = Origin(written_in, line)
    return Declaration(
        target.base_name,
        spec,
        origin,
        checked.lifecycle,
        checked.description,
        seed,
        checked.references,
        pointer=checked.pointer,
        renamed_from=checked.renamed_from,
        other_readings=checked.other_readings,
    )


def _add_generated(
    generated: Sequence[DeclaredSeed], result: Assembly, memory: SeedCache, environment: str | None
) -> None:
    """Generate the seeds that are declared so; they may refer to those that were read."""
    from reconciler.seeds.generated.read_generated import GeneratedSeeds

    names = {each.target.base_name for each in generated}
    seeds = {each.base_name: each.seed for each in result.declarations if each.seed and each.base_name not in names}
    keys = {each.base_name: each.spec.keys[0].attribute for each in result.declarations if each.spec.keys}
    reader = GeneratedSeeds(generated, seeds, keys, environment, memory)
    found = reader.read()
    result.problems += reader.problems
    result.declarations = [
        replace(each, seed=found[each.base_name]) if found.get(each.base_name) is not None else each
        for each in result.declarations
    ]


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


def renamed_twice(declarations: Sequence[CheckedDeclaration]) -> Iterator[Problem]:
    """The items of a table move to one other table, and no declaration means the former name any more."""
    names = {checked.name: checked for checked in declarations if checked.name}
    former: dict[str, CheckedDeclaration] = {}
    for checked in declarations:
        if checked.renamed_from is None:
            continue
        # Which reading counts is known from the records alone, so that two declarations may have none in common.
        readings = (checked.renamed_from, *checked.other_readings)
        first = next((former[each] for each in readings if each in former), checked)
        former.update(dict.fromkeys(readings, checked))
        declared = names.get(checked.renamed_from)
        if declared is not None and declared is not checked:
            reason = f"{_where(declared)} still declares the table {checked.renamed_from}"
            remedy = "Remove that declaration, or renamed_from: if its items have moved already, the field may go."
        elif first is not checked:
            reason = f"duplicate renamed_from {checked.renamed_from!r}; {_where(first)} has it as well"
            remedy = "Remove one of the two: the items of a table move to one other table."
        else:
            continue
        yield checked.location.problem(FieldProblem(("renamed_from",), reason, remedy))


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
    return located(checked.location.file, checked.location.line)
