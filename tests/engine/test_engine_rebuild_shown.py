"""A rebuild is shown wherever tables are: its phase, its times, and the next phase."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from simulation.simulated_engine import declaration, simulate

from reconciler.model.identity import Flavor
from reconciler.model.report import Verdict
from reconciler.model.table import GlobalIndex, KeyElement, Projection
from reconciler.presentation.document import document
from reconciler.presentation.formats import markdown
from reconciler.presentation.formats.view import View
from reconciler.presentation.render import render

OLD = GlobalIndex("by_mail", (KeyElement("mail", "HASH", "S"),), Projection("KEYS_ONLY"))
NEW = replace(OLD, name="mail2", projection=Projection("ALL"))
HOUR = timedelta(hours=1)
COMMAND = "`reconciler rebuild-index users by_mail`"


def begun(*, moved=True, timeout=60.0):
    """A rebuild whose first call ended before the new index was built, and the time when that call was made."""
    sim = simulate(flavor=Flavor.AWS, timeout=timeout)
    sim.declare(declaration("users", global_indexes=(OLD,)))
    sim.once()
    sim.clock.seconds += 60
    sim.dynamodb.delay = 900.0
    sim.declare(declaration("users", global_indexes=(NEW,) if moved else (OLD,)))
    since = sim.clock.now()
    assert not sim.reconciler.rebuild_index("users", "by_mail", "mail2", HOUR).finished
    return sim, since


def shown(sim):
    report = sim.reconciler.preview()
    assert report.verdict is not Verdict.ERROR
    (table,) = report.tables
    return table.rebuild


def test_the_phases_follow_one_another_to_the_end():
    sim, since = begun()
    phases = [shown(sim).phase]
    sim.clock.seconds += 500
    phases.append(shown(sim).phase)
    sim.clock.seconds += 500
    phases.append(shown(sim).phase)
    sim.reconciler.rebuild_index("users", "by_mail", "mail2", HOUR)
    held = shown(sim)
    assert (held.phase, held.since, held.until) == ("holding", since, held.ready_at + HOUR)
    sim.clock.seconds += 3600
    phases.append(shown(sim).phase)
    sim.reconciler.rebuild_index("users", "by_mail", "mail2", HOUR)
    phases.append(shown(sim).phase)
    sim.clock.seconds += 1000
    assert sim.reconciler.rebuild_index("users", "by_mail", "mail2", HOUR).finished
    assert phases == ["building", "backfilling", "ready", "ready", "dropping"]
    assert shown(sim) is None


def test_a_recorded_rebuild_that_has_not_started_reports_how_it_starts():
    sim, _ = begun()
    sim.dynamodb.tables["users"].description["GlobalSecondaryIndexes"] = [
        index
        for index in sim.dynamodb.tables["users"].description["GlobalSecondaryIndexes"]
        if index["IndexName"] == "by_mail"
    ]
    assert (shown(sim).phase, shown(sim).then) == ("starting", f"{COMMAND} creates mail2")


def test_it_reports_the_next_phase_and_that_the_declaration_must_change_first():
    sim, _ = begun(moved=False)
    sim.clock.seconds += 1000
    messages = "let readers and the declaration name mail2 instead of by_mail; then "
    assert shown(sim).then == f"{messages}{COMMAND} begins the time for which by_mail is held"
    sim.reconciler.rebuild_index("users", "by_mail", "mail2", HOUR)
    assert shown(sim).then == f"{messages}{COMMAND} drops by_mail after that"


def test_a_record_of_another_table_of_the_name_is_not_shown():
    sim, _ = begun()
    sim.dynamodb.tables["users"].description["TableId"] = "another"
    assert shown(sim) is None


@pytest.fixture
def held():
    sim, since = begun()
    sim.clock.seconds += 1000
    sim.reconciler.rebuild_index("users", "by_mail", "mail2", HOUR)
    return sim.reconciler.preview(), since


def test_preview_shows_it_even_where_nothing_is_to_be_done(held):
    report, since = held
    lines = [text for _, text in render(report)]
    stamp = since.isoformat().replace("+00:00", "Z")
    assert lines[1].startswith("… users")
    assert lines[2].startswith(f"  … index by_mail is being rebuilt as mail2 since {stamp}: holding until ")
    assert lines[2].endswith(f"next: {COMMAND} drops by_mail after that")
    assert lines[-1] == "In sync: 1 table as declared."


def test_the_document_of_every_json_output_has_it(held):
    report, _ = held
    (table,) = document(report)["tables"]
    assert table["status"] == "in_sync"
    assert {key: table["rebuild"][key] for key in ("index", "new_index", "phase")} == {
        "index": "by_mail",
        "new_index": "mail2",
        "phase": "holding",
    }
    assert table["rebuild"]["until"].endswith("Z")


def test_the_markdown_has_it(held):
    report, _ = held
    text = "\n".join(line for _, line in markdown.lines(report, View()))
    assert "is being rebuilt as mail2" in text
