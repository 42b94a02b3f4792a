"""The report of an unchanged table is the same object as in the pass before."""

from __future__ import annotations

from simulation.simulated_engine import declaration, item, simulate

from reconciler.model.report import TableReport


def test_an_unchanged_table_is_reported_by_the_same_object() -> None:
    sim = simulate()
    sim.declare(declaration("carts"), declaration("orders"))
    sim.once()
    before, after = ({t.name: t for t in sim.run().tables} for _ in range(2))
    assert all(before[name] is after[name] for name in ("carts", "orders"))
    sim.dynamodb.tables["orders"].description["ItemCount"] = 9
    changed = {t.name: t for t in sim.run().tables}
    assert changed["carts"] is before["carts"]
    assert (before["orders"].item_count, changed["orders"].item_count) == (0, 9)


def test_the_work_of_a_pass_is_not_reported_by_the_next_one() -> None:
    sim = simulate()
    sim.declare(declaration(seed=(item("1"), item("2"))))
    written = []
    for _ in range(4):
        written.append(sum(table.seed_written for table in sim.run().tables))
        sim.clock.seconds += 61
    assert sum(written) == 2
    assert written[-1] == 0


def test_removed_tables_are_not_remembered() -> None:
    sim = simulate()
    sim.declare(declaration("carts"))
    sim.once()
    for number in range(3):
        sim.dynamodb.make(
            TableName=f"passing-{number}",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )
        seen: tuple[TableReport, ...] = sim.run().tables
        assert {table.name for table in seen} == {"carts", f"passing-{number}"}
        assert sim.reconciler.state.reports.keys() == {"carts", f"passing-{number}"}
        del sim.dynamodb.tables[f"passing-{number}"]
