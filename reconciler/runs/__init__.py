"""Jobs from the API and the page, their runs, the run history and the event feed. Used by the loop and by HTTP."""

from reconciler.runs.feed import Feed
from reconciler.runs.history import RunHistory
from reconciler.runs.job import Job, Outcome, QueueFull, Run, Stopping, Verb
from reconciler.runs.record import Record, State

__all__ = ["Feed", "Job", "Outcome", "QueueFull", "Record", "Run", "RunHistory", "State", "Stopping", "Verb"]
