"""Time Travel bookmarks of a remote database.

Cloudflare keeps every state of the last 30 days, 7 on the free plan; a bookmark is the name of one. Bookmarks sort by
their text from the oldest to the newest (developers.cloudflare.com/d1/reference/time-travel), so no clock is asked.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
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
from progy.undo.ledgers import Applied, applied, names
from progy.undo.points import SNAPSHOT, Effect, Point, applying, in_words, now

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from progy.cloudflare.database import RemoteDatabase
    from progy.d1.ledger import Ledger

DAYS = 30
"""How long Cloudflare keeps a database's past, at most."""

_BOOKMARK = re.compile(r"[0-9a-z]+(?:-[0-9a-z]+)+", re.IGNORECASE)
"""Wider than what Time Travel gives today: what only looks wrong is for Cloudflare to refuse."""
_EXAMPLE = "00000085-0000024c-00004c6d-8e61117bf38d7adb71b934ebbf891683"
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

    def checkpoint(self, before: str, migrations: Sequence[str] | None = None) -> Point:
        """Take the bookmark of the present state.

        Args:
            before: What is about to be done, as `Point.before` has it.
            migrations: Those that the database has, where the caller knows them: `effect` will, too.

        Raises:
            CloudflareError: It isn't to be had.
        """
        point = Point(self._database.bookmark(), now(), before)
        self._note(point, migrations)
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
        """A bookmark by its name alone. Whether the database has it, Cloudflare alone knows.

        Raises:
            UsageError: It is another database's, or a snapshot, or no bookmark at all.
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
        if not _BOOKMARK.fullmatch(name):
            raise UsageError(
                f"{name} is no bookmark: those are like {_EXAMPLE}",
                hint="choose one from --list, or a moment with --at",
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
        """The migrations that come off or back, where it is known which the database had at that point.

        Neither the order of bookmarks nor the time says that: a rollback takes off what was applied before, and
        undoing one brings back what was applied after.

        Raises:
            CloudflareError: The ledger can't be read.
            DatabaseError: The journal can't be read.
        """
        rows = self._applied()
        present, then = [row.name for row in rows], self._then(point, rows)
        if then is None:
            return Effect(None, None, tuple(_since(point, rows)))
        return Effect(
            off=tuple(name for name in present if name not in then),
            back=tuple(name for name in then if name not in present),
        )

    def restore(self, point: Point, saved: Callable[[Point | None], None] = lambda _: None) -> Point:
        """Take the database back to a bookmark.

        The present state is noted first: whatever becomes of the request, the way back from it is known. Where
        Cloudflare refuses, nothing was done, and the note goes again.

        Args:
            point: The bookmark.
            saved: Is told the bookmark of the present state, before anything is sent.

        Returns:
            The state just before, which undoes this.

        Raises:
            OutcomeUnknownError: No answer says whether it was done.
            CloudflareError: Cloudflare refuses it: the bookmark is too old, or none.
        """
        migrations = names(self._database, self._ledger)
        present = self.checkpoint(f"rollback to {f'{point.at} UTC' if point.at else point.name}", migrations)
        saved(present)
        try:
            with _limited("that may be no bookmark of this database"):
                restored = self._database.restore(point.name)
        except OutcomeUnknownError:
            raise
        except (CloudflareError, SqlError) as error:
            self._forget(present)
            error.message = f"{error.message}; {self._database.label} is as it was"
            raise
        if not restored.previous_bookmark or restored.previous_bookmark == present.name:
            return present
        # Something was written in between: rows, by a Worker.
        exact = dataclasses.replace(present, name=restored.previous_bookmark)
        self._note(exact, migrations, instead_of=present)
        return exact

    def _then(self, point: Point, rows: Sequence[Applied]) -> Sequence[str] | None:
        """The migrations that the database had at a point; None where nobody knows.

        They were noted as the point was taken; or the ledger has what was applied next, and so what was there before.
        """
        noted = self._journal.migrations(self._database.id, point.name)
        if noted is not None:
            return noted
        place = next((place for place, row in enumerate(rows) if row.bookmark == point.name), None)
        if place is None:
            return None
        before, after = rows[:place], rows[place:]
        # A row that was gone, and was entered again by a repair, stands where it doesn't belong.
        in_order = all(row.bookmark < point.name for row in before if row.bookmark) and all(
            row.bookmark >= point.name for row in after if row.bookmark
        )
        return [row.name for row in before] if in_order else None

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

    def _note(self, point: Point, migrations: Sequence[str] | None, *, instead_of: Point | None = None) -> None:
        try:
            self._journal.add(self._database.id, point, migrations, instead_of=instead_of)
        except DatabaseError as error:
            self._warn(f"the bookmark {point.name} couldn't be noted down: {error}")

    def _forget(self, point: Point) -> None:
        with contextlib.suppress(DatabaseError):  # then it couldn't be noted down either, which was said
            self._journal.remove(self._database.id, point)


def _since(point: Point, rows: Sequence[Applied]) -> Iterator[str]:
    """The migrations of a ledger that were applied after a point: by bookmarks, those of other tools by the time."""
    for place, row in enumerate(rows):
        if row.bookmark >= point.name if row.bookmark else row.at > point.at > "":
            yield from (later.name for later in rows[place:])
            return


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
