"""``explain``: every reason, status and rule has a text, which is that of the documents."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import explanations as script
import pytest
from support.markdown import ROOT

from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import TableStatus
from reconciler.presentation import explanations

NUMBERS = sorted(
    {code for page in (ROOT / "docs").rglob("*.md") for code in re.findall(r"^\| ([IG]\d+) \|", page.read_text(), re.M)}
)


@pytest.mark.parametrize("code", [*Reason, *StepStatus, *TableStatus, *NUMBERS])
def test_every_code_has_a_text(code: str, cli: Callable) -> None:
    ended = cli(f"explain {code}")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"{code} (")
    assert len(ended.out.splitlines()[1].strip()) > 10


def test_every_rule_of_the_service_has_a_text() -> None:
    numbers = {
        int(entry["code"].split()[1]) for entry in explanations.everything() if entry["code"].startswith("rule ")
    }
    assert numbers == set(range(1, max(numbers) + 1))
    assert max(numbers) >= 22


@pytest.mark.parametrize("spelled", ["rule 12", "12", "R12", "RULE-12"])
def test_a_rule_of_the_service_is_found_as(spelled: str, cli: Callable) -> None:
    assert cli(f"explain {spelled}").out.startswith("rule 12 (rule of the service)")


def test_a_reason_comes_with_the_conditions_that_lead_to_it(cli: Callable) -> None:
    out = cli("explain data_loss").out
    assert "It is allowed by: `reconciler up TABLE`" in out
    assert all(f"  {number}: " in out for number in ("G15", "G17", "G18", "G21"))


def test_an_unknown_code_names_similar_ones(cli: Callable) -> None:
    ended = cli("explain data_los")
    assert (ended.code, ended.out) == (1, "")
    assert "Unknown code 'data_los'. Did you mean data_loss" in ended.err


def test_without_a_code_everything_is_listed_and_as_json(cli: Callable) -> None:
    assert all(f"  {reason.value} " in cli("explain").out for reason in Reason)
    (entry, *_) = json.loads(cli("explain G15 -o json").out)["entries"]
    assert (entry["code"], entry["kind"]) == ("G15", "condition of the deletion gate")


def test_the_texts_are_those_of_the_documents() -> None:
    assert script.main(["--check"]) == 0


def test_several_codes_are_explained_one_after_the_other(cli: Callable) -> None:
    out = cli("explain data_loss prune_grace rule 12 G15 data_loss").out
    heads = [line.partition(" (")[0] for line in out.splitlines() if not line.startswith(" ")]
    assert list(dict.fromkeys(heads)) == ["data_loss", "prune_grace", "rule 12", "G15"]
    codes = [entry["code"] for entry in json.loads(cli("explain busy rule 12 -o json").out)["entries"]]
    assert (codes[0], codes[-1]) == ("busy", "rule 12")
    ended = cli("explain busy data_los")
    assert (ended.code, ended.out) == (1, "")
    assert "Unknown code 'data_los'. Did you mean data_loss" in ended.err


@pytest.mark.parametrize("code", ["busy", "G15", "I4", "rule 12"])
def test_the_page_that_it_names_exists_and_has_the_code(code: str, cli: Callable) -> None:
    (path,) = (line.removeprefix("  More in ") for line in cli(f"explain {code}").out.splitlines() if "More in" in line)
    assert code.removeprefix("rule ") in Path(path).read_text(encoding="utf-8")


def test_a_wheel_without_pages_names_none(cli: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert explanations.everything(), "the texts are read, and kept, before the file is elsewhere"
    elsewhere = tmp_path / "site-packages/reconciler/presentation/explanations.py"
    monkeypatch.setattr(explanations, "__file__", str(elsewhere))
    assert "More in" not in cli("explain G15").out + cli("explain rule 12").out


@pytest.mark.parametrize(
    ("site", "address"),
    [
        ("https://docs.example/tool/", "https://docs.example/tool/{}.html"),
        ("https://git.example/tool/blob/main/docs/{page}.md", "https://git.example/tool/blob/main/docs/{}.md"),
    ],
)
def test_the_page_is_on_the_site_that_the_settings_name(
    site: str, address: str, cli: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_DOCS_URL", site)
    for code, page in (("data_loss", "concepts/glossary"), ("rule 12", "reference/service-rules")):
        assert f"  More in {address.format(page)}\n" in cli(f"explain {code}").out


def test_broken_settings_do_not_keep_a_code_from_being_explained(
    cli: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_DOCS_URL", "nowhere")
    ended = cli("explain data_loss")
    assert (ended.code, ended.err) == (0, "")
    assert f"  More in {ROOT / 'docs' / 'concepts' / 'glossary.md'}\n" in ended.out


def test_every_page_of_an_entry_exists_where_its_address_says() -> None:
    for entry in explanations.everything():
        at = explanations.page(entry, "{page}.md")
        assert (ROOT / "docs" / str(at)).is_file(), entry
