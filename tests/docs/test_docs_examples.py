"""What the documentation shows is what happens: every command and file of every page, at one endpoint."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import doc_examples
import pytest
from support import forked
from support.endpoints import Live, free_port
from support.markdown import ROOT, code_blocks
from support.waiting import PATIENCE

from reconciler.declarations.folder import FolderSource

FORMS = {"orders_table.py": "python", "orders.yaml": "yaml", "orders.json": "json"}
GUIDE = ROOT / "docs" / "guides" / "declaring-tables.md"
PAGES = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in doc_examples.pages()}
RUN = [name for name, text in PAGES.items() if any(fence.language == "console" for fence in doc_examples.fences(text))]


def tool(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """The command line at the price of a fork, with notices and warnings among its output."""
    given = {name: value for name, value in environment.items() if not name.startswith(forked.READ_AT_START)}
    kept = {name: value for name, value in os.environ.items() if name.startswith(forked.READ_AT_START)}
    done = forked.run(
        *words,
        folder=folder,
        environment={**given, **kept, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=PATIENCE,
        merged=True,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("name", RUN)
def test_a_page_shows_what_happens(name: str, moto: Live, tmp_path: Path) -> None:
    with doc_examples.Story(tmp_path, moto.url, free_port(), tool=tool) as story:
        assert story.follow(PAGES[name]) == PAGES[name]


def every_fence() -> Iterator[tuple[str, doc_examples.Fence]]:
    for name, text in PAGES.items():
        for fence in doc_examples.fences(text):
            yield f"{name}:{fence.line}", fence


def test_a_command_is_shown_in_a_console_fence_and_nowhere_else() -> None:
    assert [
        place for place, each in every_fence() if each.language != "console" and re.search(r"^\$ ", each.body, re.M)
    ] == []


def test_every_fence_is_found() -> None:
    marks = {name: len(re.findall(r"^ *```", text, re.MULTILINE)) for name, text in PAGES.items()}
    assert marks == {name: 2 * len(list(doc_examples.fences(text))) for name, text in PAGES.items()}


def test_a_fence_that_is_not_run_says_why() -> None:
    reasons = [(place, each.attributes["not_run"]) for place, each in every_fence() if "not_run" in each.attributes]
    assert reasons
    assert [place for place, why in reasons if len(why.split()) < 3] == []


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("", "anything\n", True),
        ("done\n", "done\n", True),
        ("done\n", "done \n\n", True),
        ("done\n", "undone\n", False),
        ("done\n", "done\nmore\n", False),
        ("…\ndone\n", "one\ntwo\ndone\n", True),
        ("…\ndone\n", "done\n", True),
        ("done in … s\n", "done in 1.5 s\n", True),
        ("done in … s\n", "done in\n1.5 s\n", False),
        ("a.b\n", "axb\n", False),
    ],
)
def test_an_output_may_leave_out_what_an_ellipsis_stands_for(shown: str, printed: str, same: bool) -> None:
    assert doc_examples.fits(shown, printed) is same


def test_another_output_is_written_into_the_page(tmp_path: Path) -> None:
    page = "a\n```console\n$ echo one \\\n>  two\nthree\n$ cd /\n$ echo four\nfour\n```\nb\n"
    with doc_examples.Story(tmp_path, "http://127.0.0.1:1", 1) as story:
        assert story.follow(page) == page.replace("three", "one two")
    assert story.commands == 3


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("```console\n$ false\n```\n", "line 1: `false` ended with 1, not 0"),
        ('<!-- exit="2" -->\n```console\n$ true\n```\n', "line 2: `true` ended with 0, not 2"),
        ('\n<!-- nott_run="why" -->\n```console\n$ true\n```\n', "line 3: unknown attribute ['nott_run']"),
        ("```console\nhello\n```\n", "output before the first command: hello"),
        (
            '<!-- starts="http://127.0.0.1:1/" -->\n```console\n$ true\n```\n',
            "`true` does not answer at http://127.0.0.1:1/",
        ),
    ],
)
def test_a_page_that_does_something_else_is_refused(page: str, problem: str, tmp_path: Path) -> None:
    with doc_examples.Story(tmp_path, "http://127.0.0.1:9", 1) as story, pytest.raises(doc_examples.Unlike) as refused:
        story.follow(page)
    assert problem in str(refused.value)


def declared(folder, file, environment=None):
    (folder / file).write_text(code_blocks(GUIDE, FORMS[file])[0], encoding="utf-8")
    return FolderSource(str(folder), environment).load().declarations[0].spec


@pytest.mark.parametrize("file", list(FORMS))
def test_each_form_of_the_example_declares_the_same_table(file, tmp_path_factory):
    first = declared(tmp_path_factory.mktemp("first"), "orders_table.py")
    assert declared(tmp_path_factory.mktemp("other"), file) == first
    assert (first.name, first.ttl.attribute) == ("orders", "expires_at")


@pytest.mark.parametrize("file", list(FORMS))
def test_each_form_of_the_example_has_its_isolated_name_in_an_environment(file, tmp_path):
    assert declared(tmp_path, file, "prod").name == "orders-prod"
