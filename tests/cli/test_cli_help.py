"""Help: commands by use, options by use with their defaults, three examples each, and suggestions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.cli import options
from reconciler.cli.catalog import COMMANDS, GROUPS, SYNONYMS, grouped
from reconciler.cli.examples import EXAMPLES
from reconciler.cli.options import verb_first
from reconciler.cli.plain_line import values_of
from reconciler.settings.model import SETTINGS


def test_every_verb_is_in_one_group() -> None:
    listed = [verb for verbs in grouped().values() for verb in verbs]
    assert len(listed) == len(set(listed))
    assert sorted(verb for verbs in grouped().values() for verb in verbs) == sorted(COMMANDS)


@pytest.mark.parametrize("line", ["-h", "--help"])
def test_the_help_groups_the_commands(line: str, cli: Callable) -> None:
    ended = cli(line)
    assert ended.code == 0
    assert [title for title in GROUPS if f"\n{title}:\n" not in ended.out] == []


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_verb_has_three_examples_that_parse(verb: str) -> None:
    assert len(EXAMPLES[verb]) == 3
    for line in EXAMPLES[verb]:
        tool, *words = line.split()
        found = values_of(verb_first(words))
        assert tool == "reconciler"
        assert found is not None, line
        assert found[0] == verb


@pytest.mark.parametrize("verb", ["preview", "run"])
def test_the_help_of_a_verb_has_groups_defaults_and_examples(verb: str, cli: Callable) -> None:
    out = " ".join(cli(f"{verb} -h").out.split())
    assert all(f" {title}: " in out for title in ("Declarations", "Endpoint", "Output", "Examples"))
    assert all(line in out for line in EXAMPLES[verb])
    assert "Default: ./desired_state." in out


def test_the_help_of_run_has_every_option_and_its_default(cli: Callable) -> None:
    out = cli("run --help").out
    assert all(flag.long in out for flag in options.FLAGS)
    joined = " ".join(out.split())
    assert all(f"Default: {flag.default}." in joined for flag in options.FLAGS if flag.default)


def test_the_groups_of_options_name_settings() -> None:
    known = {*SETTINGS, *options.DISPLAY, "help", "config"}
    assert {name for names in options.GROUPS.values() for name in names} <= known


def test_the_last_group_of_the_help_of_run_has_metrics_and_events_only(cli: Callable) -> None:
    last = cli("run --help").out.partition(f"\n{options.REST}:\n")[2].partition("\nExamples:")[0]
    found = {line.split()[0] for line in last.splitlines() if line.startswith("  --")}
    assert found == {
        *("--metrics-file", "--push-gateway", "--webhook-format", "--webhook-events", "--webhook-secret-file"),
        "--table-detail",
    }


def test_the_help_of_import_has_the_values_for_templates(cli: Callable) -> None:
    assert "--parameter NAME=VALUE" in cli("import --help").out
    assert "--parameter NAME=VALUE" not in cli("status --help").out


@pytest.mark.parametrize("word", SYNONYMS)
def test_the_verb_of_another_tool_names_ours(word: str, cli: Callable) -> None:
    ended = cli(word)
    assert (ended.code, ended.out) == (1, "")
    assert f"Did you mean '{SYNONYMS[word]}'?" in " ".join(ended.err.split())


@pytest.mark.parametrize(("word", "meant"), [("previw", "preview"), ("destory", "destroy"), ("statsu", "status")])
def test_a_misspelt_verb_is_recognised(word: str, meant: str, cli: Callable) -> None:
    assert f"Did you mean '{meant}'" in " ".join(cli(word).err.split())
