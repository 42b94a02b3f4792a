"""``-o junit``: one test case a table; drift is a failure, an error an error. Properties say whose tables they are."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable

from reconciler.model.report import NOT_DRIFTED, PassReport, TableReport, TableStatus
from reconciler.planning.text import printable
from reconciler.presentation.annotations import place
from reconciler.presentation.formats.view import View
from reconciler.presentation.paths import seen_from_here, warning_from_here
from reconciler.presentation.render import UNFINISHED, render, repeats


def lines(report: PassReport, view: View) -> Iterable[tuple[str, str]]:
    """The XML document; errors of the whole pass are cases of their own."""
    tables = sorted(report.managed, key=lambda table: table.name)
    whole: list[tuple[str, str | None, int | None]]
    whole = [(str(seen_from_here(each, view.base)), each.file, each.line) for each in report.problems]
    whole += [(report.error, None, None)] if report.error else []
    suite = ET.Element("testsuite", name="dynamodb-reconciler", timestamp=report.started.isoformat())
    _head(suite, report)
    for sentence, file, line in whole:
        case = ET.SubElement(suite, "testcase", classname="desired_state", name="desired state")
        _locate(case, file, line, view)
        ET.SubElement(case, "error", message=printable(sentence))
    for table in tables:
        _case(suite, report, table, view)
    failures, errors = len(suite.findall("*/failure")), len(suite.findall("*/error"))
    skipped = len(suite.findall("*/skipped"))
    suite.attrib.update(
        tests=str(len(suite.findall("testcase"))), failures=str(failures), errors=str(errors), skipped=str(skipped)
    )
    if report.warnings:
        # The schema has the output of a suite after its last case.
        said = (printable(f"warning: {warning_from_here(each, view.base)}") for each in report.warnings)
        ET.SubElement(suite, "system-out").text = "\n".join(said)
    ET.indent(suite)
    yield "plain", '<?xml version="1.0" encoding="UTF-8"?>'
    yield "plain", ET.tostring(suite, encoding="unicode")


def _head(suite: ET.Element, report: PassReport) -> None:
    """The schema of JUnit has ``properties`` before the first case."""
    found = {"stack": report.stack, "environment": report.environment}
    if report.endpoint is not None:
        there = report.endpoint
        found |= {"endpoint": there.url, "flavor": there.flavor.value, "region": there.region}
        found |= {"account": there.account or "unknown"}
    properties = ET.SubElement(suite, "properties")
    for name, value in found.items():
        ET.SubElement(properties, "property", name=name, value=printable(value))


def _case(suite: ET.Element, report: PassReport, table: TableReport, view: View) -> None:
    case = ET.SubElement(suite, "testcase", classname=printable(report.environment), name=printable(table.name))
    _locate(case, *place(table), view)
    if repeats(table, report):
        # The error is that of the case "desired state"; for this table nothing is known.
        ET.SubElement(case, "skipped", message="not read, see the error of the pass")
        return
    text = "\n".join(text for _, text in render(_alone(report, table), applied=view.applied, path=view.path))
    if table.status is TableStatus.ERROR:
        ET.SubElement(case, "error", message=printable(table.error or "failed")).text = text
    elif table.status not in NOT_DRIFTED or table.seed_pending or table.migrations:
        pending = "seed pending" if table.seed_pending else UNFINISHED
        status = table.status.value if table.status is not TableStatus.IN_SYNC else pending
        ET.SubElement(case, "failure", message=status).text = text


def _locate(case: ET.Element, file: str | None, line: int | None, view: View) -> None:
    """Readers of JUnit open ``file`` as a path; those that know lines read them from ``line``, as pytest writes it."""
    if file:
        case.set("file", printable(view.path(file)))
    if file and line:
        case.set("line", str(int(line)))


def _alone(report: PassReport, table: TableReport) -> PassReport:
    return PassReport(
        pass_id=report.pass_id,
        trigger=report.trigger,
        environment=report.environment,
        started=report.started,
        finished=report.finished,
        endpoint=report.endpoint,
        tables=(table,),
        stack=report.stack,
    )
