"""Paths in messages are relative to the working directory, and in annotations to GITHUB_WORKSPACE."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from support.folders import SOUND, write

from reconciler.cli.app import main
from reconciler.presentation.paths import from_here, from_workspace, warning_from_here

BAD = {**SOUND, "key_schema": [{"AttributeName": "pk", "KeyType": "HSH"}]}


class Output(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


PLACES = [
    # the working directory, the setting, the path from there, the path from the workspace
    ("services/api", "desired_state", "desired_state/t.json", "services/api/desired_state/t.json"),
    ("services/api", "./desired_state", "desired_state/t.json", "services/api/desired_state/t.json"),
    ("services/api", "desired_state/", "desired_state/t.json", "services/api/desired_state/t.json"),
    ("services/api", "../api/desired_state", "desired_state/t.json", "services/api/desired_state/t.json"),
    ("services/api", "{root}/services/api/desired_state", "desired_state/t.json", "services/api/desired_state/t.json"),
    ("services/api/desired_state", ".", "t.json", "services/api/desired_state/t.json"),
    ("services", "api/desired_state", "api/desired_state/t.json", "services/api/desired_state/t.json"),
    (".", "services/api/desired_state", "services/api/desired_state/t.json", "services/api/desired_state/t.json"),
    (
        ".",
        "services/api/../api/desired_state",
        "services/api/desired_state/t.json",
        "services/api/desired_state/t.json",
    ),
    (".", "linked", "linked/t.json", "linked/t.json"),
]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with declarations deep inside; GitHub's workspace is its top."""
    write(tmp_path, {"services/api/desired_state/t.json": BAD})
    (tmp_path / "linked").symlink_to(tmp_path / "services/api/desired_state")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    return tmp_path


@pytest.fixture
def messages(capsys: pytest.CaptureFixture[str]) -> Callable[..., Output]:
    """One command of the real tool, with its exit code and what it printed."""

    def run(*words: str) -> Output:
        code = main(words)
        return Output(code, *capsys.readouterr())

    return run


@pytest.mark.parametrize("place", PLACES, ids=[f"{place[1]} in {place[0]}" for place in PLACES])
def test_a_message_names_the_file_relative_to_the_working_directory_and_an_annotation_to_the_workspace(
    place: tuple[str, str, str, str], root: Path, messages: Callable[..., Output], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, setting, from_cwd, from_top = place
    monkeypatch.chdir(root / here)
    setting = setting.format(root=root)
    assert f"{from_cwd}:6:4: key_schema[0].KeyType: " in messages("validate", setting).err
    assert (Path.cwd() / from_cwd).is_file()
    marked = messages("validate", "-o", "github", setting).out
    assert marked.startswith(f"::error file={from_top},line=6,col=4::key_schema[0].KeyType: ")
    monkeypatch.delenv("GITHUB_WORKSPACE")
    assert messages("validate", "-o", "github", setting).out.startswith(f"::error file={from_cwd},line=6,col=4::")


@pytest.mark.parametrize("output", ["github", "junit", "markdown", "human"])
@pytest.mark.parametrize("verb", [["preview"], ["run", "--once"]])
def test_every_form_and_verb_says_the_same(
    verb: list[str], output: str, root: Path, messages: Callable[..., Output], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root / "services/api")
    ended = messages(*verb, "-o", output)
    path = "services/api/desired_state/t.json" if output == "github" else "desired_state/t.json"
    assert path in (ended.err if output == "human" else ended.out).replace("\\_", "_")
    assert ended.code == 1


def test_a_warning_names_its_file_from_here(
    root: Path, messages: Callable[..., Output], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, {"services/api/desired_state/t.json": SOUND, "services/api/desired_state/seeds/x.psv": "a\n"})
    monkeypatch.chdir(root)
    ended = messages("validate", "services/api/desired_state")
    assert "services/api/desired_state/seeds/x.psv: is not read" in ended.err


@pytest.mark.parametrize(
    ("file", "base", "path"),
    [
        ("t.yaml", "", "t.yaml"),
        ("/elsewhere/t.yaml", "state", "/elsewhere/t.yaml"),
        ("state", "state", "state"),
        ("t.yaml", "not/there", "not/there/t.yaml"),
        ("t.yaml", "package:not.there", "package:not.there/t.yaml"),
    ],
)
def test_a_path_outside_or_missing_is_kept(
    file: str, base: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert from_here(file, base) == path
    monkeypatch.setenv("GITHUB_WORKSPACE", "/somewhere/else")
    assert from_workspace(file, base) == path
    assert warning_from_here(f"{file}: text", base) == f"{file}: text"
