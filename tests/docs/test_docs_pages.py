"""Targets, files and links in the documents exist, and the version is the same everywhere."""

import re
import tomllib

import pytest
from support.markdown import README, ROOT, code_blocks

from reconciler import __version__

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "requirements/README.md")]
PAGES += sorted((ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert all((page.parent / link).exists() for link in links)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_is_named_exists(page):
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:\$ |`)make ([a-z-]+)", page.read_text(encoding="utf-8")))
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_named_exists(page):
    named = re.findall(
        r"`((?:reconciler|desired_state|scripts|deploy|tests|requirements|monitoring)/[\w./-]*)`", page.read_text()
    )
    named = [name for name in named if "audit_days" not in name]  # the feature that CONTRIBUTING.md makes up
    if page.is_relative_to(ROOT / "docs"):
        named = [name for name in named if not name.startswith("desired_state/")]  # the reader's folder
    assert all((ROOT / name).exists() for name in named)


def test_the_readme_opens_with_what_it_is_for_and_the_two_commands():
    opening = "\n".join(README.read_text(encoding="utf-8").splitlines()[:12])
    assert "make demo" in opening
    assert "make test" in opening


def test_the_tree_of_the_architecture_names_every_part_of_the_package():
    tree = (ROOT / "docs" / "concepts" / "architecture.md").read_text(encoding="utf-8")
    parts = {p.stem for p in (ROOT / "reconciler").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    parts -= {"__init__", "__main__"}
    assert {part for part in parts if not re.search(rf"\b{part}\b", tree)} == set()


def test_the_layers_that_contributors_read_are_those_of_the_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    assert code_blocks(ROOT / "CONTRIBUTING.md", "text")[0].splitlines() == layers


def test_every_public_target_of_make_explains_itself():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    explained = set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
    named = "help demo test verify bench check campaign mutants fuzz docs pages lock image-check clean"
    assert set(named.split()) == explained


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == __version__
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
