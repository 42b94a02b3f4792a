"""``-o sarif``: SARIF 2.1.0, for code scanning.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reconciler import __version__
from reconciler.model.position import column_of
from reconciler.model.report import PassReport
from reconciler.presentation.annotations import Annotation, AnnotationRule, of_problems, of_tables
from reconciler.presentation.formats.view import View
from reconciler.presentation.paths import warning_from_here

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ABOUT = {
    AnnotationRule.DECLARATION: "A declaration or seed is invalid",
    AnnotationRule.FAILED: "A table failed",
    AnnotationRule.BLOCKED: "A policy blocks a step",
    AnnotationRule.ITEMS_LOST: "A table and its items end",
    AnnotationRule.DRIFT: "A table differs from its declaration",
    AnnotationRule.SEED_PENDING: "A seed was not written yet",
    AnnotationRule.MIGRATION_UNFINISHED: "A migration of items is not finished",
}
RULES = tuple(ABOUT)


def lines(report: PassReport, view: View) -> Iterable[tuple[str, str]]:
    """One run. An error of the whole pass has no file, so it is a notification of the run and not a result."""
    annotations = [*of_problems(report.problems), *of_tables(report)]
    # A broken declaration is a result with its line, but no table was compared with it, or with what it was before.
    invocation: dict[str, Any] = {"executionSuccessful": report.error is None and not report.problems}
    texts = [("error", report.error)] if report.error else []
    texts += [("warning", warning_from_here(each, view.base)) for each in report.warnings]
    if texts:
        invocation["toolExecutionNotifications"] = [
            {"level": level, "message": {"text": text}} for level, text in texts
        ]
    driver = {"name": "dynamodb-reconciler", "version": __version__, "rules": [_rule(rule) for rule in RULES]}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"{report.stack or 'unknown'}/{report.environment}/"},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "results": [_result(annotation, report, view) for annotation in annotations],
    }
    yield "plain", json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(rule: AnnotationRule) -> dict[str, Any]:
    level = "error" if rule in (AnnotationRule.DECLARATION, AnnotationRule.FAILED) else "warning"
    return {"id": rule.value, "shortDescription": {"text": ABOUT[rule]}, "defaultConfiguration": {"level": level}}


def _result(annotation: Annotation, report: PassReport, view: View) -> dict[str, Any]:
    # Code scanning drops a result without a location: what has no declaration any more is shown at the folder.
    path = view.annotated(annotation.file) if annotation.file else view.annotated(view.base or ".")
    location: dict[str, Any] = {"artifactLocation": {"uri": _uri(path)}}
    if annotation.line:
        location["region"] = {"startLine": annotation.line}
        if column := column_of(annotation.line):
            location["region"]["startColumn"] = column
    identity = "\0".join((report.stack, report.environment, annotation.rule, annotation.subject, path))
    return {
        "ruleId": annotation.rule.value,
        "ruleIndex": RULES.index(annotation.rule),
        "level": "error" if annotation.is_error else "warning",
        "message": {"text": annotation.message},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"subject/v1": hashlib.sha256(identity.encode()).hexdigest()},
    }


def _uri(path: str) -> str:
    return Path(path).as_uri() if Path(path).is_absolute() else quote(path)
