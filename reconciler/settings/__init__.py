"""Typed settings, read from options, variables, ``.env``, a file and defaults. Commands load them for the wiring.

Order: option > ``RECONCILER_…`` > ``.env`` in the working directory > file (``--config``, ``reconciler.toml``,
``[tool.reconciler]`` of ``pyproject.toml``) > default.
"""

from reconciler.settings.model import SETTINGS, Setting, Settings

__all__ = ["SETTINGS", "Setting", "Settings"]
