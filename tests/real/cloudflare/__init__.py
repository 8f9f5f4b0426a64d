"""A stand-in for Cloudflare's REST API, on loopback: D1, where every statement runs in real workerd.

What it knows is in Cloudflare's documentation, or in what the real wrangler asks and takes. The fixture `cloud` is one.
"""

from __future__ import annotations

import json
import threading
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from tests.real.cloudflare import faults
from tests.real.cloudflare.answers import Answer, ApiError, Call
from tests.real.cloudflare.api import Account, Api
from tests.real.cloudflare.faults import Waiting
from tests.real.cloudflare.login import HOUR, Logins
from tests.real.cloudflare.server import Server
from tests.real.cloudflare.transfer import Transfers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.real.cloudflare.faults import Fault
    from tests.real.cloudflare.login import Grant
    from tests.real.engine import D1

__all__ = ["Call", "Cloud", "faults"]

_BASE = "/client/v4"
_FILES = "/files"
_TOKEN = "/oauth2/token"  # noqa: S105 - a path


class Cloud:
    """A running stand-in with one account and one token.

    Args:
        engine: Where statements run; several stand-ins may share it.

    Attributes:
        account: The account's id.
        token: An API token that is taken.
        tokens: All that are taken; tests may add and remove.
        requests: What was asked so far, in order, refused or not.
    """

    def __init__(self, engine: D1) -> None:
        self.token = f"sentinel-token-{uuid.uuid4().hex}"
        self.requests: list[Call] = []
        self._logins = Logins({self.token})
        self.tokens = self._logins.tokens
        self._waiting: list[Waiting] = []
        self._lock = threading.Lock()
        self._server = Server(self._answer)
        self._api = Api(engine, Transfers(f"{self._server.url}{_FILES}"))
        self.account = self.add_account("Ada's account")

    @property
    def url(self) -> str:
        """The value for CLOUDFLARE_API_BASE_URL."""
        return f"{self._server.url}{_BASE}"

    @property
    def token_url(self) -> str:
        """Where a login is refreshed: the value for WRANGLER_TOKEN_URL."""
        return f"{self._server.url}{_TOKEN}"

    @property
    def connections(self) -> int:
        """How many connections were opened."""
        return self._server.connections

    @property
    def waiting(self) -> int:
        """How many faults haven't happened yet."""
        with self._lock:
            return sum(waiting.times for waiting in self._waiting)

    def environment(self, *, token: str | None = None, account: str | None = None) -> dict[str, str]:
        """What a process needs to work with this stand-in, with a token in the environment."""
        secret = {"CLOUDFLARE_API_TOKEN": token or self.token, "CLOUDFLARE_ACCOUNT_ID": account or self.account}
        return {**self.login_environment(), **secret}

    def login_environment(self) -> dict[str, str]:
        """The same for a process that has a login of wrangler's instead, and has to find its account."""
        return {
            "CLOUDFLARE_API_BASE_URL": self.url,
            "WRANGLER_TOKEN_URL": self.token_url,
            # Wrangler looks there whether Cloudflare Access guards it: nobody listens on that port.
            "WRANGLER_AUTH_DOMAIN": "127.0.0.1:1",
        }

    def login(self, folder: Path, *, seconds: int = HOUR) -> Grant:
        """Log in as wrangler does.

        Args:
            folder: Wrangler's own, `$XDG_CONFIG_HOME/.wrangler` say.
            seconds: How long the access token lives; with none, it has to be refreshed first.
        """
        grant = self._logins.grant(seconds)
        (folder / "config").mkdir(parents=True, exist_ok=True)
        (folder / "config" / "default.toml").write_text(grant.toml(), encoding="utf-8")
        return grant

    def add_account(self, name: str, *, quota: int = 50_000) -> str:
        """Another account that every token may use. Returns its id."""
        account = Account(name, quota=quota)
        self._api.accounts[account.id] = account
        return account.id

    def create(self, name: str, *, account: str | None = None) -> str:
        """Make a database, past HTTP. Returns its uuid."""
        return self._api.create(account or self.account, name).uuid

    def query(self, database: str, sql: str, *params: Any, account: str | None = None) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
        """Run a text, past HTTP, as one transaction.

        Args:
            database: Its uuid.
            sql: One statement; or several, when there are no parameters.
            params: Its parameters.
            account: Whose database it is.

        Returns:
            The rows of the last statement.

        Raises:
            ApiError: D1 refuses it.
        """
        last = self._api.database(account or self.account, database).run([(sql, params)])[-1]
        return [dict(zip(last.columns, row, strict=True)) for row in last.rows]

    def fault(
        self,
        fault: Fault,
        *,
        method: str | None = None,
        path: str = "",
        body: str | Callable[[Any], bool] = "",
        times: int = 1,
    ) -> None:
        """Let something go wrong with the next requests that match; of several faults the first one happens.

        Args:
            fault: One of `faults`, or a function like them.
            method: Of this method only.
            path: With this text in path or query.
            body: With this text in the body's JSON, or where this function of the decoded body is true.
            times: How many requests.
        """

        def matches(asked: str, where: str, decoded: Any) -> bool:  # noqa: ANN401 - JSON
            fits = body(decoded) if callable(body) else body in json.dumps(decoded, ensure_ascii=False)
            return method in (None, asked) and path in where and fits

        with self._lock:
            self._waiting.append(Waiting(fault, matches, times))

    def forget(self) -> None:
        """Forget the requests so far. Faults that wait go on waiting."""
        with self._lock:
            self.requests.clear()

    def mend(self) -> None:
        """Forget the faults that wait."""
        with self._lock:
            self._waiting.clear()

    def stop(self) -> None:
        """End it, and let its databases go."""
        self._server.stop()
        self._api.close()

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        call = Call(method, path.removeprefix(_BASE), _decoded(body))
        with self._lock:
            self.requests.append(call)
            fault = self._fault(call)

        def run() -> Answer:
            return self._run(call, path, headers, body)

        return fault(run) if fault else run()

    def _fault(self, call: Call) -> Fault | None:
        for waiting in self._waiting:
            if waiting.times and waiting.matches(*call):
                waiting.times -= 1
                return waiting.fault
        return None

    def _run(self, call: Call, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        where = urlsplit(path).path
        if where == _TOKEN:
            return self._logins.refresh(dict(parse_qsl(body.decode())))
        if where.startswith(_FILES):
            filename = where.removeprefix(f"{_FILES}/")
            put = call.method == "PUT"
            return self._api.transfers.put(filename, body) if put else self._api.transfers.get(filename)
        try:
            self._authenticate({name.lower(): value for name, value in headers.items()})
        except ApiError as refusal:
            return refusal.answer()
        return self._api.answer(call)

    def _authenticate(self, headers: Mapping[str, str]) -> None:
        given = headers.get("authorization")
        if given is None:
            raise ApiError(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
        if given.removeprefix("Bearer ") not in self.tokens:
            raise ApiError(403, 10000, "Authentication error")


def _decoded(body: bytes) -> Any:  # noqa: ANN401 - JSON
    """What a body says: JSON, or text where it is none; None where there is no body."""
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
