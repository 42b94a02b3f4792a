"""A real terminal emulator without a window: what a person would see after every line was wrapped and every bar drawn.

``support.terminal`` is a bare pseudoterminal: it shows what was written, and not what it looks like.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import pytest
from support.waiting import eventually

ROWS = 50


class Tmux:
    """``with Tmux() as tmux:``, a server of its own without anybody's configuration."""

    def __init__(self) -> None:
        if shutil.which("tmux") is None:
            pytest.skip("tmux is not installed")
        # The address of a socket has at most 107 characters.
        self._folder = tempfile.TemporaryDirectory(prefix="tmux-")
        self._configuration = Path(self._folder.name) / "tmux.conf"
        self._configuration.write_text(
            "set -g status off\nset -g remain-on-exit on\nset -g history-limit 5000\nset -g default-size 80x50\n"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ask("kill-server", check=False)
        self._folder.cleanup()

    def window(self, script: str, folder: Path, columns: int, environment: Mapping[str, str]) -> Window:
        """A window of its own in which bash runs a script."""
        given = [word for name, value in environment.items() for word in ("-e", f"{name}={value}")]
        size = ("-x", str(columns), "-y", str(ROWS))
        name = self.ask(
            *("new-session", "-d", "-P", "-F", "#{pane_id}", *size, "-c", str(folder), *given),
            shlex.join(["bash", "-c", script]),
        )
        return Window(self, name.strip())

    def ask(self, *words: str, check: bool = True) -> str:
        """What one command of tmux prints."""
        socket = str(Path(self._folder.name) / "socket")
        kept = {name: value for name, value in os.environ.items() if name not in ("TMUX", "NO_COLOR", "COLUMNS", "CI")}
        return subprocess.run(
            ["tmux", "-S", socket, "-f", str(self._configuration), *words],
            env={**kept, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"},
            capture_output=True,
            encoding="utf-8",
            check=check,
        ).stdout


class Window:
    """One window: what it has shown, and the keys that are pressed in it."""

    def __init__(self, tmux: Tmux, name: str) -> None:
        self._tmux, self._name = tmux, name

    def shown(self) -> str:
        """Everything from the first line on, as it stands now; lines have no spaces at their ends."""
        text = self._tmux.ask("capture-pane", "-p", "-S", "-", "-t", self._name)
        lines = [line.rstrip() for line in text.partition("\nPane is dead")[0].splitlines()]
        return "\n".join(lines).rstrip() + "\n"

    def press(self, *keys: str) -> None:
        """Type keys by their tmux names: ``y``, ``Enter``, ``C-c``."""
        self._tmux.ask("send-keys", "-t", self._name, *keys)

    def until(self, *parts: str) -> str:
        """Everything shown once all parts are there; a part may be broken over lines."""

        def found() -> str:
            text = self.shown()
            return text if all("".join(part.split()) in "".join(text.split()) for part in parts) else ""

        return eventually(found, self.shown)

    def ended(self) -> bool:
        """Whether the script has ended."""
        return self._tmux.ask("display-message", "-p", "-t", self._name, "#{pane_dead}").strip() == "1"
