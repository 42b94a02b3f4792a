"""Writes docs/reference/settings.md from the table of settings; ``--check`` compares it. ``reference`` calls it too."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from reconciler.settings import SETTINGS, Setting

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "settings.md"
OPENING = """# Settings

Written by `scripts/settings_reference.py` from `reconciler/settings/model.py`.

Settings are read in this order: option, environment variable `RECONCILER_<NAME>`, `.env` in the working directory, a
file (`--config`, `reconciler.toml`, or `[tool.reconciler]` in `pyproject.toml`), default. A file uses the names in the
first column. An empty variable counts as unset. `reconciler doctor` shows each value and its origin.

A variable without the prefix is not read: `PRUNE=never` has no effect, `RECONCILER_PRUNE=never` has. Where a variable
or `.env` has such a name with a value that fits, every command warns once, and `doctor` lists it. Names that many
programs read, such as ENVIRONMENT or PORT, are no reason to warn.

Credentials and profiles come from the AWS SDK (`AWS_…`). For an `http://` endpoint without credentials, `local`/`local`
is used. If configured credentials cannot be loaded, that is an error; with an emulator, local keys are used and a
notice is printed. If `.env` names the endpoint, its region and keys apply too. Probes use the proxy and the CA bundle
of the SDK. Requests to loopback addresses never use a proxy.

| setting | option | values | default | meaning |
|---|---|---|---|---|
"""


def page() -> str:
    """The whole reference."""
    return OPENING + "".join(_row(each) for each in SETTINGS.values())


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
    """Write the page, or say that it is out of date."""
    if "--check" not in arguments:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    print(f"{PAGE.name} is out of date: run scripts/settings_reference.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
