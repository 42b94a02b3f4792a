"""Print the completion of commands, options and their values for a shell.

bash: reconciler completion bash > ~/.local/share/bash-completion/completions/reconciler

zsh: reconciler completion zsh > a folder of $fpath, as _reconciler

fish: reconciler completion fish > ~/.config/fish/completions/reconciler.fish

powershell: reconciler completion powershell >> $PROFILE
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.parameters import Argument


class Shell(StrEnum):
    """A shell that has completion."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


Which = Annotated[Shell, Argument(metavar="SHELL", help=f"One of {', '.join(Shell)}.")]


@command()
def completion(invocation: Invocation, shell: Which) -> int:
    """The script of one shell, from the commands as they are."""
    from reconciler.cli import completion_scripts

    invocation.console.result([("plain", completion_scripts.script(shell.value).rstrip("\n"))])
    return codes.OK
