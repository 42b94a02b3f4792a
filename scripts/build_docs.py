"""Builds the documentation site into ``.cache/site`` and checks what was built. Called by ``make docs``.

Zensical in strict mode checks the links of the Markdown pages. Here the HTML is checked: every link leads to a file and
a heading that exist, every page is in the navigation, and no page loads anything from another host.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from doc_examples import ROOT

SITE = ROOT / ".cache" / "site"
LOADING = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src")}
CODE = ("code", "pre", "script", "style")
HARMLESS = ("canonical", "prev", "next")
"""Kinds of ``link`` that load nothing."""


class Page(HTMLParser):
    """The anchors, links and loaded addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.raw = False
        self._code = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag names."""
        given = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := given.get(name))}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        for name, value in attrs:
            if (tag, name) in LOADING and value and given.get("rel") not in HARMLESS:
                self.loaded.append(value)
        self._code += tag in CODE

    def handle_endtag(self, tag: str) -> None:
        """Leave a block of code."""
        self._code -= tag in CODE

    def handle_data(self, data: str) -> None:
        """Note a fence that stands in the text, because the builder does not take its first line for one."""
        self.raw |= not self._code and "```" in data


@cache
def page(path: Path) -> Page:
    """One page, parsed once."""
    return Page(path.read_text(encoding="utf-8"))


def problems(site: Path = SITE) -> Iterator[str]:
    """A sentence for each fault of the built site."""
    for name in sorted(set(written()) ^ set(navigation())):
        yield f"{name}: on disk or in the navigation of mkdocs.yml, and not in both"
    for path in sorted(site.rglob("*.html")):
        here = path.relative_to(site)
        if here.name == "404.html":
            continue
        yield from (f"{here}: leads nowhere: {link}" for link in page(path).links if not leads(path, link))
        if page(path).raw:
            yield f"{here}: shows the marks of a fence"
        for address in page(path).loaded:
            if urlsplit(address).netloc:
                yield f"{here}: loads {address} from another host"
            elif not leads(path, address):
                yield f"{here}: loads {address}, which does not exist"


def written() -> list[str]:
    """The pages below ``docs``."""
    docs = ROOT / "docs"
    return [str(path.relative_to(docs)) for path in docs.rglob("*.md")]


def navigation() -> list[str]:
    """The pages that ``mkdocs.yml`` lists."""
    return re.findall(r"^ +- [^:]+: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)


def leads(path: Path, link: str) -> bool:
    """Whether a link of a page leads to a file, and to an anchor in it if it names one. Other hosts are not asked."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return False
    return not parts.fragment or target.suffix != ".html" or unquote(parts.fragment) in page(target).anchors


def clear(site: Path = SITE) -> None:
    """Remove the site and what Zensical keeps of its pages beside it, whose links it would not check again.

    Its ``--clean`` empties the whole folder, with DynamoDB Local and the peers of the benchmark that were downloaded.
    """
    shutil.rmtree(site, ignore_errors=True)
    for entry in site.parent.glob("[0-9]*"):
        if entry.name.isdecimal():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def main() -> int:
    """Build and check; 1 if something is wrong."""
    zensical = Path(sysconfig.get_path("scripts")) / "zensical"
    clear()
    built = subprocess.run([zensical, "build", "--strict"], cwd=ROOT, check=False).returncode
    if built:
        return built
    found = list(problems())
    for each in found:
        print(each, file=sys.stderr)
    count = len(list(SITE.rglob("*.html")))
    if not found:
        print(f"Documentation: {count} pages in {SITE.relative_to(ROOT)}, every link leads somewhere.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
