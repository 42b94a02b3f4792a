"""One table a file. A new file appears here, in ``TableConfig`` and in the reconciler by itself; a removed one goes."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

__all__: list[str] = []
"""Names may be added by hand; none has to be."""


def __getattr__(name: str) -> Any:
    """``from desired_state.table_configs import UsersTableConfig``: found in whichever module defines it."""
    if not name.startswith("_"):
        for entry in pkgutil.iter_modules(__path__):
            module = importlib.import_module(f"{__name__}.{entry.name}")
            if name in vars(module):
                return vars(module)[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
