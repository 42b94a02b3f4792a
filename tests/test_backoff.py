"""Retries end with the result, with an error that is not retried, with the caller's own end, or with the process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.backoff import retry


def failing(times: int, error: type[Exception] = OSError) -> Callable[[], str]:
    """Work that fails a number of times before it succeeds."""
    left = [None] * times

    def work() -> str:
        if left:
            left.pop()
            raise error("not yet")
        return "done"

    return work


def ignore(_error: Exception, _pause: float) -> None:
    pass


def test_the_result_ends_it_and_pauses_double_up_to_the_longest() -> None:
    slept: list[float] = []
    sleep = lambda seconds: slept.append(seconds) or True  # noqa: E731
    assert retry(failing(5), (OSError,), sleep, ignore, first=0.5, longest=3.0) == "done"
    assert slept == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_an_error_of_another_kind_is_raised_at_once() -> None:
    with pytest.raises(ValueError, match="not yet"):
        retry(failing(1, ValueError), (OSError,), lambda _: True, ignore, first=1.0, longest=1.0)


def test_the_caller_gives_up_with_an_error_of_its_own() -> None:
    heard: list[tuple[str, float]] = []

    def give_up(error: Exception, pause: float) -> None:
        heard.append((str(error), pause))
        if len(heard) == 2:
            raise TimeoutError("too late")

    with pytest.raises(TimeoutError, match="too late"):
        retry(failing(9), (OSError,), lambda _: True, give_up, first=1.0, longest=9.0)
    assert heard == [("not yet", 1.0), ("not yet", 2.0)]


def test_the_end_of_the_process_ends_it_without_a_result() -> None:
    assert retry(failing(9), (OSError,), lambda _: False, ignore, first=1.0, longest=1.0) is None
