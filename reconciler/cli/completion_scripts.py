"""Completion scripts for shells, from the declared commands and options. Called by the command ``completion``.

The scripts are complete in themselves: pressing the tab key starts no Python.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from reconciler.cli.catalog import COMMANDS, command_of
from reconciler.cli.parameters import Option
from reconciler.settings.model import SETTINGS

FILES = ("config", "desired_state", "parameters_file", "api_token_file", "metrics_file", "to", "directory", "path")
"""Options and arguments whose values are paths."""
_HARMLESS = {ord("["): "(", ord("]"): ")", ord(":"): ",", ord("`"): "'"}
"""What has a meaning in the specifications of zsh, and what stands for it."""


@dataclass(frozen=True, slots=True)
class Word:
    """One option or argument: its spellings, its help, and the values it takes. No value for a switch."""

    names: tuple[str, ...]
    help: str
    takes_value: bool
    choices: tuple[str, ...]
    is_path: bool


def words_of(verb: str) -> tuple[Word, ...]:
    """The options and arguments of a command; those of ``run`` are all options that there are."""
    return tuple(_word(each) for each in inspect.signature(command_of(verb)).parameters.values())


def script(shell: str) -> str:
    """The script of ``bash``, ``zsh``, ``fish`` or ``powershell``."""
    made = {verb: words_of(verb) for verb in COMMANDS}
    return {"bash": _bash, "zsh": _zsh, "fish": _fish, "powershell": _powershell}[shell](made)


def _word(parameter: inspect.Parameter) -> Word:
    kind, declared = get_args(parameter.annotation)
    switch = isinstance(declared, Option) and (declared.count or _inner(kind) is bool)
    setting = SETTINGS.get(parameter.name)
    choices = _choices(_inner(kind)) or (setting.choices if setting else ())
    names = declared.names if isinstance(declared, Option) else ()
    return Word(names, declared.help, not switch, choices, parameter.name in FILES)


def _inner(kind: Any) -> Any:
    members = [each for each in get_args(kind) if each is not NoneType]
    return members[0] if NoneType in get_args(kind) and len(members) == 1 else kind


def _choices(kind: Any) -> tuple[str, ...]:
    if get_origin(kind) is Literal:
        return tuple(str(each) for each in get_args(kind))
    return tuple(str(each.value) for each in kind) if isinstance(kind, type) and issubclass(kind, Enum) else ()


def _values(made: Mapping[str, Sequence[Word]]) -> dict[str, Word]:
    """Each option with a value, by spelling."""
    return {name: word for words in made.values() for word in words for name in word.names if word.takes_value}


def _options(words: Sequence[Word]) -> list[str]:
    return [name for word in words for name in word.names] + ["--help"]


def _arguments(words: Sequence[Word]) -> str:
    """The values of the arguments of a command that are known beforehand."""
    return " ".join(choice for word in words if not word.names for choice in word.choices)


def _bash(made: Mapping[str, Sequence[Word]]) -> str:
    values = _values(made)
    chosen = "\n".join(
        f'    {name}) COMPREPLY=($(compgen -W "{" ".join(word.choices)}" -- "$cur")); return ;;'
        for name, word in values.items()
        if word.choices
    )
    paths = "|".join(name for name, word in values.items() if word.is_path)
    others = "|".join(name for name, word in values.items() if not (word.choices or word.is_path))
    verbs = "\n".join(
        f'    {verb}) words="{" ".join(_options(words))}"; plain="{_arguments(words)}" ;;'
        for verb, words in made.items()
    )
    return f"""# bash completion of reconciler
_reconciler() {{
  local cur prev verb words plain word
  COMPREPLY=()
  cur="${{COMP_WORDS[COMP_CWORD]}}"
  prev="${{COMP_WORDS[COMP_CWORD-1]}}"
  case "$prev" in
{chosen}
    {paths}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    {others}) return ;;
  esac
  verb=""
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case " {" ".join(made)} " in *" $word "*) verb="$word"; break ;; esac
  done
  case "$verb" in
{verbs}
    *) words="{" ".join(_options(made["run"]))}"; plain="{" ".join(made)}" ;;
  esac
  if [[ "$cur" == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$plain" -- "$cur"))
  fi
}}
complete -o default -F _reconciler reconciler
"""


def _zsh(made: Mapping[str, Sequence[Word]]) -> str:
    verbs = "\n".join(f"    {_quoted(f'{verb}:{_short(COMMANDS[verb])}')}" for verb in made)
    cases = "\n".join(f"    {verb}) _arguments {' '.join(_zsh_words(words))} ;;" for verb, words in made.items())
    return f"""#compdef reconciler
_reconciler() {{
  local -a verbs
  verbs=(
{verbs}
  )
  if (( CURRENT == 2 )) && [[ "$words[2]" != -* ]]; then
    _describe 'command' verbs
    return
  fi
  local verb="$words[2]"
  [[ "$verb" == -* ]] && verb=run
  (( CURRENT -= 1 )); shift words
  case "$verb" in
{cases}
  esac
}}
compdef _reconciler reconciler
"""


def _zsh_words(words: Sequence[Word]) -> Iterator[str]:
    for word in words:
        action = f":value:({' '.join(word.choices)})" if word.choices else ":file:_files" if word.is_path else ":value:"
        for name in word.names:
            yield _quoted(f"{name}[{_short(word.help)}]{action if word.takes_value else ''}")
        if not word.names:
            yield _quoted(f"*{action}")
    yield _quoted("--help[Show the help.]")


def _fish(made: Mapping[str, Sequence[Word]]) -> str:
    lines = [
        "# fish completion of reconciler",
        f"set -l verbs {' '.join(made)}",
        "complete -c reconciler -f",
    ]
    for verb, words in made.items():
        alone = '-n "not __fish_seen_subcommand_from $verbs"'
        lines.append(f"complete -c reconciler {alone} -a {verb} -d {_quoted(_short(COMMANDS[verb]))}")
        seen = f'-n "__fish_seen_subcommand_from {verb}"'
        for word in words:
            flags = " ".join(f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in word.names)
            takes = f" -xa {_quoted(' '.join(word.choices))}" if word.choices else " -rF" if word.is_path else " -x"
            if word.names:
                value = takes if word.takes_value else ""
                lines.append(f"complete -c reconciler {seen} {flags}{value} -d {_quoted(_short(word.help))}")
            elif word.choices or word.is_path:
                value = f" -a {_quoted(' '.join(word.choices))}" if word.choices else " -F"
                lines.append(f"complete -c reconciler {seen}{value}")
    return "\n".join(lines) + "\n"


def _powershell(made: Mapping[str, Sequence[Word]]) -> str:
    listed = "\n".join(
        f"    {_single(verb)} = @({', '.join(map(_single, [*_options(words), *_arguments(words).split()]))})"
        for verb, words in made.items()
    )
    values = "\n".join(
        f"    {_single(name)} = @({', '.join(map(_single, word.choices))})"
        for name, word in _values(made).items()
        if word.choices
    )
    return f"""# PowerShell completion of reconciler
Register-ArgumentCompleter -Native -CommandName reconciler -ScriptBlock {{
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @{{
{listed}
  }}
  $values = @{{
{values}
  }}
  $given = @($commandAst.CommandElements | ForEach-Object {{ $_.ToString() }} | Select-Object -Skip 1)
  if ($wordToComplete -ne '' -and $given.Count -gt 0) {{ $given = @($given | Select-Object -SkipLast 1) }}
  $verb = $given | Where-Object {{ $words.ContainsKey($_) }} | Select-Object -First 1
  $last = if ($given.Count -gt 0) {{ $given[-1] }} else {{ '' }}
  $found = if ($values.ContainsKey($last)) {{ $values[$last] }}
    elseif ($verb) {{ $words[$verb] }}
    else {{ @($words.Keys) + $words['run'] }}
  $found | Where-Object {{ $_ -like "$wordToComplete*" }} | Sort-Object -Unique | ForEach-Object {{
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }}
}}
"""


def _short(text: str) -> str:
    """The first sentence, without what has a meaning in the specifications of zsh."""
    return text.partition(". ")[0].rstrip(".").translate(_HARMLESS)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
