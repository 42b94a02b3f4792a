"""Work that is asked for from outside: orders, what became of them, and the feed of events. Used by loop and HTTP."""

from reconciler.runs.feed import Feed
from reconciler.runs.history import RunHistory
from reconciler.runs.job import Job, Outcome, QueueFull, Run, Stopping, Verb
from reconciler.runs.record import Record, State

__all__ = ["Feed", "Job", "Outcome", "QueueFull", "Record", "Run", "RunHistory", "State", "Stopping", "Verb"]
