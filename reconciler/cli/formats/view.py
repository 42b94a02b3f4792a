"""How a report is to be shown; given to every format."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """``applied`` for runs that may write, ``diff`` adds requests, ``base`` leads to the declarations' folder."""

    applied: bool = False
    diff: bool = False
    base: str = ""

    def path(self, file: str) -> str:
        """A declaration's file as seen from the working directory."""
        return f"{self.base}/{file}" if self.base else file
