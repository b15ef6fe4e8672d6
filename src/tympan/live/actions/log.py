"""The log: events in an SQLite file, their sound beside it, and what waits to be sent."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tympan.errors import ArgumentError, TympanError
from tympan.live.actions.base import Action
from tympan.live.event import Event

_TABLES = """
CREATE TABLE IF NOT EXISTS events (
    key TEXT PRIMARY KEY, rule TEXT NOT NULL, label TEXT NOT NULL, model TEXT NOT NULL,
    score REAL NOT NULL, start TEXT NOT NULL, "end" TEXT, start_s REAL NOT NULL, end_s REAL,
    recording TEXT NOT NULL, clip TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS events_start ON events (start);
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, time_s REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL, body TEXT NOT NULL,
    created_s REAL NOT NULL
);
"""
_COLUMNS = (
    *("key", "rule", "label", "model", "score", "start", '"end"', "start_s", "end_s"),
    *("recording", "clip"),
)


class EventLog(Action):
    """Events in a file of SQLite, each on the disk as soon as it begins.

    Others may read the file at any time (`sqlite3 events.db "select * from events"`).

    Args:
        name: as the rules call it.
        path: the file; made if it is not there.

    Raises:
        ArgumentError: it cannot be made, or is no log.

    >>> import tempfile
    >>> log = EventLog("log", Path(tempfile.mkdtemp(), "events.db"))
    >>> log.count()
    0
    """

    when = "both"

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.path = name, path
        self._lock = threading.RLock()
        try:
            self._db = sqlite3.connect(path, timeout=10.0, check_same_thread=False)
            # A process that is killed loses nothing that was committed, nor does the power.
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            with self._db:
                self._db.executescript(_TABLES)
        except sqlite3.Error as error:
            fix = "name another file"
            raise ArgumentError(f"cannot be used as a log: {error}", file=path, fix=fix) from error

    def act(self, event: Event) -> None:
        """Write the event, or what became of it."""
        values = event.to_json()
        row = [values[name.strip('"')] for name in _COLUMNS]
        marks = ", ".join("?" * len(_COLUMNS))
        updates = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])
        with self._change() as db:
            db.execute(
                f"INSERT INTO events ({', '.join(_COLUMNS)}) VALUES ({marks}) "
                f"ON CONFLICT(key) DO UPDATE SET {updates}",
                row,
            )

    @contextlib.contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """A transaction; errors of the disk as `OSError`."""
        with self._lock:
            try:
                with self._db:
                    yield self._db
            except sqlite3.Error as error:
                raise OSError(0, str(error), str(self.path)) from error

    def _rows(self, query: str, *values: Any) -> list[Any]:
        """What the file holds.

        Raises:
            TympanError: it is damaged, or cannot be read.
        """
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error as error:
                fix = "move it away, and a new log is begun"
                raise TympanError(f"cannot be read: {error}", file=self.path, fix=fix) from error

    def count(self) -> int:
        """How many events it holds."""
        return int(self._rows("SELECT COUNT(*) FROM events")[0][0])

    def forget_clip(self, clip: str) -> None:
        """The sound of an event was removed, to make room."""
        with self._change() as db:
            db.execute("UPDATE events SET clip = '' WHERE clip = ?", (clip,))

    # -- recordings of a folder that were done -----------------------------------------------------

    def seen(self, path: str, size: int, time_s: float) -> bool:
        """Whether a recording of this size and time was done."""
        rows = self._rows("SELECT size, time_s FROM files WHERE path = ?", path)
        return any(row[0] == size and abs(row[1] - time_s) < 1e-3 for row in rows)

    def done(self, path: str, size: int, time_s: float) -> None:
        """Remember that a recording was done."""
        with self._change() as db:
            db.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", (path, size, time_s))

    # -- what waits to be sent ---------------------------------------------------------------------

    def put(self, action: str, body: str) -> int:
        """Keep a message until it is sent; its number."""
        with self._change() as db:
            found = db.execute(
                "INSERT INTO outbox (action, body, created_s) VALUES (?, ?, ?)",
                (action, body, time.time()),
            )
            return int(found.lastrowid or 0)

    def waiting(self, action: str) -> list[tuple[int, str, float]]:
        """Messages that were not sent: number, body, and when they were made."""
        query = "SELECT id, body, created_s FROM outbox WHERE action = ? ORDER BY id"
        rows = self._rows(query, action)
        return [(int(row[0]), str(row[1]), float(row[2])) for row in rows]

    def sent(self, number: int) -> None:
        """Drop a message."""
        with self._change() as db:
            db.execute("DELETE FROM outbox WHERE id = ?", (number,))

    def close(self, wait_s: float = 5.0) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()


def read_events(path: Path) -> list[dict[str, Any]]:
    """The events of a log, the oldest first, as plain values.

    Raises:
        TympanError: it is no log.
    """
    if not path.is_file():
        raise TympanError("no such log", file=path)
    try:
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            rows = db.execute(f"SELECT {', '.join(_COLUMNS)} FROM events ORDER BY start").fetchall()
        finally:
            db.close()
    except sqlite3.Error as error:
        raise TympanError(f"is no log: {error}", file=path) from error
    names = [name.strip('"') for name in _COLUMNS]
    return [dict(zip(names, row, strict=True)) for row in rows]
