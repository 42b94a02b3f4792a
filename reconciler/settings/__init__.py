"""Typed settings: one value from flags, environment, ``.env``, file and defaults, made by the commands for wiring.

Order: flag > ``RECONCILER_…`` > ``.env`` in the working directory > file (``--config``, ``reconciler.toml``,
``[tool.reconciler]`` of ``pyproject.toml``) > default.
"""

from reconciler.settings.in_effect import in_effect
from reconciler.settings.loading import load
from reconciler.settings.model import Settings

__all__ = ["Settings", "in_effect", "load"]
