"""Tables in a DynamoDB Local of the run: each process has its own namespace, which is reset by its database file."""

from __future__ import annotations

from pathlib import Path

from reconciler.pytest_plugin import cache, database_files
from reconciler.pytest_plugin.declared import Content, Declared, Server
from reconciler.pytest_plugin.installation import version
from reconciler.pytest_plugin.local_server import LocalServer
from reconciler.pytest_plugin.options import Options


class LocalBackend:
    """The namespace of ``key`` in the server of the run."""

    def __init__(self, local: LocalServer, options: Options, declared: Declared, key: str) -> None:
        self._key = key
        self._local = local
        self._options = options
        self._declared = declared
        self._images: dict[Content, bytes] = {}
        self._shown: bytes | None = None
        self._counter = -1
        self._started = False

    @property
    def server(self) -> Server:
        """Where the tables are."""
        return Server(self._local.url, self._key, self._options.region)

    @property
    def _file(self) -> Path:
        return self._local.database(self.server.key, self.server.region)

    def start(self) -> None:
        """Start the server, or join that of another process of the run."""
        if not self._started:
            folder = cache.folder() / "dynamodb-local"
            self._local.join(folder, self._options.root, delay=self._options.delay)
            self._started = True

    def reset(self, content: Content) -> None:
        """Exchange the content of the namespace; nothing is done where nothing was written."""
        self.restore(self._image(content))

    def snapshot(self) -> bytes:
        """The database as it is now."""
        image = database_files.read(self._file)
        self._shown, self._counter = image, database_files.change_counter(self._file)
        return image

    def restore(self, snapshot: bytes) -> None:
        """Bring back the database."""
        if self._shown is snapshot and database_files.change_counter(self._file) == self._counter:
            return
        scratch = self._file.with_name(f"{self.server.key}.next")
        database_files.replace(self._file, snapshot, scratch)
        self._shown, self._counter = snapshot, database_files.change_counter(self._file)

    def close(self) -> None:
        """Leave the server; it ends when no process of the run uses it."""
        self._local.leave()

    def _image(self, content: Content) -> bytes:
        """The database file with this content: of this run, of the cache, or made now by the engine."""
        if content not in self._images:
            with self._local.locked():
                self._images[content] = self._made(content)
        return self._images[content]

    def _made(self, content: Content) -> bytes:
        digest = "" if content is Content.BLANK else self._declared.digest(content, version(), str(self._options.delay))
        name = f"{content.value}-{digest}.db"
        of_this_run = self._local.folder / name
        found = cache.load(of_this_run)
        if found is None:
            cached = cache.folder() / "templates" / name if digest else None
            found = cache.load(cached) if cached else None
            if found is None:
                found = self._built(content)
                if cached:
                    cache.store(cached, found)
            of_this_run.write_bytes(found)
        return found

    def _built(self, content: Content) -> bytes:
        builder = Server(self.server.url, f"template{content.value}", self.server.region)
        builder.client().list_tables()
        if content is not Content.BLANK:
            self._declared.create(builder, content)
        return database_files.read(self._local.database(builder.key, builder.region))
