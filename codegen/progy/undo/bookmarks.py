"""Time Travel bookmarks of a remote database.

Cloudflare keeps every state of the last 30 days, 7 on the free plan; a bookmark is the name of one. Bookmarks sort by
their text from the oldest to the newest (developers.cloudflare.com/d1/reference/time-travel), so no clock is asked.
"""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING

from progy.errors import (
    AuthenticationError,
    CloudflareError,
    DatabaseError,
    NotFoundError,
    OutcomeUnknownError,
    SqlError,
    UsageError,
)
from progy.undo.journal import Journal
from progy.undo.ledgers import Applied, applied
from progy.undo.points import SNAPSHOT, Effect, Point, applying, in_words, now

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from progy.cloudflare.database import RemoteDatabase
    from progy.d1.ledger import Ledger

DAYS = 30
"""How long Cloudflare keeps a database's past, at most."""

_LIMIT = f"Time Travel goes back {DAYS} days, and 7 on the free plan"


class Bookmarks:
    """The bookmarks of one remote database that are known; a `progy.undo.points.Undo`.

    They come from progy's ledger in the database, which every machine sees, and from this machine's journal.
    """

    def __init__(
        self, database: RemoteDatabase, journal: Path, ledger: Ledger, *, warn: Callable[[str], None] = lambda _: None
    ) -> None:
        """Name them; nothing is asked yet.

        Args:
            database: The database.
            journal: The journal's file, in a folder of progy's own.
            ledger: The database's ledgers.
            warn: Is told when the journal can't be written, which stops nothing.
        """
        self._database = database
        self._journal = Journal(journal)
        self._ledger = ledger
        self._warn = warn

    def checkpoint(self, before: str) -> Point:
        """Take the bookmark of the present state.

        Args:
            before: What is about to be done, as `Point.before` has it.

        Raises:
            CloudflareError: It isn't to be had.
        """
        point = Point(self._database.bookmark(), now(), before)
        self._note(point)
        return point

    def points(self) -> list[Point]:
        """The bookmarks that ledger and journal know, the newest first.

        Raises:
            CloudflareError: The database can't be read.
            DatabaseError: The journal can't be read.
        """
        runs: dict[str, list[Applied]] = {}
        for row in self._applied():
            if row.bookmark:
                runs.setdefault(row.bookmark, []).append(row)
        # What has been applied is known better than what was about to be.
        known = {point.name: point for point in self._journal.points(self._database.id)}
        for bookmark, rows in runs.items():
            known[bookmark] = Point(bookmark, rows[0].at, applying([row.name for row in rows]))
        return sorted(known.values(), key=lambda point: point.name, reverse=True)

    def unlisted(self, name: str) -> Point:
        """A bookmark by its name alone.

        Raises:
            UsageError: It is another database's, or a snapshot.
            DatabaseError: The journal can't be read.
        """
        if name.startswith(SNAPSHOT):
            raise UsageError(
                f"{name} is a snapshot of a local database, and {self._database.label} has bookmarks",
                hint="say --local for the local one",
            )
        if self._is_foreign(name, owners := self._journal.owners()):
            others = ", ".join(sorted(owners[name]))
            raise UsageError(
                f"that is a bookmark of another database, {others}",
                hint="say which database is meant with --env, --database or --preview",
            )
        return Point(name)

    def at(self, moment: datetime) -> Point:
        """The database as it was at a moment.

        Raises:
            CloudflareError: Cloudflare doesn't know it, or not any more.
        """
        with _limited("the database may have been made later"):
            return Point(self._database.bookmark(moment), in_words(moment))

    def obstacle(self) -> str | None:
        """None: there is always a bookmark."""
        return None

    def effect(self, point: Point) -> Effect:
        """The migrations that come off: those of progy's by their bookmarks, and those that were applied after them.

        Migrations of other tools are told by the time.

        Raises:
            CloudflareError: The ledger can't be read.
        """
        rows = self._applied()
        for place, row in enumerate(rows):
            if row.bookmark >= point.name if row.bookmark else row.at > point.at > "":
                return Effect(off=tuple(row.name for row in rows[place:]))
        return Effect()

    def restore(self, point: Point) -> Point:
        """Take the database back to a bookmark.

        The present state is noted first: whatever becomes of the request, the way back from it is known.

        Returns:
            The state just before, which undoes this.

        Raises:
            OutcomeUnknownError: No answer says whether it was done.
            CloudflareError: Cloudflare refuses it: the bookmark is too old, or none.
        """
        present = self.checkpoint(f"rollback to {f'{point.at} UTC' if point.at else point.name}")
        try:
            with _limited("that may be no bookmark of this database"):
                restored = self._database.restore(point.name)
        except OutcomeUnknownError as error:
            error.hint = (
                f"look whether it is back, and run it again if not; the state before is the bookmark {present.name}"
            )
            raise
        if not restored.previous_bookmark or restored.previous_bookmark == present.name:
            return present
        # Something was written in between.
        exact = dataclasses.replace(present, name=restored.previous_bookmark)
        self._note(exact, instead_of=present)
        return exact

    def _applied(self) -> list[Applied]:
        """The ledgers; in a copy of another database, without the names of snapshots and bookmarks it brought along."""
        owners = self._journal.owners()
        return [
            dataclasses.replace(row, bookmark=None) if row.bookmark and self._is_foreign(row.bookmark, owners) else row
            for row in applied(self._database, self._ledger)
        ]

    def _is_foreign(self, name: str, owners: Mapping[str, Collection[str]]) -> bool:
        """Whether a point is known not to be one of this database's."""
        return name.startswith(SNAPSHOT) or self._database.id not in owners.get(name, {self._database.id})

    def _note(self, point: Point, *, instead_of: Point | None = None) -> None:
        try:
            self._journal.add(self._database.id, point, instead_of=instead_of)
        except DatabaseError as error:
            self._warn(f"the bookmark {point.name} couldn't be noted down: {error}")


@contextlib.contextmanager
def _limited(or_else: str) -> Iterator[None]:
    """Say how far back Time Travel goes where Cloudflare refuses to.

    Args:
        or_else: What else may be the reason.
    """
    try:
        yield
    except (AuthenticationError, NotFoundError, OutcomeUnknownError):
        raise
    except (CloudflareError, SqlError) as error:  # D1 refuses anything by the number that wrong SQL has
        if isinstance(error, SqlError) or error.code is not None:
            # The code's own hint is about the database, which is there: else it would be a NotFoundError.
            error.hint = f"{or_else}; {_LIMIT}"
        raise
