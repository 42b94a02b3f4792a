"""Work that is asked for from outside: orders, what became of them, and the feed of events. Used by loop and HTTP."""

from reconciler.runs.book import Book
from reconciler.runs.feed import Feed
from reconciler.runs.order import Order, Outcome, Verb
from reconciler.runs.record import Record, State
from reconciler.runs.run import Full, Run, Stopping

__all__ = ["Book", "Feed", "Full", "Order", "Outcome", "Record", "Run", "State", "Stopping", "Verb"]
