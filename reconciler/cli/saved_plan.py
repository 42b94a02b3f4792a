"""The file of ``preview --out``, and the check of ``up FILE`` that nothing has changed since it was written.

``up`` never carries out what the file says: it plans again, and goes on only if the new plan is the same. The engine
compares the plans once more right before its first write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler import __version__
from reconciler.cli.options import FLAGS, GROUPS
from reconciler.model.errors import UsageError
from reconciler.model.json_values import timestamp
from reconciler.model.lazy_dataclass import dataclass
from reconciler.planning.digest import plan_digest
from reconciler.planning.text import printable
from reconciler.presentation.document import FORMAT_VERSION, document
from reconciler.presentation.plan_changes import plan_changes

if TYPE_CHECKING:
    from reconciler.model.desired import DesiredState
    from reconciler.model.report import PassReport
    from reconciler.settings import Settings

KIND = "reconciler-plan"
BEGINNING = re.compile(rb'\s*\{\s*"kind":\s*"reconciler-plan"')
AGAIN = "Run `reconciler preview --out FILE` again, review it and apply that."
COMPARED = {
    "version": "the version of reconciler",
    "stack": "the stack",
    "environment": "the environment",
    "url": "the endpoint",
    "region": "the region",
    "account": "the account",
    "flavor": "the kind of endpoint",
    "suspended": "whether the stack is suspended",
    "declarations": "the declarations or seeds",
    "plan": "the plan",
}
"""What must be equal, in the order in which the first difference is named."""
DIGESTS = ("declarations", "plan")
"""Those whose values tell a reader nothing."""
DECISIVE = ("Declarations", "Endpoint", "Safety")
"""The groups of options that decide what is planned, and where."""


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as it was reviewed: the tables that were named, the values of ``COMPARED``, and the planned tables."""

    path: str
    tables: tuple[str, ...]
    compared: Mapping[str, Any]
    planned: tuple[Mapping[str, Any], ...] = ()

    def refuse_if_changed(self, settings: Settings, desired: DesiredState, plan: PassReport) -> None:
        """Raise ``UsageError`` that names the first difference between the file and what is planned now.

        A plan with errors is left to the command, which shows them and stops.
        """
        if desired.named(self.path) is not None:
            raise UsageError(f"{self.path} is a table and a saved plan. Write ./{self.path} for the plan.")
        if plan.error or plan.problems:
            return
        now = _compared(settings, desired, plan)
        for name, words in COMPARED.items():
            then, current = self.compared.get(name), now[name]
            if then != current:
                values = "" if name in DIGESTS else printable(f": it was {_shown(then)} and is {_shown(current)}")
                steps = plan_changes(self.planned, document(plan)["tables"]) if name in DIGESTS else ()
                changes = f" ({'; '.join(steps)})" if steps else ""
                raise UsageError(
                    f"{self.path}: {words} changed since the plan was saved{values}{changes}. Nothing was changed."
                    f" {AGAIN}"
                )

    def refuse_if_not_begun(self, report: PassReport) -> None:
        """Raise ``UsageError`` where the engine found another plan right before its first write."""
        if report.plan_changed:
            raise UsageError(f"{self.path}: the plan changed since it was saved. Nothing was changed. {AGAIN}")


def save(path: str, settings: Settings, tables: Sequence[str], desired: DesiredState, plan: PassReport) -> None:
    """Write a plan. Raises ``UsageError`` for a plan with errors, and for a file that is no saved plan."""
    if plan.error or plan.problems:
        raise UsageError(f"--out: {path} was not written, because the plan has errors.")
    target = Path(path)
    if target.exists() and _document(target) is None:
        raise UsageError(f"--out: {path} exists and is not a saved plan; nothing was written. Name another file.")
    content = {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "created": timestamp(datetime.now(UTC)),
        "tables": list(tables),
        "compared": _compared(settings, desired, plan),
        "report": document(plan),
    }
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out: {path} cannot be written: {error.strerror}. Name another file.") from None


def applying(path: str, flags: Mapping[str, Any]) -> str:
    """The command that applies a saved plan, with the options that it was made with.

    Another environment, endpoint or rule for deletions makes another plan, which `up FILE` refuses.
    """
    import shlex

    decisive = {name for title in DECISIVE for name in GROUPS[title]}
    words = ["reconciler", "up", path]
    for flag in FLAGS:
        value = flags.get(flag.name)
        if flag.name not in decisive or value is None or value is False:
            continue
        values = value if isinstance(value, (list, tuple)) else [value]
        for each in values:
            words += [flag.long] if flag.metavar is None else [flag.long, str(each)]
    return shlex.join(words)


def named_by(words: Sequence[str]) -> SavedPlan | None:
    """The saved plan that the arguments of ``up`` name, ``None`` where they are tables.

    A word is a file if it has a slash or ends with ``.json``, or if a saved plan has that name, also a damaged one.
    Raises ``UsageError``.
    """
    files = [word for word in words if "/" in word or word.endswith(".json") or _begins_as_plan(Path(word))]
    if not files:
        return None
    if len(words) > 1:
        raise UsageError(f"{files[0]} is a saved plan, which has its own tables. Name no table beside it.")
    [path] = files
    if not Path(path).is_file():
        raise UsageError(f"{path}: there is no such file. Write it with `reconciler preview --out {path}`.")
    content = _document(Path(path))
    if content is None:
        whole = "a whole saved plan" if _begins_as_plan(Path(path)) else "a saved plan"
        raise UsageError(f"{path} is not {whole}. Write one with `reconciler preview --out FILE`.")
    major = str(content.get("format_version")).partition(".")[0]
    tables, compared = content.get("tables"), content.get("compared")
    if major != FORMAT_VERSION.partition(".")[0] or not isinstance(tables, list) or not isinstance(compared, dict):
        raise UsageError(f"{path} was written by another version, or was changed. {AGAIN}")
    report = content.get("report")
    planned = report.get("tables") if isinstance(report, dict) else None
    return SavedPlan(path, tuple(map(str, tables)), compared, _entries(planned))


def _entries(planned: Any) -> tuple[Mapping[str, Any], ...]:
    """The tables of the saved report, for telling what changed; whatever else a file has there is left out."""
    tables = planned if isinstance(planned, list) else []
    fitting = (each for each in tables if isinstance(each, dict) and isinstance(each.get("steps"), list))
    return tuple(each for each in fitting if "name" in each and all(_is_step(step) for step in each["steps"]))


def _is_step(step: Any) -> bool:
    return isinstance(step, dict) and "action" in step


def _compared(settings: Settings, desired: DesiredState, plan: PassReport) -> dict[str, Any]:
    there = plan.endpoint
    return {
        "version": __version__,
        "stack": settings.stack,
        "environment": settings.environment_label,
        "url": there.url if there else None,
        "region": there.region if there else None,
        "account": there.account if there else None,
        "flavor": there.flavor.value if there else None,
        "suspended": plan.suspended,
        "declarations": desired.digest,
        "plan": plan_digest(plan.tables, plan.error, plan.problems),
    }


def _shown(value: Any) -> str:
    return {None: "unknown", True: "yes", False: "no"}.get(value, str(value))


def _begins_as_plan(path: Path) -> bool:
    """Whether a file of this name begins as a saved plan does, whatever became of its end."""
    try:
        with path.open("rb") as file:
            return BEGINNING.fullmatch(file.read(len(KIND) + 20).split(b",")[0]) is not None
    except OSError:
        return False


def _document(path: Path) -> Mapping[str, Any] | None:
    """The content of a saved plan; ``None`` for every other file and for none."""
    try:
        content = json.loads(path.read_bytes()) if path.is_file() else None
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) and content.get("kind") == KIND else None
