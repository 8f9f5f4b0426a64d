"""The account on Cloudflare that a project's databases are in."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from progy.cloudflare.answers import MALFORMED, PLAIN
from progy.errors import AuthenticationError, CloudflareError, OutcomeUnknownError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx

    from progy.cloudflare.answers import Commands
    from progy.cloudflare.client import Client
    from progy.cloudflare.database import RemoteDatabase

BASE_URL = "https://api.cloudflare.com/client/v4"
_ACCOUNT = re.compile(r"[A-Za-z0-9_-]+")
_PAGE = 50
"""The most accounts that the API puts on a page."""


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    """A database of the account, as the API describes it. What it doesn't say is None."""

    uuid: str
    name: str
    created_at: str | None = None
    version: str | None = None
    num_tables: int | None = None
    file_size: int | None = None
    """Bytes."""
    region: str | None = None
    jurisdiction: str | None = None
    read_replication: str | None = None


class Cloudflare:
    """An account, as one token sees it."""

    def __init__(self, client: Client, account: str | None) -> None:
        """Keep the client; nothing is sent yet.

        Args:
            client: What sends requests.
            account: The account's id; None asks which accounts there are.
        """
        self._client = client
        self._account = account

    @cached_property
    def account(self) -> str:
        """The account's id.

        Raises:
            AuthenticationError: The token sees none.
            UsageError: It sees several, and none is named.
        """
        if self._account:
            return self._account
        found = [(str(one.get("id")), str(one.get("name", ""))) for one in self._all("/accounts")]
        if len(found) == 1:
            return found[0][0]
        if not found:
            raise AuthenticationError(
                "the token sees no account", hint="set CLOUDFLARE_ACCOUNT_ID, or account_id in the wrangler config"
            )
        names = ", ".join(f"{number} ({name})" for number, name in found)
        raise UsageError(
            f"the token sees several accounts: {names}",
            hint="name one: CLOUDFLARE_ACCOUNT_ID in the environment, or account_id in the wrangler config",
        )

    def database(self, name: str, *, label: str) -> RemoteDatabase:
        """A database; nothing is asked yet.

        Args:
            name: Its id, or its name.
            label: What messages call it.
        """
        from progy.cloudflare.database import RemoteDatabase

        return RemoteDatabase(self._client, self, name, label)

    def databases(self, name: str | None = None) -> list[DatabaseInfo]:
        """The account's databases; with a name, those whose name holds it.

        Raises:
            CloudflareError: The API can't be reached, or refuses.
        """
        return [
            _info(one) for one in self._all(f"/accounts/{self.account}/d1/database", {"name": name} if name else {})
        ]

    def info(self, name: str) -> DatabaseInfo:
        """A database by id or name.

        Raises:
            NotFoundError: There is none.
            CloudflareError: The API can't be reached, or refuses.
        """
        from urllib.parse import quote

        path = f"/accounts/{self.account}/d1/database/{quote(name, safe='')}"
        return _info(self._client.request("GET", path).result)

    def create(self, name: str, *, location: str | None = None, jurisdiction: str | None = None) -> DatabaseInfo:
        """Make a database.

        Args:
            name: Its name.
            location: A hint where: `weur`, `enam`, …
            jurisdiction: What it must not leave: `eu`, `fedramp`.

        Raises:
            CloudflareError: There is one of that name, the quota is used up, or the API can't be reached.
            OutcomeUnknownError: No answer says whether it was made.
        """
        wanted = {"name": name, "primary_location_hint": location, "jurisdiction": jurisdiction}
        body = {key: value for key, value in wanted.items() if value}
        path = f"/accounts/{self.account}/d1/database"
        try:
            return _info(self._client.request("POST", path, json=body, changes=True).result)
        except OutcomeUnknownError as error:
            error.hint = f"look whether {name} was made: {self._client.commands.databases}"
            raise
        except CloudflareError as error:
            if error.code == MALFORMED:  # elsewhere that is a database's id
                error.hint = "look whether D1 knows such a name, location and jurisdiction"
            raise

    def _all(self, path: str, params: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page."""
        page = 1
        while True:
            asked = {**(params or {}), "page": str(page), "per_page": str(_PAGE)}
            answer = self._client.request("GET", path, params=asked)
            items = answer.result
            if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
                raise CloudflareError("Cloudflare's answer holds no list", where=f"GET {path}", hint="try again later")
            yield from items
            total = answer.info.get("total_count")
            done = page * int(answer.info.get("per_page") or _PAGE)
            if not items or (done >= total if isinstance(total, int) else len(items) < _PAGE):
                return
            page += 1


@contextlib.contextmanager
def connect(
    *,
    tell: Callable[[str], None],
    account: str | None = None,
    commands: Commands = PLAIN,
    transport: httpx.BaseTransport | None = None,
) -> Iterator[Cloudflare]:
    """The account that the environment and the configuration name, while the block lasts.

    As for wrangler, the configuration's `account_id` goes before `CLOUDFLARE_ACCOUNT_ID`.

    Args:
        tell: Is told what takes time.
        account: The configuration's `account_id`.
        commands: Those that hints name.
        transport: What carries the requests, in tests.

    Raises:
        CloudflareError: The account's id is no id.
    """
    from progy.cloudflare import token
    from progy.cloudflare.client import Client

    base = token.environment("CLOUDFLARE_API_BASE_URL", "CF_API_BASE_URL") or BASE_URL
    chosen = account or token.environment("CLOUDFLARE_ACCOUNT_ID", "CF_ACCOUNT_ID")
    if chosen and not _ACCOUNT.fullmatch(chosen):
        raise CloudflareError(
            f"{chosen!r} is no account's id", hint="it stands on the right of the account's page on dash.cloudflare.com"
        )
    client = Client(lambda: token.find(tell), base, tell=tell, commands=commands, transport=transport)
    try:
        yield Cloudflare(client, chosen)
    finally:
        client.close()


def _info(found: Any) -> DatabaseInfo:  # noqa: ANN401 - JSON
    if not isinstance(found, dict) or "uuid" not in found:
        raise CloudflareError("Cloudflare describes no database in its answer", hint="try again later")
    replication = found.get("read_replication")
    return DatabaseInfo(
        uuid=str(found["uuid"]),
        name=str(found.get("name", "")),
        created_at=found.get("created_at"),
        version=found.get("version"),
        num_tables=found.get("num_tables"),
        file_size=found.get("file_size"),
        region=found.get("running_in_region"),
        jurisdiction=found.get("jurisdiction"),
        read_replication=replication.get("mode") if isinstance(replication, dict) else None,
    )
