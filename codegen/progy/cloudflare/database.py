"""A D1 database on Cloudflare. It brings httpx, and is imported only when something remote is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from progy.cloudflare.client import QUERY_SECONDS
from progy.d1.database import Result
from progy.errors import CloudflareError, OutcomeUnknownError, SqlError
from progy.sql.tokens import UnclosedQuoteError, tokens
from progy.sql.tokens import statements as statements_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from progy.cloudflare.client import Client
    from progy.cloudflare.connect import Cloudflare
    from progy.cloudflare.transfer import Imported

_PLACE = re.compile(
    r'(?:near "(?P<near>.+?)":|no such column: (?P<column>\w+)).* at offset (?P<offset>\d+)$', re.DOTALL
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Restored:
    """What Time Travel did."""

    bookmark: str
    """The state that the database has now."""
    previous_bookmark: str
    """The one that it had: restoring that undoes it. Empty where Cloudflare doesn't say it."""
    message: str = ""


class RemoteDatabase:
    """A D1 database on Cloudflare, as a `progy.d1.database.Database`. It keeps no connection of its own."""

    remote = True

    def __init__(self, client: Client, cloudflare: Cloudflare, name: str, label: str) -> None:
        """Name the database; nothing is asked yet.

        Args:
            client: What sends requests.
            cloudflare: The account.
            name: The database's id, or its name.
            label: What messages call it.
        """
        self._client = client
        self._cloudflare = cloudflare
        self._name = name
        self.label = label
        self.size: int | None = None
        """Bytes, by the last answer."""

    @cached_property
    def id(self) -> str:
        """Its id. A name is looked up, once.

        Raises:
            NotFoundError: There is none of that name.
            CloudflareError: The API can't be reached, or refuses.
        """
        return self._name if _UUID.fullmatch(self._name) else self._cloudflare.info(self._name).uuid

    @property
    def account(self) -> str:
        """The account's id.

        Raises:
            AuthenticationError: The token sees none.
            UsageError: It sees several, and none is named.
        """
        return self._cloudflare.account

    def path(self, call: str) -> str:
        """Where one of its calls is, behind the API's address."""
        return f"/accounts/{self.account}/d1/database/{self.id}/{call}"

    def read(self, statements: Sequence[str]) -> list[Result]:
        """Run statements that write nothing, in one request: all at one moment. It is sent again on failure.

        Raises:
            SqlError: One is refused.
            CloudflareError: The API can't be reached, or refuses.
        """
        text = ";\n".join(statements)
        try:
            answer = self._client.request("POST", self.path("raw"), json={"sql": text}, seconds=QUERY_SECONDS)
        except SqlError as error:
            raise SqlError(error.message, statement=_faulty(text, error.message), where=self.label) from None
        found = _results(answer.result)
        if found is None or len(found) < len(statements):
            raise CloudflareError("D1's answer doesn't hold every result", where=self.label, hint="try again later")
        return [self._result(one) for one in found]

    def write(self, text: str, *, where: str) -> None:
        """Run the statements of a text as one transaction, in one request: all or none. It is never sent twice.

        It goes to `/query`, as wrangler's migrations do, whose rows hide columns behind others of the same name.

        Raises:
            SqlError: One is refused, and none has an effect.
            OutcomeUnknownError: It was sent, and no answer says whether it was done.
            CloudflareError: The API can't be reached, or refuses; nothing was done.
        """
        for one in self._changed("query", text, where):
            self._measured(one)

    def execute(self, text: str, *, where: str) -> list[Result]:
        """Do what `write` does, and give what came of each statement.

        It goes to `/raw`, which differs from `/query` in how rows are written (Cloudflare's API reference).

        Raises:
            SqlError: One is refused, and none has an effect.
            OutcomeUnknownError: It was sent, and no answer says whether it was done.
            CloudflareError: The API can't be reached, or refuses; nothing was done.
        """
        return [self._result(one) for one in self._changed("raw", text, where)]

    def bookmark(self, at: datetime | None = None) -> str:
        """Time Travel's bookmark of the present state, or of a moment.

        Args:
            at: The moment; UTC, if it has no zone.

        Raises:
            CloudflareError: Cloudflare doesn't know that moment, or not any more.
        """
        params = {"timestamp": _timestamp(at)} if at else None
        answer = self._client.request("GET", self.path("time_travel/bookmark"), params=params)
        return _text(answer.result, "bookmark")

    def restore(self, bookmark: str) -> Restored:
        """Take the database back to a bookmark. All that was written since is lost.

        Raises:
            OutcomeUnknownError: No answer says whether it was done.
            CloudflareError: Cloudflare refuses it.
        """
        path, params = self.path("time_travel/restore"), {"bookmark": bookmark}
        answer = self._client.request("POST", path, params=params, changes=True, seconds=QUERY_SECONDS)
        found = answer.result if isinstance(answer.result, dict) else {}
        # It is done: an answer that doesn't say how to undo it is no reason to call it failed.
        return Restored(
            str(found.get("bookmark") or bookmark),
            str(found.get("previous_bookmark") or ""),
            str(found.get("message") or ""),
        )

    def import_file(self, text: str, *, tell: Callable[[str], None]) -> Imported:
        """Import a file of SQL, which is no transaction; see `progy.cloudflare.transfer.import_file`."""
        from progy.cloudflare.transfer import import_file

        return import_file(self._client, self.path("import"), text, tell)

    def _changed(self, call: str, text: str, where: str) -> list[dict[str, Any]]:
        """Send a text that may change something; what each statement gave."""
        try:
            answer = self._client.request(
                "POST", self.path(call), json={"sql": text}, changes=True, seconds=QUERY_SECONDS
            )
        except SqlError as error:
            raise SqlError(error.message, statement=_faulty(text, error.message), where=where) from None
        found = _results(answer.result)
        if found is None:
            raise OutcomeUnknownError(
                "D1 says that it was carried out, and gives no results", where=where, hint=self._client.commands.look
            )
        return found

    def _result(self, found: dict[str, Any]) -> Result:
        """What `/raw` gave of a statement."""
        meta = self._measured(found)
        table = found.get("results")
        table = table if isinstance(table, dict) else {}
        rows = tuple(map(tuple, table.get("rows") or ()))
        return Result(tuple(map(str, table.get("columns") or ())), rows, int(meta.get("changes") or 0))

    def _measured(self, found: dict[str, Any]) -> dict[str, Any]:
        """What is said about a statement, the database's size among it."""
        meta = found.get("meta")
        meta = meta if isinstance(meta, dict) else {}
        if isinstance(meta.get("size_after"), int):
            self.size = meta["size_after"]
        return meta


def _results(found: Any) -> list[dict[str, Any]] | None:  # noqa: ANN401 - JSON
    """What each statement gave; None where one of them isn't said to have been carried out."""
    if isinstance(found, list) and all(isinstance(one, dict) and one.get("success", True) for one in found):
        return found
    return None


def _faulty(text: str, message: str) -> str:
    """The statement that an error is about: the only one, or the only one that has the token there. Else nothing."""
    try:
        found = [one.sql for one in statements_of(text)]
    except UnclosedQuoteError as error:
        return text[error.position :]
    if len(found) == 1:
        return found[0]
    place = _PLACE.match(message)
    fitting = [sql for sql in found if place and _has(sql, place["near"] or place["column"], int(place["offset"]))]
    return fitting[0] if len(fitting) == 1 else ""


def _has(sql: str, token: str, offset: int) -> bool:
    """Whether a statement has a token there, in bytes from the statement's own beginning, as workerd counts."""
    return any(one.text == token and len(sql[: one.start].encode()) == offset for one in tokens(sql))


def _timestamp(at: datetime) -> str:
    """A moment as RFC 3339 has it, in UTC: `2026-11-23T12:00:00.000Z`, as wrangler sends it."""
    moment = at if at.tzinfo else at.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(found: Any, key: str) -> str:  # noqa: ANN401 - JSON
    value = found.get(key) if isinstance(found, dict) else None
    if isinstance(value, str) and value:
        return value
    raise CloudflareError(f"Cloudflare's answer holds no {key}", hint="try again later")
