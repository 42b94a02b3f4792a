"""Lines that are parsed without typer: the same values as typer gives, and every other line is left to it."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from reconciler.cli import verbs
from reconciler.cli.catalog import COMMANDS, command_of
from reconciler.cli.options import FLAGS, verb_first
from reconciler.cli.plain_line import values_of

PLAIN = (
    *("", "--once", "run --once", "preview", "preview a b", "preview --diff a --expect-no-changes b"),
    *("preview -v -v -q", "preview --verbose", "status -o json", "status -o JSON", "status --output=json"),
    *("--color never validate", "validate there", "validate --environment=prod --environment dev"),
    *("up --yes t", "up -y", "destroy a --yes", "release a b", "seed", "clear a -y", "init", "init there", "schema"),
    *("rebuild-index t i --as n --hold 1h", "rebuild-index t i --cancel -y", "import --all", "import a --format yaml"),
    *("import --from workbench model.json --format json", "import a --format terraform --to there", "diff a env:prod"),
    *("export --format svg", "export a b --format json --to there", "diff live http://localhost:8000 -o markdown"),
    *("restore t --to u --from latest", "restore t --to u --at latest --without-indexes", "healthcheck", "doctor"),
    *("--embedded preview", "preview --workers 5", "--interval 5m --once", "suspend", "resume --stack s"),
    *("restore t --to u --without-index i --without-index j", "validate --parameter A=1 x --parameter=B=2"),
    *("check-references", "check-references a b -o json", "completion zsh", "explain", "explain rule 12"),
    *("environments", "environments -o json", "status --all"),
)
LEFT = (
    *("--help", "preview --help", "prevew", "preview --dif", "preview --interval", "preview -o yaml", "status users"),
    *("preview -vq", "preview -ojson", "preview -- a", "preview --environment=", "preview --diff=1", "preview ''"),
    *(
        "release",
        "restore t",
        "rebuild-index t",
        "restore t --to u --read-capacity 5",
    ),
    *("preview --environment -x", "validate -y=1", "preview -", "export", "export --format pdf", "diff", "diff a"),
    *("diff a b c", "import --from cdk a", "completion", "completion tcsh", "-h", "preview -h"),
)


def words(line: str) -> list[str]:
    return ["" if word == "''" else word for word in verb_first(line.split())]


def by_typer(line: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[str, dict[str, Any]]:
    """The verb and the values that typer gives to its command."""
    found: list[tuple[str, dict[str, Any]]] = []

    def recorded(verb: str) -> Any:
        run = command_of(verb)

        def record(**given: Any) -> int:
            found.append((verb, given))
            return 0

        record.__signature__ = inspect.signature(run)  # type: ignore[attr-defined]
        record.__module__ = run.__module__
        return record

    monkeypatch.setattr(verbs, "command_of", recorded)
    verbs.application()(line, prog_name="reconciler", standalone_mode=False)
    return found[0]


@pytest.mark.parametrize("line", PLAIN)
def test_a_plain_line_has_the_values_that_typer_gives(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert values_of(words(line)) == by_typer(words(line), monkeypatch)


@pytest.mark.parametrize("line", LEFT)
def test_every_other_line_is_left_to_typer(line: str) -> None:
    assert values_of(words(line)) is None


@pytest.mark.parametrize("flag", [flag for flag in FLAGS if flag.metavar], ids=lambda flag: flag.name)
def test_each_setting_is_read_alike(flag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    line = ["preview", flag.long, "5", "users"]
    assert values_of(line) == by_typer(line, monkeypatch)


@pytest.mark.parametrize("verb", COMMANDS)
def test_each_command_declares_its_parameters_for_both(verb: str) -> None:
    assert all(
        len(each.annotation.__metadata__) == 1 for each in inspect.signature(command_of(verb)).parameters.values()
    )
