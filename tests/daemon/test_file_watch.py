"""Changes of declaration files are noticed, those of editors' leftovers are not, whatever happens to the folder."""

from __future__ import annotations

import shutil
import threading
import time

import pytest
from support.captured_logs import capture_logs
from support.waiting import PATIENCE

from reconciler.daemon import file_watch as module
from reconciler.daemon.file_watch import Watcher, relevant


class Changes:
    """Counts calls; ``fault`` makes each raise."""

    def __init__(self):
        self.count = 0
        self.fault = None
        self.happened = threading.Event()

    def __call__(self):
        self.count += 1
        self.happened.set()
        if self.fault:
            raise self.fault


def until_noticed(changes, act, seconds=PATIENCE):
    """Repeat ``act`` until a change is noticed: watching begins a moment after the start."""
    changes.happened.clear()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        act()
        if changes.happened.wait(0.3):
            return True
    return False


def once(act):
    """What is done the first time alone, where ``until_noticed`` would repeat it."""
    left = [act]
    return lambda: left.pop()() if left else None


def settled(changes, seconds=0.5):
    """Until nothing was noticed for so long: what was done before is all told."""
    changes.happened.clear()
    while changes.happened.wait(seconds):
        changes.happened.clear()
    return changes.count


@pytest.fixture(autouse=True)
def log():
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def changes():
    return Changes()


@pytest.fixture
def watching(changes):
    started = []

    def start(*paths):
        watcher = Watcher(lambda: tuple(str(path) for path in paths), changes, look_again=0.05)
        watcher.start()
        started.append(watcher)
        return watcher

    yield start
    for watcher in started:
        watcher.stop()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "desired_state"
    (made / "table_configs").mkdir(parents=True)
    return made


@pytest.mark.parametrize("name", ["users_table.py", "table_configs/users_table.yaml", "seeds/users.json.gz"])
def test_a_written_file_is_noticed_at_any_depth(folder, watching, changes, name):
    watching(folder)
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    assert until_noticed(changes, lambda: path.write_text(str(time.time())))


def test_a_removed_file_is_noticed(folder, watching, changes):
    path = folder / "users_table.py"
    path.write_text("x")
    watching(folder)
    assert until_noticed(changes, lambda: (folder / "started.py").write_text(str(time.time())))
    settled(changes)
    assert until_noticed(changes, lambda: path.unlink(missing_ok=True))


def test_files_that_cannot_matter_are_not_noticed(folder, watching, changes):
    watching(folder)
    assert until_noticed(changes, lambda: (folder / "started.py").write_text(str(time.time())))
    before = settled(changes)
    for name in (".users_table.py.swp", "users_table.py~", "4913", ".hidden"):
        (folder / name).write_text("x")
    time.sleep(0.6)
    assert changes.count == before


def test_many_changes_at_once_are_few_notices(folder, watching, changes):
    watching(folder)
    assert until_noticed(changes, lambda: (folder / "started.py").write_text(str(time.time())))
    before = settled(changes)

    def write_many():
        for number in range(200):
            (folder / f"t{number}_table.py").write_text("x")

    assert until_noticed(changes, once(write_many))
    assert settled(changes, 0.6) - before <= 4


def test_removing_and_restoring_the_folder_is_noticed_and_watched_again(folder, watching, changes):
    watching(folder)
    assert until_noticed(changes, lambda: (folder / "started.py").write_text(str(time.time())))
    assert until_noticed(changes, lambda: shutil.rmtree(folder, ignore_errors=True))
    settled(changes)
    assert until_noticed(changes, lambda: folder.mkdir(exist_ok=True))
    assert until_noticed(changes, lambda: (folder / "users_table.py").write_text(str(time.time())))


def test_a_folder_that_does_not_exist_yet_is_noticed_when_it_comes(tmp_path, watching, changes):
    folder = tmp_path / "later"
    watching(folder)
    assert until_noticed(changes, lambda: folder.mkdir(exist_ok=True))
    assert until_noticed(changes, lambda: (folder / "users_table.py").write_text(str(time.time())))


def test_another_folder_moved_into_its_place_is_noticed(folder, tmp_path, watching, changes):
    watching(folder)
    assert until_noticed(changes, lambda: (folder / "started.py").write_text(str(time.time())))
    settled(changes)

    def put_in_place():
        (tmp_path / "other").mkdir()
        folder.rename(tmp_path / "old")
        (tmp_path / "other").rename(folder)

    assert until_noticed(changes, once(put_in_place))
    assert until_noticed(changes, lambda: (folder / "users_table.py").write_text(str(time.time())))


def test_a_mounted_config_map_changes_by_its_data_link(tmp_path, watching, changes):
    folder = tmp_path / "mount"
    for version in ("..2026_1", "..2026_2"):
        (folder / version).mkdir(parents=True)
    (folder / "..data").symlink_to("..2026_1")
    watching(folder)

    def switch():
        (folder / "..data_tmp").symlink_to("..2026_2")
        (folder / "..data_tmp").rename(folder / "..data")

    assert until_noticed(changes, switch)


def test_an_error_of_the_listener_does_not_end_the_watching(folder, watching, changes):
    changes.fault = RuntimeError("no")
    watching(folder)
    path = folder / "users_table.py"
    for _ in range(2):
        assert until_noticed(changes, lambda: path.write_text(str(time.time())))
        settled(changes, 0.4)


def test_polling_can_be_forced_for_mounts_without_events(folder, watching, changes, monkeypatch):
    monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "true")
    monkeypatch.setenv("WATCHFILES_POLL_DELAY_MS", "50")
    watching(folder)
    assert until_noticed(changes, lambda: (folder / "users_table.py").write_text(str(time.time())))


def test_without_file_events_the_folders_are_polled(folder, watching, changes, monkeypatch):
    real = module.watch

    def exhausted(*paths, force_polling, **options):
        if not force_polling:
            raise OSError("inotify watch limit reached")
        return real(*paths, force_polling=True, poll_delay_ms=50, **options)

    monkeypatch.setattr(module, "watch", exhausted)
    watching(folder)
    assert until_noticed(changes, lambda: (folder / "users_table.py").write_text(str(time.time())))


def test_a_single_file_can_be_watched(folder, watching, changes):
    path = folder / "one.yaml"
    path.write_text("x")
    watching(path)
    assert until_noticed(changes, lambda: path.write_text(str(time.time())))


def test_stop_ends_the_thread_and_no_change_is_reported_after_it(folder, watching, changes):
    watcher = watching(folder)
    watcher.stop()
    assert not watcher._thread.is_alive()
    (folder / "users_table.py").write_text("x")
    time.sleep(0.4)
    assert changes.count == 0


@pytest.mark.parametrize(
    ("path", "matters"),
    [
        ("/etc/app/users_table.py", True),
        ("/etc/app/deep/er/users.json.gz", True),
        ("/etc/app", True),
        ("/etc/app/..data", True),
        ("/etc/app/..2026_11_22/users_table.py", False),
        ("/etc/app/.git/HEAD", False),
        ("/etc/app/__pycache__/users_table.cpython-311.pyc", False),
        ("/etc/app/users_table.pyc", False),
        ("/etc/app/.users_table.py.swp", False),
        ("/etc/app/users_table.py~", False),
        ("/etc/app/#users_table.py#", False),
        ("/etc/app/.#users_table.py", False),
        ("/etc/app/4913", False),
        ("/etc/app/users_table.py___jb_tmp___", False),
        ("/etc/app/users.json.tmp", False),
        ("/elsewhere/users_table.py", True),
        ("/srv/.hidden/state/users_table.py", True),
    ],
)
def test_which_names_matter(path, matters):
    assert relevant(path, ("/etc/app", "/srv/.hidden/state")) is matters
