"""What a database can be taken back to, and what undoing is, locally and remotely alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SNAPSHOT = "snapshot-"
"""How a snapshot's name begins; its number follows."""

_TIME = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Point:
    """A state of a database that it can be taken back to."""

    name: str
    """A Time Travel bookmark, or a snapshot's name: `snapshot-12`."""
    at: str = ""
    """UTC, `2026-11-23 04:16:50`; empty for a bookmark that only its name is known of."""
    before: str = ""
    """What was done next: `apply 0007_x.sql and 3 more`, `clean`, `rollback to snapshot-3`; empty when nobody knows."""
    size: int | None = None
    """A snapshot's, in bytes."""

    def __str__(self) -> str:
        """In words: `snapshot-12, taken 2026-11-23 04:16:50 UTC before clean`."""
        when = f"taken {self.at} UTC" if self.at else ""
        why = f"before {self.before}" if self.before else ""
        return ", ".join(part for part in (self.name, " ".join(part for part in (when, why) if part)) if part)


@dataclass(frozen=True, slots=True)
class Effect:
    """What going back to a point does to the ledger: migrations by name, in the order of their ledger."""

    off: tuple[str, ...] | None = ()
    """The database has them now, and wouldn't then; None where nobody knows what it had then."""
    back: tuple[str, ...] | None = ()
    """It hasn't them now, and would then; None likewise."""
    since: tuple[str, ...] = ()
    """Where nobody knows: those that were applied since, by the ledger. A rollback may have brought back others."""


class Undo(Protocol):
    """The points of one database."""

    def checkpoint(self, before: str, migrations: Sequence[str] | None = None) -> Point | None:
        """Make a point of the present state.

        Args:
            before: What is about to be done, as `Point.before` has it.
            migrations: Those that the database has, where the caller knows them.

        Returns:
            The point; None where there is nothing to come back to, or `obstacle` says why there is none.

        Raises:
            DatabaseError: The snapshot can't be written; nothing half is left.
            CloudflareError: There is no bookmark to be had.
        """
        ...

    def points(self) -> list[Point]:
        """The points there are, the newest first.

        Raises:
            DatabaseError: They can't be read.
            CloudflareError: The same, remotely.
        """
        ...

    def unlisted(self, name: str) -> Point | None:
        """A point that isn't among `points`, by its name; None where there can be none.

        Raises:
            UsageError: It can't be one of this database's.
            DatabaseError: What is known of others can't be read.
        """
        ...

    def at(self, moment: datetime) -> Point:
        """The state of a moment, whether or not anything was done then.

        Raises:
            UsageError: Of a local database there are snapshots only.
            CloudflareError: Cloudflare doesn't know it, or not any more.
        """
        ...

    def obstacle(self) -> str | None:
        """Why `checkpoint` would make no point of this database as it is, or None when it would."""
        ...

    def effect(self, point: Point) -> Effect:
        """What going back to the point would do to the ledger.

        Raises:
            DatabaseError: The ledger can't be read.
            CloudflareError: The same, remotely.
        """
        ...

    def restore(self, point: Point, saved: Callable[[Point | None], None] = lambda _: None) -> Point | None:
        """Take the database back to a point, all of it or nothing. All that was written since is lost.

        Args:
            point: The point.
            saved: Is told the point that undoes this, if there is one, before anything is changed.

        Returns:
            The point that undoes this: the state just before; None where there was nothing, or `obstacle` says why.

        Raises:
            DatabaseError: The snapshot is gone, or the file can't be written; the database is as it was.
            OutcomeUnknownError: No answer says whether it was done.
            CloudflareError: Cloudflare refuses it.
        """
        ...


def now() -> str:
    """The time as `Point.at` has it."""
    return datetime.now(UTC).strftime(_TIME)


def in_words(moment: datetime) -> str:
    """A moment as `Point.at` has it."""
    return moment.astimezone(UTC).strftime(_TIME)


def applying(names: Sequence[str]) -> str:
    """What an apply is called in `Point.before`: `apply 0007_x.sql and 3 more`.

    Args:
        names: Its migrations, in order; at least one.
    """
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"apply {names[0]}{more}"
