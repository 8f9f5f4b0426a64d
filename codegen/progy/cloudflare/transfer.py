"""D1's import: a file of SQL of any length, run outside any transaction while the database serves nobody.

The steps are documented (developers.cloudflare.com/d1/best-practices/import-export-data, and the API's reference): ask
where to put the file, put it there, have it run, and ask until it is done. It brings httpx, as the client does.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from progy.cloudflare.answers import shown
from progy.cloudflare.client import QUERY_SECONDS
from progy.errors import CloudflareError, OutcomeUnknownError, SqlError

if TYPE_CHECKING:
    from collections.abc import Callable

    from progy.cloudflare.client import Client

PAUSE = 1.0
"""Seconds between two questions whether it is done."""
LONGEST = 3600.0
"""Seconds until it isn't waited for any more."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    queries: int | None = None
    """How many statements were run, if the API says so."""
    bookmark: str | None = None
    """The state afterwards."""


def import_file(client: Client, path: str, text: str, tell: Callable[[str], None]) -> Imported:
    """Import a file of SQL.

    Args:
        client: What sends requests.
        path: Where the database's import is, behind the API's address.
        text: What the file holds.
        tell: Is told how far it is.

    Raises:
        CloudflareError: It failed. Cloudflare takes the database back to what it was, it says. Where the error has no
            hint, look what is there.
        OutcomeUnknownError: No answer says whether it was done.
    """
    data = text.encode()
    etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
    # Asking where to put a file changes nothing, unless the file is there: then it may run at once.
    found = client.request("POST", path, json={"action": "init", "etag": etag}, changes=True).result
    if isinstance(found, dict) and found.get("upload_url"):
        tell(f"uploading {len(data):,} bytes")
        if client.upload(str(found["upload_url"]), data) != etag:
            raise CloudflareError(
                "the file that arrived isn't the one that was sent", hint="nothing was changed; try again"
            )
        body = {"action": "ingest", "etag": etag, "filename": found.get("filename")}
        found = client.request("POST", path, json=body, changes=True, seconds=QUERY_SECONDS).result
    return _followed(client, path, found, tell)


def _followed(client: Client, path: str, found: Any, tell: Callable[[str], None]) -> Imported:  # noqa: ANN401 - JSON
    """Ask until it is done."""
    end = time.monotonic() + LONGEST
    said: set[str] = set()
    while isinstance(found, dict):
        for message in map(shown, map(str, found.get("messages") or ())):
            if message not in said:
                said.add(message)
                tell(message)
        if found.get("status") == "complete":
            result = found.get("result")
            result = result if isinstance(result, dict) else {}
            return Imported(result.get("num_queries"), result.get("final_bookmark"))
        if found.get("status") == "error" or found.get("success") is False:
            errors = [str(one) for one in found.get("errors") or [found.get("error") or "no reason is given"]]
            raise CloudflareError(f"the import failed: {shown('; '.join(errors))}", where=path)
        if time.monotonic() > end:
            break
        client.sleep(PAUSE)
        asked = {"action": "poll", "current_bookmark": found.get("at_bookmark")}
        try:
            found = client.request("POST", path, json=asked).result
        except (CloudflareError, SqlError) as error:
            raise OutcomeUnknownError(f"{_UNKNOWN}: {error.message}", where=path) from None
    raise OutcomeUnknownError(_UNKNOWN, where=path)


_UNKNOWN = "the import was started, and nobody says what became of it"
