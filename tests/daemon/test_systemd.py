"""What the daemon tells systemd, read from a datagram socket as the service manager would."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.sample_reports import report, table
from support.waiting import PATIENCE

from reconciler.daemon.systemd import Systemd
from reconciler.model.report import TableStatus


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The receiving end; a relative path, because the path of a socket has at most 107 bytes."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiving:
        receiving.bind("notify")
        receiving.settimeout(PATIENCE)
        yield receiving


def told(manager: socket.socket) -> list[str]:
    return manager.recv(4096).decode().splitlines()


def pending(manager: socket.socket) -> list[list[str]]:
    """Everything that was sent by now."""
    manager.setblocking(False)
    found = []
    try:
        while True:
            found.append(told(manager))
    except BlockingIOError:
        manager.settimeout(PATIENCE)
        return found


def made(ready: Callable[[], bool] = lambda: True, **variables: str) -> Systemd:
    return Systemd(ready, lambda: None, {"NOTIFY_SOCKET": "notify", **variables})


def test_ready_is_sent_once_and_only_when_the_daemon_is_ready(manager: socket.socket) -> None:
    state: list[bool] = []
    systemd = made(lambda: bool(state))
    systemd.after_pass(report(table("users", TableStatus.MISSING)))
    assert pending(manager) == [["STATUS=0 of 1 tables in sync"]]
    state.append(True)
    systemd.after_pass(report(table()))
    systemd.after_pass(report(table()))
    assert pending(manager) == [
        ["STATUS=1 of 1 tables in sync"],
        ["READY=1"],
        ["STATUS=1 of 1 tables in sync"],
    ]


def test_an_abstract_socket_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiving:
        receiving.bind("")
        receiving.settimeout(PATIENCE)
        name = receiving.getsockname().decode()
        Systemd(lambda: True, lambda: None, {"NOTIFY_SOCKET": f"@{name[1:]}"}).stopping()
        assert told(receiving) == ["STOPPING=1"]


def test_a_reload_ends_with_the_next_pass(manager: socket.socket) -> None:
    systemd = made()
    systemd.after_pass(report(table()))
    pending(manager)
    systemd.reloading()
    reloading, moment = told(manager)
    assert reloading == "RELOADING=1"
    assert moment.partition("=")[0] == "MONOTONIC_USEC"
    systemd.after_pass(None)
    assert pending(manager) == [["STATUS=the last pass did not end; the log says why"], ["READY=1"]]


def test_an_error_is_one_line_of_the_status(manager: socket.socket) -> None:
    made().after_pass(report(error="the endpoint\nREADY=1"))
    assert told(manager) == ["STATUS=the endpoint READY=1"]


def test_the_watchdog_is_fed_and_start_up_is_extended_until_ready(manager: socket.socket) -> None:
    systemd = made(lambda: False, WATCHDOG_USEC="100000", WATCHDOG_PID=str(os.getpid()))
    assert systemd.beat == 0.05
    systemd.start()
    assert [told(manager) for _ in range(4)] == [["EXTEND_TIMEOUT_USEC=60000000"], ["WATCHDOG=1"]] * 2
    systemd.stop()


def test_a_stuck_loop_is_not_reported_as_alive(manager: socket.socket) -> None:
    asked = threading.Semaphore(0)

    def dead() -> str:
        asked.release()
        return "the running pass has made no progress"

    systemd = Systemd(lambda: True, dead, {"NOTIFY_SOCKET": "notify", "WATCHDOG_USEC": "20000"})
    systemd.start()
    # The second question comes after whatever followed the first answer.
    assert asked.acquire(timeout=PATIENCE)
    assert asked.acquire(timeout=PATIENCE)
    systemd.stop()
    assert pending(manager) == [["READY=1"]]


@pytest.mark.parametrize("variables", [{"WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": ""}])
def test_a_watchdog_of_another_process_or_without_a_time_is_none(variables: dict[str, str]) -> None:
    assert made(**{"WATCHDOG_USEC": "100000", **variables}).beat == 30.0


def test_without_systemd_and_without_its_socket_nothing_happens(tmp_path: Path) -> None:
    for variables in ({}, {"NOTIFY_SOCKET": str(tmp_path / "gone")}):
        systemd = Systemd(lambda: True, lambda: None, variables)
        systemd.start()
        systemd.reloading()
        systemd.after_pass(report())
        systemd.stopping()
        systemd.stop()
