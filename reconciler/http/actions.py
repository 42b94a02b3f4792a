"""The texts of the buttons, one entry per verb. Read by the pages and by the confirmation routes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from starlette.datastructures import Headers

from reconciler.http.control import Control
from reconciler.http.jobs import NEEDS_ENFORCE
from reconciler.runs import Verb


@dataclass(frozen=True, slots=True)
class PageAction:
    """One verb of the page. ``plan`` is the verb that previews it; ``seeds`` marks verbs on seeds.

    ``types_stack`` marks a verb whose form asks for the name of the stack.
    """

    verb: Verb
    label: str
    title: str
    effects: tuple[str, ...]
    plan: Verb | None = None
    seeds: bool = False
    per_table: bool = True
    types_stack: bool = False


ACTIONS: Mapping[str, PageAction] = {
    "run": PageAction(
        Verb.RUN,
        "Run",
        "Run a pass",
        ("Ready steps run now. Steps that become ready through them run in later passes.",),
        plan=Verb.PREVIEW,
    ),
    "seed": PageAction(
        Verb.SEED,
        "Seed",
        "Write seed items",
        (
            "Missing items are written. Existing items are never overwritten.",
            "Cleared tables are seeded again.",
        ),
        seeds=True,
    ),
    "clear": PageAction(
        Verb.CLEAR,
        "Clear",
        "Remove seed items",
        (
            "Unchanged seed items are removed. Changed items and all other items stay.",
            "The loop does not seed these tables again until Seed is used.",
        ),
        seeds=True,
    ),
    "suspend": PageAction(
        Verb.SUSPEND,
        "Suspend",
        "Suspend the loop",
        (
            "The loop keeps observing and writes nothing until Resume or Run.",
            "This applies to every process of this stack and environment.",
        ),
        per_table=False,
    ),
    "resume": PageAction(
        Verb.RESUME,
        "Resume",
        "Resume the loop",
        ("The loop may write again. The next pass starts now and runs the ready steps.",),
        plan=Verb.PREVIEW,
        per_table=False,
    ),
    "rollback": PageAction(
        Verb.ROLLBACK,
        "Roll back: delete tables",
        "Delete the tables that were created here",
        (
            "The tables listed as ready are deleted with all their items. Adopted tables stay.",
            "Then the environment is suspended: nothing is recreated until Run or Resume.",
        ),
        plan=Verb.PREVIEW_ROLLBACK,
        types_stack=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Button:
    """A link to a confirmation page; ``id`` is the ID of its element."""

    id: str
    href: str
    label: str
    primary: bool = False
    """Whether it is the one that a reader of a page with ready steps looks for."""


@dataclass(frozen=True, slots=True)
class Buttons:
    """The actions of a page; ``refusal`` says why there are none."""

    refusal: str | None
    requires_token: bool
    links: tuple[Button, ...]


def buttons(control: Control, headers: Headers, table: str | None = None) -> Buttons:
    """The buttons of the page of ``table``, or of all tables."""
    refusal = control.access.refusal(headers, control.loop_status.endpoint)
    links = () if refusal or control.submit is None else tuple(_links(control, table))
    return Buttons(refusal, control.access.requires_token, links)


def _links(control: Control, table: str | None) -> Iterator[Button]:
    asked = f"?table={quote(table, safe='')}" if table else ""
    declaration = control.desired().named(table) if table else None
    if table and declaration is None:
        return
    ours = table is None or any(
        one.name == table and one.ownership == "created" for one in control.loop_status.declared()
    )
    seeded = declaration.seed is not None if declaration else any(d.seed for d in control.desired().declarations)
    yield Button("action-preview", f"/preview{asked}", "Preview")
    for name, action in ACTIONS.items():
        hidden = "suspend" if control.loop_status.suspended else "resume"
        unfit = name == hidden or (table and not action.per_table) or (action.seeds and not seeded)
        unfit = unfit or (action.verb is Verb.ROLLBACK and not ours)
        if unfit or (control.observes and action.verb in NEEDS_ENFORCE):
            continue
        yield Button(f"action-{name}", f"/confirm/{name}{asked}", f"{action.label}…", action.verb is Verb.RUN)
