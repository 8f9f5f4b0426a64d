"""Time Travel: what a database's file held, after every write."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import apsw

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK = 4096
# Where the header says which journal is used: a database in memory can have no write-ahead log.
_JOURNAL_BYTES = slice(18, 20)


@dataclass(frozen=True)
class Moment:
    """The file's content from one write to the next. Chunks that no write changed are shared between moments."""

    at: float
    bookmark: str
    chunks: tuple[bytes, ...]


class History:
    """A database's moments. Not for several threads at once.

    Args:
        file: The file, which workerd may have open.
    """

    def __init__(self, file: Path) -> None:
        self._connection = apsw.Connection(str(file))
        self._connection.set_busy_timeout(5000)
        self._salt = file.name
        self._version: object = None
        self._moments: list[Moment] = []
        self.record()

    def record(self) -> Moment:
        """Keep what the file holds now, unless nothing was written since the last time.

        Returns:
            The present moment.
        """
        version = self._connection.pragma("data_version")
        if version != self._version:
            self._version = version
            self._append()
        return self._moments[-1]

    def before(self, at: float) -> Moment | None:
        """The moment that a time, in seconds since 1970, falls into; None before the database was made."""
        return next((moment for moment in reversed(self._moments) if moment.at <= at), None)

    def find(self, bookmark: str) -> Moment | None:
        """The moment of that bookmark."""
        return next((moment for moment in self._moments if moment.bookmark == bookmark), None)

    def restore(self, moment: Moment) -> None:
        """Write back what the file held, a write like any other."""
        content = bytearray(b"".join(moment.chunks))
        content[_JOURNAL_BYTES] = b"\x01\x01"
        source = apsw.Connection(":memory:")
        source.deserialize("main", bytes(content))
        with self._connection.backup("main", source, "main") as backup:
            backup.step()
        source.close()
        # `data_version` counts the writes of others only.
        self._append()

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def _append(self) -> None:
        content = self._connection.serialize("main")
        known = self._moments[-1].chunks if self._moments else ()
        chunks = [content[start : start + _CHUNK] for start in range(0, len(content), _CHUNK)]
        for index, (old, new) in enumerate(zip(known, chunks, strict=False)):
            if old == new:
                chunks[index] = old
        self._moments.append(Moment(time.time(), self._bookmark(), tuple(chunks)))

    def _bookmark(self) -> str:
        number = len(self._moments)
        digest = hashlib.sha256(f"{self._salt}{number}".encode()).hexdigest()
        return f"{number:08x}-ffffffff-00005000-{digest[:32]}"
