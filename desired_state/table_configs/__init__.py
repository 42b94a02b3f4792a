"""One table a file. A new file appears in ``TableConfig`` and the reconciler by itself; no list has to be edited."""

from .projects_table import ProjectsTableConfig
from .users_table import UsersTableConfig

__all__ = ["ProjectsTableConfig", "UsersTableConfig"]
