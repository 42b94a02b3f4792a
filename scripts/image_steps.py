"""Carry out the Dockerfile's own steps in a temporary folder, without Docker, and run what they made.

Called by ``make image-check`` and by CI. The steps are read from the Dockerfile, with its absolute folders moved under
the temporary one, so the two cannot drift apart. The result is run as the image's user, who can write nowhere but to
its HOME. Base images cannot be had here: the interpreter is the one on this machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from dockerfile import Stage, read

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = re.compile(r"(?<![\w.])/(?:app|build|src)(?=[/\s:]|$)")
WORLD_READABLE = 0o755


def main() -> int:
    """Build, then check; 0 when every check answered as the image must."""
    builder, final = read(ROOT / "Dockerfile")
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        root = Path(folder)
        root.chmod(WORLD_READABLE)
        build(builder, root)
        size = sum(f.stat().st_size for f in (root / "app").rglob("*") if f.is_file() and not f.is_symlink())
        print(f"image-check: /app holds {size / 1e6:.0f} MB", flush=True)
        return check(final, root)


def build(builder: Stage, root: Path) -> None:
    """WORKDIR, COPY and RUN of the builder stage, each under ``root``."""
    here = root
    environment = {**os.environ, **builder.environment(), "PATH": f"{_interpreter(root)}:{os.environ['PATH']}"}
    for step in builder.steps:
        match step.word:
            case "WORKDIR":
                here = root / step.rest.lstrip("/")
                here.mkdir(parents=True, exist_ok=True)
            case "COPY":
                _copy(*step.paths, here)
            case "RUN":
                command = FOLDERS.sub(lambda found: f"{root}{found.group()}", step.rest)
                started = time.monotonic()
                subprocess.run(["sh", "-euc", command], cwd=here, env=environment, check=True)
                print(f"image-check: RUN {step.rest[:60]}… {time.monotonic() - started:.0f} s", flush=True)


def check(final: Stage, root: Path) -> int:
    """Run the entry point as the image would; print each answer; 1 if one is not what it has to be."""
    home = root / "tmp"
    home.mkdir()
    home.chmod(0o1777)
    moved = {name: FOLDERS.sub(lambda found: f"{root}{found.group()}", v) for name, v in final.environment().items()}
    environment = {**moved, "PATH": f"{root}/app/venv/bin:/usr/bin:/bin", "HOME": str(home)}
    entry = f"{root}/app/venv/bin/reconciler"
    cases: list[tuple[list[str], int, str]] = [
        (["--version"], 0, ""),
        (["healthcheck"], 1, ""),
        (["validate", "bundled"], 0, ""),
        (["validate"], 1, "/desired-state"),
        (["schema"], 0, '"properties"'),
    ]
    failed = 0
    for arguments, code, text in cases:
        command = [*_as_user(final.all("USER")[0].rest), entry, *arguments]
        answer = subprocess.run(
            command, cwd=root / "app", env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        output = answer.stdout + answer.stderr
        good = answer.returncode == code and text in output and "Traceback" not in output
        failed += not good
        print(f"image-check: {'ok    ' if good else 'FAILED'} reconciler {' '.join(arguments)} -> {answer.returncode}")
        if not good:
            print(output)
    strays = [str(p.relative_to(root)) for p in home.rglob("*")]
    if strays:
        print(f"image-check: FAILED, the commands wrote to HOME: {strays}")
    return 1 if failed or strays else 0


def _copy(sources: Sequence[str], destination: str, here: Path) -> None:
    target = here / destination
    for source in sources:
        origin = ROOT / source
        if origin.is_dir():
            shutil.copytree(origin, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy2(origin, target)


def _interpreter(root: Path) -> Path:
    """A folder whose ``python`` the image's user may run; a root-only installation would not do."""
    candidates = [Path(sys.executable).resolve(), Path("/usr/bin/python3"), Path("/usr/local/bin/python3")]
    for candidate in candidates:
        wrong_version = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
        command = [*_as_user("65532:65532"), str(candidate), "-c", wrong_version]
        if candidate.exists() and subprocess.run(command, check=False, capture_output=True, cwd="/").returncode == 0:
            folder = root / "interpreter"
            folder.mkdir()
            (folder / "python").symlink_to(candidate)
            return folder
    raise SystemExit("image-check: no Python of 3.11 or newer with venv that another user may run.")


def _as_user(user: str) -> list[str]:
    """The prefix that drops to the image's user; nothing when this is not root."""
    if os.geteuid() != 0:
        return []
    uid, _, gid = user.partition(":")
    return ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs", "--bounding-set=-all"]


if __name__ == "__main__":
    sys.exit(main())
