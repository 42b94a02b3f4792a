"""Carry out the Dockerfile's own steps in a temporary folder, without Docker, and run what they made.

Called by ``make image-check`` and by CI. The steps are read from the Dockerfile, with its absolute folders moved under
the temporary one, so the two cannot drift apart. Base images cannot be had here: the interpreter is this machine's.
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
from image_run import Image, as_user, check

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = re.compile(r"(?<![\w.])/(?:app|build|src|desired-state|tmp)(?=[/\s:]|$)")


def main() -> int:
    """Build, then check; 0 when every command answered as the image must."""
    builder, final = read(ROOT / "Dockerfile")
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        build(builder, root)
        size = sum(f.stat().st_size for f in (root / "app").rglob("*") if f.is_file() and not f.is_symlink())
        print(f"image: /app holds {size / 1e6:.0f} MB", flush=True)
        shutil.copytree(ROOT / "desired_state", root / "desired-state", ignore=shutil.ignore_patterns("__pycache__"))
        environment = {name: moved(value, root) for name, value in final.environment().items()}
        environment["PATH"] = environment["PATH"].replace("$PATH", "/usr/bin:/bin")
        return check(Image(root, final.all("USER")[0].rest, environment))


def moved(text: str, root: Path) -> str:
    """A line of the Dockerfile with the image's folders under ``root``."""
    return FOLDERS.sub(lambda found: f"{root}{found.group()}", text)


def build(builder: Stage, root: Path) -> None:
    """WORKDIR, COPY and RUN of the builder stage, each under ``root``."""
    here = root
    environment = {**os.environ, **builder.environment(), "PATH": f"{_interpreter(root)}:{os.environ['PATH']}"}
    for step in builder.steps:
        match step.word:
            case "WORKDIR":
                here = Path(moved(step.rest, root))
                here.mkdir(parents=True, exist_ok=True)
            case "COPY":
                _copy(*step.paths, here)
            case "RUN":
                started = time.monotonic()
                subprocess.run(["sh", "-euc", moved(step.rest, root)], cwd=here, env=environment, check=True)
                print(f"image: RUN {step.rest[:60]}… {time.monotonic() - started:.0f} s", flush=True)


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
    """A folder whose ``python`` the image's user may run; an installation for root alone would not do.

    The interpreter starts itself once more, as for class files: setpriv can start what its user may not.
    """
    test = (
        "import subprocess, sys, venv, ensurepip;"
        " sys.exit(sys.version_info < (3, 11) or subprocess.run([sys.executable, '-c', '']).returncode)"
    )
    for candidate in (Path(sys.executable).resolve(), Path("/usr/bin/python3"), Path("/usr/local/bin/python3")):
        command = [*as_user("65532:65532"), str(candidate), "-c", test]
        if candidate.exists() and subprocess.run(command, check=False, capture_output=True, cwd="/").returncode == 0:
            folder = root / "interpreter"
            folder.mkdir()
            (folder / "python").symlink_to(candidate)
            return folder
    raise SystemExit("image: no Python of 3.11 or newer with venv that another user may run.")


if __name__ == "__main__":
    sys.exit(main())
