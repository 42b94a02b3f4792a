"""Writes the man pages: ``man_pages.py FOLDER`` makes reconciler.1 and a page for each command, for MANPATH/man1.

The text is that of ``--help``: commands, options with their defaults, examples and exit codes.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reconciler import __version__
from reconciler.cli import codes, options
from reconciler.cli.catalog import COMMANDS, command_of, grouped
from reconciler.cli.completion_scripts import words_of
from reconciler.cli.examples import EXAMPLES

NAME = "dynamodb-reconciler"


def pages() -> Mapping[str, str]:
    """Each page by the name of its file."""
    made = {"reconciler.1": _page("reconciler", "keeps DynamoDB tables as declared", _overview())}
    for verb, summary in COMMANDS.items():
        name = f"reconciler-{verb}"
        made[f"{name}.1"] = _page(name, summary.rstrip("."), _command(verb))
    return made


def main(arguments: Sequence[str]) -> int:
    """Write the pages into a folder."""
    if len(arguments) != 1:
        sys.stderr.write("Usage: man_pages.py FOLDER\n")
        return 1
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


def _page(name: str, summary: str, body: Iterator[str]) -> str:
    title = f'.TH "{name.upper()}" "1" "" "{NAME} {__version__}" "User Commands"'
    return "\n".join([title, ".SH NAME", f"{_text(name)} \\- {_text(summary)}", *body]) + "\n"


def _overview() -> Iterator[str]:
    yield from (".SH SYNOPSIS", ".B reconciler", r"[\fICOMMAND\fR] [\fIOPTION\fR]...")
    yield ".SH COMMANDS"
    for title, verbs in grouped().items():
        yield f".SS {_text(title)}"
        for verb in verbs:
            yield from (".TP", rf"\fBreconciler\-{_text(verb)}\fR(1)", _text(COMMANDS[verb]))
    yield from (
        ".SH EXIT STATUS",
        *(line for code, meaning in codes.TABLE for line in (".TP", str(code), _text(meaning))),
    )
    yield ".SH ENVIRONMENT"
    yield _text("Every option of a setting is also a variable RECONCILER_NAME, for example RECONCILER_INTERVAL.")
    yield from (".SH FILES", ".TP", "reconciler.toml", _text("Settings, and environments in [environments.NAME]."))


def _command(verb: str) -> Iterator[str]:
    words = words_of(verb)
    yield from (
        ".SH SYNOPSIS",
        rf"\fBreconciler {_text(verb)}\fR [\fIOPTION\fR]... {' '.join(_arguments(verb))}".rstrip(),
    )
    yield from (".SH DESCRIPTION", *_paragraphs(inspect.getdoc(sys.modules[command_of(verb).__module__]) or ""))
    by_title: dict[str, list[str]] = {}
    names = [each.name for each in inspect.signature(command_of(verb)).parameters.values()]
    for name, word in zip(names, words, strict=True):
        spelled = ", ".join(rf"\fB{_text(each)}\fR" for each in word.names) or rf"\fI{_text(name.upper())}\fR"
        values = f" {'|'.join(word.choices)}" if word.choices and word.names else ""
        title = options.group_of(name) if word.names else "Arguments"
        by_title.setdefault(title, []).extend((".TP", f"{spelled}{_text(values)}", _text(_help(name, word.help))))
    yield ".SH OPTIONS"
    for title in ("Arguments", *options.TITLES):
        if title in by_title:
            yield from (f".SS {_text(title)}", *by_title[title])
    yield from (".SH EXAMPLES", ".nf", *map(_text, EXAMPLES.get(verb, ())), ".fi")
    yield from (".SH SEE ALSO", r"\fBreconciler\fR(1)")


def _arguments(verb: str) -> Iterator[str]:
    for each in inspect.signature(command_of(verb)).parameters.values():
        declared = each.annotation.__metadata__[0]
        if not hasattr(declared, "names"):
            yield rf"\fI{_text(declared.metavar)}\fR"


def _help(name: str, text: str) -> str:
    flag = next((flag for flag in options.FLAGS if flag.name == name), None)
    return f"{text} Default: {flag.default}." if flag and flag.default and "Default: " not in text else text


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield ".PP"
        yield _text(" ".join(paragraph.split()))


def _text(text: str) -> str:
    """Text without what roff would read: a backslash, a hyphen that is no minus, a control line."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
