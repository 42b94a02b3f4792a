"""One case of the campaign ``edited-files`` as data: a folder of sound declarations, and what happens to its files."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from campaigns.file_edits import EDITS

from reconciler.model.identity import Flavor

FORMS = ("yaml", "yaml", "yaml", "json", "json", "documents")
"""How a file is written; ``documents`` is YAML with several tables in one file. Class files are drawn separately."""
FOLDERS = ("", "", "tables/", "tables/", "shop/orders/", "shop/")
NAMES = ("orders", "users", "carts", "audit_log", "Sessions", "line.items", "stock", "notes", "events", "people")
VERBS = ("once", "once", "pass", "pass", "pass", "preview")
FLAVORS = (Flavor.MOTO, Flavor.DYNAMODB_LOCAL, Flavor.AWS)


@dataclass(frozen=True)
class Written:
    """One declaration file as it is at first: ``rich`` tables have more features than a key."""

    path: str
    form: str
    tables: tuple[str, ...]
    rich: bool = False


@dataclass(frozen=True)
class Edit:
    """Something that happens to the file at position ``at`` (or its folder), and the runs after it.

    ``where`` is a position inside the file in thousandths; ``undone`` puts the folder back as it was before the edit.
    """

    kind: str
    at: int = 0
    where: int = 500
    verbs: tuple[str, ...] = ("pass",)
    pause: float = 61.0
    undone: bool = False


@dataclass(frozen=True)
class MisbeliefCase:
    """A folder, the endpoint it is converged on, and edits, one after the other."""

    flavor: Flavor = Flavor.DYNAMODB_LOCAL
    one_shot: bool = False
    consents: bool = False
    """``DATA_LOSS=allow``: then a replacement may drop items."""
    files: tuple[Written, ...] = ()
    edits: tuple[Edit, ...] = ()


def draw(number: int, *, classes: bool = False) -> MisbeliefCase:
    """The case of that number. ``classes`` writes some files as Python classes, which takes much longer to load."""
    rng = Random(number)
    names = rng.sample(NAMES, rng.randint(1, 6))
    files: list[Written] = []
    while names:
        form = "class" if classes and rng.random() < 0.5 else rng.choice(FORMS)
        mine = tuple(names.pop() for _ in range(min(len(names), rng.randint(2, 3) if form == "documents" else 1)))
        folder = rng.choice(FOLDERS)
        files.append(Written(f"{folder}{path_of(mine[0], form)}", form, mine, rich=rng.random() < 0.2))
    edits = tuple(_edit(rng) for _ in range(rng.choice((1, 1, 2, 2, 3))))
    return MisbeliefCase(rng.choice(FLAVORS), rng.random() < 0.4, rng.random() < 0.1, tuple(files), edits)


def path_of(name: str, form: str) -> str:
    """The name of a file in the style of its form."""
    stem = name.replace(".", "_").lower()
    suffix = {"class": "_table.py", "json": ".json"}.get(form, ".yaml")
    return f"{stem}{suffix}"


def _edit(rng: Random) -> Edit:
    return Edit(
        rng.choice(sorted(EDITS)),
        rng.randrange(6),
        rng.randrange(1000),
        tuple(rng.choice(VERBS) for _ in range(rng.choice((1, 2, 2, 3)))),
        rng.choice((0.5, 4.0, 61.0, 400.0, 4000.0)),
        undone=rng.random() < 0.3,
    )
