"""Shows on standard error which seed is read, where that takes long: 40,000 lines of YAML are parsed for seconds.

On a terminal, one line that is replaced each second and erased at the end; elsewhere a line after two seconds, and one
every ten seconds. Made by ``command`` for each command that reads a seed, and by ``progress`` beside its bars.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from reconciler.cli.invocation import Invocation
from reconciler.cli.progress import LINE_SECONDS, SILENT_SECONDS, Ticker
from reconciler.planning.text import printable, several
from reconciler.seeds.reading_watch import ItemsRead


class SeedReading:
    """Watches the seeds that one command reads. Its thread lives from the first seed to the end of the command.

    ``draw`` shows a sentence on a terminal in the place of the one before; an empty one erases it.
    """

    def __init__(self, invocation: Invocation, draw: Callable[[str], None] | None = None) -> None:
        self._invocation, self._console = invocation, invocation.console
        self._draw = draw or self._console.transient
        self._now: tuple[str, ItemsRead] | None = None
        self._began = 0.0
        self._spent = 0.0
        """Seconds for which seeds were read before this one: many small ones in a row take long as well."""
        self._next = SILENT_SECONDS
        self._drawn = False
        self._ticker = Ticker(self._show)

    def begin(self, path: str, items: ItemsRead) -> None:
        """This seed is read from now on."""
        self._began, self._now = time.monotonic(), (path, items)

    def end(self) -> None:
        """It has been read."""
        self._now = None
        self._spent += time.monotonic() - self._began

    def stop(self) -> None:
        """Show nothing any more."""
        self._ticker.stop()
        self._erase()

    def _show(self) -> None:
        now = self._now
        if now is None:
            self._erase()
            return
        # The log of a daemon has lines of its own, and one form.
        serves = any(not settings.one_shot for settings in self._invocation.loaded)
        spent = self._spent + time.monotonic() - self._began
        if spent < self._next or serves or self._invocation.verbosity < 0:
            return
        path, items = now
        so_far = f": {several(items(), 'item')} so far" if items() else ""
        sentence = printable(f"Reading the seed {path}{so_far}")
        if self._console.interactive:
            self._drawn = True
            self._draw(sentence)
        else:
            self._next = spent + LINE_SECONDS
            self._console.note("plain", f"{sentence}.")

    def _erase(self) -> None:
        if self._drawn:
            self._drawn = False
            self._draw("")
