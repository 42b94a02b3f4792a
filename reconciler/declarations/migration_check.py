"""Checks the migration files of a folder in a process of its own, for ``validate``: a file may loop for ever.

As with class files, the process is bounded in time, leads a session of its own, and ends when the tool ends. It reads
the files as ``migrate`` does. What they print goes to standard error. Called by the wiring.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from reconciler import interruption
from reconciler.declarations.formats.python.child_process import STEP_SECONDS, how_it_ended
from reconciler.model.desired import DesiredState
from reconciler.model.errors import DeclarationError, Interrupted, Problem
from reconciler.model.position import Position
from reconciler.mover.migration_file import MigrationFile
from reconciler.mover.migration_order import number_problems, undeclared_problem

LOOK = 0.02
"""Seconds between two looks at the stop event and at whether the process has ended."""
_CODE = """
import sys
sys.path[:] = sys.argv.pop(1).split("\\n")
from reconciler.declarations.migration_check import main
main()
"""


def migration_problems(folder: Path, base: Path, desired: DesiredState | None) -> tuple[Problem, ...]:
    """What keeps ``migrate`` from running the files, and a file that takes longer than 10 s. Raises ``Interrupted``.

    ``desired`` is ``None`` where the declarations have errors; then nothing is known of the tables.
    """
    answer, theirs = os.pipe()
    command = [sys.executable, "-P", "-u", "-c", _CODE, "\n".join(sys.path), str(theirs), str(folder), str(base)]
    try:
        # The child ends when its standard input is closed by the death of the tool.
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=2, pass_fds=(theirs,), start_new_session=True)
    except BaseException:
        os.close(answer)
        raise
    finally:
        os.close(theirs)
    lines: list[str] = []
    moved = [time.monotonic()]

    def listen() -> None:
        with os.fdopen(answer, encoding="utf-8") as pipe:
            for line in pipe:
                lines.append(line)
                moved[0] = time.monotonic()

    reader = threading.Thread(target=listen, name="migrations", daemon=True)
    reader.start()
    stop, late = interruption.stop_event(), False
    try:
        while process.poll() is None and not late:
            if stop.is_set():
                raise Interrupted
            late = time.monotonic() - moved[0] > STEP_SECONDS
            time.sleep(LOOK)
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
    # The process is dead, so the end of the pipe comes as soon as this machine gets to it.
    reader.join(timeout=STEP_SECONDS)
    # A process that was killed may have written a part of a line.
    last = json.loads(next((line for line in reversed(lines) if line.endswith("\n")), "{}"))
    if "problems" in last:
        problems = [
            Problem(file, line if column is None else Position(line, column), field, reason, remedy)
            for file, line, column, field, reason, remedy in last["problems"]
        ]
        if desired is None:
            return tuple(problems)
        unknown = (undeclared_problem(file, line, table, desired) for file, line, table in last["tables"])
        return (*problems, *(problem for problem in unknown if problem is not None))
    file = last.get("at") or Path(os.path.relpath(folder, base)).as_posix()
    reason = f"did not finish within {STEP_SECONDS:g} s" if late else how_it_ended(status)
    remedy = "Let the file define its functions only: what they do runs for each item, later."
    return (Problem(file, None, None, reason, remedy),)


def main() -> None:
    """The child: arguments are the descriptor for the answer, the folder and its base."""
    from reconciler.declarations.item_migrations import load_migrations

    number, folder, base = sys.argv[1:]
    threading.Thread(target=_end_with_the_tool, daemon=True).start()
    with os.fdopen(int(number), "w", encoding="utf-8", buffering=1) as answer:
        os.set_inheritable(answer.fileno(), False)

        def at(file: str) -> None:
            answer.write(json.dumps({"at": file}) + "\n")

        files: tuple[MigrationFile, ...] = ()
        try:
            files = load_migrations(Path(folder), Path(base), on_file=at)
            problems = tuple(number_problems(files))
        except DeclarationError as error:
            problems = error.problems
        found = [(each.file, each.line, each.column, each.field, each.reason, each.remedy) for each in problems]
        tables = [(file.file, file.lines.get("table"), file.table) for file in files]
        answer.write(json.dumps({"problems": found, "tables": tables}) + "\n")
    # Threads that a file has started do not keep the process.
    os._exit(0)


def _end_with_the_tool() -> None:
    sys.stdin.buffer.read()
    os._exit(1)
