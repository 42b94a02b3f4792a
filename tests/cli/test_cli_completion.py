"""Completion scripts: complete in themselves, and accepted by the shells that are here."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli.catalog import COMMANDS
from reconciler.cli.options import FLAGS

SHELLS = ("bash", "zsh", "fish", "powershell")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_knows_every_verb_and_every_option(shell: str, cli: Callable) -> None:
    ended = cli(f"completion {shell}")
    assert ended.code == 0
    assert all(verb in ended.out for verb in COMMANDS)
    names = [flag.long.removeprefix("--") if shell == "fish" else flag.long for flag in FLAGS]
    assert all(name in ended.out for name in names)


ASKED = {
    "reconciler pre": ["preview"],
    "reconciler preview --expect": ["--expect-no-changes"],
    "reconciler preview --output m": ["markdown"],
    "reconciler --color n": ["never"],
    "reconciler completion po": ["powershell"],
    "reconciler up --data-loss a": ["allow"],
}


@pytest.mark.parametrize("line", ASKED)
def test_bash_completes(line: str, cli: Callable, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    (tmp_path / "completion.bash").write_text(cli("completion bash").out)
    *before, last = line.split()
    words = " ".join([*before, last])
    asked = (
        f"source completion.bash; COMP_WORDS=({words}); COMP_CWORD={len(before)}; _reconciler; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run([bash, "-c", asked], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.split() == ASKED[line], done.stderr


def test_an_unknown_shell_names_the_known_ones(cli: Callable) -> None:
    ended = cli("completion tcsh")
    assert ended.code == 1
    assert all(shell in ended.err for shell in SHELLS)
