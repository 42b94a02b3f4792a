"""Read a Dockerfile into stages of instructions: enough of the grammar for this repository's own.

Used by ``image_steps.py``, which carries the steps out, and by the tests that hold the image to its promises.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its word in capitals and the rest of its line, continuation lines joined."""

    word: str
    rest: str

    @property
    def pairs(self) -> dict[str, str]:
        """The names and values of an ENV or LABEL."""
        return dict(item.split("=", 1) for item in shlex.split(self.rest))

    @property
    def paths(self) -> tuple[list[str], str]:
        """The sources and the destination of a COPY, its flags left out."""
        *sources, destination = [item for item in self.rest.split() if not item.startswith("--")]
        return sources, destination


@dataclass(frozen=True, slots=True)
class Stage:
    """A FROM line and what follows it."""

    base: str
    name: str | None
    steps: tuple[Instruction, ...]

    def all(self, word: str) -> list[Instruction]:
        """The instructions with this word, in order."""
        return [step for step in self.steps if step.word == word]

    def environment(self) -> dict[str, str]:
        """All ENV pairs, later ones winning."""
        return {name: value for step in self.all("ENV") for name, value in step.pairs.items()}


def read(path: Path) -> list[Stage]:
    """The stages of a Dockerfile, in order. ARG lines before the first FROM are no stage."""
    stages: list[Stage] = []
    for instruction in _instructions(path.read_text(encoding="utf-8")):
        if instruction.word == "FROM":
            base, _, name = instruction.rest.partition(" AS ")
            stages.append(Stage(base, name or None, ()))
        elif stages:
            last = stages[-1]
            stages[-1] = Stage(last.base, last.name, (*last.steps, instruction))
    return stages


def _instructions(text: str) -> Iterator[Instruction]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        yield Instruction(word.upper(), " ".join(rest.split()))
