"""What the plugin needs of a server: tables with a certain content, again and again. Each kind implements it."""

from __future__ import annotations

from typing import Any, Protocol

from reconciler.pytest_plugin.declared import Content, Server


class Backend(Protocol):
    """One server, as one process of the run uses it."""

    @property
    def server(self) -> Server:
        """Where the tables are."""
        ...

    def start(self) -> None:
        """Start the server unless it runs. Raises ``Missing``, ``NotDeclared``, or ``Refused``."""
        ...

    def reset(self, content: Content) -> None:
        """Bring every table to this content; does nothing where it still has it."""
        ...

    def snapshot(self) -> Any:
        """Everything as it is now, for ``restore``."""
        ...

    def restore(self, snapshot: Any) -> None:
        """Bring back what ``snapshot`` returned."""
        ...

    def close(self) -> None:
        """This process needs the server no more."""
        ...


class Refused(Exception):
    """The server may not be used for tests; the text says why and what to do."""
