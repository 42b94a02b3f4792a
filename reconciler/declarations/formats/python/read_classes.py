"""Reads all class files of a folder into declarations as written. Called by ``folder`` once per load.

Two child processes evaluate the files at the same time, with different hash seeds, random seeds and dates. The result
of the first one is used. If the second one has another result, the files are refused (I2).

Class files may depend on anything, so they are evaluated in every load. Where the same files gave the same answer
before and two evaluations agreed about it, one child is enough: a second one could only refuse what was declared then.
"""

from __future__ import annotations

import binascii
import codecs
import hashlib
import json
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from reconciler.declarations.formats.python.child_process import ChildResult, EvaluationInterrupted, Variant, run
from reconciler.declarations.formats.python.comparing import evaluation_differences
from reconciler.declarations.formats.python.packing import unpack
from reconciler.declarations.raw import PythonReading, RawDeclaration
from reconciler.model.errors import DeclarationError, Problem
from reconciler.model.position import unpacked
from reconciler.parsing.source_file import EMPTY, SourceFile

FIRST = Variant(hash_seed="0", chance=0, shifted_clock=False)
"""Fixed, so that the order of sets and the default randomness are the same in every load."""
SECOND = Variant(hash_seed="187", chance=1, shifted_clock=True)
"""Of the first 250 hash seeds the one that most often puts another element first in small sets of common words."""
SECOND_TODAY = Variant(hash_seed="187", chance=1, shifted_clock=False)
"""Where the files cannot be loaded on a shifted clock."""

_ENDS_REMEDY = "The file may only declare tables; move everything else under `if __name__ == '__main__':`."
_LONG_REMEDY = "The file may only declare tables, without endless loops, waits or work on import."


def read_python(
    files: tuple[SourceFile, ...], folder: Path, environment: str | None, proofs: Collection[str] = ()
) -> PythonReading:
    """Load every file and ask every class; each failure is a problem of its own.

    ``proofs`` are those of former readings that were compared with a second evaluation.

    Ends within ``LOAD_SECONDS`` whatever the files do, and at once when a signal ends the tool (``DeclarationError``).
    What they print goes to stderr.
    """
    reading = PythonReading()
    empty = [file for file in files if _empty(file)]
    reading.problems += [Problem(file.path, None, None, *EMPTY) for file in empty]
    if len(empty) == len(files):
        return reading
    rows = [[file.path, str(file.absolute), file.content.decode("latin-1"), file in empty] for file in files]
    request = {"files": rows, "folder": str(folder), "environment": environment}
    try:
        first, *others = run(request, (FIRST,) if proofs else (FIRST, SECOND))
        _print_output(first)
        _accept(first, reading)
        if reading.problems:
            return reading
        proof = _proof(request, first)
        if proof not in proofs:
            (second,) = others or run(request, (SECOND,))
            if second.reason is not None or _problems(second):
                (second,) = run(request, (SECOND_TODAY,))
            reading.problems += _compared(first, second)
        reading.proof = proof if not reading.problems else ""
    except EvaluationInterrupted:
        raise DeclarationError((Problem(str(folder), None, None, *_STOPPED),)) from None
    except OSError as error:
        reason = f"cannot be loaded: cannot start a process with {sys.executable or 'Python'}: {error.strerror}"
        reading.problems += [Problem(file.path, None, None, reason, _STARTABLE) for file in files if file not in empty]
    return reading


_GARBLED = "writes into the output channel of the process that loads it"
_STARTABLE = "Allow this user to run that interpreter; class files run in a child process."
_STOPPED = ("was not read completely, because the tool is stopping", "Run the command again.")


def _empty(file: SourceFile) -> bool:
    """Whether the file is empty, as a file is while it is saved. Only an ``__init__.py`` may be empty."""
    return not file.content.removeprefix(codecs.BOM_UTF8).strip() and file.absolute.name != "__init__.py"


def _print_output(ending: ChildResult) -> None:
    """What the files printed, on stderr: stdout is for results alone."""
    if not ending.output or sys.stderr is None:
        return
    sys.stderr.write(ending.output.decode(errors="replace"))
    if ending.dropped:
        sys.stderr.write(f"\n({ending.dropped} more bytes that class files printed are not shown)\n")
    sys.stderr.flush()


def _accept(ending: ChildResult, reading: PythonReading) -> None:
    """The answer of a child; one that makes no sense is a problem, as no answer is."""
    answer = _Answer()
    try:
        for line in ending.lines:
            answer.frame(line)
        reading.declarations += answer.declarations()
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        reading.problems.append(_failed(ending, _GARBLED))
    reading.problems += answer.problems
    if ending.reason is not None:
        reading.problems.append(_failed(ending, ending.reason))
    reading.outside, reading.silent = answer.outside, answer.silent
    reading.warnings += [
        f"{path}: declares nothing: {why}" for path, why in answer.silent.items() if path.endswith("_table.py")
    ]


class _Answer:
    """The frames of one child, taken apart; see ``channel``."""

    def __init__(self) -> None:
        self.raw: list[tuple[dict[str, Any], list[Any]]] = []
        self.problems: list[Problem] = []
        self.outside: dict[Path, bytes] = {}
        self.silent: dict[str, str] = {}

    def frame(self, line: bytes) -> None:
        ((kind, content),) = unpack(line).items()
        match kind:
            case "problem":
                file, number, name, reason, remedy = content
                self.problems.append(Problem(file, unpacked(number), name, reason, remedy))
            case "silent":
                path, why = content
                self.silent[path] = why
            case "outside":
                path, encoded = content
                self.outside[Path(path)] = binascii.a2b_base64(encoded)
            case "declaration":
                self.raw.append((content, []))
            case "items":
                self.raw[-1][1].extend(content)
            case _:
                raise ValueError(f"no frame of a class file: {kind}")

    def declarations(self) -> Iterator[RawDeclaration]:
        for found, items in self.raw:
            yield RawDeclaration(
                found["file"],
                unpacked(found["line"]) or 1,
                found["value"],
                {tuple(path): unpacked(number) or 1 for path, number in found["lines"]},
                found["name"],
                found["base_name"],
                found["description"],
                tuple(items) if found["seed_at"] is not None else None,
            )


def _proof(request: dict[str, Any], ending: ChildResult) -> str:
    """The digest of the files and of the answer, which has the content of all modules outside the folder too."""
    digest = hashlib.sha256(json.dumps(request).encode())
    for line in ending.lines:
        digest.update(b"\n")
        digest.update(line)
    return digest.hexdigest()


def _problems(ending: ChildResult) -> bool:
    return any(line.startswith(b'{"problem":') for line in ending.lines)


def _compared(first: ChildResult, second: ChildResult) -> Iterator[Problem]:
    if second.reason is not None:
        yield _failed(second, f"{second.reason}, but not every time")
        return
    try:
        for line in second.lines:
            if line.startswith(b'{"problem":'):
                file, number, name, reason, _ = json.loads(line)["problem"]
                remedy = "Make it behave the same every time."
                yield Problem(file, unpacked(number), name, f"{reason}, but not every time", remedy)
                return
        yield from evaluation_differences(first.lines, second.lines)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        yield _failed(second, _GARBLED)


def _failed(ending: ChildResult, reason: str) -> Problem:
    """A child that gave no answer, at what it did last."""
    remedy = _LONG_REMEDY if ending.late else _ENDS_REMEDY
    if ending.at:
        file, line, name = ending.at
        return Problem(file, unpacked(line), name, reason, remedy)
    said = ending.output.decode(errors="replace").strip().splitlines()
    detail = f" ({said[-1]})" if said else ""
    return Problem("class files", None, None, f"one of them {reason}{detail}", remedy)
