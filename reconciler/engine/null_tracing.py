"""The ``Tracing`` port that does nothing: what stands in every world until traces are asked for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from reconciler.engine.ports import ApiExchange
from reconciler.model.plan import Step
from reconciler.model.report import PassReport


class NullTracing:
    """No span is ever made."""

    def whole_pass(self, pass_id: str, trigger: str) -> AbstractContextManager[Callable[[PassReport], None]]:  # noqa: ARG002
        """Gives what forgets its report."""
        return nullcontext(lambda _: None)

    def table(self, name: str) -> AbstractContextManager[None]:  # noqa: ARG002
        """Nothing around it."""
        return nullcontext()

    def call(self, operation: str, result: str, seconds: float, exchange: ApiExchange) -> None:
        """Forgotten."""

    def step(self, step: Step) -> None:
        """Forgotten."""

    def close(self) -> None:
        """Nothing waits to be sent."""


NULL_TRACING = NullTracing()
