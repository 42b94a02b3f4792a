"""Writes docs/settings.md and the README's table of settings; ``--check`` compares them, as ``make check`` does."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from reconciler.settings import SETTINGS, Setting

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "settings.md"
README = ROOT / "README.md"
OPENING = """# Settings

Written by `scripts/settings_reference.py` from `reconciler/settings/model.py`. The order is: option, environment
variable, `.env` in the working directory, a file (`--config`, `reconciler.toml`, or `[tool.reconciler]` in
`pyproject.toml`), default. A file uses the names in the first column. `reconciler doctor` shows each value and its
origin.

| setting | option | values | default | meaning |
|---|---|---|---|---|
"""
HEAD = "| setting | default | meaning |\n|---|---|---|\n"
END = "\n\n"


def page() -> str:
    """The whole reference."""
    return OPENING + "".join(_row(each) for each in SETTINGS.values())


def readme(text: str) -> str:
    """The README with its table written anew."""
    before, head, rest = text.partition(HEAD)
    rows = "".join(f"| `{each.name.upper()}` | {_default(each)} | {_short(each)} |\n" for each in SETTINGS.values())
    return f"{before}{head}{rows}{rest[rest.index(END) + 1 :]}"


def _short(setting: Setting) -> str:
    choices = ", ".join(f"`{choice}`" for choice in setting.choices)
    return f"{setting.help} One of {choices}." if choices else setting.help


def _row(setting: Setting) -> str:
    option = f"`{setting.option}`" if setting.is_option else f"only `{setting.variable}`"
    kind = " or ".join(f"`{choice}`" for choice in setting.choices) or (setting.metavar or "switch")
    meaning = f"{setting.help} {setting.details}".strip()
    return f"| `{setting.name}` | {option} | {kind} | {_default(setting)} | {meaning} |\n"


def _default(setting: Setting) -> str:
    if setting.default_text:
        return setting.default_text
    default = setting.default
    if default is None or default == ():
        return "unset"
    if isinstance(default, timedelta):
        return f"`{default.total_seconds():g}s`"
    if isinstance(default, tuple):
        return f"`{', '.join(default)}`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def main(arguments: Sequence[str]) -> int:
    """Write both, or say which is out of date."""
    wanted = {PAGE: page(), README: readme(README.read_text(encoding="utf-8"))}
    if "--check" not in arguments:
        for path, text in wanted.items():
            path.write_text(text, encoding="utf-8")
        return 0
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{path.name} is out of date: run scripts/settings_reference.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
