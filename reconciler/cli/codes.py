"""The exit codes and their meanings. ``--help`` shows them; ``exits`` chooses one."""

from __future__ import annotations

OK = 0
ERROR = 1
DRIFT = 2
INTERRUPTED = 130
TERMINATED = 143

TABLE = (
    (OK, "as declared: nothing to do, or everything was done"),
    (ERROR, "error: usage, configuration, declaration, connection, or a table failed"),
    (DRIFT, "drift: found by preview --expect-no-changes or diff, or left by --once or up (blocked or deferred)"),
    (INTERRUPTED, "ended by SIGINT"),
    (TERMINATED, "ended by SIGTERM"),
)
