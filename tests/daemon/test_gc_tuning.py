"""The daemon collects garbage between passes: lasting objects are frozen, those of a pass are freed after it."""

from __future__ import annotations

import gc
import weakref

import pytest

from reconciler.daemon import gc_tuning as module
from reconciler.daemon.gc_tuning import MALLOC, SELDOM, GcTuning, tune_malloc


@pytest.fixture
def tuning():
    """The collector of this process is as it was afterwards."""
    before = gc.get_threshold()
    yield GcTuning()
    gc.set_threshold(*before)
    gc.unfreeze()


class Circle:
    def __init__(self) -> None:
        self.itself = self


def test_objects_of_the_start_are_frozen_and_full_collections_become_rare(tuning):
    kept = Circle()
    tuning.freeze_startup_objects()
    assert gc.get_freeze_count() > 0
    assert not any(one is kept for one in gc.get_objects())
    assert gc.isenabled()
    assert gc.get_threshold()[2] == SELDOM


def test_reference_cycles_of_a_pass_are_freed_after_it(tuning):
    tuning.freeze_startup_objects()
    left = weakref.ref(Circle())
    gc.collect(1)
    tuning.collect()
    assert left() is None


def test_frozen_objects_are_still_freed_without_references(tuning):
    class Plain:
        pass

    kept = Plain()
    gone = weakref.ref(kept)
    tuning.freeze_startup_objects()
    del kept
    assert gone() is None


def test_many_lasting_objects_of_a_pass_are_frozen_and_few_are_not(tuning, monkeypatch):
    monkeypatch.setattr(module, "MANY", 5000)
    tuning.freeze_startup_objects()
    aside = []
    kept = []
    for number in (100, 6000, 100, 6000):
        before = gc.get_freeze_count()
        kept += [Circle() for _ in range(number)]
        tuning.collect()
        aside.append(gc.get_freeze_count() >= before + number)
    assert aside == [False, True, False, True]


def test_a_frozen_reference_cycle_is_freed_in_the_end(tuning, monkeypatch):
    monkeypatch.setattr(module, "MANY", 0)
    monkeypatch.setattr(module, "TIMES", 3)
    tuning.freeze_startup_objects()
    kept = Circle()
    gone = weakref.ref(kept)
    tuning.collect()
    del kept
    tuning.collect()
    assert gone() is not None
    tuning.collect()
    assert gone() is None


class Library:
    """A C library that has the function, or has not."""

    def __init__(self, known: bool) -> None:
        self.calls = []
        if known:
            self.mallopt = lambda parameter, value: self.calls.append((parameter, value))


@pytest.mark.parametrize("known", [True, False], ids=["glibc", "another C library"])
def test_freed_memory_goes_back_to_the_system_where_the_c_library_can_be_told(known, monkeypatch):
    library = Library(known)
    monkeypatch.setattr(module.ctypes, "CDLL", lambda _: library)
    tune_malloc()
    assert dict(library.calls) == (MALLOC if known else {})
