"""The checks of ``doctor``, none of which writes: endpoint, clock, declarations, state, permissions, capabilities."""

from reconciler.doctor.examine import examine
from reconciler.doctor.finding import Finding, Level

__all__ = ["Finding", "Level", "examine"]
