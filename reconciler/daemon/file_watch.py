"""Watches the declaration files and reports changes, in a thread of its own. Started by the daemon beside the loop.

The only place that imports watchfiles, which itself reads ``WATCHFILES_FORCE_POLLING`` and ``WATCHFILES_POLL_DELAY_MS``
for mounts that deliver no file events.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path

from watchfiles import Change, watch

from reconciler.logs import get_logger

log = get_logger("reconciler.watch")

DEBOUNCE_MS = 300
RECHECK_SECONDS = 1.0
"""Seconds between checks of the watched folders: file events end silently when a folder is removed."""

Fingerprint = tuple[tuple[str, int, int], ...]

_TEMPORARY = re.compile(
    r"~$|^#.*#$|^4913$|\.(sw[a-z]|tmp|temp|part|bak|orig|pyc|pyo)$|___jb_(tmp|old)___$", re.IGNORECASE
)
_KUBERNETES_DATA = "..data"
"""A mounted ConfigMap changes by replacing this link alone, so it is the one hidden name that counts."""


def relevant(path: str, roots: tuple[str, ...]) -> bool:
    """Whether a change of ``path`` may change the desired state; hidden files and editors' leftovers do not."""
    parts = _below(Path(path), roots)
    if parts and parts[-1] == _KUBERNETES_DATA:
        return True
    if any(part.startswith(".") or part == "__pycache__" for part in parts):
        return False
    return not (parts and _TEMPORARY.search(parts[-1]))


class Watcher:
    """Calls ``on_change`` after a change below ``paths()`` has settled for some 50 ms, at most 300 ms after the first.

    ``paths`` is asked about once a second, so the set may change with the declarations; it must not raise. A folder
    that vanishes, comes back or is replaced by a mount counts as a change and is watched again within a second or so.
    Where the system has no file events left to give (inotify limits), the folders are polled.
    """

    def __init__(
        self,
        paths: Callable[[], tuple[str, ...]],
        on_change: Callable[[], None],
        *,
        look_again: float = RECHECK_SECONDS,
    ) -> None:
        self._paths = paths
        self._on_change = on_change
        self._look_again = look_again
        self._polling = False
        self._seen: Fingerprint = ()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Start watching; call it once. Folders that appear or vanish from now on are noticed."""
        self._seen = self._current_fingerprint()
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """End the thread and wait for it up to ``timeout`` seconds."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._watch(self._seen)
            except (OSError, RuntimeError) as error:
                if not self._polling:
                    log.warning("file events are not available; polling the declarations", error=str(error))
                self._polling = True
                self._stop.wait(self._look_again)
            now = self._current_fingerprint()
            if now != self._seen and not self._stop.is_set():
                self._seen = now
                self._report(("folder",))

    def _watch(self, seen: Fingerprint) -> None:
        """Follow the existing folders until one of them appears, vanishes or is replaced."""
        roots = tuple(path for path, device, _ in seen if device >= 0)
        if not roots:
            self._stop.wait(self._look_again)
            return
        events = watch(
            *roots,
            watch_filter=lambda _change, path: relevant(path, roots),
            debounce=DEBOUNCE_MS,
            stop_event=self._stop,
            rust_timeout=max(1, int(self._look_again * 1000)),
            yield_on_timeout=True,
            raise_interrupt=False,
            force_polling=self._polling or None,
            ignore_permission_denied=True,
        )
        for changes in events:
            if changes:
                self._report(tuple(sorted(_described(change) for change in changes)))
            if self._current_fingerprint() != seen:
                return

    def _current_fingerprint(self) -> Fingerprint:
        return _fingerprint(self._paths())

    def _report(self, changes: tuple[str, ...]) -> None:
        log.info("declarations changed", changes=len(changes), first=changes[0])
        try:
            self._on_change()
        except Exception:
            log.exception("could not report a changed declaration")


def _described(change: tuple[Change, str]) -> str:
    kind, path = change
    return f"{path} {kind.name}"


def _below(path: Path, roots: tuple[str, ...]) -> tuple[str, ...]:
    """The parts of ``path`` under its root, so that a hidden folder above the root does not matter."""
    for root in roots:
        if path.is_relative_to(root):
            return path.relative_to(root).parts
    return path.parts[-1:]


def _fingerprint(paths: tuple[str, ...]) -> Fingerprint:
    """Each path with device and inode, ``-1`` where it is absent: another one means to watch anew."""
    return tuple((path, *_inode(path)) for path in dict.fromkeys(paths))


def _inode(path: str) -> tuple[int, int]:
    try:
        status = Path(path).stat()
    except OSError:
        return (-1, -1)
    return (status.st_dev, status.st_ino)
