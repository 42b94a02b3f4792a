"""Draws ``docs/images/terminal.svg``: a terminal with a real run at an emulator in this process. No argument needed.

The run: plan a table and its seed, apply it, let somebody change it, find the drift, repair it.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path
from typing import Any

import boto3
from demo_tools import environment
from rich.console import Console
from rich.text import Text

from reconciler.aws.embedded import EmbeddedServer

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "terminal.svg"
WIDTH = 108
TABLE = """\
table_name: orders
key_schema: [{ AttributeName: customer, KeyType: HASH }]
attribute_definitions: [{ AttributeName: customer, AttributeType: S }]
billing_mode: PAY_PER_REQUEST
time_to_live: { attribute: expires_at }
"""
SEED = '[{"customer": "ada", "total": 12}, {"customer": "grace", "total": 7}]\n'
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace; font-size: {char_height}px;
  line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""
"""Rich's own format names fonts of another host, which a page of ours does not load."""


def story(url: str) -> str:
    """What the terminal shows, with its colours as escape sequences."""
    shown = ""
    with tempfile.TemporaryDirectory(prefix="picture-") as scratch:
        folder = Path(scratch) / "shop"
        (folder / "desired_state" / "seeds").mkdir(parents=True)
        (folder / "desired_state" / "orders.yaml").write_text(TABLE, encoding="utf-8")
        (folder / "desired_state" / "seeds" / "orders.json").write_text(SEED, encoding="utf-8")
        variables = {
            **environment(),
            "AWS_ENDPOINT_URL_DYNAMODB": url,
            "COLUMNS": str(WIDTH),
            "XDG_CACHE_HOME": scratch,
        }
        for command in ("preview", "--once", "", "preview --expect-no-changes", "--once"):
            if not command:
                shown += (
                    f"$ aws dynamodb update-time-to-live --table-name orders …   {dim('# somebody turns it off')}\n\n"
                )
                disturb(url)
                continue
            done = subprocess.run(
                ["reconciler", *shlex.split(command), "--color", "always"],
                cwd=folder,
                env=variables,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
                check=False,
            )
            code = f"   {dim(f'# exit code {done.returncode}')}" if done.returncode else ""
            shown += f"$ reconciler {command}{code}\n{done.stdout.rstrip()}\n\n"
    return shown.replace(url, "http://localhost:8000").rstrip() + "\n"


def dim(text: str) -> str:
    """A remark beside a command."""
    return f"\x1b[2m{text}\x1b[0m"


def disturb(url: str) -> None:
    """Somebody turns time to live off."""
    client: Any = boto3.client(
        "dynamodb", endpoint_url=url, region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="local"
    )
    client.update_time_to_live(
        TableName="orders", TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires_at"}
    )


def picture(shown: str) -> str:
    """The terminal as SVG; the same text gives the same bytes."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(shown))
    return console.export_svg(title="reconciler", code_format=FORMAT, unique_id="terminal")


def main() -> int:
    """Draw it."""
    with EmbeddedServer() as server:
        PICTURE.write_text(picture(story(server.url)), encoding="utf-8")
    print(f"wrote {PICTURE.relative_to(PICTURE.parents[2])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
