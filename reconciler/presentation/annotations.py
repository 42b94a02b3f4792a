"""What a report has to say about lines of the declarations: for annotations and SARIF. Pure; called by both formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.plan import StepStatus
from reconciler.model.report import PassReport, TableReport, TableStatus
from reconciler.planning.text import printable
from reconciler.presentation.render import endings, repeats, step_title, uncovered, unsafe_sentences


class AnnotationRule(StrEnum):
    """The kind of an annotation; the ID of a SARIF rule."""

    DECLARATION = "declaration"
    FAILED = "failed"
    BLOCKED = "blocked"
    ITEMS_LOST = "items-lost"
    DRIFT = "drift"
    SEED_PENDING = "seed-pending"
    MIGRATION_UNFINISHED = "migration-unfinished"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A sentence about one line. ``file`` is relative to the desired state; ``subject`` is a table or a field."""

    rule: AnnotationRule
    subject: str
    message: str
    file: str | None
    line: int | None

    @property
    def is_error(self) -> bool:
        """Whether it is an error; all others are warnings."""
        return self.rule in (AnnotationRule.DECLARATION, AnnotationRule.FAILED)


def of_problems(problems: Iterable[Problem]) -> Iterator[Annotation]:
    """One error for each problem of a declaration or seed."""
    for problem in problems:
        subject = f"{problem.field}: " if problem.field else ""
        message = f"{subject}{problem.reason}. {problem.remedy}"
        yield Annotation(AnnotationRule.DECLARATION, problem.field or "", message, problem.file, problem.line)


def of_tables(report: PassReport) -> Iterator[Annotation]:
    """Failures, blocked steps, losses and drift, by table."""
    for table in sorted(report.tables, key=lambda table: table.name):
        if repeats(table, report):
            continue
        file, line = place(table)
        # Every format shows why a change is unsafe, with the first sentence about the table: GitHub shows few of them.
        unsafe = "".join(f" Unsafe: {sentence.rstrip('.')}." for sentence in unsafe_sentences(table))
        for rule, sentence in _of_table(table):
            shown = f"{sentence.rstrip('.')}.{unsafe}" if unsafe else sentence
            yield Annotation(rule, table.name, shown, file, line)
            unsafe = ""


def _of_table(table: TableReport) -> Iterator[tuple[AnnotationRule, str]]:
    if table.status is TableStatus.ERROR:
        yield AnnotationRule.FAILED, f"{table.name}: {table.error or 'failed'}"
    for step in table.steps:
        if step.status is StepStatus.FAILED and table.status is not TableStatus.ERROR:
            yield AnnotationRule.FAILED, f"{table.name}: {step.action.value} failed: {step.message}"
        if step.status is StepStatus.BLOCKED:
            remedy = f". Allow with: {step.allow_with}" if step.allow_with else ""
            why = (step.message or "").rstrip(".")
            yield AnnotationRule.BLOCKED, f"{table.name}: {step.action.value} blocked: {why}{remedy}"
    ends = endings(table)
    for step, sentence in ends:
        # A table that is replaced with its items differs from its declaration, and loses nothing.
        yield AnnotationRule.DRIFT if step.keeps_items else AnnotationRule.ITEMS_LOST, sentence
    if not ends and table.status in (TableStatus.DRIFTED, TableStatus.MISSING, TableStatus.PENDING):
        yield AnnotationRule.DRIFT, f"{table.name}: {table.status.value}{_differences(table)}"
    elif table.status is TableStatus.IN_SYNC and table.seed_pending:
        yield AnnotationRule.SEED_PENDING, f"{table.name}: its seed was not written yet"
    for sentence in table.migrations:
        yield AnnotationRule.MIGRATION_UNFINISHED, f"{table.name}: {sentence}"


def _differences(table: TableReport) -> str:
    """``: update ttl, global_indexes.by_mail``: what closes the drift, and the fields that nothing closes."""
    if table.status is TableStatus.MISSING:
        return ""
    found = dict.fromkeys((*map(step_title, table.steps), *(printable(each.path) for each in uncovered(table))))
    return f": {', '.join(found)}" if found else ""


def place(table: TableReport) -> tuple[str | None, int | None]:
    """File and line of the declaration of a table, as far as there is one."""
    file, _, line = (table.declaration or "").rpartition(":")
    if file and line.isdigit():
        return file, int(line)
    return table.declaration, None
