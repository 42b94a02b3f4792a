"""Class files that do what they should not: the tool neither hangs nor ends nor changes, and says which file it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest
from support.class_files import GET_SCHEMA, HEAD, SCHEMA, SEED
from support.folders import load, sentences, write
from support.waiting import PATIENCE

from reconciler.declarations.formats.python import child_process

USERS = HEAD + SCHEMA + GET_SCHEMA
DECLARE = "The file may only declare tables; move everything else under `if __name__ == '__main__':`."
LATE = "did not finish within 3 s. The file may only declare tables, without endless loops, waits or work on import."
ENDS = "ends the process that loads it"
CORRECT = "Correct the code, or move it out of the folder."

REFUSED = {
    "os._exit with success": ("import os\nos._exit(0)\n", f"{ENDS} with exit code 0. {DECLARE}"),
    "os._exit with failure": ("import os\nos._exit(3)\n", f"{ENDS} with exit code 3. {DECLARE}"),
    "an endless loop": ("while True: pass\n", LATE),
    "a long sleep": ("import time\ntime.sleep(9999)\n", LATE),
    "a regular expression without end": ("import re\nre.match('(a+)+$', 'a' * 60 + 'b')\n", LATE),
    "another program in its place": ("import os\nos.execvp('sleep', ['sleep', '99'])\n", LATE),
    "a process that stops itself": ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n", LATE),
    "a kill of its process group": (
        "import os, signal\nos.killpg(0, signal.SIGKILL)\n",
        f"the process that loads it was killed by SIGKILL. {DECLARE}",
    ),
    "a segmentation fault": (
        "import ctypes\nctypes.string_at(0)\n",
        f"the process that loads it was killed by SIGSEGV. {DECLARE}",
    ),
    "an abort": ("import os\nos.abort()\n", f"the process that loads it was killed by SIGABRT. {DECLARE}"),
    "builtins taken away": (
        "import builtins\nbuiltins.isinstance = builtins.len = builtins.open = None\n",
        f"interferes with the process that loads it. {DECLARE}",
    ),
    "every descriptor closed": (
        "import os\nos.closerange(0, 4096)\n",
        f"interferes with the process that loads it. {DECLARE}",
    ),
    "a terminal that is asked": (
        "input('name? ')\n",
        "cannot be loaded: EOFError: EOF when reading a line. Remove input(); class files cannot ask for input.",
    ),
    "an exception of no usual kind": (
        "class Odd(BaseException): ...\nraise Odd('no')\n",
        f"cannot be loaded: Odd: no. {CORRECT}",
    ),
    "an interrupt of its own": ("raise KeyboardInterrupt\n", f"cannot be loaded: KeyboardInterrupt. {CORRECT}"),
    "memory without limit": ("x = 'x' * 10**12\n", f"cannot be loaded: MemoryError. {CORRECT}"),
}
"""What a file does before its class, and the sentence about the file."""

ACCEPTED = {
    "a fork that goes on": "import os\nos.fork()\n",
    "a fork that keeps the pipes open": "import os, time\nif not os.fork(): os.setsid(); time.sleep(20); os._exit(0)\n",
    "a thread that is left running": "import threading, time\nthreading.Timer(99, print).start()\n",
    "a handler at the end": "import atexit, time\natexit.register(time.sleep, 99)\n",
    "prints to stdout": 'print(\'{"verdict": "in_sync"}\')\n',
    "a flood on stdout": "import os\nfor _ in range(300): os.write(1, b'x' * 65536)\n",
    "stdout closed": "import os, sys\nsys.stdout.close(); os.close(1)\n",
    "stdin read": "import sys\nassert sys.stdin.read() == ''\n",
    "another directory": "import os\nos.chdir('/')\n",
    "another environment": "import os\nos.environ.clear(); os.environ['AWS_REGION'] = 'mars'\n",
    "signals ignored": "import signal\nfor each in (2, 14, 15): signal.signal(each, signal.SIG_IGN)\n",
    "another path": "import sys\nsys.path[:] = []\n",
    "a low recursion limit": "import sys\nsys.setrecursionlimit(80)\n",
    "json and socket replaced": "import json, socket\njson.dumps = json.loads = socket.socket = None\n",
    "modules thrown out": "import sys\nfor name in ('json', 'os', 'reconciler'): sys.modules.pop(name, None)\n",
}


def surroundings() -> tuple[object, ...]:
    handlers = tuple(signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM))
    return Path.cwd(), dict(os.environ), list(sys.path), sys.getrecursionlimit(), handlers, json.dumps, set(sys.modules)


def children() -> list[str]:
    listed = subprocess.run(
        ["ps", "-o", "args=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False
    )
    return [line for line in listed.stdout.splitlines() if "formats.python.child" in line]


@pytest.fixture(scope="module", autouse=True)
def _imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The product imports some modules at their first use. A first load keeps them out of the comparisons."""
    load(write(tmp_path_factory.mktemp("first"), {"a_table.py": USERS}))
    import_module("reconciler.declarations.formats.python.overlooked_classes")


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_process, "STEP_SECONDS", 3.0)


@pytest.mark.parametrize("case", REFUSED)
def test_a_hostile_class_file_is_named_and_changes_nothing(
    case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before, started = surroundings(), time.monotonic()
    code, expected = REFUSED[case]
    write(tmp_path, {"a_table.py": USERS, "b_table.py": code + USERS.replace("users", "others")})
    (sentence,) = sentences(tmp_path)
    assert sentence.startswith("b_table.py:")
    assert sentence.endswith(f": {expected}")
    assert (surroundings(), children(), capfd.readouterr().out) == (before, [], "")
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("case", ACCEPTED)
def test_side_effects_of_a_class_file_do_not_reach_the_tool(
    case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = surroundings()
    write(tmp_path, {"a_table.py": ACCEPTED[case] + USERS, "b_table.py": USERS.replace("users", "others")})
    assert [each.spec.name for each in load(tmp_path).declarations] == ["others", "users"]
    assert (surroundings(), children(), capfd.readouterr().out) == (before, [], "")


METHODS = {
    "get_schema": HEAD + SCHEMA + "    @classmethod\n    def get_schema(cls, environment=None):\n        DEED\n",
    "get_table_name": USERS + "    @classmethod\n    def get_table_name(cls, environment=None):\n        DEED\n",
    "get_description": USERS + "    @classmethod\n    def get_description(cls):\n        DEED\n",
    "seed": USERS + SEED + "        yield {'pk': 'a'}\n        DEED\n",
}
ACTIONS = {"exits": ("__import__('os')._exit(0)", ENDS), "hangs": ("while True: pass", "did not finish within 3 s")}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("method", METHODS)
def test_the_method_that_never_returns_is_named(method: str, action: str, tmp_path: Path) -> None:
    code, expected = ACTIONS[action]
    (sentence,) = sentences(write(tmp_path, {"a_table.py": METHODS[method].replace("DEED", code)}))
    assert sentence.startswith(f"a_table.py:1:1: {method}: {expected}")


ENDLESS = {
    "items without end": ("n = 0\n        while True: n += 1; yield {'pk': str(n)}", "yields more than 50 items"),
    "items without end, and slow": (
        "import time\n        while True: time.sleep(0.2); yield {'pk': str(time.time())}",
        "did not finish within 3 s",
    ),
    "one item without end": ("x = 'x' * 3000\n        yield {'pk': 'a', 'x': [x] * 1000}", "yields more than 1 MB"),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_a_seed_without_end_is_refused(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = (
        "from reconciler.declarations.formats.python import evaluating\n"
        "evaluating.SEED_MOST = 50\nevaluating.SEED_BYTES = 2**20\n"
    )
    code, expected = ENDLESS[case]
    (sentence,) = sentences(write(tmp_path, {"a_table.py": limits + USERS + SEED + f"        {code}\n"}))
    assert sentence.startswith(f"a_table.py:4:1: seed: {expected}")


GARBLED = {
    "text that is no frame": "b'garbage\\n'",
    "a frame of no kind": "b'{\"other\": 1}\\n'",
    "two frames in one": 'b\'{"silent": [1, 2], "end": 3}\\n\'',
    "a declaration without members": "b'{\"declaration\": {}}\\n'",
    "items of no declaration": "b'{\"items\": [1]}\\n'",
    "a value of no kind": 'b\'{"silent": {"$": "code"}}\\n\'',
    "nesting without end": "b'[' * 100000 + b'\\n'",
}


@pytest.mark.parametrize("case", GARBLED)
def test_text_inside_an_answer_is_never_parsed_as_a_path(case: str, tmp_path: Path) -> None:
    code = (
        f"import os\nfor each in range(3, 300):\n    try: os.write(each, {GARBLED[case]})\n    except OSError: pass\n"
    )
    found = sentences(write(tmp_path, {"a_table.py": code + USERS}))
    assert found
    assert "writes into the output channel of the process that loads it" in found[0]


def gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_the_children_of_a_tool_that_is_killed_do_not_outlive_it(tmp_path: Path) -> None:
    code = (
        f"import os, pathlib, time\npathlib.Path({str(tmp_path)!r}, f'{{os.getpid()}}.pid').touch()\ntime.sleep(9999)\n"
    )
    write(tmp_path / "state", {"a_table.py": code + USERS})
    command = [sys.executable, "-m", "reconciler", "validate", str(tmp_path / "state")]
    tool = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    while len(found := list(tmp_path.glob("*.pid"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    tool.kill()
    tool.wait()
    processes = [int(path.stem) for path in found]
    while not all(map(gone, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (len(processes), [process for process in processes if not gone(process)]) == (2, [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_load_at_once(number: signal.Signals, tmp_path: Path) -> None:
    started = tmp_path / "started"
    code = f"import pathlib, time\npathlib.Path({str(started)!r}).touch()\ntime.sleep(9999)\n"
    write(tmp_path / "state", {"a_table.py": code + USERS})
    tool = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "validate", str(tmp_path / "state")],
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    deadline = time.monotonic() + PATIENCE
    while not started.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    sent = time.monotonic()
    tool.send_signal(number)
    assert tool.wait(timeout=PATIENCE) == 128 + number
    assert time.monotonic() - sent < 4


def test_the_result_of_a_command_stays_json_whatever_class_files_print(tmp_path: Path) -> None:
    write(tmp_path, {"a_table.py": "print('hello')\n" + USERS})
    command = [sys.executable, "-m", "reconciler", "validate", str(tmp_path), "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)
    assert "hello" in done.stderr


def test_a_class_file_that_exits_with_success_does_not_end_the_command_with_success(tmp_path: Path) -> None:
    write(tmp_path, {"a_table.py": "import os\nos._exit(0)\n" + USERS})
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "validate", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "a_table.py: ends the process that loads it" in done.stderr


def test_an_interpreter_that_cannot_be_started_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(child_process.subprocess, "Popen", refused)
    write(tmp_path, {"a_table.py": USERS})
    messages = f"a_table.py: cannot be loaded: cannot start a process with {sys.executable}: Permission denied."
    assert [sentence.startswith(messages) for sentence in sentences(tmp_path)] == [True]
