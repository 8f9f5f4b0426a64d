"""What a D1 database is to whoever works on one: local or remote makes no difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Result:
    """What one statement gave."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    """Locally as SQLite has them. Remotely as JSON has them: a BLOB is a list of integers, `1.0` is `1`, and an integer
    beyond 2^53 has lost digits; `quote()` gives any value as it is."""
    changes: int = 0
    """How many rows it inserted, updated or deleted, with those that triggers and foreign keys changed for it."""


class Database(Protocol):
    """One D1 database, local or remote."""

    @property
    def label(self) -> str:
        """What messages call it: `DB (local)`, `DB (remote)`, `DB (preview)`."""
        ...

    @property
    def remote(self) -> bool:
        """Whether it is one of Cloudflare's."""
        ...

    @property
    def size(self) -> int | None:
        """How large it is, in bytes; remotely by the last answer, and None before the first."""
        ...

    def read(self, statements: Sequence[str]) -> list[Result]:
        """Run statements that write nothing, all at one moment, remotely in one request, sent again on failure.

        Raises:
            SqlError: One is refused.
            DatabaseError: The file can't be read.
            CloudflareError: The API can't be reached, or refuses.
        """
        ...

    def write(self, text: str, *, where: str) -> None:
        """Run the statements of a text as one transaction, under D1's rules: all or none. It is never sent twice.

        Args:
            text: One or more statements.
            where: The text's name in errors, a file's path say.

        Raises:
            SqlError: One is refused, and none has an effect.
            DatabaseError: The file can't be written.
            OutcomeUnknownError: It was sent, and no answer says whether it was done.
            CloudflareError: The API can't be reached, or refuses; nothing was done.
        """
        ...

    def execute(self, text: str, *, where: str) -> list[Result]:
        """Do what `write` does, and give what came of each statement, with all its columns."""
        ...
