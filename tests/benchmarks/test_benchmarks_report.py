"""The table as Markdown and JSON, and its place in docs/performance.md."""

import json

import pytest

from benchmarks.figures import Row, Sample
from benchmarks.report import (
    BEGIN,
    END,
    PAGE,
    README,
    Run,
    cells,
    headlines,
    markdown,
    number,
    text,
    write_json,
    write_page,
)

ROWS = [
    Row.of(("P1", "read 1,000 tables", "limit"), "s", Sample((0.151, 0.142, 0.174))),
    Row.of(("P1", "read 1,000 tables", "a pass"), "s", Sample((0.3, 0.31, 0.29)), {"limit": 1.99, "boto3": 0.1}),
    Row.of(("P6", "10,000 items", "limit"), "items/s", Sample((5123.4, 5400.0))),
    Row.single(("P10", "10,000 items", "reconciler --help"), "modules", 1234),
]


def run(**changed):
    members = {
        "command": "make bench",
        "date": "2026-12-01",
        "machine": "a processor, 2 cores",
        "load": 0.1,
        "minutes": 12.4,
        "versions": {"boto3": "1.2.3"},
        "targets": {"P1": "2 × the limit"},
        "rows": ROWS,
    }
    return Run(**{**members, **changed})


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (3.0, "3"),
        (117, "117"),
        (25_120, "25,120"),
        (5261.7, "5,262"),
        (117.3, "117"),
        (26.66, "26.7"),
        (1.994, "1.99"),
        (0.1512, "0.151"),
        (0.01093, "0.0109"),
        (0.00001234, "0.00001"),
    ],
)
def test_a_number_has_the_digits_that_mean_something(value, shown):
    assert number(value) == shown


def test_a_row_shows_spread_and_ratios():
    assert cells(ROWS[1]) == (
        "P1",
        "read 1,000 tables",
        "a pass",
        "0.3 s",
        "0.29–0.31",
        "1.99 × limit, 0.1 × boto3",
        "3",
    )


def test_a_count_shows_neither_spread_nor_rounds():
    assert cells(ROWS[3])[3:] == ("1,234 modules", "", "", "")


def test_the_table_says_goal_and_scenario_once_and_is_aligned():
    lines = markdown(ROWS).splitlines()
    assert len({len(line) for line in lines}) == 1
    columns = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [row[0] for row in columns[2:]] == ["P1", "", "P6", "P10"]
    assert [row[1] for row in columns[2:]] == ["read 1,000 tables", "", "10,000 items", "10,000 items"]


def test_the_caption_names_command_machine_load_versions_goals_and_notes():
    shown = text(run(notes=["cfddb was left out: no network"]))
    assert "`make bench` on 2026-12-01, 12 minutes, load 0.10 when it began." in shown
    assert "a processor, 2 cores; client and server share it." in shown
    assert "boto3 1.2.3." in shown
    assert "Goals:\n\n- P1: 2 × the limit\n" in shown
    assert "- cfddb was left out: no network\n" in shown


def test_the_json_has_every_row_with_its_members(tmp_path):
    write_json(run(), tmp_path / "run.json")
    document = json.loads((tmp_path / "run.json").read_text())
    assert document["format_version"] == "1.0"
    assert document["rows"][1] == {
        "goal": "P1",
        "scenario": "read 1,000 tables",
        "contender": "a pass",
        "unit": "s",
        "median": 0.3,
        "low": 0.29,
        "high": 0.31,
        "rounds": 3,
        "ratios": {"limit": 1.99, "boto3": 0.1},
    }


def test_the_page_keeps_everything_outside_the_markers(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    readme = tmp_path / "README.md"
    readme.write_text(f"# Title\n{BEGIN}\n{END}\nafter\n")
    for _ in range(2):
        write_page(run(), page, readme)
    short = readme.read_text()
    assert short.startswith(f"# Title\n{BEGIN}\n\n| | reconciler | boto3 |")
    assert short.endswith(f"\n\n{END}\nafter\n")
    written = page.read_text()
    assert written.startswith(f"before\n{BEGIN}\n\n| goal ")
    assert written.endswith(f"\n\n{END}\nafter\n")
    assert "old" not in written
    assert written.count(BEGIN) == written.count(END) == 1


@pytest.mark.parametrize("page", ["no marker", f"{BEGIN} alone", f"{END} {BEGIN}", f"{BEGIN} {END} {END}"])
def test_a_page_without_its_two_markers_is_not_written(tmp_path, page):
    file = tmp_path / "performance.md"
    good = tmp_path / "good.md"
    file.write_text(page)
    good.write_text(f"{BEGIN}{END}")
    for places in ((file, good), (good, file)):
        with pytest.raises(ValueError, match="once each and in this order"):
            write_page(run(), *places)
    assert (file.read_text(), good.read_text()) == (page, f"{BEGIN}{END}"), "neither of them is written"


def test_the_page_of_the_project_has_the_markers(tmp_path):
    copy = tmp_path / "performance.md"
    copy.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    readme = tmp_path / "README.md"
    readme.write_text(README.read_text(encoding="utf-8"), encoding="utf-8")
    write_page(run(), copy, readme)


def test_the_short_table_sets_the_tool_beside_what_else_does_the_work():
    place = ("P6", "10,000 items of 150 B")
    rows = [
        Row.single(("P4", "nothing to do", "boto3 script"), "s", 0.62),
        Row.single(("P4", "nothing to do", "reconciler --once"), "s", 0.35),
        Row.single(("P4", "nothing to do", "reconciler status"), "s", 0.4),
        Row.single(("P4", "another scenario", "cfddb"), "s", 9),
        Row.single((*place, "raw conditional puts"), "items/s", 3000),
        Row.single((*place, "reconciler seed"), "items/s", 2000),
        Row.single((*place, "boto3 batch_writer, overwrites"), "items/s", 4000),
    ]
    lines = headlines(run(rows=rows)).splitlines()
    assert lines[2:4] == [
        "| nothing to do | 0.35 s | 0.62 s |  |  |  |",
        "| 10,000 items of 150 B | 2,000 items/s | 4,000 items/s, overwrites |  |  |  |",
    ]
    assert lines[-1] == "`make bench` on 2026-12-01, medians, client and server on a processor, 2 cores."
