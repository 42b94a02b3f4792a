"""When passes run: the only place that imports apscheduler. Wiring builds the ``Loop`` and hands it the pass."""

from reconciler.scheduler.follow_up import FollowUp
from reconciler.scheduler.loop import Loop

__all__ = ["FollowUp", "Loop"]
