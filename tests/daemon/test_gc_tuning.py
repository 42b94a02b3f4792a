"""The daemon collects garbage between passes: lasting objects are frozen, those of a pass are freed after it."""

from __future__ import annotations

import gc
import weakref

import pytest

from reconciler.daemon import gc_tuning as module
from reconciler.daemon.gc_tuning import SELDOM, GcTuning


@pytest.fixture
def garbage():
    """The collector of this process is as it was afterwards."""
    before = gc.get_threshold()
    yield GcTuning()
    gc.set_threshold(*before)
    gc.unfreeze()


class Circle:
    def __init__(self) -> None:
        self.itself = self


def test_objects_of_the_start_are_frozen_and_full_collections_become_rare(garbage):
    kept = Circle()
    garbage.begin()
    assert gc.get_freeze_count() > 0
    assert not any(one is kept for one in gc.get_objects())
    assert gc.isenabled()
    assert gc.get_threshold()[2] == SELDOM


def test_reference_cycles_of_a_pass_are_freed_after_it(garbage):
    garbage.begin()
    left = weakref.ref(Circle())
    gc.collect(1)
    garbage.tidy()
    assert left() is None


def test_frozen_objects_are_still_freed_without_references(garbage):
    class Plain:
        pass

    kept = Plain()
    gone = weakref.ref(kept)
    garbage.begin()
    del kept
    assert gone() is None


def test_many_lasting_objects_of_a_pass_are_frozen_and_few_are_not(garbage, monkeypatch):
    monkeypatch.setattr(module, "MANY", 5000)
    garbage.begin()
    aside = []
    kept = []
    for number in (100, 6000, 100, 6000):
        before = gc.get_freeze_count()
        kept += [Circle() for _ in range(number)]
        garbage.tidy()
        aside.append(gc.get_freeze_count() >= before + number)
    assert aside == [False, True, False, True]


def test_a_frozen_reference_cycle_is_freed_in_the_end(garbage, monkeypatch):
    monkeypatch.setattr(module, "MANY", 0)
    monkeypatch.setattr(module, "TIMES", 3)
    garbage.begin()
    kept = Circle()
    gone = weakref.ref(kept)
    garbage.tidy()
    del kept
    garbage.tidy()
    assert gone() is not None
    garbage.tidy()
    assert gone() is None
