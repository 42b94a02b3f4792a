"""The command line before it is parsed: options in front of the verb move behind it. Called by ``app`` alone."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.cli.options import VALUED

DEFAULT_VERB = "run"


def verb_first(argv: Sequence[str]) -> list[str]:
    """``--embedded preview x`` as ``preview --embedded x``; without a verb it is ``run``.

    An option behind the verb then comes later than one before it, and the later wins. Help and version without a verb
    stay as they are.
    """
    leading: list[str] = []
    rest = list(argv)
    while rest and rest[0].startswith("-") and rest[0] not in ("-", "--"):
        word = rest.pop(0)
        leading.append(word)
        if rest and _takes_next(word):
            leading.append(rest.pop(0))
    if "--version" in leading:
        return ["--version"]
    if not rest or rest[0] == "--":
        return ["--help"] if "--help" in leading else [DEFAULT_VERB, *leading, *rest]
    return [rest[0], *leading, *rest[1:]]


def _takes_next(word: str) -> bool:
    if word.startswith("--"):
        return word in VALUED
    # In a cluster such as -vo the first letter with a value takes what follows it.
    letters = [letter for letter in word[1:] if f"-{letter}" in VALUED]
    return bool(letters) and word.endswith(letters[0]) and word.index(letters[0]) == len(word) - 1
