"""Install one lock file and the checkout into ``.venv``, and say what that costs. Called by the Makefile.

``set_up.py demo`` installs ``requirements/demo.lock``. It runs on the interpreter of ``.venv`` and needs no package.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXPECTED = {
    "demo": (40, 180),
    "test": (155, 630),
    "verify": (190, 690),
    "docs": (45, 190),
    "dev": (275, 1030),
}
"""Megabytes to download and on disk from nothing, on Linux with Python 3.11; the last line says what it really was."""
UNITS = {"bytes": 1e-6, "kB": 1e-3, "MB": 1.0, "GB": 1e3}
DOWNLOAD = re.compile(r"Downloading (\S+) \(([\d.]+) (bytes|kB|MB|GB)\)")
SHOWN = 5.0
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def megabytes(folder: Path) -> float:
    """The size of all files below a folder."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir()) / 1e6


def install(lock: Path) -> float:
    """Install what a lock pins, naming each large download. Returns the megabytes that were downloaded."""
    command = [*PIP, "install", "--progress-bar", "off", "--require-hashes", "--requirement", str(lock)]
    total = 0.0
    output: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            output.append(line)
            if found := DOWNLOAD.search(line):
                size = float(found[2]) * UNITS[found[3]]
                total += size
                if size >= SHOWN:
                    print(f"  {found[1].partition('-')[0]} ({size:.0f} MB)", flush=True)
            elif line.startswith("Installing collected packages"):
                print("  installing", flush=True)
    if pip.returncode:
        sys.stderr.writelines(output[-20:])
        sys.exit(f"pip could not install {lock.relative_to(ROOT)} (exit {pip.returncode}); see the lines above.")
    return total


def main(name: str) -> None:
    """See the module."""
    lock = ROOT / "requirements" / f"{name}.lock"
    count = len(re.findall(r"^\w", lock.read_text(encoding="utf-8"), re.MULTILINE))
    download, disk = EXPECTED[name]
    print(f"Setting up .venv from requirements/{name}.lock: {count} packages, about {download} MB to download ", end="")
    print(f"and {disk} MB on disk. What is there already is kept.", flush=True)
    began = time.monotonic()
    total = install(lock)
    editable = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    subprocess.run([*PIP, *editable], check=True)
    spent = time.monotonic() - began
    print(
        f"Ready after {spent:.0f} s: {total:.0f} MB downloaded, .venv has {megabytes(Path(sys.prefix)):.0f} MB.",
        flush=True,
    )


if __name__ == "__main__":
    main(sys.argv[1])
