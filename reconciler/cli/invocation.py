"""One call of the command line: its options and its output. Created by ``command``, used by every command."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from reconciler import interruption
from reconciler.cli.console import Console
from reconciler.cli.options import Output
from reconciler.model.errors import SettingsError, UsageError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.report import PassReport
from reconciler.planning.text import printable
from reconciler.presentation.document import FORMAT_VERSION
from reconciler.presentation.paths import seen_from_here, warning_from_here

if TYPE_CHECKING:
    from reconciler.cli.reports import ReportTarget
    from reconciler.presentation.formats import View
    from reconciler.settings import Settings
    from reconciler.wiring import App


@dataclass(frozen=True, slots=True)
class Invocation:
    """``flags`` are the settings given as options; ``verbosity`` is -v minus -q."""

    verb: str
    flags: Mapping[str, Any]
    output: Output
    console: Console
    verbosity: int = 0
    reports: tuple[ReportTarget, ...] = ()
    """Where ``--report`` writes the result, beside the output."""
    loaded: list[Settings] = field(default_factory=list)
    _warned: set[str] = field(default_factory=set)
    """The warnings of reports that were shown."""

    @property
    def desired_state(self) -> str:
        """The location of the declarations, as far as it is known by now; errors build the paths of files from it."""
        return self.loaded[-1].desired_state if self.loaded else str(self.flags.get("desired_state") or "")

    @property
    def stack(self) -> str:
        """The stack of the command; empty before the settings are loaded."""
        return self.loaded[-1].stack if self.loaded else ""

    @property
    def environment(self) -> str:
        """The label of the environment, as far as it is known by now."""
        return self.loaded[-1].environment_label if self.loaded else str(self.flags.get("environment") or "default")

    def settings(
        self,
        *,
        one_shot: bool = True,
        quiet_log: bool = True,
        overrides: Mapping[str, Any] | None = None,
        allow_bundled: bool = True,
    ) -> Settings:
        """Load the settings and set up the log; raises ``SettingsError``.

        A one-shot command logs warnings only, and nothing on a terminal, where its results and messages say the same;
        -v and a level that was set show more. So does a format that was set, for a job whose log is collected, unless
        ``quiet_log`` keeps to the results. ``allow_bundled`` as in ``load``.
        """
        from reconciler import logs
        from reconciler.settings.loading import load

        settings = load({**self.flags, **(overrides or {})}, one_shot=one_shot, allow_bundled=allow_bundled)
        told = {sentence for before in self.loaded for sentence in before.warnings}
        self.loaded.append(settings)
        self.warn(sentence for sentence in settings.warnings if sentence not in told)
        logs.configure(settings.log_format, self._level(settings, quiet=quiet_log))
        return settings

    @contextmanager
    def opened(self, settings: Settings, *, read_only: bool) -> Iterator[App]:
        """The connected ``App``; prints its notices. Raises what ``wiring.open_app`` raises.

        Where the settings file has environments and none is chosen, reading warns and writing raises ``SettingsError``.
        """
        from reconciler import wiring

        self.require_environment(settings, read_only=read_only)

        seconds = interruption.READING_SECONDS if read_only else interruption.WRITING_SECONDS
        with (
            interruption.grace(seconds),
            wiring.open_app(settings, one_shot=settings.one_shot, read_only=read_only) as app,
        ):
            self.say(app.notices)
            if settings.one_shot:
                app.show_waits(lambda sentence: self.say([sentence]))
            yield app

    def require_environment(self, settings: Settings, *, read_only: bool) -> None:
        """Warn, or raise ``SettingsError``, where the settings file has environments and none is chosen."""
        from reconciler.settings.loading import unchosen

        if (sentence := unchosen(settings)) is None:
            return
        if not read_only:
            raise SettingsError(sentence)
        self.warn([sentence])

    def allow(self, *outputs: Output) -> None:
        """Raise ``UsageError`` for an output format that this command does not have."""
        if self.output not in outputs:
            raise UsageError(
                f"--output: invalid value '{self.output}' for {self.verb}; expected {' or '.join(outputs)}."
            )

    def show(
        self,
        report: PassReport,
        *,
        applied: bool,
        diff: bool = False,
        results: bool = False,
        base: str = "",
        documents: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
        final: bool = True,
    ) -> None:
        """Print the report in the chosen format; its warnings and errors go to standard error.

        ``results`` ends a run whose plan was already shown, with its warnings. A ``final`` report is also written to
        the files of ``--report``; a plan before a question is not.
        """
        from reconciler.presentation.formats import View, lines
        from reconciler.presentation.render import nothing_read

        base = base or self.desired_state
        for warning in report.warnings:
            if not (results and warning in self._warned):
                self.console.note("warning", warning_from_here(warning, base))
        self._warned.update(report.warnings)
        for problem in report.problems:
            self.console.note("error", str(seen_from_here(problem, base)))
        error = report.error
        # What ends a run that has read the tables is said last, below its plan or result.
        said_last = error is not None and not nothing_read(report)
        if error is not None and not said_last:
            self.console.note("error", error)
        report = self._with_warnings_of_settings(report)
        width = self.console.width if self.output is Output.HUMAN else None
        view = View(applied=applied, diff=diff, base=base, documents=documents, results=results, width=width)
        try:
            self.console.result(lines(self.output, report, view))
            if error is not None and said_last:
                self.console.note("error", error)
        finally:
            if final:
                self.write_reports(report, view)

    def write_reports(self, report: PassReport, view: View | None = None) -> None:
        """Write the files of ``--report``; one that cannot be written is a warning."""
        if self.reports:
            from reconciler.cli import reports
            from reconciler.presentation.formats import View, lines

            # A file is for programs and pages: whole, and not cut to the width of this terminal.
            whole = View(base=self.desired_state) if view is None else replace(view, results=False, width=None)
            report = self._with_warnings_of_settings(report)
            rendered = partial(lines, report=report, view=whole)
            self.warn(reports.write(self.reports, rendered, self.console.annotate))

    def _with_warnings_of_settings(self, report: PassReport) -> PassReport:
        """The report with the warnings of the settings, which a reader of a document or a file sees nowhere else."""
        own = [warning for settings in self.loaded for warning in settings.warnings]
        return replace(report, warnings=tuple(dict.fromkeys([*own, *report.warnings]))) if own else report

    def print(self, lines: Iterable[tuple[str, str]]) -> None:
        """Styled lines for people on standard output, in the width of the terminal."""
        width = self.console.width
        if width is not None:
            from reconciler.presentation.layout import wrapped

            lines = wrapped(lines, width)
        self.console.result(lines)

    def without_pass(self, **members: Any) -> PassReport:
        """The report of a command that ended before any pass, or has none."""
        from datetime import UTC, datetime

        now = datetime.now(UTC)
        return PassReport(
            pass_id="",
            trigger=self.verb,
            environment=self.environment,
            stack=self.stack,
            started=now,
            finished=now,
            endpoint=None,
            **members,
        )

    def warn(self, sentences: Iterable[str]) -> None:
        """Warnings on standard error, about problems beside the work itself."""
        for sentence in sentences:
            self.console.note("warning", sentence)

    def say(self, sentences: Iterable[str]) -> None:
        """Notes on standard error; none with -q."""
        if self.verbosity >= 0:
            for sentence in sentences:
                self.console.note("note", sentence)

    def say_what_embedded_keeps(self, settings: Settings) -> None:
        """A note after a command that wrote at ``--embedded``, because "created" would be read as lasting.

        Not behind a log in JSON, whose last line is the end of the run.
        """
        if settings.embedded and settings.log_format != "json":
            self.say(["--embedded keeps nothing after the command: its tables and items are gone now."])

    def answer(self, sentences: Iterable[str], members: Mapping[str, Any]) -> None:
        """A short result on standard output: sentences, or one JSON object."""
        if self.output is Output.JSON:
            self.console.result([("plain", json.dumps({"format_version": FORMAT_VERSION, **members}))])
        else:
            self.print(("plain", printable(sentence)) for sentence in sentences)

    def _level(self, settings: Settings, *, quiet: bool) -> str:
        if self.verbosity > 0:
            return "debug"
        if self.verbosity < 0:
            return "error"
        if settings.origins["log_level"] != "default":
            return settings.log_level
        if settings.one_shot and sys.stderr.isatty():
            return "critical"
        collected = settings.origins["log_format"] != "default"
        return "warning" if quiet or (settings.one_shot and not collected) else settings.log_level
