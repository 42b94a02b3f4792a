"""The site: every page is in its navigation, what it names as tested is tested, and its faults are found."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import build_docs
import pytest
import terminal_picture
from check_locks import pins
from support.endpoints import Live
from support.markdown import README, ROOT, table

SUPPORT = ROOT / "docs" / "support.md"


def test_every_page_is_in_the_navigation() -> None:
    assert sorted(build_docs.written()) == sorted(build_docs.navigation())


def test_the_readme_has_at_most_150_lines() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150


def test_the_readme_links_every_page_of_the_reference_and_every_tutorial() -> None:
    linked = set(re.findall(r"\]\(docs/([\w/-]+\.md)\)", README.read_text(encoding="utf-8")))
    wanted = {page for page in build_docs.navigation() if page.startswith(("reference/", "concepts/", "tutorial"))}
    assert wanted - linked == {"reference/templates.md"}, "its templates are described in the guides"


def rows_of(component: str) -> list[list[str]]:
    return [row for row in table(SUPPORT, "What is tested") if row[0] == component]


def test_the_versions_of_the_matrix_are_those_that_are_tested() -> None:
    locked = pins(ROOT / "requirements" / "test.lock")
    assert [row[1] for row in rows_of("moto")] == list(locked["moto"])
    assert [row[1] for row in rows_of("boto3")] == list(locked["boto3"])
    pom = (ROOT / "reconciler" / "pytest_plugin" / "pom.xml").read_text(encoding="utf-8")
    local = re.findall(r"<dynamodb.local.version>(.*)</dynamodb.local.version>", pom)
    assert [row[1].split()[0] for row in rows_of("DynamoDB Local")] == local
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    assert f">={rows_of('Python')[0][1].split()[0]}" == needed


def test_what_is_not_tested_on_aws_is_said() -> None:
    ((_, _, how),) = rows_of("AWS")
    assert how.startswith("not tested in CI")


def test_the_picture_is_that_of_a_run(moto: Live) -> None:
    drawn = terminal_picture.picture(terminal_picture.story(moto.url))
    assert terminal_picture.PICTURE.read_text(encoding="utf-8") == drawn, "run scripts/terminal_picture.py"
    assert "http://" not in drawn.replace("http://www.w3.org/2000/svg", "").replace("http://localhost:8000", "")


INDEX = '<a href="guide.html#one">x</a><a href="https://example.com/">x</a>'


@pytest.mark.parametrize(
    ("guide", "found"),
    [
        ('<h1 id="one">x</h1><a href="index.html">x</a>', []),
        ('<h1 id="two">x</h1>', ["index.html: leads nowhere: guide.html#one"]),
        ('<h1 id="one">x</h1><a href="gone.html">x</a>', ["guide.html: leads nowhere: gone.html"]),
        ('<h1 id="one">x</h1><a href="#two">x</a>', ["guide.html: leads nowhere: #two"]),
        (
            '<h1 id="one">x</h1><script src="https://example.com/x.js"></script>',
            ["guide.html: loads https://example.com/x.js from another host"],
        ),
        ('<h1 id="one">x</h1><img src="x.png">', ["guide.html: loads x.png, which does not exist"]),
        ('<h1 id="one">x</h1><code>```</code>', []),
        ('<h1 id="one">x</h1><p>``` text</p>', ["guide.html: shows the marks of a fence"]),
        ('<h1 id="one">x</h1><link rel="canonical" href="https://example.com/">', []),
    ],
)
def test_a_fault_of_the_site_is_found(guide: str, found: list[str], tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / "guide.html").write_text(guide)
    build_docs.page.cache_clear()
    assert list(build_docs.problems(tmp_path)) == found


ZENSICAL = """#!/usr/bin/env python3
import pathlib, shutil, sys
cache = pathlib.Path(".cache")
if "--clean" in sys.argv:
    shutil.rmtree(cache)
stale = [each for each in cache.iterdir() if each.name.isdecimal()] if cache.exists() else []
(cache / "site").mkdir(parents=True)
(cache / "1234567890").write_text("a page")
(cache / "site" / "index.html").write_text("<p>" + "".join(f'<a href="{each.name}">' for each in stale))
"""
"""As the real one: it keeps pages by a number, and its ``--clean`` empties the whole folder."""


def test_a_build_begins_anew_and_leaves_what_others_keep_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, cache = tmp_path / "zensical", tmp_path / ".cache"
    tool.write_text(ZENSICAL)
    tool.chmod(0o755)
    jar = cache / "dynamodb-local" / "DynamoDBLocal.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(b"jar")
    (cache / "site").mkdir()
    (cache / "site" / "gone.html").write_text('<a href="nowhere.html">')
    (tmp_path / "mkdocs.yml").write_text("nav:\n")
    (tmp_path / "docs").mkdir()
    for name, value in {"ROOT": tmp_path, "SITE": cache / "site"}.items():
        monkeypatch.setattr(build_docs, name, value)
    monkeypatch.setattr(build_docs.clear, "__defaults__", (cache / "site",))
    monkeypatch.setattr(build_docs.problems, "__defaults__", (cache / "site",))
    monkeypatch.setattr(build_docs.sysconfig, "get_path", lambda name: str(tmp_path))
    for _ in range(2):
        assert build_docs.main() == 0
    assert jar.read_bytes() == b"jar"
    assert not (cache / "site" / "gone.html").exists()
