"""One of the stand-in's databases."""

from __future__ import annotations

import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

from tests.real.cloudflare.answers import ApiError, malformed
from tests.real.cloudflare.history import History
from tests.real.engine import D1Error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.real.cloudflare.history import Moment
    from tests.real.engine import D1, Outcome

MOST_STATEMENTS = 100
"""In one request; documented, and not enforced by workerd. What D1 says is documented nowhere."""

Query = tuple[str, tuple[Any, ...]]


class Hosted:
    """A database on real workerd, with its past. Requests run one after another, as on D1.

    Args:
        engine: Where it runs.
        name: Its name in the account.
    """

    def __init__(self, engine: D1, name: str) -> None:
        self.uuid = str(uuid.uuid4())
        self.name = name
        self.created = time.time()
        self._database = engine.fresh()
        # The first statement makes the file.
        self._database.query("SELECT 1")
        self._history = History(self._database.file)
        self._lock = threading.RLock()

    def run(self, queries: Iterable[Query], *, most: int | None = None) -> list[Outcome]:
        """Run texts as one transaction.

        Raises:
            ApiError: D1 refuses one.
        """
        with self._lock:
            try:
                return self._database.run(queries, most=most)
            except D1Error as refusal:
                raise ApiError(400, 7500, str(refusal)) from None
            finally:
                self._history.record()

    def dump(self, **options: Any) -> str:  # noqa: ANN401 - those of `D1Database.dump`
        """The database as SQL.

        Raises:
            D1Error: It has a virtual table.
        """
        with self._lock:
            return self._database.dump(**options)

    def bookmark(self, at: float | None = None) -> str:
        """The bookmark of the present, or of a time.

        Raises:
            ApiError: There was no database then.
        """
        return self._now().bookmark if at is None else self._then(at).bookmark

    def restore(self, bookmark: str) -> str:
        """Make it what it was.

        Returns:
            The bookmark of what it was just before.

        Raises:
            ApiError: There is no such bookmark.
        """
        with self._lock:
            present = self._history.record()
            moment = self._history.find(bookmark)
            if moment is None:
                raise malformed(f"{bookmark} is no bookmark of this database")
            self._history.restore(moment)
            return present.bookmark

    def size(self) -> int:
        """The bytes it takes."""
        return sum(len(chunk) for chunk in self._now().chunks)

    def tables(self) -> int:
        """How many tables it has that are the user's."""
        query = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        counted: int = self.run([(f"{query} AND substr(name, 1, 4) <> '_cf_'", ())])[0].rows[0][0]
        return counted

    def close(self) -> None:
        """Let it go."""
        with self._lock:
            self._history.close()
            self._database.close()

    def _now(self) -> Moment:
        with self._lock:
            return self._history.record()

    def _then(self, at: float) -> Moment:
        with self._lock:
            self._history.record()
            moment = self._history.before(at)
        if moment is None:
            raise malformed("the timestamp is before the database was created")
        return moment
