"""The unified diff of ``preview --diff``: only what a pass would change, as lines of the documents."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.declared_everywhere import GLOBAL
from support.reports import a_report
from support.setting_changes import SETTINGS
from support.spec_changes import SPEC_CHANGES
from support.specs import declaration, gsi, live, observed, provisioned, spec, ttl

from reconciler.model.desired import Lifecycle
from reconciler.model.report import TableReport, TableStatus
from reconciler.model.table import TableSpec
from reconciler.planning.diff import diff
from reconciler.presentation.formats import View, markdown
from reconciler.presentation.render import render
from reconciler.presentation.unified_diff import unified_diffs


def report(before: TableSpec | None, after: TableSpec, ignored: tuple[str, ...] = ()) -> TableReport:
    changes = diff(after, before, ignored) if before is not None else ()
    return TableReport(after.name, TableStatus.DRIFTED, changes=changes, observed=before)


def lines(before: TableSpec | None, after: TableSpec, *ignored: str) -> list[str]:
    declared = replace(declaration(after), lifecycle=Lifecycle(ignore_changes=ignored))
    found = unified_diffs(a_report(report(before, after, ignored)), (declared,))
    return list(found.get(after.name, ()))


def test_a_field_is_shown_in_its_place() -> None:
    before, after = spec(ttl=ttl("old"), deletion_protection=False), spec(ttl=ttl("new"))
    assert lines(before, after) == [
        "--- subject (live)",
        "+++ subject (declared)",
        "@@ -3,4 +3,4 @@",
        "   - {AttributeName: pk, KeyType: HASH}",
        " attribute_definitions:",
        "   - {AttributeName: pk, AttributeType: S}",
        "-time_to_live: {Enabled: true, AttributeName: old}",
        "+time_to_live: {Enabled: true, AttributeName: new}",
    ]


def test_an_index_is_added_and_another_one_removed() -> None:
    before = spec(global_indexes=[live(gsi("by_a", "a S"))])
    after = spec(global_indexes=[gsi("by_b", "b S")])
    found = lines(before, after)
    assert "-  - IndexName: by_a" in found
    assert "+  - IndexName: by_b" in found


def test_what_is_not_managed_is_not_shown() -> None:
    before = spec(tags={"mine": "1", "theirs": "2"}, global_indexes=[live(gsi("by_a", "a S"))])
    after = spec(tags={"mine": "3"}, global_indexes=[gsi("by_a", "a S")])
    found = [line for line in lines(before, after) if line[:1] in "+-" and line[:3] not in ("---", "+++")]
    assert found == ["-tags: {mine: '1'}", "+tags: {mine: '3'}"]


def test_what_is_ignored_is_not_shown() -> None:
    found = lines(spec(billing=provisioned(1, 1)), spec(billing=provisioned(5, 6)), "billing.throughput.read")
    assert "-provisioned_throughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 1}" in found
    assert "+provisioned_throughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 6}" in found


@pytest.mark.parametrize("before", [None, spec(ttl=ttl("a"))])
def test_a_missing_table_and_one_in_sync_have_none(before: TableSpec | None) -> None:
    assert lines(before, spec(ttl=ttl("a"))) == []


def test_every_change_is_shown() -> None:
    for case in (*SPEC_CHANGES, *SETTINGS):
        if diff(case.after, case.before):
            assert lines(case.before, case.after), case.name
    for name, table in GLOBAL.items():
        found = report(observed(spec()).spec, table)
        assert unified_diffs(a_report(found), (declaration(table),)) or not found.changes, name


def test_the_human_output_and_markdown_have_the_lines() -> None:
    before, after = spec(ttl=ttl("old")), spec(ttl=ttl("`new`"))
    whole = a_report(report(before, after))
    documents = unified_diffs(whole, (declaration(after),))
    styled = render(whole, diff=True, documents=documents)
    assert ("delete", "  -time_to_live: {Enabled: true, AttributeName: old}") in styled
    assert ("create", "  +time_to_live: {Enabled: true, AttributeName: '`new`'}") in styled
    text = [line for _, line in markdown.lines(whole, View(documents=documents))]
    assert text[text.index("```diff") + 1] == "--- subject (live)"
    assert text[-1] == "```"
