"""Man pages: one for each command, with every option, and no text that roff would take for a command."""

from __future__ import annotations

import re
from pathlib import Path

import man_pages
import pytest

from reconciler.cli import codes
from reconciler.cli.catalog import COMMANDS
from reconciler.cli.examples import EXAMPLES
from reconciler.cli.options import FLAGS

PAGES = man_pages.pages()
REQUESTS = {".TH", ".SH", ".SS", ".TP", ".PP", ".nf", ".fi", ".B"}


def plain(text: str) -> str:
    """What a reader sees."""
    return re.sub(r"\\f[BIR]|\\&", "", text).replace(r"\-", "-").replace(r"\e", "\\")


def test_there_is_a_page_for_each_command_and_one_for_all(tmp_path: Path) -> None:
    assert set(PAGES) == {"reconciler.1", *(f"reconciler-{verb}.1" for verb in COMMANDS)}
    assert man_pages.main([str(tmp_path / "man1")]) == 0
    assert {path.name for path in (tmp_path / "man1").iterdir()} == set(PAGES)
    assert man_pages.main([]) == 1


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_sound_roff(name: str) -> None:
    lines = PAGES[name].splitlines()
    assert lines[0].startswith('.TH "RECONCILER')
    assert {line.split()[0] for line in lines if line.startswith(".")} <= REQUESTS
    assert not any(line.startswith("'") or line == "" for line in lines)
    assert not re.search(r"\\(?![-e&f])", PAGES[name])


@pytest.mark.parametrize("verb", COMMANDS)
def test_a_page_has_options_and_examples(verb: str) -> None:
    text = plain(PAGES[f"reconciler-{verb}.1"])
    assert all(flag.long in text for flag in FLAGS)
    assert all(line in text for line in EXAMPLES[verb])
    assert "Default: ./desired_state." in text


def test_the_overview_has_the_commands_and_the_exit_codes() -> None:
    text = plain(PAGES["reconciler.1"])
    assert all(f"reconciler-{verb}(1)" in text for verb in COMMANDS)
    assert all(meaning in text for _, meaning in codes.TABLE)
