"""The process that ``fork_server`` starts: imports the tool once and forks for each requested command line.

Runs as a script of its own, with one thread, so that a fork copies no lock that another thread holds. Reads a line of
JSON a command line, answers a line with the process id at once and a line with the wait status when it has ended.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import io
import json
import os
import pathlib
import pkgutil
import signal
import sys
import threading
import urllib.request
from typing import Any


def warm() -> None:
    """Everything that a command would import, and the description of the service, which takes longest."""
    import boto3.session
    import botocore.session

    import reconciler
    from reconciler.cli.app import main

    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        # A module of an extra that is not installed is missed by the run that needs it, which says so.
        with contextlib.suppress(ImportError):
            importlib.import_module(module.name)
    importlib.import_module("ruamel.yaml")
    importlib.import_module("yaml")
    with contextlib.redirect_stdout(io.StringIO()):
        main(["schema"])
    botocore.session.create_loader = functools.cache(botocore.session.create_loader)
    boto3.session.Session().client(
        "dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    gc.collect()
    gc.freeze()


def die_at_a_line(file: str, function: str, number: int, reported: str) -> None:
    """Killed with -9 before the nth line that runs within a call of that function, its own file's lines alone.

    The number of lines is written to ``reported`` if none of them kills.
    """
    ran, inside = 0, 0

    def each(frame: Any, event: str, _: Any) -> Any:
        nonlocal ran, inside
        if event == "line":
            ran += 1
            if ran == number:
                os.kill(os.getpid(), signal.SIGKILL)
        elif event == "return" and frame.f_code.co_name == function:
            inside -= 1
            if reported:
                pathlib.Path(reported).write_text(str(ran), encoding="utf-8")
        return each

    def entered(frame: Any, _event: str, _: Any) -> Any:
        nonlocal inside
        if not frame.f_code.co_filename.endswith(file):
            return None
        inside += frame.f_code.co_name == function
        return each if inside else None

    threading.settrace(entered)
    sys.settrace(entered)


def child(asked: dict[str, Any]) -> int:
    """One command line, as ``python -m reconciler`` would run it; its exit code."""
    from reconciler.cli.app import main

    os.chdir(asked["folder"])
    os.environ.update(asked["variables"])
    quiet = os.open(os.devnull, os.O_RDWR)
    output = os.open(asked["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for number, target in ((quiet, 0), (output, 1), (output, 2)):
        os.dup2(number, target)
    if asked["line"]:
        die_at_a_line(**asked["line"])
    code = main(asked["words"])
    threading.settrace(None)  # type: ignore[arg-type]
    sys.settrace(None)
    sys.stdout.flush()
    sys.stderr.flush()
    if asked["last_call"]:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(asked["last_call"], timeout=10)
    return code


def serve() -> None:
    """Until standard input ends."""
    warm()
    print(json.dumps({"ready": os.getpid()}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        process = os.fork()
        if process == 0:
            code = 70
            # What a shell starts in the background ignores SIGINT, and so would this child and its tool.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                code = child(asked)
            finally:
                os._exit(code)
        print(json.dumps({"process": process}), flush=True)
        print(json.dumps({"status": os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])}), flush=True)


if __name__ == "__main__":
    serve()
