"""The command rebuild-index: create the new index, wait, drop the old one; resumable, and safe next to the loop."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from simulation.simulated_engine import declaration, simulate

from reconciler.engine.rebuild_index import next_name
from reconciler.model.errors import UsageError
from reconciler.model.identity import Flavor
from reconciler.model.report import Verdict
from reconciler.model.table import GlobalIndex, KeyElement, Projection

OLD = GlobalIndex("by_mail", (KeyElement("mail", "HASH", "S"),), Projection("KEYS_ONLY"))
WIDER = replace(OLD, projection=Projection("ALL"))
NEW = replace(WIDER, name="mail2")
NO_HOLD = timedelta(0)


def live(*, flavor=Flavor.AWS, **options):
    sim = simulate(flavor=flavor, **options)
    sim.declare(declaration("users", global_indexes=(OLD,)))
    sim.once()
    sim.clock.seconds += 60
    sim.dynamodb.journal.clear()
    return sim


def rebuild(sim, new="mail2", hold=NO_HOLD, index="by_mail"):
    return sim.reconciler.rebuild_index("users", index, new, hold)


def indexes(sim):
    described = sim.dynamodb.tables["users"].description.get("GlobalSecondaryIndexes", [])
    return {index["IndexName"]: index["Projection"]["ProjectionType"] for index in described}


def verbs(sim):
    return [
        f"{verb} {shape['IndexName']}"
        for call in sim.dynamodb.journal
        for update in call.params.get("GlobalSecondaryIndexUpdates", ())
        for verb, shape in update.items()
    ]


def test_without_a_declaration_that_moved_the_old_index_stays():
    sim = live(delay=5.0)
    sim.declare(declaration("users", global_indexes=(WIDER,)))
    reported = rebuild(sim)
    assert not reported.finished
    assert "does not name it in the place of by_mail" in reported.messages[0]
    assert indexes(sim) == {"by_mail": "KEYS_ONLY", "mail2": "ALL"}


def test_during_a_rebuild_the_loop_does_not_touch_either_index():
    sim = live(delay=5.0, disruption="allow")
    sim.declare(declaration("users", global_indexes=(WIDER,)))
    rebuild(sim)
    sim.dynamodb.journal.clear()
    assert [sim.run().verdict for _ in range(5)] == [Verdict.IN_SYNC] * 5
    assert sim.dynamodb.mutating == []


def test_once_the_declaration_names_the_new_index_the_old_one_is_deleted():
    sim = live(delay=5.0)
    sim.declare(declaration("users", global_indexes=(WIDER,)))
    rebuild(sim)
    sim.declare(declaration("users", global_indexes=(NEW,)))
    assert rebuild(sim).finished
    assert verbs(sim) == ["Create mail2", "Delete by_mail"]
    assert indexes(sim) == {"mail2": "ALL"}
    assert sim.store.snapshot.rebuilds == {}
    sim.dynamodb.journal.clear()
    assert [sim.run().verdict for _ in range(3)] == [Verdict.IN_SYNC] * 3
    assert sim.dynamodb.mutating == []


def test_an_index_is_rebuilt_unchanged_where_nothing_else_is_declared():
    sim = live()
    sim.declare(declaration("users"))
    assert rebuild(sim, new=None).finished
    assert indexes(sim) == {"by_mail-v2": "KEYS_ONLY"}


def test_the_old_index_stays_for_the_hold_time_counted_from_readiness():
    sim = live(delay=5.0, timeout=60)
    sim.declare(declaration("users", global_indexes=(NEW,)))
    reported = rebuild(sim, hold=timedelta(hours=1))
    assert not reported.finished
    assert "stays until" in reported.messages[1]
    sim.clock.seconds += 3500
    assert not rebuild(sim, hold=NO_HOLD).finished, "the hold of the record counts, not that of a later call"
    sim.clock.seconds += 100
    assert rebuild(sim).finished
    assert verbs(sim) == ["Create mail2", "Delete by_mail"]


def test_an_index_build_longer_than_a_call_continues_in_the_next_pass():
    sim = live(delay=5.0, timeout=60)
    sim.dynamodb.delay = 900.0
    sim.declare(declaration("users", global_indexes=(NEW,)))
    assert "is being built" in rebuild(sim).messages[0]
    sim.clock.seconds += 1000
    sim.dynamodb.delay = 5.0
    assert rebuild(sim).finished
    assert verbs(sim) == ["Create mail2", "Delete by_mail"]


@pytest.mark.parametrize("stop", ["Create", "Delete"])
@pytest.mark.parametrize("applied", [True, False])
def test_killed_at_any_call_it_resumes_where_it_stopped(stop, applied):
    sim = live(delay=5.0)
    sim.declare(declaration("users", global_indexes=(NEW,)))

    def die(operation, params):
        if any(stop in update for update in params.get("GlobalSecondaryIndexUpdates", ())):
            sim.dynamodb.faults = sim.dynamodb.after = None
            raise KeyboardInterrupt

    setattr(sim.dynamodb, "after" if applied else "faults", die)
    with pytest.raises(KeyboardInterrupt):
        rebuild(sim)
    assert rebuild(sim).finished
    assert verbs(sim) == ["Create mail2", "Delete by_mail"]
    assert indexes(sim) == {"mail2": "ALL"}


REFUSED = {
    "an index that is not there": ({"index": "by_name"}, "its indexes are: by_mail"),
    "a name that is taken": ({"new": "by_mail"}, "has an index by_mail already"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_is_refused_before_the_first_call(case):
    arguments, texts = REFUSED[case]
    sim = live()
    with pytest.raises(UsageError, match=texts):
        rebuild(sim, **arguments)
    assert (sim.dynamodb.mutating, dict(sim.store.snapshot.rebuilds)) == ([], {})


def test_a_key_attribute_of_another_type_is_refused_before_the_first_call():
    sim = live()
    number = replace(NEW, keys=(KeyElement("mail", "HASH", "N"),))
    sim.declare(declaration("users", global_indexes=(number,)))
    with pytest.raises(UsageError, match="under another type"):
        rebuild(sim)
    assert sim.dynamodb.mutating == []


def test_one_rebuild_a_table_at_a_time_and_it_can_be_forgotten():
    sim = live()
    sim.declare(declaration("users", global_indexes=(WIDER,)))
    rebuild(sim)
    with pytest.raises(UsageError, match="finish it, or forget it"):
        rebuild(sim, new="mail3")
    reported = sim.reconciler.cancel_rebuild("users")
    assert reported.finished
    assert indexes(sim) == {"by_mail": "KEYS_ONLY", "mail2": "ALL"}
    with pytest.raises(UsageError, match="is being rebuilt"):
        sim.reconciler.cancel_rebuild("users")


def test_a_rebuild_of_a_recreated_table_is_dropped():
    sim = live()
    sim.declare(declaration("users", global_indexes=(WIDER,)))
    rebuild(sim)
    sim.dynamodb.tables["users"].description["TableId"] = "another"
    with pytest.raises(UsageError, match="has an index mail2 already"):
        rebuild(sim)


@pytest.mark.parametrize(("name", "following"), [("by_mail", "by_mail-v2"), ("a-v2", "a-v3"), ("a-v9", "a-v10")])
def test_the_next_name_counts_on(name, following):
    assert next_name(name) == following
