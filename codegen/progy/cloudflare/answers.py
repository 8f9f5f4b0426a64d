"""What Cloudflare's API answers: its envelope, its error codes, and what else arrives in their place.

`{"result": …, "success": bool, "errors": [{"code", "message"}], "messages": [], "result_info": {…}}`; a gateway that
gives up answers with HTML. The codes are those of Cloudflare's documentation and of wrangler 4.164.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from progy.errors import AuthenticationError, CloudflareError, NotFoundError, SqlError

SQL_ERROR = 7500
"""The code of a statement that SQLite refuses, and of much that goes wrong inside D1."""

MALFORMED = 7400
"""The code of a request that D1 can't make sense of: an id that is none, a location that it doesn't know."""

SIGN_IN_HINT = (
    "make a token with the permission Account · D1 · Edit at https://dash.cloudflare.com/profile/api-tokens "
    "and put it into CLOUDFLARE_API_TOKEN, or run: wrangler login"
)
_PERMISSION_HINT = (
    "the token needs the permission Account · D1 · Edit for this account "
    "(https://dash.cloudflare.com/profile/api-tokens); another account is named by account_id in the wrangler config, "
    "or CLOUDFLARE_ACCOUNT_ID"
)
_TRANSIENT = (
    "D1 DB reset because its code was updated",
    "Internal error while starting up D1 DB storage caused object to be reset",
    "Internal error in D1 DB storage caused object to be reset",
    "Network connection lost",
    "Cannot resolve D1 DB due to transient issue on remote node",
    "Can't read from request stream because client disconnected",
    "D1 DB is overloaded",
)
"""D1's errors that may be gone a moment later (developers.cloudflare.com/d1/observability/debug-d1)."""

_LASTING = ("exceeded timeout", "exceeded its CPU time limit", "exceeded its memory limit")
"""D1's errors that will be there again. Like those above they may come with the code of a SQL error, and don't say
whether the transaction was committed."""

_BAD_TOKEN = {6003, 6111, 9106, 9107, 9109, 10000, 10001}
_NOT_THERE = {7003, 7404}
_MAY_BE_OF_ACCOUNT = {9109, 10000}
"""Those of a bad token that a good one gets for an account that isn't its own."""
_ACCOUNT = re.compile(r"/accounts/([^/]+)/")
_ACCOUNT_KEYS = "account_id in the wrangler config, or CLOUDFLARE_ACCOUNT_ID"
_ELSEWHERE_HINT = "look whether CLOUDFLARE_API_BASE_URL, or a proxy on the way, leads elsewhere"

_HEAD = re.compile(r"^(?:D1_(?:EXEC_)?ERROR: )+")
_TAIL = re.compile(r"(?:: SQLITE_[A-Z_]+)?(?: \(extended: SQLITE_[A-Z_]+\))?$")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands that hints name, with the options by which they work on what the failed one has worked on."""

    databases: str = "progy db list"
    status: str = "progy status"
    execute: str = "progy execute"

    def hint(self, code: int | None) -> str | None:
        """What to do about an error with the API's own number."""
        listed = f"see the account's databases with: {self.databases}"
        hints = {
            7003: f"look whether the account's id is right: {_ACCOUNT_KEYS}",
            MALFORMED: f"look whether database_id in the wrangler config is a database's id; {listed}",
            7404: f"{listed}; its account is named by {_ACCOUNT_KEYS}",
            7406: "delete a database that nobody needs, or ask Cloudflare for more",
            7502: listed,
        }
        return hints.get(code or 0)

    @property
    def look(self) -> str:
        """What to do where nobody says whether something was carried out."""
        return f"look before you do it again: {self.status} shows the migrations, {self.execute} the rows"


PLAIN = Commands()
"""Without any options."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One that says yes."""

    result: Any = None
    info: dict[str, Any] = field(default_factory=dict)
    """`result_info`: where a list's page stands in the whole."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One that says no, or can't be understood."""

    status: int
    """HTTP's."""
    message: str
    """Cloudflare's words; where the API hasn't said it, ours."""
    code: int | None = None
    """The API's own number."""
    from_api: bool = True
    """Whether the API said it, and no server before it."""

    @property
    def is_unclear(self) -> bool:
        """Whether the request may have been carried out all the same."""
        return self.is_transient or _says(self.message, _LASTING)

    @property
    def is_transient(self) -> bool:
        """Whether the same request may be answered a moment later."""
        return self._of_server or _says(self.message, _TRANSIENT) or self._sqlite_text.startswith("internal error")

    @property
    def is_of_token(self) -> bool:
        """Whether the API doesn't take the token, whatever it may do."""
        return self.from_api and (self.status == HTTPStatus.UNAUTHORIZED or self.code in _BAD_TOKEN)

    @property
    def _of_server(self) -> bool:
        # A success that can't be read is one that broke off. 408: a server between gave up.
        success = self.status < HTTPStatus.MULTIPLE_CHOICES
        return success or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR or self.status == HTTPStatus.REQUEST_TIMEOUT

    @property
    def _sqlite_text(self) -> str:
        return _TAIL.sub("", _HEAD.sub("", self.message))

    def error(self, where: str, commands: Commands) -> CloudflareError | SqlError:
        """The error it stands for, with what to do.

        Args:
            where: The request.
            commands: Those that may be named.
        """
        if self.code == SQL_ERROR and not self.is_unclear:
            return SqlError(self._sqlite_text, statement="")
        if not self.from_api:
            return CloudflareError(f"no answer of Cloudflare's API: {self.message}", where=where, hint=_ELSEWHERE_HINT)
        message = f"Cloudflare refuses: {self.message}{f' (code {self.code})' if self.code is not None else ''}"
        hint = commands.hint(self.code)
        if self.is_of_token:
            return AuthenticationError(message, code=self.code, where=where, hint=self._sign_in_hint(where))
        if self.status == HTTPStatus.FORBIDDEN:
            return AuthenticationError(message, code=self.code, where=where, hint=_PERMISSION_HINT)
        if self.status == HTTPStatus.NOT_FOUND or self.code in _NOT_THERE:
            return NotFoundError(message, code=self.code, where=where, hint=hint or commands.hint(7404))
        return CloudflareError(message, code=self.code, where=where, hint=hint)

    def _sign_in_hint(self, where: str) -> str:
        account = _ACCOUNT.search(where)
        if account is None or self.code not in _MAY_BE_OF_ACCOUNT:
            return SIGN_IN_HINT
        return f"look whether {account[1]} is the token's account ({_ACCOUNT_KEYS}); if it is, {SIGN_IN_HINT}"


def read(status: int, body: str) -> Answer | Refusal:
    """What an answer says.

    Args:
        status: HTTP's.
        body: The body, without any token in it.
    """
    found = _document(body)
    if found is None or not isinstance(found.get("success"), bool):
        return Refusal(status, f"HTTP {status} {_phrase(status)}".rstrip() + _said(body, found), from_api=False)
    if found["success"] and status < HTTPStatus.MULTIPLE_CHOICES:
        info = found.get("result_info")
        return Answer(found.get("result"), info if isinstance(info, dict) else {})
    errors = found.get("errors")
    given = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    codes = [one["code"] for one in given if isinstance(one.get("code"), int)]
    text = "; ".join(str(one["message"]) for one in given if one.get("message"))
    return Refusal(_meant(status), shown(text) or f"HTTP {status} without a reason", codes[0] if codes else None)


def shown(text: str) -> str:
    """A server's words, fit for a terminal: in one line, not too long."""
    line = "".join(character if character.isprintable() else " " for character in text).strip()
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _meant(status: int) -> int:
    """An envelope that says no with a status that says yes is a refusal like any other."""
    return HTTPStatus.BAD_REQUEST if status < HTTPStatus.MULTIPLE_CHOICES else status


def _document(body: str) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _said(body: str, found: dict[str, Any] | None) -> str:
    """What a page of HTML is called; of anything else nothing, for it may be anything."""
    title = _TITLE.search(body)
    if title:
        return f" ({shown(' '.join(title[1].split()))})"
    if found is not None:
        return ", with JSON that isn't Cloudflare's"
    return ", with what isn't JSON, or breaks off" if body.strip() else ", with an empty body"


def _says(message: str, phrases: tuple[str, ...]) -> bool:
    return any(phrase in message for phrase in phrases)
