"""References to documents resolve: invariants, conditions of the deletion gate, rules of the service, files, headings.

The lists of codes in the pages of docs/concepts are those of the code.
"""

import inspect
import re
import tomllib
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import get_args

import pytest
from support.markdown import ROOT, plain, section, table

from reconciler import wiring
from reconciler.declarations.folder import SETTLE_SECONDS
from reconciler.engine import ports
from reconciler.facets.tags import OWNER_TAG
from reconciler.metrics import labels
from reconciler.model.change import Hazard
from reconciler.model.identity import Flavor
from reconciler.model.plan import Action, Reason, StepStatus
from reconciler.model.records import Ownership, SeedState
from reconciler.model.report import TableStatus, Verdict
from reconciler.planning.ownership import OWNERSHIPS, TRANSITIONS, State
from reconciler.settings.model import DAEMON_GRACE, MAX_DELETES_SHARE
from reconciler.state import lease, record_types

DOCS = ROOT / "docs"
SAFETY, GLOSSARY, ARCHITECTURE = (DOCS / "concepts" / name for name in ("safety.md", "glossary.md", "architecture.md"))
RULES = DOCS / "reference" / "service-rules.md"
FOLDERS = ("reconciler", "desired_state", "tests", "verification", "scripts", "benchmarks")
SELF = Path(__file__).resolve()
GATE = tuple(
    row
    for stage in section(SAFETY, "The deletion gate").split("\n\n")
    for line in stage.splitlines()
    if re.match(r"\| G\d+ \|", line)
    for row in [[cell.strip() for cell in line.split("|")[1:-1]]]
)


def sources() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if path.resolve() != SELF)


def pages() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]


def texts() -> Iterator[tuple[Path, str]]:
    for path in (*sources(), *pages()):
        yield path, path.read_text(encoding="utf-8")


TEXTS = list(texts())


def cited(pattern: str) -> dict[int, set[str]]:
    """Each number that the pattern's first group finds in code and pages, with the files that name it."""
    found: dict[int, set[str]] = {}
    for path, text in TEXTS:
        for match in re.findall(pattern, text):
            for number in re.findall(r"\d+", match):
                found.setdefault(int(number), set()).add(str(path.relative_to(ROOT)))
    return found


def numbers(rows: Iterable[list[str]]) -> list[int]:
    return [int(re.sub(r"\D", "", row[0])) for row in rows]


INVARIANTS = numbers(table(SAFETY, "Invariants"))
SERVICE_RULES = numbers(table(RULES, "The rules of DynamoDB's control plane that plans keep to"))
CONDITIONS = numbers(GATE)


def test_invariants_and_conditions_are_numbered_without_gaps():
    assert list(range(1, len(INVARIANTS) + 1)) == INVARIANTS
    assert list(range(1, len(CONDITIONS) + 1)) == CONDITIONS


@pytest.mark.parametrize(
    ("pattern", "document", "known"),
    [
        (r"\b(I\d+)\b", SAFETY, INVARIANTS),
        (r"\binvariants? (I?\d+(?:(?:, | and | to |-)I?\d+)*)", SAFETY, INVARIANTS),
        (r"\b(G\d+)\b", SAFETY, CONDITIONS),
        (r"\(rules? ([\d, ]+)\)", RULES, SERVICE_RULES),
        (r"service-rules\.md`?,? rules? (\d+)", RULES, SERVICE_RULES),
    ],
    ids=["I", "invariant", "G", "rule", "rule of the document"],
)
def test_every_cited_number_is_in_its_document(pattern, document, known):
    assert {number: files for number, files in cited(pattern).items() if number not in known} == {}, document.name


def test_the_numbers_of_the_code_are_found_at_all():
    in_code = {
        number for number, files in cited(r"\b(I\d+)\b").items() if any(f.startswith("reconciler/") for f in files)
    }
    assert {3, 4, 6, 11} <= in_code


def anchors(page: Path) -> set[str]:
    """The anchors of the headings of a page, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    slugs: list[str] = []
    for heading in headings:
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        earlier = sum(other == slug or re.fullmatch(rf"{re.escape(slug)}-\d+", other) is not None for other in slugs)
        slugs.append(f"{slug}-{earlier}" if earlier else slug)
    return set(slugs)


def document(path: Path, name: str) -> Path | None:
    """The document that is meant in a file: beside it, from the root, or the only one of that name in docs."""
    for base in (path.parent, ROOT, DOCS):
        if (base / name).is_file():
            return base / name
    named = list(DOCS.rglob(name)) if "/" not in name else []
    return named[0] if len(named) == 1 else None


def test_every_named_document_and_heading_exists():
    broken = []
    for path, text in TEXTS:
        whole = path.suffix == ".md" or path.is_relative_to(ROOT / "reconciler")
        for name, anchor in re.findall(r"((?:[\w./-]+/)?[\w-]+\.md)(?:#([\w-]+))?", text):
            if not whole and not (anchor and name.startswith("docs/")):
                # Tests write pages of their own, so that only a heading of a document counts there.
                continue
            target = document(path, name)
            if target is None or (anchor and anchor not in anchors(target)):
                broken.append(f"{path.relative_to(ROOT)}: {name}#{anchor}")
        for anchor in re.findall(r"\]\(#([\w-]+)\)", text):
            if anchor not in anchors(path):
                broken.append(f"{path.relative_to(ROOT)}: #{anchor}")
    assert broken == []


@pytest.mark.parametrize(
    "phrase",
    [r"the contract(?!s|\b of| type)\b", r"contract'?s (?:symbols|words|names)", r"contract\.md", r"chapter on safety"],
)
def test_a_reference_names_its_document(phrase):
    """A document that is not in the repository is no reference."""
    named = [str(path.relative_to(ROOT)) for path, text in TEXTS if re.search(phrase, text) and path not in EXEMPT]
    assert named == []


EXEMPT = frozenset({ROOT / "tests" / "docs" / "test_docs_pages.py"})
"""It speaks of the contracts of import-linter."""


def codes(page: Path, heading: str) -> list[str]:
    return [plain(row[0]) for row in table(page, heading)]


def values(kind: type[StrEnum]) -> list[str]:
    return [member.value for member in kind]


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Statuses of a step", values(StepStatus)),
        ("Actions", values(Action)),
        ("Reasons", values(Reason)),
        ("Statuses of a table", values(TableStatus)),
        ("Verdicts", values(Verdict)),
        ("Ownership", list(get_args(Ownership))),
        ("Seed records", list(get_args(SeedState))),
        ("Hazards", values(Hazard)),
        ("Flavors", values(Flavor)),
        ("Triggers", list(labels.TRIGGERS)),
    ],
)
def test_the_codes_of_the_glossary_are_those_of_the_code(heading, expected):
    assert codes(GLOSSARY, heading) == expected


def test_the_terms_of_the_glossary_are_sorted_and_unique():
    terms = [term.lower() for term in codes(GLOSSARY, "Terms")]
    assert terms == sorted(set(terms))


def test_the_range_keys_of_the_glossary_are_those_of_the_code():
    shown = {
        re.match(r"[a-z]+#?", key)[0]
        for row in table(GLOSSARY, "Records of the state table")
        for key in row[0].replace("`", "").split(", ")
    }
    kept = {
        record_types.TABLE,
        record_types.SEED,
        record_types.SEED_PART,
        record_types.ATTEMPTS,
        record_types.QUOTA_USAGE,
        record_types.REBUILD,
        record_types.ENDED,
        record_types.CHECKPOINT,
        record_types.MIGRATION,
    }
    assert shown == kept | {record_types.RUN, record_types.LEASE, record_types.SUSPENSION, record_types.FINGERPRINT}


def test_ownership_in_the_safety_document_is_that_of_the_code():
    assert codes(SAFETY, "Ownership") == list(get_args(Ownership))
    assert f"`{OWNER_TAG}`" in section(SAFETY, "Owner tag")


def test_the_states_of_ownership_in_the_safety_document_are_those_of_the_code():
    rows = [(plain(row[0]), plain(row[1])) for row in table(SAFETY, "States")]
    assert rows == [(state.value, OWNERSHIPS.get(state, "none")) for state in State]


def states_of(cell: str) -> set[State]:
    """The states that a cell names: one by one, ``any state but`` some, or ``any record``."""
    named = {State(name) for name in re.findall(r"`([a-z ]+)`", cell)}
    if cell == "any record":
        return set(OWNERSHIPS)
    return set(State) - named if cell.startswith("any state") else named


def test_the_transitions_of_ownership_in_the_safety_document_are_those_of_the_code():
    shown = [
        (plain(event), before, after)
        for event, _, from_states, to_state in table(SAFETY, "Transitions")
        for before in states_of(from_states)
        for after in states_of(to_state)
    ]
    assert len(shown) == len(set(shown))
    known = {(event.value, before, after) for event, moves in TRANSITIONS.items() for before, after in moves.items()}
    assert set(shown) == known


def test_every_reason_of_the_gate_is_one_of_the_code():
    named = {reason for row in GATE for reason in re.findall(r"(?:blocked|deferred|failed): `(\w+)`", row[2])}
    assert named <= set(values(Reason))
    gate_only = {
        Reason.NOT_OWNED,
        Reason.IDENTITY,
        Reason.PRUNE_OFF,
        Reason.PROTECTED,
        Reason.NOT_APPROVED,
        Reason.MAX_DELETES,
    }
    gate_only |= {
        Reason.FOREIGN_DECLARATIONS,
        Reason.DATA_LOSS,
        Reason.PRUNE_GRACE,
        Reason.INVALID_ANSWER,
        Reason.BACKUP,
    }
    assert gate_only <= named


def test_the_figures_of_the_safety_document_are_those_of_the_code():
    term, margin = lease.TERM.total_seconds(), lease.TERM.total_seconds() * lease.MARGIN
    text = section(SAFETY, "Lease and fencing")
    assert f"lease for {term:.0f} s" in text
    assert f"last {margin:.0f} s of a term" in text
    periods = {row[0]: row[1] for row in table(SAFETY, "Grace periods")}
    assert periods["`RECONCILER_PRUNE_GRACE`"].startswith(f"{DAEMON_GRACE.total_seconds() / 60:.0f} min")
    assert periods["declarations unchanged"] == f"{SETTLE_SECONDS:.0f} s"
    assert MAX_DELETES_SHARE == 0.1
    assert "one tenth" in section(SAFETY, "The cap on deletes")
    assert f"{wiring.OVERTIME.total_seconds():.0f} s later" in table(SAFETY, "Invariants")[9][1]


def test_the_layers_of_the_architecture_are_those_of_the_import_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(each["layers"] for each in contracts["contracts"] if each["type"] == "layers")
    expected = [(number, name) for number, line in enumerate(layers, 1) for name in sorted(line.split(" | "))]
    shown = [(int(row[0]), plain(row[1])) for row in table(ARCHITECTURE, "Layers")]
    assert sorted(shown) == expected
    assert [number for number, _ in shown] == sorted(number for number, _ in shown)


def test_the_ports_of_the_architecture_are_those_of_the_engine():
    shown = {name for row in table(ARCHITECTURE, "Ports") for name in plain(row[0]).split(", ")}
    protocols = {
        name for name, each in inspect.getmembers(ports, inspect.isclass) if getattr(each, "_is_protocol", False)
    }
    assert shown == {name for name in protocols if getattr(ports, name).__module__ == ports.__name__}
