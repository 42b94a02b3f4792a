"""Freed memory goes back to the system: parameters of the C library, where it has them."""

from __future__ import annotations

import ctypes

import pytest

from reconciler.daemon.daemon import MALLOC, tune_malloc


class Library:
    """A C library that has the function, or has not."""

    def __init__(self, known: bool) -> None:
        self.calls = []
        if known:
            self.mallopt = lambda parameter, value: self.calls.append((parameter, value))


@pytest.mark.parametrize("known", [True, False], ids=["glibc", "another C library"])
def test_freed_memory_goes_back_to_the_system_where_the_c_library_can_be_told(known, monkeypatch):
    library = Library(known)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    tune_malloc()
    assert dict(library.calls) == (MALLOC if known else {})
